package matching

import (
	"math"
	"math/bits"
)

// Tree shows more than prices on the places can, where households couple their pupils. All costs are numbers in it: the parts of a cost, each
// times its weight. The weights need not keep the order of costs, for what is shown is told as a cost again with what the parts of any plan
// can be; but only if they do, much is shown.
type Tree struct {
	Weights Cost   `json:"weights"`
	Root    Branch `json:"root"`
}

// Branch shows that some plans cost no less than something: by prices on the places, or by telling the plans in two. With are those in which
// all who are placed of a pupil's household, and somebody is, are at one of some institutions, or apart if that is said; Without are all others.
type Branch struct {
	Prices  []int64 `json:"prices,omitempty"` // by places, as numbers; where there are none, those above hold
	Pupil   int     `json:"pupil,omitzero"`   // any of the household
	At      []int   `json:"at,omitempty"`     // an institution each, by any of its places
	Apart   bool    `json:"apart,omitzero"`
	With    *Branch `json:"with,omitempty"`
	Without *Branch `json:"without,omitempty"`
}

// MostBranches is how many a tree may have. What it tells apart takes one pass over the instance each, and mostLooks is how many choices are
// looked at in all.
const (
	MostBranches = 1 << 12
	mostLooks    = 1 << 34
)

// Bound is a cost below which there is no plan, as far as the tree shows that; the instance is Valid. It asks nothing of how the tree was
// found. It gives the first *Fault of the tree.
func (t Tree) Bound(in Instance) (Cost, error) {
	r, err := reckon(in, t.Weights)
	if err != nil {
		return Cost{}, err
	}
	least, err := r.below(&t.Root, nil)
	if err != nil {
		return Cost{}, err
	}
	return r.told(least), nil
}

// reckoner is an instance in numbers, and what its households may do in a branch.
type reckoner struct {
	in         Instance
	weights    Cost
	low, high  Cost // no part of what a plan costs is below or above
	out        []int64
	costs      [][]int64 // by pupil, by choice
	room       [][]int64 // by places
	split      int64
	dearest    int64 // price, either way
	households [][]int
	of         []int // by pupil: the household of several, or -1
	at         []int // by places: the institution
	may        []ways
	branches   int
	choices    int

	alone []int64 // by pupil: the least at the prices
	least []int64 // by institution, for the household at hand: the saving, for the pupil at hand
	saves []int64
	seen  []int
}

// ways are those a household may choose from: institutions, being apart, and that nobody is placed.
type ways struct {
	except      []bool // by institution
	apart, none bool
}

// empty is what the plans of a branch cost in which there are none.
const empty = math.MaxInt64

// reckon refuses weights with which sums could wrap round.
func reckon(in Instance, weights Cost) (*reckoner, error) {
	r := &reckoner{in: in, weights: weights, households: in.households(), of: make([]int, len(in.Pupils))}
	var most Cost // what all of a plan adds up to, either way
	r.low, r.high, most = in.extremes(len(r.households))
	left := uint64(1 << 60)
	for i, w := range weights {
		over, all := bits.Mul64(uint64(w), uint64(most[i]))
		if w < 1 || over > 0 || all > left {
			return nil, ofAll("weights-wrong")
		}
		left -= all
	}
	// Prices of n pupils and m places add up to less than 2^61, beside 2^60 of costs.
	r.dearest = (1 << 61) / int64(len(in.Pupils)+in.seats()+1)
	r.split = r.number(in.Split)
	for i, p := range in.Pupils {
		r.of[i] = -1
		r.choices += len(p.Choices)
		r.out = append(r.out, r.number(p.Unplaced))
		costs := make([]int64, len(p.Choices))
		for k, c := range p.Choices {
			costs[k] = r.number(c.Cost)
		}
		r.costs = append(r.costs, costs)
	}
	for _, s := range in.Places {
		room := make([]int64, len(s.Costs))
		for k, c := range s.Costs {
			room[k] = r.number(c)
		}
		r.room = append(r.room, room)
	}
	n := 0
	r.at, n = in.institutions()
	for h, members := range r.households {
		for _, i := range members {
			r.of[i] = h
		}
		r.may = append(r.may, ways{make([]bool, n), true, true})
	}
	r.alone, r.least, r.saves, r.seen = make([]int64, len(in.Pupils)), make([]int64, n), make([]int64, n), make([]int, n)
	return r, nil
}

// number is a cost as one number.
func (r *reckoner) number(c Cost) int64 {
	return c[0]*r.weights[0] + c[1]*r.weights[1] + c[2]*r.weights[2]
}

