package matching

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// market is an instance with one whole number for each cost, for whoever looks for good prices and good households. It proves nothing and
// may be off where costs are so large that one number cannot hold them: what is found is weighed again as Cost.
type market struct {
	weight [3]int64

	rows []buyer
	room [][]int64 // by column: what the places cost, the cheapest first

	inst     []int32     // by column
	families []household // of several
	family   []int32     // by row: its household, or nowhere

	floor, ceiling int64 // no place costs less, and at no higher price would anybody want one

	chosen []int     // by household: its option when last asked
	often  [][]int32 // by household and option: how often
}

// buyer is a pupil.
type buyer struct {
	out    int64
	offers []offer // the cheapest first
	part   int32   // pupils of different parts never compete
}

type offer struct {
	cost int64
	col  int32
}

func (a offer) compare(b offer) int {
	switch {
	case a.cost < b.cost:
		return -1
	case a.cost > b.cost:
		return 1
	}
	return int(a.col - b.col)
}

// household are pupils who want one institution, and what that may be. The options with an offer for every member come first, and of these,
// and of the others, those first that cost least at the lowest prices.
type household struct {
	members []int32
	options []option
	whole   int // how many have an offer for every member
	split   int64

	leastInPart, leastApart int64 // no price makes it cheaper where not all have an offer, or apart
}

// option is an institution, with the offers there by member, for how many members there is none, and what it costs at the lowest prices.
type option struct {
	institution int32
	offers      [][]offer
	missing     int
	least       int64
}

// weigh chooses the weights of the parts: a unit outweighs all that two plans can differ in after it. Where numbers do not reach so far, the last
// part counts nothing, and if need be the first too little.
func weigh(in Instance) [3]int64 {
	var most, one Cost // what a plan, and one pupil or place, can cost, part by part, either way
	see := func(c Cost) {
		for i := range one {
			one[i] = max(one[i], c[i], -c[i])
		}
	}
	for _, p := range in.Pupils {
		one = Cost{}
		see(p.Unplaced)
		see(in.Split)
		for _, c := range p.Choices {
			see(c.Cost)
		}
		most = most.Add(one)
	}
	for _, s := range in.Places {
		for _, c := range s.Costs {
			one = Cost{}
			see(c)
			most = most.Add(one)
		}
	}
	const limit = 1 << 60
	second := 2*most[2] + 1
	if high, first := bits.Mul64(uint64(2*most[1]+1), uint64(second)); high == 0 && first < limit {
		if high, all := bits.Mul64(uint64(most[0]+1), first); high == 0 && all < limit {
			return [3]int64{int64(first), second, 1}
		}
	}
	return [3]int64{min(2*most[1]+1, max(1, limit/(most[0]+1))), 1, 0}
}

// number is a cost as one number.
func (m *market) number(c Cost) int64 {
	return c[0]*m.weight[0] + c[1]*m.weight[1] + c[2]*m.weight[2]
}

// cost is a cost of that number.
func (m *market) cost(n int64) (c Cost) {
	for i, w := range m.weight {
		if w != 0 {
			c[i] = rounded(n, w)
			n -= c[i] * w
		}
	}
	return c
}

func rounded(n, by int64) int64 {
	if n < 0 {
		return -rounded(-n, by)
	}
	return (n + by/2) / by
}

// later is what counts after the first part of a cost, either way.
func (m *market) later(n int64) int64 {
	n -= rounded(n, m.weight[0]) * m.weight[0]
	return max(n, -n)
}

// newMarket takes over rows and columns of a solver, in its order.
func newMarket(in Instance, s *solver) *market {
	m := &market{weight: weigh(in), rows: make([]buyer, len(s.rows)), room: make([][]int64, len(s.cols)), inst: make([]int32, len(s.cols)),
		family: make([]int32, len(s.rows))}
	of, _ := in.institutions()
	numbers, institutions := map[int]int32{}, int32(0) // by their first column
	parts := newForest(len(s.cols))
	for j, i := range s.places {
		for k, c := range s.cols[j].costs {
			if m.room[j] = append(m.room[j], m.number(c)); k == 0 && m.room[j][0] < m.floor {
				m.floor = m.room[j][0]
			}
		}
		n, known := numbers[of[i]]
		if !known {
			n = institutions
			numbers[of[i]] = n
			institutions++
		}
		m.inst[j] = n
	}
	for r := range s.rows {
		b := buyer{out: m.number(s.rows[r].out), offers: make([]offer, len(s.rows[r].arcs))}
		most := int64(0)
		for k, a := range s.rows[r].arcs {
			b.offers[k] = offer{m.number(a.cost), a.col}
			parts.join(a.col, s.rows[r].arcs[0].col)
			most = max(most, -b.offers[k].cost)
		}
		m.ceiling = max(m.ceiling, most+b.out)
		if !slices.IsSortedFunc(b.offers, offer.compare) {
			slices.SortFunc(b.offers, offer.compare)
		}
		m.rows[r], m.family[r] = b, nowhere
	}
	for r := range m.rows {
		if m.rows[r].part = nowhere; len(m.rows[r].offers) > 0 {
			m.rows[r].part = parts.root(m.rows[r].offers[0].col)
		}
	}
	row := make([]int32, len(in.Pupils))
	for r, i := range s.pupils {
		row[i] = int32(r)
	}
	for h, members := range in.households() {
		f := household{split: m.number(in.Split)}
		for _, i := range members {
			f.members = append(f.members, row[i])
		}
		slices.Sort(f.members)
		for _, r := range f.members {
			m.family[r] = int32(h)
		}
		m.arrange(&f, institutions)
		m.families = append(m.families, f)
		m.often = append(m.often, make([]int32, len(f.options)))
	}
	m.chosen = make([]int, len(m.families))
	return m
}

