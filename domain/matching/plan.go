package matching

import "slices"

// Plan says where every pupil goes, and proves how good that is.
type Plan struct {
	Instance Instance `json:"instance"`
	At       []int    `json:"at"`            // by pupil: its places, or Unplaced
	Prices   []Cost   `json:"prices"`        // by places
	Value    Cost     `json:"value"`         // what the plan costs, households that are split included
	Bound    Cost     `json:"bound"`         // no plan costs less
	Tree     *Tree    `json:"tree,omitzero"` // that shows more than the prices alone, where it is needed

	Maximised bool `json:"maximised,omitzero"` // the second parts of costs are what there should be most of, negated
}

// Optimal reports whether the plan proves that there is none better.
func (p Plan) Optimal() bool { return p.Value == p.Bound }

// Gap says how far the plan may be from the best. All parts of its cost before this one are as low as can be, which is proven; this one may
// be lower by so much and no more, and of those after it nothing is known. There is no gap in an optimal plan: the part is len(Cost).
func (p Plan) Gap() (part int, by int64) {
	for part := range p.Value {
		if by := p.Value[part] - p.Bound[part]; by != 0 {
			return part, by
		}
	}
	return len(p.Value), 0
}

// Households counts those with several pupils who are placed: at one institution, and at more than one.
func (p Plan) Households() (together, apart int) {
	institution, _ := p.Instance.institutions()
	for _, members := range p.Instance.households() {
		placed := slices.DeleteFunc(slices.Clone(members), func(i int) bool { return p.At[i] == Unplaced })
		switch {
		case len(placed) < 2:
		case split(placed, p.At, institution):
			apart++
		default:
			together++
		}
	}
	return together, apart
}

// Bound is a cost below which there is no plan, whatever the prices are: each pupil takes the cheapest choice at the prices, or none, and
// every place is counted that earns more than it costs. A household of several takes what is cheapest of all ways to stay together and of
// going apart, at what that costs.
func Bound(in Instance, prices []Cost) (sum Cost) {
	alone := make([]Cost, len(in.Pupils))
	for i, p := range in.Pupils {
		alone[i] = p.Unplaced
		for _, c := range p.Choices {
			if at := c.Cost.Add(prices[c.Places]); at.Less(alone[i]) {
				alone[i] = at
			}
		}
		sum = sum.Add(alone[i])
	}
	for i, s := range in.Places {
		for _, c := range s.Costs {
			if earns := prices[i].Sub(c); (Cost{}).Less(earns) {
				sum = sum.Sub(earns)
			}
		}
	}
	institution, n := in.institutions()
	saves := make([]Cost, n) // by institution: what it saves to place those of the household there who are better placed than not
	least := make([]Cost, n) // and the cheapest choice of the pupil last seen
	seen := make([]int, n)   // who that is, from 1
	for _, members := range in.households() {
		each, none, together := Cost{}, Cost{}, Cost{}
		var met []int
		for _, i := range members {
			out := in.Pupils[i].Unplaced
			each, none = each.Add(alone[i]), none.Add(out)
			first := len(met)
			for _, c := range in.Pupils[i].Choices {
				at, k := c.Cost.Add(prices[c.Places]), institution[c.Places]
				if seen[k] != i+1 {
					seen[k], least[k], met = i+1, out, append(met, k)
				}
				if at.Less(least[k]) {
					least[k] = at
				}
			}
			for _, k := range met[first:] {
				saves[k] = saves[k].Add(least[k]).Sub(out)
			}
		}
		for _, k := range met {
			if saves[k].Less(together) {
				together = saves[k]
			}
		}
		for _, k := range met {
			saves[k] = Cost{}
		}
		together = together.Add(none)
		if apart := each.Add(in.Split); apart.Less(together) {
			together = apart
		}
		sum = sum.Add(together).Sub(each)
	}
	return sum
}

// value sums up what places cost that are known to hold.
func value(in Instance, at []int) (sum Cost) {
	taken := make([]int, len(in.Places))
	for i, p := range in.Pupils {
		if at[i] == Unplaced {
			sum = sum.Add(p.Unplaced)
			continue
		}
		for _, c := range p.Choices {
			if c.Places == at[i] {
				sum = sum.Add(c.Cost)
			}
		}
		taken[at[i]]++
	}
	for i, n := range taken {
		for _, c := range in.Places[i].Costs[:n] {
			sum = sum.Add(c)
		}
	}
	institution, _ := in.institutions()
	for _, members := range in.households() {
		if split(members, at, institution) {
			sum = sum.Add(in.Split)
		}
	}
	return sum
}

// Cost is what the places of a plan cost, whatever it says of that. It gives the first *Fault: that nobody sits where they may not, and that
// no places are given twice, is checked.
func (p Plan) Cost() (Cost, error) {
	in := p.Instance
	if len(p.At) != len(in.Pupils) {
		return Cost{}, ofAll("answers-missing")
	}
	taken := make([]int, len(in.Places))
	for i, at := range p.At {
		if at == Unplaced {
			continue
		}
		if !in.Pupils[i].mayTake(at) {
			return Cost{}, ofPupil(i, "place-not-chosen")
		}
		if taken[at]++; taken[at] > len(in.Places[at].Costs) {
			return Cost{}, ofPlaces(at, "too-many-pupils")
		}
	}
	return value(in, p.At), nil
}

// Check verifies a plan from itself alone, in one pass over it: that the instance is one, that the places hold, and that value and bound
// are what they are said to be. It gives the first *Fault. How close the plan is to the best is then what Value and Bound say.
func (p Plan) Check() error {
	if err := p.Instance.Valid(); err != nil {
		return err
	}
	cost, err := p.Cost()
	if err != nil {
		return err
	}
	if len(p.Prices) != len(p.Instance.Places) {
		return ofAll("prices-missing")
	}
	largest := p.Instance.largestPrice()
	for i, c := range p.Prices {
		if !c.within(largest) {
			return ofPlaces(i, "price-too-large")
		}
	}
	if cost != p.Value {
		return ofAll("value-wrong")
	}
	shown := Bound(p.Instance, p.Prices)
	if p.Tree != nil {
		more, err := p.Tree.Bound(p.Instance)
		if err != nil {
			return err
		}
		if shown.Less(more) {
			shown = more
		}
	}
	if shown != p.Bound {
		return ofAll("bound-wrong")
	}
	return nil
}

// split reports whether the pupils of a household are placed at more than one institution.
func split(members, at, institution []int) bool {
	first := Unplaced
	for _, i := range members {
		switch {
		case at[i] == Unplaced:
		case first == Unplaced:
			first = institution[at[i]]
		case institution[at[i]] != first:
			return true
		}
	}
	return false
}

func (p Pupil) mayTake(places int) bool {
	for _, c := range p.Choices {
		if c.Places == places {
			return true
		}
	}
	return false
}
