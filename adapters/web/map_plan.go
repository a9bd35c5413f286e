package web

import (
	"cmp"
	"math"
	"slices"

	"approdo/domain"
	"approdo/domain/territory"
)

// planMap is the territory of a plan: how many pupils each comune has in it, and a line from where they live to where they would go.
type planMap struct {
	*mapOfComuni
	Lines []planLine
	Ends  []circle // where pupils of other comuni would go
}

// planLine is pupils of one comune who would go to another one.
type planLine struct {
	X1, Y1, X2, Y2, Width int
	From, To              string
	N                     int
}

// flow is from where to where some pupils would go, with all their ways.
type flow struct {
	From, To  domain.Comune
	N, Metres int
}

const (
	widestLine = 22
	endR       = 7
)

// flows draws from where to where pupils would go, and tells the same in a table, the most first.
func (p *planReader) flows() (*planMap, Table, error) {
	t := Table{Caption: text("plan.flows"), Columns: []Column{{Label: text("plan.from")}, {Label: text("plan.to")}, {Label: text("plan.pupils"), Numeric: true},
		{Label: text("plan.mean-way"), Numeric: true}}, Empty: Empty{Title: text("plan.flows-none")}}
	homes, sums := map[domain.Comune]int{}, map[[2]domain.Comune]*flow{}
	involved := map[domain.Comune]bool{}
	for _, x := range p.drawn.Seats {
		homes[x.Comune]++
		involved[x.Comune] = true
		if x.School == "" {
			continue
		}
		at, err := p.site(x.School)
		if err != nil {
			return nil, t, err
		}
		involved[at.Comune] = true
		key := [2]domain.Comune{x.Comune, at.Comune}
		if sums[key] == nil {
			sums[key] = &flow{From: x.Comune, To: at.Comune}
		}
		sums[key].N++
		sums[key].Metres += x.Metres
	}
	all := make([]flow, 0, len(sums))
	for _, x := range sums {
		all = append(all, *x)
	}
	slices.SortFunc(all, func(a, b flow) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	for _, x := range all {
		t.Rows = append(t.Rows, Row{Cells: []Cell{p.comune(x.From), p.comune(x.To), count(x.N), say(text("rank.metres", "way", metres(x.Metres/x.N)))}})
	}
	bounds, _ := p.land.BoundariesOn(domain.DateOf(p.drawn.Known))
	base := mapOf(around(p.land.Comuni(), involved), bounds, func(c domain.Comune) int { return homes[c] })
	if base == nil {
		return nil, t, nil
	}
	m := &planMap{mapOfComuni: base}
	most, ends := 1, map[domain.Comune]bool{}
	for _, x := range all {
		if x.From != x.To {
			most = max(most, x.N)
		}
	}
	for _, x := range slices.Backward(all) { // the widest on top
		from, ok := base.at[x.From]
		to, known := base.at[x.To]
		if !ok || !known || x.From == x.To {
			continue
		}
		ends[x.To] = true
		m.Lines = append(m.Lines, planLine{X1: from.X, Y1: from.Y, X2: to.X, Y2: to.Y, Width: max(2, int(widestLine*math.Sqrt(float64(x.N)/float64(most)))),
			From: from.Name, To: to.Name, N: x.N})
	}
	for _, c := range p.land.Comuni() {
		if ends[c.Code] {
			at := base.at[c.Code]
			at.R = endR
			m.Ends = append(m.Ends, at)
		}
	}
	return m, t, nil
}

// around are the comuni near those of a plan: a box that holds them, with room beside them, and no taller than it is wide.
func around(comuni []territory.Comune, involved map[domain.Comune]bool) []territory.Comune {
	const room = territory.Grid / 20
	var box territory.Box
	some := false
	for _, c := range comuni {
		if !involved[c.Code] || c.Lat == 0 && c.Lon == 0 {
			continue
		}
		if !some {
			box, some = pointOf(c), true
		}
		box = box.With(pointOf(c))
	}
	box.Low.X, box.Low.Y, box.High.X, box.High.Y = box.Low.X-room, box.Low.Y-room/2, box.High.X+room, box.High.Y+room/2
	tall := float64(box.High.Y-box.Low.Y) / math.Cos(float64(box.Low.Y+box.High.Y)/2/territory.Grid*math.Pi/180)
	if lacking := int(tall) - (box.High.X - box.Low.X); lacking > 0 {
		box.Low.X, box.High.X = box.Low.X-lacking/2, box.High.X+lacking/2
	}
	return slices.DeleteFunc(slices.Clone(comuni), func(c territory.Comune) bool {
		at := pointOf(c).Low
		return !some || at.X < box.Low.X || at.X > box.High.X || at.Y < box.Low.Y || at.Y > box.High.Y
	})
}
