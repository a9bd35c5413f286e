package matching

import (
	"context"
	"slices"
)

// Solve gives a plan of least cost with the prices that prove it. Where households of several couple their pupils it gives the best plan
// that it finds with a fixed amount of work, and the best prices: see Plan.Gap. Progress, where set, is told how much of the work is done; it
// is called now and then. The error is a *Fault of the instance, or that of ctx if it ends before there is any plan; if it ends later, the
// plan is as good as it was then.
func Solve(ctx context.Context, in Instance, progress func(done, total int)) (Plan, error) {
	if err := in.Valid(); err != nil {
		return Plan{}, err
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	total := len(in.Pupils)
	goOn := func(done int) error {
		if ctx.Err() == nil {
			progress(done, total)
		}
		return ctx.Err()
	}
	if len(in.households()) > 0 {
		total *= 2
	} else if p, ok, err := inNumbers(in, goOn); ok {
		if err == nil {
			progress(total, total)
		}
		return p, err
	}
	s := newSolver(in)
	for n := range s.rows {
		if n%64 == 0 {
			if err := goOn(n); err != nil {
				return Plan{}, err
			}
		}
		s.insert(int32(n))
	}
	p := s.plan(in)
	if !p.Optimal() {
		p = s.together(p, func(done, of int) bool {
			progress(total/2+int(int64(total/2)*int64(done)/int64(of)), total)
			return ctx.Err() == nil
		})
	}
	progress(total, total)
	return p, nil
}

// arc leads from a pupil to places.
type arc struct {
	cost Cost
	col  int32
}

func (a arc) compare(b arc) int {
	switch {
	case a.cost.Less(b.cost):
		return -1
	case b.cost.Less(a.cost):
		return 1
	}
	return int(a.col - b.col)
}

// row is a pupil: what may be taken, where it sits now and at what cost.
type row struct {
	arcs []arc // the cheapest first
	out  Cost
	col  int32
	cost Cost
}

// column are places of one kind: who sits there, and the price of one.
type column struct {
	costs []Cost
	rows  []int32
	price Cost
}

// solver inserts the pupils one by one, in the order of their ids, each along the cheapest path of pupils who make room for one another. The
// prices keep every choice at least as dear as the one that was made, so that a path is sought over differences that are never
// negative (Dijkstra over places).
type solver struct {
	rows           []row
	cols           []column
	places, pupils []int // the indices in the instance of columns and rows

	cheapest Cost // price there was at the beginning; prices only rise

	dist    []Cost
	via     []int32 // by column: the row by which it was reached last, and what it would cost there
	at      []Cost
	reached []int32 // columns with a distance
	state   []uint8
}

// What is known of a column during a search.
const (
	unknown uint8 = iota
	open
	closed
)

const nowhere = -1

func newSolver(in Instance) *solver {
	s := &solver{rows: make([]row, len(in.Pupils)), cols: make([]column, len(in.Places)), dist: make([]Cost, len(in.Places)),
		via: make([]int32, len(in.Places)), at: make([]Cost, len(in.Places)), state: make([]uint8, len(in.Places))}
	s.places, s.pupils = in.byID()
	number := make([]int32, len(in.Places))
	for n, i := range s.places {
		number[i] = int32(n)
		s.cols[n].costs = in.Places[i].Costs
		if len(s.cols[n].costs) > 0 {
			s.cols[n].price = s.cols[n].costs[0]
		}
		if n == 0 || s.cols[n].price.Less(s.cheapest) {
			s.cheapest = s.cols[n].price
		}
	}
	for n, i := range s.pupils {
		p := in.Pupils[i]
		arcs := make([]arc, 0, len(p.Choices))
		for _, c := range p.Choices {
			if len(in.Places[c.Places].Costs) > 0 {
				arcs = append(arcs, arc{c.Cost, number[c.Places]})
			}
		}
		slices.SortFunc(arcs, arc.compare)
		s.rows[n] = row{arcs: arcs, out: p.Unplaced, col: nowhere}
	}
	return s
}

// insert finds a place for one more pupil, or for nobody.
func (s *solver) insert(n int32) {
	// The path ends where it costs least: the pupil is left out, somebody who sits at a column is, or a free place is taken.
	least, last, dropped := s.rows[n].out, int32(nowhere), n
	relax := func(r int32, base Cost) {
		enough := least.Sub(base).Sub(s.cheapest) // what costs as much leads nowhere, at any price
		for i := range s.rows[r].arcs {
			a := &s.rows[r].arcs[i]
			if !a.cost.Less(enough) {
				return
			}
			c := &s.cols[a.col]
			d := base.Add(a.cost).Add(c.price)
			if !d.Less(least) || s.state[a.col] == closed || s.state[a.col] == open && !d.Less(s.dist[a.col]) {
				continue
			}
			if s.state[a.col] == unknown {
				s.state[a.col] = open
				s.reached = append(s.reached, a.col)
			}
			s.dist[a.col], s.via[a.col], s.at[a.col] = d, r, a.cost
			if taken := len(c.rows); taken < len(c.costs) {
				if end := d.Add(c.costs[taken]).Sub(c.price); end.Less(least) {
					least, last, dropped = end, a.col, nowhere
				}
			}
		}
	}
	relax(n, Cost{})
	for {
		j := int32(nowhere)
		for _, k := range s.reached {
			if s.state[k] == open && s.dist[k].Less(least) && (j == nowhere || s.dist[k].Less(s.dist[j])) {
				j = k
			}
		}
		if j == nowhere {
			break
		}
		s.state[j] = closed
		for _, r := range s.cols[j].rows {
			base := s.dist[j].Sub(s.rows[r].cost).Sub(s.cols[j].price)
			if end := base.Add(s.rows[r].out); end.Less(least) {
				least, last, dropped = end, j, r
			}
			relax(r, base)
		}
	}
	for _, k := range s.reached {
		if s.state[k] == closed && s.dist[k].Less(least) {
			s.cols[k].price = s.cols[k].price.Add(least).Sub(s.dist[k])
		}
		s.state[k] = unknown
	}
	s.reached = s.reached[:0]
	if last == nowhere {
		return
	}
	if dropped != nowhere {
		s.leave(dropped)
	}
	for j := last; ; {
		r := s.via[j]
		before := s.rows[r].col
		if before != nowhere {
			s.leave(r)
		}
		s.rows[r].col, s.rows[r].cost = j, s.at[j]
		s.cols[j].rows = append(s.cols[j].rows, r)
		if r == n {
			return
		}
		j = before
	}
}

func (s *solver) leave(r int32) {
	c := &s.cols[s.rows[r].col]
	at := slices.Index(c.rows, r)
	c.rows[at] = c.rows[len(c.rows)-1]
	c.rows, s.rows[r].col = c.rows[:len(c.rows)-1], nowhere
}

// seats puts what was found back in the order of the instance: by pupil its places, or Unplaced.
func (s *solver) seats() []int {
	at := make([]int, len(s.rows))
	for n, i := range s.pupils {
		at[i] = Unplaced
		if s.rows[n].col != nowhere {
			at[i] = s.places[s.rows[n].col]
		}
	}
	return at
}

// plan is what was found, with the prices that prove it as long as households do not matter.
func (s *solver) plan(in Instance) Plan {
	prices := make([]Cost, len(in.Places))
	for n, i := range s.places {
		prices[i] = s.cols[n].price
	}
	return proven(in, s.seats(), prices)
}

// proven is a plan with what its prices prove.
func proven(in Instance, at []int, prices []Cost) Plan {
	p := Plan{Instance: in, At: at, Prices: prices}
	// Where there is no place, any price is right at which nobody would want one.
	for _, x := range in.Pupils {
		for _, c := range x.Choices {
			if none := x.Unplaced.Sub(c.Cost); len(in.Places[c.Places].Costs) == 0 && p.Prices[c.Places].Less(none) {
				p.Prices[c.Places] = none
			}
		}
	}
	p.Value, p.Bound = value(in, p.At), Bound(in, p.Prices)
	return p
}
