package matching

// Plan says where every pupil goes, and proves how good that is.
type Plan struct {
	Instance Instance `json:"instance"`
	At       []int    `json:"at"`     // by pupil: its places, or Unplaced
	Prices   []Cost   `json:"prices"` // by places
	Value    Cost     `json:"value"`  // what the plan costs
	Bound    Cost     `json:"bound"`  // no plan costs less
}

// Optimal reports whether the plan proves that there is none better.
func (p Plan) Optimal() bool { return p.Value == p.Bound }

// Bound is a cost below which there is no plan, whatever the prices are: each pupil takes the cheapest choice at the prices, or none, and
// every place is counted that earns more than it costs.
func Bound(in Instance, prices []Cost) (sum Cost) {
	for _, p := range in.Pupils {
		least := p.Unplaced
		for _, c := range p.Choices {
			if at := c.Cost.Add(prices[c.Places]); at.Less(least) {
				least = at
			}
		}
		sum = sum.Add(least)
	}
	for i, s := range in.Places {
		for _, c := range s.Costs {
			if earns := prices[i].Sub(c); (Cost{}).Less(earns) {
				sum = sum.Sub(earns)
			}
		}
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
	for i, c := range p.Prices {
		if !c.within(largestPrice) {
			return ofPlaces(i, "price-too-large")
		}
	}
	if cost != p.Value {
		return ofAll("value-wrong")
	}
	if Bound(p.Instance, p.Prices) != p.Bound {
		return ofAll("bound-wrong")
	}
	return nil
}

func (p Pupil) mayTake(places int) bool {
	for _, c := range p.Choices {
		if c.Places == places {
			return true
		}
	}
	return false
}
