package matching

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// How long households are moved about: how many moves are tried for each household, and how many offers are looked at for that; how often it
// begins anew, as long as that is little work. And how many households take part in a move before they settle.
const (
	movesEach = 400
	workEach  = 60_000
	rounds    = 30
	little    = 60_000_000
	longest   = 8
)

// together plans for households of which the plan so far knows nothing: prices that prove more, and a plan that costs less. It is as
// good as could be found until goOn says no.
func (s *solver) together(p Plan, goOn func(done, of int) bool) Plan {
	in := p.Instance
	m := newMarket(in, s)
	prices := make([]int64, len(s.cols))
	for j, i := range s.places {
		prices[j] = m.number(p.Prices[i])
	}
	m.climb(prices, goOn)
	s.proves(&p, m, prices)
	at := s.bound(m, newMover(m, prices).anneal(m.number(p.Bound), goOn)).seats()
	if v := value(in, at); v.Less(p.Value) {
		p.At, p.Value = at, v
	}
	if p.Optimal() {
		return p
	}
	return s.branch(p, m, goOn)
}

// proves takes over prices that prove more than those of a plan.
func (s *solver) proves(p *Plan, m *market, prices []int64) {
	better, largest := slices.Clone(p.Prices), p.Instance.largestPrice()
	for j, i := range s.places {
		if c := m.cost(prices[j]); len(s.cols[j].costs) > 0 && c.within(largest) {
			better[i] = c
		}
	}
	if bound := Bound(p.Instance, better); p.Bound.Less(bound) {
		p.Prices, p.Bound = better, bound
	}
}

// bound is a solver of the same instance in which each household may only take the option chosen for it.
func (s *solver) bound(m *market, choice []int) *solver {
	out := *s
	out.rows, out.cols = slices.Clone(s.rows), slices.Clone(s.cols)
	for j := range out.cols {
		c := &out.cols[j]
		if c.rows, c.price = nil, (Cost{}); len(c.costs) > 0 {
			c.price = c.costs[0]
		}
	}
	for r := range out.rows {
		out.rows[r].col = nowhere
		h := m.family[r]
		if h == nowhere || choice[h] == nowhere {
			continue
		}
		i := m.families[h].options[choice[h]].institution
		out.rows[r].arcs = slices.DeleteFunc(slices.Clone(s.rows[r].arcs), func(a arc) bool { return m.inst[a.col] != i })
	}
	for r := range out.rows {
		out.insert(int32(r))
	}
	return &out
}

// mover moves households from option to option.
type mover struct {
	*seating
	value     int64
	strangers []bool     // by household: no two members ever compete
	likes     [][]choice // by household: options worth a try
	ranks     []choice
	trail     []former
	chance    *rand.Rand
}

// choice is an option and what it costs at least, or how often it was chosen.
type choice struct {
	option int
	cost   int64
}

// former is what a household had chosen.
type former struct {
	h      int32
	option int
}

// mostLikes is how many options are tried for a household beside those that were chosen at the prices.
const mostLikes = 8

// newMover begins where the prices point to: those first that chose the same again and again, as long as nobody is in their way.
func newMover(m *market, prices []int64) *mover {
	s := &mover{seating: newSeating(m), chance: rand.New(rand.NewPCG(0, 0)), strangers: make([]bool, len(m.families)),
		likes: make([][]choice, len(m.families))}
	s.wishes()
	for r := range m.rows {
		if m.family[r] == nowhere {
			s.tie(int32(r), nowhere)
			s.value += s.insert(int32(r))
		}
	}
	order := make([]int32, len(m.families))
	for h := range m.families {
		order[h] = int32(h)
		f := &m.families[h]
		seen := map[int32]bool{}
		for _, r := range f.members {
			seen[m.rows[r].part] = true
		}
		s.strangers[h] = len(seen) == len(f.members)
		for o := range f.options {
			s.likes[h] = append(s.likes[h], choice{o, m.together(f, o, prices)})
		}
		often := func(c choice) int32 { return m.often[h][c.option] }
		slices.SortStableFunc(s.likes[h], func(a, b choice) int { return cmp.Or(-cmp.Compare(often(a), often(b)), cmp.Compare(a.cost, b.cost)) })
		n := 0
		for n < len(s.likes[h]) && often(s.likes[h][n]) > 0 {
			n++
		}
		s.likes[h] = s.likes[h][:min(n+mostLikes, len(s.likes[h]))]
	}
	sure := func(h int32) (n int32) {
		for _, often := range m.often[h] {
			n = max(n, often)
		}
		return n
	}
	slices.SortStableFunc(order, func(a, b int32) int { return -cmp.Compare(sure(a), sure(b)) })
	var rest []int32
	for _, h := range order {
		if o := s.firstFree(h); o != nowhere {
			s.value += s.place(h, o)
		} else {
			rest = append(rest, h)
		}
	}
	for _, h := range rest {
		c, _ := s.settle(h, anyCost)
		s.value += c
	}
	return s
}

