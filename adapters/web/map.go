package web

import (
	"cmp"
	"math"
	"slices"

	"approdo/domain"
	"approdo/domain/territory"
)

// mapOfComuni is a drawing of the territory: a circle at each comune's centroid, as large as its figure. It has no roads and no
// borders, and needs nobody else's tiles.
type mapOfComuni struct {
	Width, Height int
	Circles       []circle
}

// circle is a comune in the drawing.
type circle struct {
	X, Y, R int
	Name    string
	N       int
}

// The drawing's width, the room around it, and the radii of the smallest and the largest figure. Areas, not radii, are in proportion.
const (
	mapWidth  = 1000
	mapMargin = 70
	leastR    = 12
	mostR     = 64
	emptyR    = 5
)

// mapOf draws the comuni, the largest figure first so that small ones lie on top. Over so small a territory a degree of longitude
// is as wide everywhere as in its middle.
func mapOf(comuni []territory.Comune, figure func(domain.Comune) int) *mapOfComuni {
	comuni = slices.DeleteFunc(slices.Clone(comuni), func(c territory.Comune) bool { return c.Lat == 0 && c.Lon == 0 })
	if len(comuni) == 0 {
		return nil
	}
	south, north, west, east, most := 90.0, -90.0, 180.0, -180.0, 1
	for _, c := range comuni {
		south, north, west, east = min(south, c.Lat), max(north, c.Lat), min(west, c.Lon), max(east, c.Lon)
		most = max(most, figure(c.Code))
	}
	narrow := math.Cos((south + north) / 2 * math.Pi / 180)
	scale := (mapWidth - 2*mapMargin) / max((east-west)*narrow, 0.01)
	m := &mapOfComuni{Width: mapWidth, Height: int((north-south)*scale) + 2*mapMargin}
	for _, c := range comuni {
		n, r := figure(c.Code), emptyR
		if n == few {
			r = leastR
		}
		if n > 0 {
			r = max(leastR, int(mostR*math.Sqrt(float64(n)/float64(most))))
		}
		m.Circles = append(m.Circles, circle{X: mapMargin + int((c.Lon-west)*narrow*scale), Y: mapMargin + int((north-c.Lat)*scale), R: r, Name: c.Name, N: n})
	}
	slices.SortStableFunc(m.Circles, func(a, b circle) int { return cmp.Compare(b.R, a.R) })
	return m
}
