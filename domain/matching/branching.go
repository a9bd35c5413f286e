package matching

import (
	"math"
	"slices"
)

// branchesMax is how often plans are told in two, at most.
const branchesMax = 1 << 11

// branching tells the plans in two, where nothing else proves more, until all parts cost at least as much as the best plan or the work is
// done (Land and Doig, An automatic method of solving discrete programming problems, Econometrica 28, 1960). What is proven least is told
// in two first.
type branching struct {
	*solver
	in       Instance // the solver's, in its order
	m        *market
	r        *reckoner
	mix      *mixture
	best     Plan // of in
	value    int64
	leaves   []*leaf
	branches int
}

// leaf is a branch that is not told in two yet.
type leaf struct {
	branch *Branch
	above  *leaf
	with   bool // of the one above
	prices []int64
	bound  int64
	by     Branch // how it would be told in two
	final  bool   // it cannot be
}

// branch gives a plan whose tree proves more, or that is better, where either is found.
func (s *solver) branch(p Plan, m *market, goOn func(done, of int) bool) Plan {
	weights, ok := fine(p.Instance.extremes(len(m.families)))
	if !ok || m.size() > rowsMost {
		return p
	}
	in, at := s.sorted(p)
	r, err := reckon(in, weights)
	if err != nil {
		return p
	}
	mix := newMixture(r, at, goOn)
	b := &branching{solver: s, in: in, m: m, r: r, mix: mix, best: Plan{Instance: in, At: at, Value: p.Value}, value: r.number(p.Value)}
	root := &Branch{}
	b.add(&leaf{branch: root})
	for l := b.lowest(); l != nil && !mix.stopped() && b.branches+2 <= branchesMax; l = b.lowest() {
		b.tell(l)
	}
	prune(root)
	tree := &Tree{weights, *s.unsorted(root)}
	if b.best.Value.Less(p.Value) {
		p.Value = b.best.Value
		p.At = make([]int, len(at))
		for n, j := range b.best.At {
			if p.At[s.pupils[n]] = Unplaced; j != Unplaced {
				p.At[s.pupils[n]] = s.places[j]
			}
		}
	}
	if bound, err := tree.Bound(p.Instance); err == nil && p.Bound.Less(bound) {
		p.Tree, p.Bound = tree, bound
	}
	return p
}

// fine are weights that keep the order of all plans, with as many fractions of a unit as there is room for; ok says whether there is.
func fine(low, high, most Cost) (weights Cost, ok bool) {
	const room, fractions = 1 << 58, 1 << 10
	second := float64(high[2]-low[2]) + 1
	first := second * (float64(high[1]-low[1]) + 1)
	all := float64(most[0])*first + float64(most[1])*second + float64(most[2]) + 1
	if all > 1<<52 { // more than a float tells apart
		return Cost{}, false
	}
	unit := int64(1)
	for unit < fractions && all*float64(2*unit) < room {
		unit *= 2
	}
	return Cost{int64(first) * unit, int64(second) * unit, unit}, true
}

// sorted is the instance in the order of the solver, with where everybody is.
func (s *solver) sorted(p Plan) (in Instance, at []int) {
	in.Split = p.Instance.Split
	number := make([]int, len(s.places))
	for n, i := range s.places {
		number[i] = n
		in.Places = append(in.Places, p.Instance.Places[i])
	}
	for _, i := range s.pupils {
		x := p.Instance.Pupils[i]
		x.Choices = slices.Clone(x.Choices)
		for k := range x.Choices {
			x.Choices[k].Places = number[x.Choices[k].Places]
		}
		slices.SortFunc(x.Choices, func(a, b Choice) int { return a.Places - b.Places })
		in.Pupils = append(in.Pupils, x)
		if at = append(at, Unplaced); p.At[i] != Unplaced {
			at[len(at)-1] = number[p.At[i]]
		}
	}
	return in, at
}

// unsorted is a branch in the order of the instance.
func (s *solver) unsorted(b *Branch) *Branch {
	if b == nil {
		return nil
	}
	out := &Branch{Apart: b.Apart, With: s.unsorted(b.With), Without: s.unsorted(b.Without)}
	if len(b.Prices) > 0 {
		out.Prices = make([]int64, len(b.Prices))
		for n, price := range b.Prices {
			out.Prices[s.places[n]] = price
		}
	}
	if b.With != nil {
		out.Pupil = s.pupils[b.Pupil]
	}
	for _, n := range b.At {
		out.At = append(out.At, s.places[n])
	}
	slices.Sort(out.At)
	return out
}

