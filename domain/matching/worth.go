package matching

import (
	"maps"
	"slices"
)

// Worth gives what one more place of each kind would save, if it cost what the last one does; nothing where some are free. It holds for an
// optimal plan in which it costs nothing to split a household.
//
// A price is one of many that prove the plan; this is the least of them, which is what a place is worth to the last pupil. From the
// prices it is one search: how far a price can fall along pupils who would move up (Dijkstra over places, from those left out and from
// the last place of every kind).
func (p Plan) Worth() []Cost {
	in := p.Instance
	at := make([][]int, len(in.Places)) // pupils by places
	fall := make([]Cost, len(in.Places))
	done, found := make([]bool, len(in.Places)), make([]bool, len(in.Places))
	can := func(j int, by Cost) {
		if !found[j] || by.Less(fall[j]) {
			fall[j], found[j] = by, true
		}
	}
	now := make([]Cost, len(in.Pupils)) // what a pupil's place costs at the prices
	for i, j := range p.At {
		now[i] = in.Pupils[i].Unplaced
		if j == Unplaced {
			continue
		}
		at[j] = append(at[j], i)
		for _, c := range in.Pupils[i].Choices {
			if c.Places == j {
				now[i] = c.Cost.Add(p.Prices[j])
			}
		}
	}
	moves := func(i int, base Cost) {
		for _, c := range in.Pupils[i].Choices {
			if c.Places != p.At[i] && !done[c.Places] {
				can(c.Places, base.Add(c.Cost).Add(p.Prices[c.Places]).Sub(now[i]))
			}
		}
	}
	for i, j := range p.At {
		if j == Unplaced {
			moves(i, Cost{})
		}
	}
	for j, places := range in.Places {
		if n := len(at[j]); n > 0 {
			can(j, p.Prices[j].Sub(places.Costs[n-1]))
		}
	}
	for {
		next := Unplaced
		for j := range in.Places {
			if found[j] && !done[j] && (next == Unplaced || fall[j].Less(fall[next])) {
				next = j
			}
		}
		if next == Unplaced {
			break
		}
		done[next] = true
		for _, i := range at[next] {
			moves(i, fall[next])
		}
	}
	out := make([]Cost, len(in.Places))
	for j, places := range in.Places {
		n := len(places.Costs)
		if !found[j] || len(at[j]) < n {
			continue
		}
		last := Cost{}
		if n > 0 {
			last = places.Costs[n-1]
		}
		if worth := p.Prices[j].Sub(fall[j]).Sub(last); (Cost{}).Less(worth) {
			out[j] = worth
		}
	}
	return out
}

// Shortage says why not all can be placed: all that these pupils may choose are these places, and there are fewer of them.
type Shortage struct {
	Pupils, Places []int // by index in the instance
	Room           int   // how many pupils these hold
}

// Shortages give, for all who are left out for want of a place, those with whom they compete: whoever sits where they could, and whoever
// sits where those could. No two have a pupil or a place in common. (Hall, On representatives of subsets, 1935.)
func (p Plan) Shortages() []Shortage {
	in := p.Instance
	at := make([][]int, len(in.Places))
	for i, j := range p.At {
		if j != Unplaced {
			at[j] = append(at[j], i)
		}
	}
	groups := map[int]*Shortage{} // by the pupil left out who began it
	of, seen := make([]int, len(in.Places)), make([]bool, len(in.Pupils))
	for first, j := range p.At {
		if j != Unplaced || seen[first] {
			continue
		}
		s, waiting := &Shortage{}, []int{first}
		seen[first] = true
		for len(waiting) > 0 {
			i := waiting[0]
			waiting = waiting[1:]
			s.Pupils = append(s.Pupils, i)
			for _, c := range in.Pupils[i].Choices {
				if earlier := of[c.Places]; earlier == first+1 {
					continue
				} else if earlier > 0 { // they compete with an earlier one
					joined := groups[earlier-1]
					s.Pupils, s.Places, s.Room = append(s.Pupils, joined.Pupils...), append(s.Places, joined.Places...), s.Room+joined.Room
					for _, places := range joined.Places {
						of[places] = first + 1
					}
					delete(groups, earlier-1)
					continue
				}
				of[c.Places] = first + 1
				s.Places, s.Room = append(s.Places, c.Places), s.Room+len(in.Places[c.Places].Costs)
				for _, other := range at[c.Places] {
					if !seen[other] {
						seen[other] = true
						waiting = append(waiting, other)
					}
				}
			}
		}
		groups[first] = s
	}
	var all []Shortage
	for _, first := range slices.Sorted(maps.Keys(groups)) {
		if s := groups[first]; len(s.Pupils) > s.Room {
			all = append(all, *s)
		}
	}
	return all
}