// anyCost is a limit that no sum of costs comes near, with room to add to it and take from it.
const anyCost = math.MaxInt64 / 4

// firstFree is the option chosen most often at which nobody is in the way.
func (s *mover) firstFree(h int32) int {
	f := &s.families[h]
likes:
	for _, c := range s.likes[h] {
		if s.often[h][c.option] == 0 {
			break
		}
		for _, offers := range f.options[c.option].offers {
			if s.inTheWay(offers) != nowhere {
				continue likes
			}
		}
		return c.option
	}
	return nowhere
}

// inTheWay is a household bound to one of some places that are all taken so; nowhere where one is free or whoever sits there may go.
func (s *mover) inTheWay(offers []offer) (h int32) {
	h = nowhere
	for _, a := range offers {
		if len(s.sitting[a.col]) < len(s.room[a.col]) {
			return nowhere
		}
		for _, r := range s.sitting[a.col] {
			if s.bound[r] == nowhere {
				return nowhere
			}
			if h == nowhere {
				h = s.family[r]
			}
		}
	}
	return h
}

// settle puts a household in where that costs least, if it costs less than a limit. The prices say what it costs at least anywhere, so
// that few options are asked for.
func (s *mover) settle(h int32, limit int64) (cost int64, ok bool) {
	f := &s.families[h]
	best, at := limit, nowhere
	try := func() {
		for len(s.ranks) > 0 {
			k := 0
			for i, c := range s.ranks {
				if c.cost < s.ranks[k].cost {
					k = i
				}
			}
			if s.ranks[k].cost >= best {
				break
			}
			if c := s.askAll(h, s.ranks[k], best); c < best {
				best, at, ok = c, s.ranks[k].option, true
			}
			s.ranks[k] = s.ranks[len(s.ranks)-1]
			s.ranks = s.ranks[:len(s.ranks)-1]
		}
		s.ranks = s.ranks[:0]
	}
	among := func(from, to int) {
		for o := from; o < to && f.options[o].least < best; o++ {
			s.work++
			if c := s.together(f, o, s.price); c < best {
				s.ranks = append(s.ranks, choice{o, c})
			}
		}
		try()
	}
	among(0, f.whole)
	if f.leastInPart < best {
		among(f.whole, len(f.options))
	}
	if f.leastApart < best {
		s.ranks = append(s.ranks, choice{nowhere, s.apart(f, s.price)})
		try()
	}
	if ok {
		s.place(h, at)
	}
	return best, ok
}

// askAll is what it would cost to place a household that costs at least so much there; no less than the limit if it is not less.
func (s *mover) askAll(h int32, c choice, limit int64) (cost int64) {
	if !s.strangers[h] {
		cost = s.place(h, c.option)
		s.take(h)
		return cost
	}
	s.bind(h, c.option)
	cost = c.cost
	for _, r := range s.families[h].members {
		least, _ := among(s.rows[r].out, s.may[r], s.price)
		cost += s.ask(r, limit-cost+least) - least
		s.tie(r, absent)
	}
	return cost
}

// move binds a household to an option, and those in its way go elsewhere, where others may be in theirs, unless all that costs more than
// a limit.
func (s *mover) move(h int32, o int, limit int64) {
	s.trail, s.log = s.trail[:0], s.log[:0]
	before := s.value
	s.out(h)
	if s.chain(o, before+limit+1) {
		return
	}
	s.rewind()
	for _, x := range s.trail {
		s.choice[x.h] = x.option
		s.bind(x.h, x.option)
	}
	s.value = before
}

