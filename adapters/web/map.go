package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"approdo/domain"
	"approdo/domain/territory"
)

// mapOfComuni is a drawing of the territory: each comune's area, as dark as its figure, or a circle at its centroid, as large as its
// figure, where the register has no area of it. It has no roads, and needs nobody else's tiles.
type mapOfComuni struct {
	Width, Height int
	Place         string // of the areas in the drawing
	Areas         []shade
	Circles       []circle
	Steps         []step
	Few           bool   // some figure is too small to be told
	Source        string // whose the areas are

	at map[domain.Comune]circle // where each comune lies
}

// circle is a comune in the drawing.
type circle struct {
	X, Y, R int
	Name    string
	N       int
}

// shade is a comune's area. Step is that of its figure, from 1; 0 where there is nothing.
type shade struct {
	Outline territory.Outline
	X, Y    int // where its figure is written
	Room    roomFor
	Step    int
	Name    string
	N       int
}

// roomFor is whether a comune has room for its figure.
type roomFor string

// The rooms by the class of the figure in the drawing. A narrow one is for wide windows only.
const (
	noRoom     roomFor = ""
	narrowRoom roomFor = "narrow-room"
	wideRoom   roomFor = "wide-room"
)

// step are the figures that are drawn alike, N counted from 1.
type step struct{ N, From, To int }

// The drawing's width, the room around it, and the radii of the smallest and the largest figure. Areas, not radii, are in proportion.
const (
	mapWidth  = 1000
	mapMargin = 70
	mapEdge   = 8 // around areas
	leastR    = 12
	mostR     = 64
	emptyR    = 5
)

// mapOf draws the comuni, the largest circle first so that small ones lie on top. Over so small a territory a degree of longitude is as
// wide everywhere as in its middle.
func mapOf(comuni []territory.Comune, bounds territory.Boundaries, figure func(domain.Comune) int) *mapOfComuni {
	comuni = slices.DeleteFunc(slices.Clone(comuni), func(c territory.Comune) bool { return c.Lat == 0 && c.Lon == 0 })
	if len(comuni) == 0 {
		return nil
	}
	areas := map[domain.Comune]int{}
	for i, a := range bounds.Areas {
		areas[a.Comune] = i
	}
	var all territory.Box
	margin, most := mapEdge, 1
	for i, c := range comuni {
		at, ok := areas[c.Code]
		b := pointOf(c)
		if ok {
			b = b.With(bounds.Box(at))
		} else {
			margin = mapMargin
		}
		if i == 0 {
			all = b
		}
		all, most = all.With(b), max(most, figure(c.Code))
	}
	narrow := math.Cos(float64(all.Low.Y+all.High.Y) / 2 / territory.Grid * math.Pi / 180)
	high := float64(mapWidth-2*margin) / max(float64(all.High.X-all.Low.X)*narrow, territory.Grid/100) // a step to the north
	wide := high * narrow
	x := func(step int) int { return margin + int(float64(step-all.Low.X)*wide) }
	y := func(step int) int { return margin + int(float64(all.High.Y-step)*high) }
	m := &mapOfComuni{Width: mapWidth, Height: y(all.Low.Y) + margin, Source: bounds.Source,
		at: map[domain.Comune]circle{}, Place: fmt.Sprintf("translate(%.3f %.3f) scale(%.8f %.8f)", float64(margin)-float64(all.Low.X)*wide, float64(margin)+float64(all.High.Y)*high, wide, -high)}
	steps := stepsOf(most)
	for _, c := range comuni {
		n, at := figure(c.Code), pointOf(c).Low
		m.Few, m.at[c.Code] = m.Few || n == few, circle{X: x(at.X), Y: y(at.Y), Name: c.Name}
		if i, ok := areas[c.Code]; ok {
			b := bounds.Box(i)
			m.Areas = append(m.Areas, shade{Outline: bounds.Areas[i].Outline, X: x(at.X), Y: y(at.Y), Step: stepOf(steps, n), Name: c.Name, N: n,
				Room: roomOf(n, x(b.High.X)-x(b.Low.X), y(b.Low.Y)-y(b.High.Y))})
			continue
		}
		r := emptyR
		if n == few {
			r = leastR
		}
		if n > 0 {
			r = max(leastR, int(mostR*math.Sqrt(float64(n)/float64(most))))
		}
		m.Circles = append(m.Circles, circle{X: x(at.X), Y: y(at.Y), R: r, Name: c.Name, N: n})
	}
	if len(m.Areas) > 0 {
		m.Steps = steps
	} else {
		m.Source = ""
	}
	slices.SortStableFunc(m.Circles, func(a, b circle) int { return cmp.Compare(b.R, a.R) })
	return m
}

// roomOf compares a box with what a figure takes: each digit, and its height.
func roomOf(n, width, height int) roomFor {
	const digit, line = 16, 26
	digits := digit * len(strconv.Itoa(n))
	switch {
	case n <= 0 || width < digits || height < line:
		return noRoom
	case width < 2*digits || height < 2*line:
		return narrowRoom
	}
	return wideRoom
}

func pointOf(c territory.Comune) territory.Box {
	p := territory.Point{X: int(math.Round(c.Lon * territory.Grid)), Y: int(math.Round(c.Lat * territory.Grid))}
	return territory.Box{Low: p, High: p}
}

// mapSteps is how many shades are told apart.
const mapSteps = 5

// stepsOf shares out the figures up to the largest one: each step as many times the one before, since one city has more than all others.
func stepsOf(most int) (steps []step) {
	from := 1
	for i := 1; i <= mapSteps && from <= most; i++ {
		to := max(from, int(math.Ceil(math.Pow(float64(most), float64(i)/mapSteps)-1e-9)))
		steps = append(steps, step{i, from, to})
		from = to + 1
	}
	return steps
}

// stepOf is the step of a figure, counted from 1; what is too small to be told has the first one.
func stepOf(steps []step, n int) int {
	if n == few {
		return 1
	}
	return 1 + slices.IndexFunc(steps, func(s step) bool { return n >= s.From && n <= s.To })
}
