package matching

import "slices"

// inNumbers is the solver's work with one number for each cost, which is much quicker; ok says whether one can hold the costs. No pupils are
// held together, and the plan is as good and as proven as the solver's.
func inNumbers(in Instance, goOn func(done int) error) (p Plan, ok bool, err error) {
	m := &market{}
	if m.weight, ok = in.alongPaths(); !ok {
		return Plan{}, false, nil
	}
	places, pupils := in.byID()
	m.rows, m.room, m.family = make([]buyer, len(pupils)), make([][]int64, len(places)), make([]int32, len(pupils))
	number, choices := make([]int32, len(places)), 0
	for j, i := range places {
		number[i] = int32(j)
		for _, c := range in.Places[i].Costs {
			m.room[j] = append(m.room[j], m.number(c))
		}
		if len(m.room[j]) > 0 {
			m.floor = min(m.floor, m.room[j][0])
		}
	}
	for _, p := range in.Pupils {
		choices += len(p.Choices)
	}
	all := make([]offer, 0, choices)
	for r, i := range pupils {
		first := len(all)
		for _, c := range in.Pupils[i].Choices {
			if j := number[c.Places]; len(m.room[j]) > 0 {
				all = append(all, offer{m.number(c.Cost), j})
			}
		}
		offers := all[first:]
		slices.SortFunc(offers, offer.compare)
		m.rows[r], m.family[r] = buyer{out: m.number(in.Pupils[i].Unplaced), offers: offers}, nowhere
	}
	s := newSeating(m)
	for r := range m.rows {
		if r%64 == 0 {
			if err := goOn(r); err != nil {
				return Plan{}, true, err
			}
		}
		s.insert(int32(r))
		s.log = s.log[:0]
	}
	at, prices := make([]int, len(pupils)), make([]Cost, len(places))
	for r, i := range pupils {
		if at[i] = Unplaced; s.col[r] != nowhere {
			at[i] = places[s.col[r]]
		}
	}
	for j, i := range places {
		prices[i] = m.cost(s.price[j])
	}
	return proven(in, at, prices), true, nil
}

// alongPaths are weights with which numbers keep the order of all that is compared along paths, and with which they can be told as costs again.
//
// Two paths of one pupil differ by what each other pupil saves or loses by moving, and each is on one of them at most once, and by what a place
// at their ends costs. So does a price, and what is compared is such a difference and two prices at most.
func (in Instance) alongPaths() (weight [3]int64, ok bool) {
	var dearest, differ, places Cost
	for _, s := range in.Places {
		for _, c := range s.Costs {
			for i, part := range c {
				places[i] = max(places[i], part, -part)
			}
		}
	}
	for _, p := range in.Pupils {
		low, high := p.Unplaced, p.Unplaced
		for _, c := range p.Choices {
			for i, part := range c.Cost {
				low[i], high[i] = min(low[i], part), max(high[i], part)
			}
		}
		for i := range differ {
			differ[i] += high[i] - low[i]
			dearest[i] = max(dearest[i], high[i], -low[i])
		}
	}
	// In floats first, where nothing wraps round.
	span := func(part int) float64 { return 4*(float64(differ[part])+float64(places[part])) + 1 }
	weighs := [3]float64{span(1) * span(2), span(2), 1}
	all := 0.0
	for i, w := range weighs {
		all += w * (span(i) + float64(dearest[i]))
	}
	if all > 1<<61 {
		return weight, false
	}
	second := 4*(differ[2]+places[2]) + 1
	return [3]int64{(4*(differ[1]+places[1]) + 1) * second, second, 1}, true
}
