package territory

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"approdo/domain"
)

// Boundaries are the areas of the comuni from a day on, as one file has them: they are drawn, and nothing is decided by them. A set takes
// the place of the whole set before it. Source says whose they are, in the words their licence wants shown.
type Boundaries struct {
	From   domain.Date `json:"from"`
	Source string      `json:"source"`
	Areas  []Area      `json:"areas"` // by comune; one may be missing

	boxes []Box // of Areas; a State has them
}

// Area is what a comune covers.
type Area struct {
	Comune  domain.Comune `json:"comune"`
	Outline Outline       `json:"outline"`
}

// Point is a place in whole steps of 1/Grid degree (WGS84): X to the east, Y to the north.
type Point struct{ X, Y int }

// Grid is how many steps a degree has; one is eleven metres from south to north.
const Grid = 10_000

// Outline are the rings around an area, written as the path of an SVG so that it is drawn as it stands: M and the first point of a ring,
// l and the steps to each of the next, z. Y grows to the north, which a drawing must turn over. A ring within another is a hole, whichever
// way round it goes (the even-odd rule).
type Outline string

// OutlineOf writes rings, whose first point is not said again at the end.
func OutlineOf(rings [][]Point) Outline {
	var b strings.Builder
	for _, ring := range rings {
		var at Point
		for i, p := range ring {
			if i == 0 {
				b.WriteByte('M')
			}
			if i == 1 {
				b.WriteByte('l')
			}
			x, y := p.X-at.X, p.Y-at.Y
			if i > 1 && x >= 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.Itoa(x))
			if y >= 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.Itoa(y))
			at = p
		}
		b.WriteByte('z')
	}
	return Outline(b.String())
}

var errOutline = errors.New("territory: no outline")

// Rings is the inverse of OutlineOf, and refuses what it never writes.
func (o Outline) Rings() ([][]Point, error) {
	var rings [][]Point
	for text := range strings.SplitAfterSeq(string(o), "z") {
		if text == "" {
			continue
		}
		first, steps, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(text, "z"), "M"), "l")
		numbers := strings.Fields(strings.ReplaceAll(first+" "+steps, "-", " -"))
		if !ok || len(numbers) < 6 || len(numbers)%2 != 0 {
			return nil, errOutline
		}
		var ring []Point
		var at Point
		for pair := range slices.Chunk(numbers, 2) {
			x, errX := strconv.Atoi(pair[0])
			y, errY := strconv.Atoi(pair[1])
			if err := cmp.Or(errX, errY); err != nil {
				return nil, errOutline
			}
			at = Point{at.X + x, at.Y + y}
			if max(at.X, -at.X) > 180*Grid || max(at.Y, -at.Y) > 90*Grid {
				return nil, errOutline
			}
			ring = append(ring, at)
		}
		rings = append(rings, ring)
	}
	if len(rings) == 0 || OutlineOf(rings) != o {
		return nil, errOutline
	}
	return rings, nil
}

// Box is the smallest one around an area.
type Box struct{ Low, High Point }

// With is the smallest box around two.
func (b Box) With(o Box) Box {
	return Box{Point{min(b.Low.X, o.Low.X), min(b.Low.Y, o.Low.Y)}, Point{max(b.High.X, o.High.X), max(b.High.Y, o.High.Y)}}
}

func (o Outline) box() (b Box) {
	rings, err := o.Rings()
	if err != nil {
		return Box{} // no command lets it in
	}
	b = Box{rings[0][0], rings[0][0]}
	for _, ring := range rings {
		for _, p := range ring {
			b = b.With(Box{p, p})
		}
	}
	return b
}

// Box is that of the area at an index, measured when the register was read. Only Boundaries of a State have it.
func (b Boundaries) Box(i int) Box { return b.boxes[i] }

func (b Boundaries) measured() Boundaries {
	b.boxes = nil
	for _, a := range b.Areas {
		b.boxes = append(b.boxes, a.Outline.box())
	}
	return b
}

func (b Boundaries) since() domain.Date { return b.From }

// BoundariesOn are those in force on a day, before the first set that one; false where there never was any.
func (s State) BoundariesOn(d domain.Date) (Boundaries, bool) { return on(s.boundaries, d) }

// SetBoundaries sets the areas of the comuni from Boundaries.From on.
type SetBoundaries struct {
	domain.Act
	Boundaries Boundaries
}

func (SetBoundaries) territoryCommand() {}

// BoundariesSet is a new set of areas.
type BoundariesSet struct {
	Boundaries Boundaries `json:"boundaries"`
}

func (BoundariesSet) territoryEvent() {}

// The rules that refuse boundaries.
var (
	ErrNoAreas    = domain.Invalid("boundaries-empty")
	ErrAreas      = domain.Invalid("boundaries-malformed")
	ErrTooManyKB  = domain.Invalid("boundaries-too-large")
	ErrSource     = domain.Invalid("boundaries-source-missing").On("source")
	ErrLongSource = domain.Invalid("boundaries-source-too-long").On("source")
)

// MaxOutlines bounds the outlines of a set together, in bytes: a page carries them all.
const MaxOutlines = 60_000

// maxSource bounds a source, in characters: it stands in one line below the map.
const maxSource = 200

func (s State) setBoundaries(c SetBoundaries) ([]Event, error) {
	v := c.Boundaries
	v.From, v.Source, v.boxes = fromDay(v.From, c.Act), strings.TrimSpace(v.Source), nil
	v.Areas = slices.SortedFunc(slices.Values(v.Areas), func(a, b Area) int { return cmp.Compare(a.Comune, b.Comune) })
	switch {
	case v.Source == "":
		return nil, ErrSource
	case utf8.RuneCountInString(v.Source) > maxSource:
		return nil, ErrLongSource
	case len(v.Areas) == 0:
		return nil, ErrNoAreas
	}
	size := 0
	for i, a := range v.Areas {
		if _, known := s.comuni[a.Comune]; !known {
			return nil, ErrComuneUnknown
		}
		if _, err := a.Outline.Rings(); err != nil || i > 0 && v.Areas[i-1].Comune == a.Comune {
			return nil, ErrAreas
		}
		size += len(a.Outline)
	}
	if size > MaxOutlines {
		return nil, ErrTooManyKB
	}
	if old, ok := s.BoundariesOn(v.From); ok && old.Source == v.Source && slices.Equal(old.Areas, v.Areas) {
		return nil, nil
	}
	return []Event{BoundariesSet{v}}, nil
}
