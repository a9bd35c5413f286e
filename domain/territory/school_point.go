package territory

import (
	"math"
	"strings"
	"unicode/utf8"

	"approdo/domain"
)

// Located is where a site lies, in degrees (WGS84). Source says whose figure it is, in the words to be shown beside it.
type Located struct {
	Lat    float64
	Lon    float64
	Source string
}

// SchoolLocated says where a site lies. Both degrees zero: what was said before is taken back.
type SchoolLocated struct {
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
	Source string  `json:"source"`
}

func (SchoolLocated) schoolEvent() {}

// LocateSchool says where a site lies, to six decimals: a tenth of a metre. Both degrees zero take it back.
type LocateSchool struct {
	domain.Act
	Lat    float64
	Lon    float64
	Source string
}

func (LocateSchool) schoolCommand() {}

// The rules that refuse a place on the map.
var (
	ErrOutsideItaly = domain.Invalid("school-outside-italy").On("lat")
	ErrFigureSource = domain.Invalid("school-source-invalid").On("source") // none, or too long for a line
)

// inItaly is a box wide enough for Lampedusa and the Vetta d'Italia; it also tells latitude from longitude.
func inItaly(lat, lon float64) bool { return lat >= 35 && lat <= 48 && lon >= 6 && lon <= 19 }

func micro(degrees float64) float64 { return math.Round(degrees*1e6) / 1e6 }

func (s SchoolState) locate(c LocateSchool) ([]SchoolEvent, error) {
	e := SchoolLocated{micro(c.Lat), micro(c.Lon), strings.TrimSpace(c.Source)}
	back := e.Lat == 0 && e.Lon == 0
	if !back && !inItaly(e.Lat, e.Lon) {
		return nil, ErrOutsideItaly
	}
	if !fitsALine(e.Source) {
		return nil, ErrFigureSource
	}
	if Located(e) == s.located || back && s.located.nowhere() {
		return nil, nil
	}
	return []SchoolEvent{e}, nil
}

func fitsALine(source string) bool {
	return source != "" && utf8.RuneCountInString(source) <= maxSource
}

func (l Located) nowhere() bool { return l.Lat == 0 && l.Lon == 0 }

// Point is where the site lies; false where nobody said, or what was said was taken back.
func (s SchoolState) Point() (Located, bool) { return s.located, !s.located.nowhere() }
