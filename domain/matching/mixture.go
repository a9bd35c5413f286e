package matching

import (
	"math"
	"math/rand/v2"
	"slices"
)

// mixture is the best plan in which everybody may be spread over several choices, households over several ways, in shares that add up to one:
// a linear program. Its prices show the most that any prices can (Geoffrion, Lagrangean relaxation for integer programming, Mathematical
// Programming Study 2, 1974), and where a household is spread, that is where to tell plans in two.
//
// It is solved by the simplex method with the inverse of the basis kept and columns found as they are needed (Dantzig and Wolfe,
// Decomposition principle for linear programs, Operations Research 8, 1960). A basis stays one whatever households may choose from: what they
// may not is only dear. Numbers are floats and prove nothing; products stand alone before they are added up, so that every machine
// rounds them alike.
type mixture struct {
	r     *reckoner
	units [][]int // pupils who choose as one
	of    []int   // by unit: the household of several, or nowhere
	kinds []int   // by row behind the units: the places
	row   []int   // by places: the row, or nowhere where there is no place
	steps [][]piece

	n       int
	inverse []float64 // by row, by column
	basis   []spread
	share   []float64 // by row: of what is in the basis
	dual    []float64 // by row
	work    int

	price []float64 // by places, at the duals
	least []float64 // by institution
	saves []float64
	seen  []int
	spot  []int32 // by institution: the places for the pupil at hand
	met   []int
	entry []float64

	forbidden float64 // what it costs to choose what is not allowed
	nothing   float64 // what counts as nothing of a cost: floats tell no more apart

	goOn func(done, of int) bool
}

// piece are places of a kind that cost the same.
type piece struct {
	cost, size float64
	full       bool // all of them are taken, outside the basis
}

// spread is a column: a unit that chooses a way and takes seats, a piece of a kind that is taken, or what is free of a kind.
type spread struct {
	unit int     // or nowhere
	way  int     // an institution, wayApart or wayNone
	at   []int32 // places taken, by pupil of the unit, or nowhere
	row  int     // where there is no unit
	step int     // or nowhere
	cost float64
}

const (
	wayApart = -1
	wayNone  = -2
)

// tolerance is what counts as nothing of a share.
const tolerance = 1e-9

// How much is done: numbers looked at, and units of them that are told; and how many rows there may be, of which each step may take as many
// numbers as their square.
const (
	mixtureWork = 1_000_000_000
	mixtureUnit = 1_000_000
	rowsMost    = 1_000
)

