// Package boundaries reads the areas of the comuni from a GeoJSON file, as openpolis publishes those of ISTAT, makes them as small as a
// page needs them, and carries them into the journal. A feature that cannot be read is reported and costs nothing but itself.
package boundaries

import (
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"approdo/domain"
	"approdo/domain/territory"
)

// Territory is whose comuni are read. What a file says of others is passed over; what lies far from all centroids is not believed.
type Territory struct {
	province string
	comuni   map[domain.Comune]bool
	box      box
}

// box in degrees.
type box struct{ south, north, west, east float64 }

func (b box) has(lon, lat float64) bool {
	return lat >= b.south && lat <= b.north && lon >= b.west && lon <= b.east
}

// beyond is how far from the outermost centroids an area is believed, in degrees: more than any comune is wide.
const beyond = 0.3

// TerritoryOf is a territory as it stands.
func TerritoryOf(s territory.State) Territory {
	t := Territory{province: s.Province, comuni: map[domain.Comune]bool{}, box: box{90, -90, 180, -180}}
	for _, c := range s.Comuni() {
		t.comuni[c.Code] = true
		if c.Lat != 0 || c.Lon != 0 {
			t.box = box{min(t.box.south, c.Lat-beyond), max(t.box.north, c.Lat+beyond), min(t.box.west, c.Lon-beyond), max(t.box.east, c.Lon+beyond)}
		}
	}
	return t
}

// Reason says why a feature was left out.
type Reason string

// The reasons. ReasonElsewhere is no fault: the file covers more than the territory.
const (
	ReasonElsewhere Reason = "elsewhere"
	ReasonFeature   Reason = "feature-malformed"
	ReasonNoCode    Reason = "code-missing"
	ReasonComune    Reason = "comune-unknown"
	ReasonTwice     Reason = "comune-twice"
	ReasonGeometry  Reason = "no-polygon"
	ReasonNumbers   Reason = "coordinates-malformed"
	ReasonDegrees   Reason = "coordinates-not-degrees"
	ReasonSwapped   Reason = "coordinates-swapped"
	ReasonOutside   Reason = "outside-territory"
	ReasonOpen      Reason = "ring-open"
	ReasonFew       Reason = "ring-too-short"
	ReasonNoArea    Reason = "no-area"
)

// Reasons lists them, for whoever has words for them.
func Reasons() []Reason {
	return []Reason{ReasonElsewhere, ReasonFeature, ReasonNoCode, ReasonComune, ReasonTwice, ReasonGeometry, ReasonNumbers, ReasonDegrees,
		ReasonSwapped, ReasonOutside, ReasonOpen, ReasonFew, ReasonNoArea}
}

// Rejected is a feature that was left out: its place in the file, from 1, and its comune where that could be read.
type Rejected struct {
	Feature int
	Comune  domain.Comune
	Reason  Reason
}

// Why a file is not read at all.
var (
	ErrNotGeoJSON = domain.Invalid("boundaries-not-geojson")
	ErrTooLarge   = domain.Invalid("boundaries-file-too-large")
)

// maxFile bounds a file, in bytes. All of Italy takes 40 MB.
const maxFile = 128 << 20

// shape is a comune as the file has it, on the grid.
type shape struct {
	comune domain.Comune
	rings  [][]territory.Point
}

// contents are what a file holds.
type contents struct {
	shapes    []shape
	features  int
	elsewhere int
	rejected  []Rejected
}

// read goes through a file of at most so many bytes, feature by feature, and keeps of each no more than its rings.
func read(r io.Reader, bytes int64, t Territory, progress func(features int)) (c contents, err error) {
	limited := &io.LimitedReader{R: r, N: bytes + 1}
	if err := c.collection(jsontext.NewDecoder(limited), t, progress); err != nil {
		if limited.N <= 0 {
			return c, ErrTooLarge
		}
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return c, ErrNotGeoJSON.With("offset", strconv.FormatInt(syntax.ByteOffset, 10))
		}
		return c, err
	}
	return c, nil
}