// arrange finds the options of a household, and what it costs at the lowest prices.
func (m *market) arrange(f *household, institutions int32) {
	number := make([]int, institutions) // of the option, from 1
	f.leastApart, f.leastInPart = f.split, math.MaxInt64
	for x, r := range f.members {
		b := &m.rows[r]
		least := b.out
		for _, a := range b.offers {
			least = min(least, a.cost+m.floor)
			i := m.inst[a.col]
			if number[i] == 0 {
				f.options = append(f.options, option{i, make([][]offer, len(f.members)), len(f.members), 0})
				number[i] = len(f.options)
			}
			o := &f.options[number[i]-1]
			if o.offers[x] = append(o.offers[x], a); len(o.offers[x]) == 1 {
				o.missing--
			}
		}
		f.leastApart += least
		f.leastInPart = min(f.leastInPart, b.out-least)
	}
	f.leastInPart += f.leastApart - f.split
	for o := range f.options {
		x := &f.options[o]
		for k, r := range f.members {
			least := m.rows[r].out
			for _, a := range x.offers[k] {
				least = min(least, a.cost+m.floor)
			}
			x.least += least
		}
	}
	slices.SortFunc(f.options, func(a, b option) int {
		return cmp.Or(cmp.Compare(a.missing, b.missing), cmp.Compare(a.least, b.least), cmp.Compare(a.institution, b.institution))
	})
	for f.whole < len(f.options) && f.options[f.whole].missing == 0 {
		f.whole++
	}
}

// lowest are the prices below which no place is given.
func (m *market) lowest() []int64 {
	out := make([]int64, len(m.room))
	for j, costs := range m.room {
		if len(costs) > 0 {
			out[j] = costs[0]
		}
	}
	return out
}

// size is how many there are of households of several, of pupils who are alone, and of kinds with places.
func (m *market) size() int {
	n := len(m.families)
	for _, h := range m.family {
		if h == nowhere {
			n++
		}
	}
	for _, room := range m.room {
		if len(room) > 0 {
			n++
		}
	}
	return n
}

// remember counts what households chose when last asked.
func (m *market) remember() {
	for h, o := range m.chosen {
		if o != nowhere {
			m.often[h][o]++
		}
	}
}

// forest joins columns that the same pupils may take.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) root(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) join(a, b int32) { f[f.root(a)] = f.root(b) }

// demand lets everybody take what is cheapest at the prices. It gives the bound that proves, and by column how many more want a place than
// there are at the price.
func (m *market) demand(prices []int64, missing []int32) (sum int64) {
	clear(missing)
	for j, costs := range m.room {
		for _, c := range costs {
			if c >= prices[j] {
				break
			}
			sum -= prices[j] - c
			missing[j]--
		}
	}
	for r := range m.rows {
		if m.family[r] != nowhere {
			continue
		}
		least, col := m.alone(int32(r), prices)
		if sum += least; col != nowhere {
			missing[col]++
		}
	}
	for h := range m.families {
		f := &m.families[h]
		least, o := m.cheapest(f, prices)
		sum += least
		m.chosen[h] = o
		for x, r := range f.members {
			col := int32(nowhere)
			if o == nowhere {
				_, col = m.alone(r, prices)
			} else {
				_, col = among(m.rows[r].out, f.options[o].offers[x], prices)
			}
			if col != nowhere {
				missing[col]++
			}
		}
	}
	return sum
}

// alone is the cheapest offer of all, or none.
func (m *market) alone(r int32, prices []int64) (least int64, col int32) {
	b := &m.rows[r]
	least, col = b.out, nowhere
	for _, a := range b.offers {
		if a.cost+m.floor >= least {
			break
		}
		if c := a.cost + prices[a.col]; c < least {
			least, col = c, a.col
		}
	}
	return least, col
}

// among is the cheapest of some offers, or none.
func among(out int64, offers []offer, prices []int64) (least int64, col int32) {
	least, col = out, nowhere
	for _, a := range offers {
		if c := a.cost + prices[a.col]; c < least {
			least, col = c, a.col
		}
	}
	return least, col
}

// cheapest is the option at which the household costs least; nowhere is apart.
func (m *market) cheapest(f *household, prices []int64) (least int64, option int) {
	least, option = math.MaxInt64, nowhere
	for o := 0; o < f.whole && f.options[o].least < least; o++ {
		if c := m.together(f, o, prices); c < least {
			least, option = c, o
		}
	}
	if f.leastInPart < least {
		for o := f.whole; o < len(f.options) && f.options[o].least < least; o++ {
			if c := m.together(f, o, prices); c < least {
				least, option = c, o
			}
		}
	}
	if f.leastApart < least {
		if c := m.apart(f, prices); c < least {
			least, option = c, nowhere
		}
	}
	return least, option
}

// apart is what it costs when each member goes where that is cheapest.
func (m *market) apart(f *household, prices []int64) (sum int64) {
	sum = f.split
	for _, r := range f.members {
		c, _ := m.alone(r, prices)
		sum += c
	}
	return sum
}

// together is what the household costs at an option.
func (m *market) together(f *household, o int, prices []int64) (sum int64) {
	for x, offers := range f.options[o].offers {
		c, _ := among(m.rows[f.members[x]].out, offers, prices)
		sum += c
	}
	return sum
}