// newMixture begins with a plan.
func newMixture(r *reckoner, at []int, goOn func(done, of int) bool) *mixture {
	m := &mixture{r: r, goOn: goOn, row: make([]int, len(r.in.Places)), price: make([]float64, len(r.in.Places))}
	for h, members := range r.households {
		m.units, m.of = append(m.units, members), append(m.of, h)
	}
	for i := range r.in.Pupils {
		if r.of[i] < 0 {
			m.units, m.of = append(m.units, []int{i}), append(m.of, nowhere)
		}
	}
	for j, room := range r.room {
		m.row[j] = nowhere
		if len(room) == 0 {
			continue
		}
		m.row[j] = len(m.units) + len(m.kinds)
		m.kinds = append(m.kinds, j)
		var pieces []piece
		for k, c := range room {
			if k == 0 || c != room[k-1] {
				pieces = append(pieces, piece{cost: float64(c)})
			}
			pieces[len(pieces)-1].size++
		}
		m.steps = append(m.steps, pieces)
	}
	m.n = len(m.units) + len(m.kinds)
	dearest := r.split
	for i, out := range r.out {
		dearest = max(dearest, out, -out)
		for _, c := range r.costs[i] {
			dearest = max(dearest, c, -c)
		}
	}
	m.forbidden, m.nothing = float64(16*float64(dearest)), max(1e-2, float64(1e-13*float64(dearest)))
	m.inverse, m.dual, m.entry = make([]float64, m.n*m.n), make([]float64, m.n), make([]float64, m.n)
	institutions := len(r.least)
	m.least, m.saves = make([]float64, institutions), make([]float64, institutions)
	m.seen, m.spot = make([]int, institutions), make([]int32, institutions)
	taken := make([]float64, len(r.in.Places))
	for u, members := range m.units {
		x := spread{unit: u, way: wayNone, row: nowhere, step: nowhere}
		for _, i := range members {
			x.at = append(x.at, int32(at[i]))
			if at[i] == Unplaced {
				continue
			}
			taken[at[i]]++
			switch k := r.at[at[i]]; x.way {
			case wayNone, k:
				x.way = k
			default:
				x.way = wayApart
			}
		}
		m.basis, m.share = append(m.basis, x), append(m.share, 1)
	}
	// A little room of chance, so that a step seldom leads nowhere.
	chance := rand.New(rand.NewPCG(0, 0))
	for k, j := range m.kinds {
		x, row := spread{unit: nowhere, row: len(m.units) + k, step: nowhere}, len(m.units)+k
		little := float64(1e-6 * (1 + chance.Float64()))
		share, sign := little, 1.0
		left := taken[j]
		for s := range m.steps[k] {
			p := &m.steps[k][s]
			if left >= p.size {
				p.full, left = true, left-p.size
			} else if left > 0 {
				x.step, share, sign = s, left-little, -1
				break
			}
		}
		m.basis, m.share = append(m.basis, x), append(m.share, share)
		m.inverse[row*m.n+row] = sign
		for u := range m.units {
			for _, at := range m.basis[u].at {
				if int(at) == j {
					m.inverse[row*m.n+u] -= sign
				}
			}
		}
	}
	for u := range m.units {
		m.inverse[u*m.n+u] = 1
	}
	return m
}

// weigh is what a column costs where households may choose from what they may now.
func (m *mixture) weigh(x *spread) float64 {
	if x.unit == nowhere {
		if x.step == nowhere {
			return 0
		}
		return m.steps[x.row-len(m.units)][x.step].cost
	}
	cost := int64(0)
	for k, i := range m.units[x.unit] {
		cost += m.r.out[i]
		for c, choice := range m.r.in.Pupils[i].Choices {
			if choice.Places == int(x.at[k]) {
				cost += m.r.costs[i][c] - m.r.out[i]
			}
		}
	}
	if x.way == wayApart {
		cost += m.r.split
	}
	if h := m.of[x.unit]; h != nowhere && !m.r.may[h].has(x.way) {
		return float64(cost) + m.forbidden
	}
	return float64(cost)
}

func (w ways) has(way int) bool {
	switch way {
	case wayApart:
		return w.apart
	case wayNone:
		return w.none
	}
	return !w.except[way]
}

// stopped reports whether all work is done, or somebody says no.
func (m *mixture) stopped() bool {
	return m.work >= mixtureWork || !m.goOn(m.work/mixtureUnit, mixtureWork/mixtureUnit)
}

// solve goes on until nothing is cheaper. False says that it was stopped before.
func (m *mixture) solve() bool {
	for r := range m.basis {
		m.basis[r].cost = m.weigh(&m.basis[r])
	}
	m.reckonDuals()
	for step := 1; ; step++ {
		if step%50 == 0 {
			if m.reckonDuals(); m.stopped() {
				return false
			}
		}
		x, gain, down := m.entering()
		if gain > -m.nothing {
			return true
		}
		if !m.enter(x, gain, down) {
			return false
		}
	}
}

func (m *mixture) reckonDuals() {
	clear(m.dual)
	m.work += m.n * m.n
	for r, x := range m.basis {
		if x.cost != 0 {
			add(m.dual, m.inverse[r*m.n:(r+1)*m.n], x.cost)
		}
	}
}

// add adds a multiple of a row to another.
func add(to, row []float64, by float64) {
	row = row[:len(to)]
	for i := range to {
		to[i] += float64(by * row[i])
	}
}