func (c *contents) collection(d *jsontext.Decoder, t Territory, progress func(features int)) error {
	if d.PeekKind() != '{' {
		if _, err := d.ReadToken(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return ErrNotGeoJSON
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	found := false
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if name.String() != "features" || d.PeekKind() != '[' {
			if err := d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		found = true
		if err := c.list(d, t, progress); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil { // what is cut off has no end
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return ErrNotGeoJSON
		}
		return err
	}
	if !found {
		return ErrNotGeoJSON
	}
	return nil
}

func (c *contents) list(d *jsontext.Decoder, t Territory, progress func(features int)) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	seen := map[domain.Comune]bool{}
	for d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return err
		}
		c.features++
		s, reason := t.shape(raw)
		if reason == "" && seen[s.comune] {
			reason = ReasonTwice
		}
		switch reason {
		case "":
			seen[s.comune] = true
			c.shapes = append(c.shapes, s)
		case ReasonElsewhere:
			c.elsewhere++
		default:
			c.rejected = append(c.rejected, Rejected{c.features, s.comune, reason})
		}
		if progress != nil {
			progress(c.features)
		}
	}
	_, err := d.ReadToken()
	return err
}

// feature is one of GeoJSON's (RFC 7946), as far as it is read here.
type feature struct {
	Properties map[string]jsontext.Value `json:"properties"`
	Geometry   struct {
		Type        string         `json:"type"`
		Coordinates jsontext.Value `json:"coordinates"`
	} `json:"geometry"`
}

// codes are the properties that hold the ISTAT code of a comune: openpolis', and ISTAT's own.
var codes = []string{"com_istat_code", "pro_com_t", "codice_istat"}

func (f feature) comune() (domain.Comune, bool) {
	for name, v := range f.Properties {
		if !slices.Contains(codes, strings.ToLower(name)) {
			continue
		}
		text := strings.TrimSpace(strings.Trim(string(v), `"`))
		if n := len("015146") - len(text); n > 0 {
			text = strings.Repeat("0", n) + text // written as a number
		}
		if code, err := domain.ParseComune(text); err == nil {
			return code, true
		}
	}
	return "", false
}

// shape reads one feature, or says why not; of which comune it says as well where it can.
func (t Territory) shape(raw jsontext.Value) (s shape, _ Reason) {
	var f feature
	if err := json.Unmarshal(raw, &f); err != nil {
		return s, ReasonFeature
	}
	var ok bool
	s.comune, ok = f.comune()
	switch {
	case !ok:
		return s, ReasonNoCode
	case !t.comuni[s.comune] && !strings.HasPrefix(string(s.comune), t.province):
		return s, ReasonElsewhere
	case !t.comuni[s.comune]:
		return s, ReasonComune
	}
	polygons := make([][][][]float64, 1)
	var err error
	switch f.Geometry.Type {
	case "Polygon":
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
	default:
		return s, ReasonGeometry
	}
	if err != nil {
		return s, ReasonNumbers
	}
	for _, polygon := range polygons {
		for i, ring := range polygon {
			points, reason := t.ring(ring)
			if reason != "" {
				return s, reason
			}
			if area(points) != 0 {
				s.rings = append(s.rings, points)
			} else if i == 0 {
				break // holes of nothing
			}
		}
	}
	if len(s.rings) == 0 {
		return s, ReasonNoArea
	}
	return s, ""
}

// ring puts a ring on the grid, without its last point, which is the first.
func (t Territory) ring(ring [][]float64) (out []territory.Point, _ Reason) {
	if len(ring) < 4 {
		return nil, ReasonFew
	}
	for _, p := range ring {
		if len(p) < 2 {
			return nil, ReasonNumbers
		}
		lon, lat := p[0], p[1]
		switch {
		case math.Abs(lon) > 180 || math.Abs(lat) > 180:
			return nil, ReasonDegrees
		case t.box.has(lon, lat):
		case t.box.has(lat, lon):
			return nil, ReasonSwapped
		default:
			return nil, ReasonOutside
		}
		at := territory.Point{X: int(math.Round(lon * territory.Grid)), Y: int(math.Round(lat * territory.Grid))}
		if len(out) == 0 || out[len(out)-1] != at {
			out = append(out, at)
		}
	}
	if first, last := ring[0], ring[len(ring)-1]; first[0] != last[0] || first[1] != last[1] {
		return nil, ReasonOpen
	}
	return out[:max(0, len(out)-1)], ""
}

// area is twice that within a ring, in steps of the grid; below zero where it goes clockwise.
func area(ring []territory.Point) (twice int) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		twice += p.X*q.Y - q.X*p.Y
	}
	return twice
}
