package boundaries

import (
	"cmp"
	"math"
	"slices"

	"approdo/domain/territory"
)

// Two comuni share a border only while both draw it with the same points. So rings are cut where more than two ways meet, each piece is
// made simpler once and in one direction, whoever it belongs to, and the rings are put together again of the pieces (as TopoJSON does).
// It takes a file whose neighbours have the same points along their border, as ISTAT's have; where they have not, gaps as wide as the
// tolerance can be seen.

// mostBytes is how long the outlines of a set are together at most. It leaves the page of the map some room below what the domain takes.
const mostBytes = 40_000

// leastTolerance is what is never seen: a third of a point of a map a thousand wide.
const leastTolerance = 3

// mostTolerance is about forty kilometres. What is still too long then is no map of comuni.
const mostTolerance = 4000

// simplified draws shapes with as many points as there is room for.
func simplified(shapes []shape) ([]territory.Area, error) {
	for tolerance := float64(leastTolerance); tolerance < mostTolerance; tolerance *= 1.5 {
		if areas, size := drawn(shapes, tolerance); size <= mostBytes {
			return areas, nil
		}
	}
	return nil, territory.ErrTooManyKB
}

func drawn(shapes []shape, tolerance float64) (areas []territory.Area, size int) {
	n := netOf(shapes)
	for _, s := range shapes {
		var rings [][]territory.Point
		for _, ring := range s.rings {
			rings = append(rings, n.simpler(ring, tolerance))
		}
		a := territory.Area{Comune: s.comune, Outline: territory.OutlineOf(rings)}
		areas = append(areas, a)
		size += len(a.Outline)
	}
	return areas, size
}

// net is where the borders of all shapes go.
type net struct {
	ways   map[territory.Point]ways
	narrow float64 // how wide a step to the east is, by one to the north
}

// ways are the points a point is joined to, in whichever ring.
type ways struct {
	one, other territory.Point
	n          int
}

func (w ways) with(p territory.Point) ways {
	switch {
	case w.n == 0:
		return ways{one: p, n: 1}
	case w.n < 3 && p == w.one, w.n == 2 && p == w.other:
	case w.n == 1:
		w.other, w.n = p, 2
	default:
		w.n = 3
	}
	return w
}

func netOf(shapes []shape) net {
	n := net{ways: map[territory.Point]ways{}}
	low, high := math.MaxInt, math.MinInt
	for _, s := range shapes {
		for _, ring := range s.rings {
			for i, p := range ring {
				n.ways[p] = n.ways[p].with(ring[(i+1)%len(ring)]).with(ring[(i+len(ring)-1)%len(ring)])
				low, high = min(low, p.Y), max(high, p.Y)
			}
		}
	}
	n.narrow = math.Cos(float64(low+high) / 2 / territory.Grid * math.Pi / 180)
	return n
}

// junction is a point where a border begins or ends.
func (n net) junction(p territory.Point) bool { return n.ways[p].n != 2 }

// simpler is a ring with fewer points. One that would have no area left stays as it is.
func (n net) simpler(ring []territory.Point, tolerance float64) []territory.Point {
	start := slices.IndexFunc(ring, n.junction)
	if start < 0 {
		start = slices.Index(ring, slices.MinFunc(ring, order)) // the same one for a hole and for what fills it
	}
	turned := append(append(slices.Clone(ring[start:]), ring[:start]...), ring[start])
	var out []territory.Point
	for from := 0; from < len(turned)-1; {
		to := from + 1
		for to < len(turned)-1 && !n.junction(turned[to]) {
			to++
		}
		arc := n.arc(turned[from:to+1], tolerance)
		out = append(out, arc[:len(arc)-1]...)
		from = to
	}
	if area(out) == 0 {
		return ring
	}
	return out
}

func order(a, b territory.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// arc simplifies a piece of border, the same whichever way round it is gone through.
func (n net) arc(points []territory.Point, tolerance float64) []territory.Point {
	back := slices.Clone(points)
	slices.Reverse(back)
	if slices.CompareFunc(points, back, order) <= 0 {
		return n.thinned(points, tolerance)
	}
	out := n.thinned(back, tolerance)
	slices.Reverse(out)
	return out
}

// thinned leaves out what lies within a tolerance of the line between what stays (Douglas and Peucker, 1973). The ends stay.
func (n net) thinned(points []territory.Point, tolerance float64) []territory.Point {
	first, last := points[0], points[len(points)-1]
	far, distance := 0, tolerance
	for i := 1; i < len(points)-1; i++ {
		if d := n.off(points[i], first, last); d > distance {
			far, distance = i, d
		}
	}
	if far == 0 {
		return []territory.Point{first, last}
	}
	return append(n.thinned(points[:far+1], tolerance), n.thinned(points[far:], tolerance)[1:]...)
}

// off is how far a point lies from the line between two, in steps to the north.
func (n net) off(p, a, b territory.Point) float64 {
	px, py := float64(p.X-a.X)*n.narrow, float64(p.Y-a.Y)
	bx, by := float64(b.X-a.X)*n.narrow, float64(b.Y-a.Y)
	along := 0.0
	if square := bx*bx + by*by; square > 0 {
		along = min(1, max(0, (px*bx+py*by)/square))
	}
	return math.Hypot(px-along*bx, py-along*by)
}
