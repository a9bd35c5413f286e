package web

import (
	"approdo/domain"
)

// chart is a drawing of a few series over weeks, for the eye: the figures stand in a table beside it. Its bars are drawn on the server,
// since the policy allows neither styles nor scripts from elsewhere.
type chart struct {
	Title         Text
	Series        []Text
	Width, Height int
	Bars          []chartBar
	Lines         []chartLine
	Labels        []chartLabel
	weeks         []chartWeek
}

type chartWeek struct {
	on domain.Date
	n  []int
}

// chartBar is a bar of a series, counted from 0.
type chartBar struct{ X, Y, W, H, Series int }

// chartLine is a value across the drawing.
type chartLine struct{ Y, Value int }

// chartLabel names a month where it begins.
type chartLabel struct {
	X     int
	Month int
}

func newChart(title Text, series ...Text) *chart { return &chart{Title: title, Series: series} }

func (c *chart) add(on domain.Date, n ...int) { c.weeks = append(c.weeks, chartWeek{on, n}) }

// The drawing: its width and height, and the room for the values on the left and the months below.
const (
	chartWidth  = 1000
	chartHeight = 320
	chartLeft   = 56
	chartBelow  = 40
)

// drawn lays the bars out; nil where there is nothing to draw.
func (c *chart) drawn() *chart {
	if len(c.weeks) == 0 {
		return nil
	}
	c.Width, c.Height = chartWidth, chartHeight
	most := 1
	for _, w := range c.weeks {
		for _, n := range w.n {
			most = max(most, n)
		}
	}
	top := roundUp(most)
	floor := chartHeight - chartBelow
	for i := range 5 {
		if v := top * i / 4; i == 0 || v != top*(i-1)/4 {
			c.Lines = append(c.Lines, chartLine{floor - (floor-10)*v/top, v})
		}
	}
	step := float64(chartWidth-chartLeft) / float64(len(c.weeks))
	width := max(1, int(step*0.8)/max(1, len(c.Series)))
	month, free := 0, 0
	for i, w := range c.weeks {
		x := chartLeft + int(float64(i)*step)
		for series, n := range w.n {
			if n == few {
				n = 1
			}
			h := (floor - 10) * n / top
			c.Bars = append(c.Bars, chartBar{x + series*width, floor - h, width, h, series})
		}
		if m := int(w.on.Month); m != month && x < chartWidth-chartLeft && x >= free {
			month, free = m, x+chartLeft
			c.Labels = append(c.Labels, chartLabel{x, m})
		}
	}
	return c
}

// roundUp gives a round number that is no less, for the top of an axis.
func roundUp(n int) int {
	for step := 1; ; step *= 10 {
		for _, by := range []int{1, 2, 4, 5, 8} {
			if n <= by*step && by*step >= 4 {
				return by * step
			}
		}
	}
}