// lowest is the leaf of which least is proven, or nil where nothing more can be.
func (b *branching) lowest() (low *leaf) {
	for _, l := range b.leaves {
		if low == nil || l.bound < low.bound {
			low = l
		}
	}
	if low == nil || low.final || b.closed(low.bound) {
		return nil
	}
	return low
}

// closed reports whether a bound leaves room for no better plan: those differ by one unit of the last part at least.
func (b *branching) closed(bound int64) bool { return bound > b.value-b.r.weights[2] }

// enter says what households may choose from in a leaf.
func (b *branching) enter(l *leaf) {
	for h := range b.r.may {
		b.r.may[h] = ways{make([]bool, len(b.r.least)), true, true}
	}
	var narrow func(l *leaf)
	narrow = func(l *leaf) {
		if l.above == nil {
			return
		}
		narrow(l.above)
		by := l.above.branch
		h := b.r.of[by.Pupil]
		b.r.may[h] = b.r.narrowed(by, b.r.may[h], l.with)
	}
	narrow(l)
}

// add finds out what can be shown of a leaf.
func (b *branching) add(l *leaf) {
	b.branches++
	b.enter(l)
	b.leaves = append(b.leaves, l)
	l.bound, l.final = math.MinInt64, true
	if l.above != nil {
		l.prices, l.bound = l.above.prices, b.r.bound(l.above.prices)
		if b.closed(l.bound) {
			return
		}
	}
	whole := b.mix.solve()
	prices := b.mix.prices()
	if bound := b.r.bound(prices); bound > l.bound {
		l.prices, l.bound, l.branch.Prices = prices, bound, prices
	}
	if !whole {
		return
	}
	all := b.mix.shares()
	b.try(all)
	most := tolerance * 1000
	for h, ways := range all {
		if len(ways) < 2 || 1-ways[0].share <= most {
			continue
		}
		most, l.final = 1-ways[0].share, false
		l.by = Branch{Pupil: b.r.households[h][0]}
		way := ways[0].way
		if way == wayNone {
			way = ways[1].way
		}
		if l.by.Apart = way == wayApart; way >= 0 {
			l.by.At = []int{slices.Index(b.r.at, way)}
		}
	}
}

// tell tells the plans of a leaf in two.
func (b *branching) tell(l *leaf) {
	b.leaves = slices.DeleteFunc(b.leaves, func(x *leaf) bool { return x == l })
	l.branch.Pupil, l.branch.At, l.branch.Apart = l.by.Pupil, l.by.At, l.by.Apart
	l.branch.With, l.branch.Without = &Branch{}, &Branch{}
	b.add(&leaf{branch: l.branch.With, above: l, with: true})
	b.add(&leaf{branch: l.branch.Without, above: l})
}

// try places everybody as well as can be with each household where most of it is.
func (b *branching) try(all [][]shared) {
	choice := make([]int, len(all))
	for h, ways := range all {
		choice[h] = nowhere
		if way := ways[0].way; way == wayNone && len(b.m.families[h].options) > 0 {
			choice[h] = 0
		} else if way >= 0 {
			choice[h] = slices.IndexFunc(b.m.families[h].options, func(o option) bool { return int(o.institution) == way })
		}
	}
	found := b.bound(b.m, choice)
	at := make([]int, len(found.rows))
	for n := range found.rows {
		if at[n] = Unplaced; found.rows[n].col != nowhere {
			at[n] = int(found.rows[n].col)
		}
	}
	if v := value(b.in, at); v.Less(b.best.Value) {
		b.best.At, b.best.Value, b.value = at, v, b.r.number(v)
	}
}

// prune drops prices that no leaf goes by, and tells whether those above are needed.
func prune(b *Branch) (needed bool) {
	if b.With == nil {
		return len(b.Prices) == 0
	}
	with, without := prune(b.With), prune(b.Without)
	if needed = with || without; !needed {
		b.Prices = nil
	}
	return needed && len(b.Prices) == 0
}