// entering is the column that would save most, and how much; down is that less of a full piece is taken.
func (m *mixture) entering() (best spread, gain float64, down bool) {
	for j, row := range m.row {
		if m.price[j] = math.Inf(1); row != nowhere {
			m.price[j] = -m.dual[row]
		}
	}
	for u := range m.units {
		if way, cost := m.cheapest(u); cost-m.dual[u] < gain {
			best, gain, down = spread{unit: u, way: way, row: nowhere, step: nowhere}, cost-m.dual[u], false
		}
	}
	for k, j := range m.kinds {
		row := len(m.units) + k
		if m.price[j] < gain {
			best, gain, down = spread{unit: nowhere, row: row, step: nowhere}, m.price[j], false
		}
		for s, p := range m.steps[k] {
			d := p.cost - m.price[j]
			if p.full {
				d = -d
			}
			if d < gain {
				best, gain, down = spread{unit: nowhere, row: row, step: s, cost: p.cost}, d, p.full
			}
		}
	}
	if gain < 0 && best.unit != nowhere {
		m.seat(&best)
		best.cost = m.weigh(&best)
	}
	return best, gain, down
}

// cheapest is the way at which a unit costs least at the prices.
func (m *mixture) cheapest(u int) (way int, cost float64) {
	h := m.of[u]
	none, apart, best := 0.0, float64(m.r.split), 0.0
	if way = wayNone; h != nowhere && !m.r.may[h].none {
		best = m.forbidden
	}
	met := m.met[:0]
	for n, i := range m.units[u] {
		out := float64(m.r.out[i])
		none += out
		alone := out
		m.work += len(m.r.in.Pupils[i].Choices)
		for c, choice := range m.r.in.Pupils[i].Choices {
			cost := float64(m.r.costs[i][c]) + m.price[choice.Places]
			alone = min(alone, cost)
			at := m.r.at[choice.Places]
			if h != nowhere && m.r.may[h].except[at] {
				continue
			}
			if m.seen[at] != n+1 {
				if m.seen[at] == 0 {
					m.saves[at], met = 0, append(met, at)
				}
				m.seen[at], m.least[at] = n+1, 0
			}
			if saved := cost - out; saved < m.least[at] {
				m.saves[at] += saved - m.least[at]
				m.least[at] = saved
			}
		}
		apart += alone
	}
	for _, at := range met {
		m.seen[at] = 0
		if m.saves[at] < best {
			best, way = m.saves[at], at
		}
	}
	m.met = met
	if h != nowhere && m.r.may[h].apart && apart < none+best {
		return wayApart, apart
	}
	return way, none + best
}

// seat finds the places of a unit at the prices.
func (m *mixture) seat(x *spread) {
	for _, i := range m.units[x.unit] {
		least, where := float64(m.r.out[i]), int32(Unplaced)
		for c, choice := range m.r.in.Pupils[i].Choices {
			if x.way != wayApart && x.way != m.r.at[choice.Places] {
				continue
			}
			if cost := float64(m.r.costs[i][c]) + m.price[choice.Places]; cost < least {
				least, where = cost, int32(choice.Places)
			}
		}
		x.at = append(x.at, where)
	}
}