func (s *mover) out(h int32) {
	s.trail = append(s.trail, former{h, s.choice[h]})
	s.value += s.take(h)
}

// chain puts in who was taken out, the first of them at an option, if all that stays below a limit.
func (s *mover) chain(o int, limit int64) bool {
	for k := 0; k < len(s.trail); k++ {
		h := s.trail[k].h
		if k > 0 {
			if o = s.somewhere(h, k); o == nowhere {
				c, ok := s.settle(h, limit-s.value-s.leastOf(s.trail[k+1:]))
				if !ok {
					return false
				}
				s.value += c
				continue
			}
		}
		for _, offers := range s.families[h].options[o].offers {
			if g := s.inTheWay(offers); g != nowhere {
				s.out(g)
			}
		}
		// No price falls while they go in, so what each costs at least is known before.
		if s.value+s.together(&s.families[h], o, s.price)+s.leastOf(s.trail[k+1:]) >= limit {
			return false
		}
		s.value += s.place(h, o)
	}
	return s.value < limit
}

// somewhere is an option for the k-th of a chain where only such are in the way as are not part of it; nowhere where it should settle.
func (s *mover) somewhere(h int32, k int) int {
	if len(s.trail) >= longest || s.chance.IntN(2) == 0 {
		return nowhere
	}
	o := s.anyLike(h)
	if o == nowhere {
		return nowhere
	}
	for _, offers := range s.families[h].options[o].offers {
		if g := s.inTheWay(offers); g != nowhere && slices.ContainsFunc(s.trail[:k], func(x former) bool { return x.h == g }) {
			return nowhere
		}
	}
	return o
}

func (s *mover) leastOf(them []former) (sum int64) {
	for _, x := range them {
		s.work += len(s.families[x.h].options)
		c, _ := s.cheapest(&s.families[x.h], s.price)
		sum += c
	}
	return sum
}

// anneal moves households by chance, at first also where that costs a little more (Dueck and Scheuer, Threshold accepting, Journal of
// Computational Physics 90, 1990), with those in their way moving on (ejection chains: Glover, Discrete Applied Mathematics 65, 1996). It
// gives the choices that cost least. The chance is the same every time, and what is spent is counted in work, not in time.
//
// Where what counts first is not as low as the bound, what is a little more is at first measured by that, and then by what counts later.
func (s *mover) anneal(bound int64, goOn func(done, of int) bool) []int {
	best, choice := s.value, slices.Clone(s.choice)
	households := len(s.families)
	begun, moves, work := s.work, movesEach*households, workEach*households
	for round := 0; round < rounds && best > bound && (round == 0 || s.work-begun < little); round++ {
		gaps := []int64{best - bound}
		if later := s.later(gaps[0]); later < gaps[0] {
			gaps = append(gaps, later)
		}
		for k, gap := range gaps {
			begun, heat := s.work, min(6/float64(1+round%3)*float64(gap)/float64(households), 1<<60)
			for n := 0; n < moves && s.work-begun < work && best > bound; n++ {
				done := max(n, moves/households*((s.work-begun)/workEach))
				if n%64 == 0 && !goOn((round*len(gaps)+k)*moves+done, rounds*len(gaps)*moves) {
					return choice
				}
				limit := int64(heat * (1 - float64(done)/float64(moves)) * s.chance.Float64())
				if s.wander(limit); s.value < best {
					best = s.value
					copy(choice, s.choice)
				}
			}
		}
	}
	return choice
}

// wander moves one household by chance.
func (s *mover) wander(limit int64) {
	s.work++
	h := int32(s.chance.IntN(len(s.families)))
	if o := s.anyLike(h); o != nowhere && o != s.choice[h] {
		s.move(h, o, limit)
	}
}

// anyLike is an option worth a try, rather one of the first.
func (s *mover) anyLike(h int32) int {
	likes := s.likes[h]
	if len(likes) == 0 {
		return nowhere
	}
	return likes[min(s.chance.IntN(len(likes)), s.chance.IntN(len(likes)))].option
}