// extremes are what each part of the cost of a plan is at least and at most, and what it adds up to at most, either way.
func (in Instance) extremes(households int) (low, high, most Cost) {
	among := func(all ...Cost) {
		for i := range low {
			least, greatest := all[0][i], all[0][i]
			for _, c := range all {
				least, greatest = min(least, c[i]), max(greatest, c[i])
			}
			low[i], high[i], most[i] = low[i]+least, high[i]+greatest, most[i]+max(-least, greatest)
		}
	}
	for _, p := range in.Pupils {
		least, greatest := p.Unplaced, p.Unplaced
		for _, c := range p.Choices {
			for i, part := range c.Cost {
				least[i], greatest[i] = min(least[i], part), max(greatest[i], part)
			}
		}
		among(least, greatest)
	}
	for _, s := range in.Places {
		for _, c := range s.Costs {
			among(Cost{}, c)
		}
	}
	for range households {
		among(Cost{}, in.Split)
	}
	return low, high, most
}

// told is the least that a plan can cost whose number is no less than n: of each part, what is missing if all later ones are as great as can
// be.
func (r *reckoner) told(n int64) (c Cost) {
	rest := int64(0)
	for i, w := range r.weights {
		rest += w * r.high[i]
	}
	for i, w := range r.weights {
		rest -= w * r.high[i]
		c[i] = max(r.low[i], -((rest - n) / w))
		if c[i]*w+rest < n {
			c[i]++
		}
		n -= c[i] * w
	}
	return c
}

// below is the number below which the plans of a branch do not cost.
func (r *reckoner) below(b *Branch, prices []int64) (int64, error) {
	if r.branches++; r.branches > MostBranches || r.branches*r.choices > mostLooks {
		return 0, ofAll("too-many")
	}
	if len(b.Prices) > 0 {
		prices = b.Prices
	}
	if len(b.Prices) > 0 && len(b.Prices) != len(r.in.Places) {
		return 0, ofAll("prices-missing")
	}
	for j, p := range b.Prices {
		if p > r.dearest || p < -r.dearest {
			return 0, ofPlaces(j, "price-too-large")
		}
	}
	if b.With == nil && b.Without == nil {
		if len(prices) != len(r.in.Places) { // none at all
			return 0, ofAll("prices-missing")
		}
		return r.bound(prices), nil
	}
	if b.With == nil || b.Without == nil {
		return 0, ofAll("branch-missing")
	}
	if b.Pupil < 0 || b.Pupil >= len(r.of) || r.of[b.Pupil] < 0 {
		return 0, ofPupil(b.Pupil, "household-unknown")
	}
	for _, j := range b.At {
		if j < 0 || j >= len(r.at) {
			return 0, ofPlaces(j, "places-unknown")
		}
	}
	h := r.of[b.Pupil]
	before := r.may[h]
	r.may[h] = r.narrowed(b, before, true)
	with, err := r.below(b.With, prices)
	if err != nil {
		return 0, err
	}
	r.may[h] = r.narrowed(b, before, false)
	without, err := r.below(b.Without, prices)
	r.may[h] = before
	return min(with, without), err
}

// narrowed is what a household may choose from on one side of a branch.
func (r *reckoner) narrowed(b *Branch, before ways, with bool) ways {
	named := make([]bool, len(r.least))
	for _, j := range b.At {
		named[r.at[j]] = true
	}
	after := ways{make([]bool, len(named)), before.apart && b.Apart == with, before.none && !with}
	for k := range named {
		after.except[k] = before.except[k] || named[k] != with
	}
	return after
}

// bound is what prices show of what is left in a branch.
func (r *reckoner) bound(prices []int64) (sum int64) {
	for j, room := range r.room {
		for _, c := range room {
			sum -= max(0, prices[j]-c)
		}
	}
	for i, p := range r.in.Pupils {
		r.alone[i] = r.out[i]
		for k, c := range p.Choices {
			r.alone[i] = min(r.alone[i], r.costs[i][k]+prices[c.Places])
		}
		if r.of[i] < 0 {
			sum += r.alone[i]
		}
	}
	for h, members := range r.households {
		least := r.cheapest(members, r.may[h], prices)
		if least == empty {
			return empty
		}
		sum += least
	}
	return sum
}

// cheapest is what a household costs at least of the ways it may choose from.
func (r *reckoner) cheapest(members []int, may ways, prices []int64) (least int64) {
	none, saved, apart := int64(0), int64(0), r.split
	var met []int
	for _, i := range members {
		none, apart = none+r.out[i], apart+r.alone[i]
		first := len(met)
		for k, c := range r.in.Pupils[i].Choices {
			at := r.at[c.Places]
			if may.except[at] {
				continue
			}
			if r.seen[at] != i+1 {
				r.seen[at], r.least[at], met = i+1, 0, append(met, at)
			}
			r.least[at] = min(r.least[at], r.costs[i][k]+prices[c.Places]-r.out[i])
		}
		for _, at := range met[first:] {
			r.saves[at] += r.least[at]
		}
	}
	for _, at := range met {
		saved = min(saved, r.saves[at])
	}
	for _, at := range met {
		r.saves[at], r.seen[at] = 0, 0
	}
	if least = empty; may.none || len(met) > 0 {
		least = none + saved
	}
	if may.apart {
		least = min(least, apart)
	}
	return least
}