// enter takes a column into the basis, or moves a piece from none to full or back. False says that nothing holds it back, which cannot be.
func (m *mixture) enter(x spread, gain float64, down bool) bool {
	clear(m.entry)
	column := func(c int, by float64) {
		for r := range m.entry {
			m.entry[r] += float64(by * m.inverse[r*m.n+c])
		}
	}
	m.work += 3 * m.n
	own := math.Inf(1) // how far it may move by itself
	if x.unit != nowhere {
		column(x.unit, 1)
		for _, at := range x.at {
			if at != Unplaced {
				column(m.row[at], 1)
			}
		}
	} else if x.step == nowhere {
		column(x.row, 1)
	} else {
		column(x.row, -1)
		own = m.steps[x.row-len(m.units)][x.step].size
	}
	sign := 1.0
	if down {
		sign = -1
	}
	far, out := own, nowhere
	for r, e := range m.entry {
		e *= sign
		limit := math.Inf(1)
		switch b := &m.basis[r]; {
		case e > tolerance:
			limit = max(0, m.share[r]) / e
		case e < -tolerance && b.unit == nowhere && b.step != nowhere:
			limit = max(0, m.steps[b.row-len(m.units)][b.step].size-m.share[r]) / -e
		}
		if limit < far-tolerance || limit < far+tolerance && out != nowhere && math.Abs(e) > math.Abs(m.entry[out]) {
			far, out = min(far, limit), r
		}
	}
	if math.IsInf(far, 1) {
		return false
	}
	for r, e := range m.entry {
		m.share[r] -= float64(float64(sign*far) * e)
	}
	if out == nowhere {
		p := &m.steps[x.row-len(m.units)][x.step]
		p.full = !down
		return true
	}
	if b := &m.basis[out]; b.unit == nowhere && b.step != nowhere {
		m.steps[b.row-len(m.units)][b.step].full = m.entry[out]*sign < 0
	}
	m.share[out] = far
	if x.unit == nowhere && x.step != nowhere {
		p := &m.steps[x.row-len(m.units)][x.step]
		if p.full = false; down {
			m.share[out] = p.size - far
		}
	}
	m.basis[out] = x
	pivot := m.inverse[out*m.n : (out+1)*m.n]
	for c := range pivot {
		pivot[c] /= m.entry[out]
	}
	if down {
		gain = -gain
	}
	add(m.dual, pivot, gain)
	for r, e := range m.entry {
		if r != out && math.Abs(e) > tolerance {
			m.work += m.n
			add(m.inverse[r*m.n:(r+1)*m.n], pivot, -e)
		}
	}
	return true
}

// prices are those of the mixture as numbers.
func (m *mixture) prices() []int64 {
	out := make([]int64, len(m.row))
	for j, row := range m.row {
		if row != nowhere {
			out[j] = int64(min(max(math.Round(-m.dual[row]), -float64(m.r.dearest)), float64(m.r.dearest)))
		}
	}
	// Where there is no place, any price is right at which nobody would want one.
	for i, p := range m.r.in.Pupils {
		for k, c := range p.Choices {
			if m.row[c.Places] == nowhere {
				out[c.Places] = min(max(out[c.Places], m.r.out[i]-m.r.costs[i][k]), m.r.dearest)
			}
		}
	}
	return out
}

// shared is a household's way with its share.
type shared struct {
	way   int
	share float64
}

// shares are the ways each household is spread over, the greatest share first. Where nobody is placed is as well at an institution.
func (m *mixture) shares() [][]shared {
	all := make([][]shared, len(m.r.households))
	for r, x := range m.basis {
		if x.unit == nowhere || m.of[x.unit] == nowhere || m.share[r] < tolerance {
			continue
		}
		h := m.of[x.unit]
		k := slices.IndexFunc(all[h], func(s shared) bool { return s.way == x.way })
		if k < 0 {
			k, all[h] = len(all[h]), append(all[h], shared{way: x.way})
		}
		all[h][k].share += m.share[r]
	}
	for _, ways := range all {
		slices.SortFunc(ways, func(a, b shared) int {
			switch {
			case a.share > b.share:
				return -1
			case a.share < b.share:
				return 1
			}
			return b.way - a.way
		})
	}
	for h, ways := range all {
		first := slices.IndexFunc(ways, func(s shared) bool { return s.way >= 0 })
		none := slices.IndexFunc(ways, func(s shared) bool { return s.way == wayNone })
		if first >= 0 && none >= 0 {
			ways[first].share += ways[none].share
			all[h] = slices.Delete(ways, none, none+1)
		}
	}
	return all
}
