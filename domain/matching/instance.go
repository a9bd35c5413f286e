package matching

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Instance is what is to be planned. Solve and Bound want it Valid.
type Instance struct {
	Places []Places `json:"places"`
	Pupils []Pupil  `json:"pupils"`
	// Split is what each household costs, once, whose pupils are placed at more than one institution; pupils who are left out do not count.
	Split Cost `json:"split,omitzero"`
}

// Places are those of one kind: of a grade at a site. Costs are what the first one taken costs beyond the pupil's own cost, the second
// one, and so on, never less than the one before; there are as many places as costs. Places without an institution have one of their own.
type Places struct {
	ID          string `json:"id"`
	Institution string `json:"institution,omitzero"`
	Costs       []Cost `json:"costs"`
}

// Pupil may take one of some places. Unplaced is what it costs to leave the pupil out. The household is the same for brothers and sisters;
// a pupil without one is alone.
type Pupil struct {
	ID        string   `json:"id"`
	Household string   `json:"household,omitzero"`
	Unplaced  Cost     `json:"unplaced"`
	Choices   []Choice `json:"choices"`
}

// Choice is a kind of places, by index in Instance.Places, and what it costs to give one to the pupil.
type Choice struct {
	Places int  `json:"places"`
	Cost   Cost `json:"cost"`
}

// Unplaced stands for no places.
const Unplaced = -1

// Fault says what of an instance or a plan does not hold: of which pupil or kind of places, by index, and why by a stable code. Both are
// below zero where the fault is of the whole.
type Fault struct {
	Code          string
	Places, Pupil int
}

// Error names the place and the code.
func (f *Fault) Error() string {
	switch {
	case f.Pupil >= 0:
		return fmt.Sprintf("matching: pupil %d: %s", f.Pupil, f.Code)
	case f.Places >= 0:
		return fmt.Sprintf("matching: places %d: %s", f.Places, f.Code)
	}
	return "matching: " + f.Code
}

func ofPlaces(i int, code string) error { return &Fault{code, i, -1} }
func ofPupil(i int, code string) error  { return &Fault{code, -1, i} }
func ofAll(code string) error           { return &Fault{code, -1, -1} }

// Most is how many pupils, and how many places, an instance may have; MostChoices is how many choices all pupils have together.
const (
	Most        = 30_000
	MostChoices = 16_000_000
)

// Largest is the greatest part of a cost that an instance may have, either way: the fewer pupils and places it has, the more, and never less
// than Large. Whoever wants several aims in one part weighs them by it.
func (in Instance) Largest() int64 {
	return min(1<<46, (1<<60)/(int64(len(in.Pupils)+1)*int64(in.seats()+1)))
}

// largestPrice is the greatest part of a price, either way. With n pupils and m places, no sum over all of them comes to 2^62 of prices, nor
// to as much again of costs, which are three for each two pupils (a half for a household that is split) and one for each place, all of them
// at most Largest: so no bound wraps round.
//
// The planner needs no more. The price of a kind of places is the difference of two paths that part at a pupil: each other pupil on them
// comes in at a cost and leaves at one, and sits at a kind of their own. So it is at most (2k+1)·Largest with k = min(n, m+1), and
// (2k+1)·(n+m+1) is at most 4·(n+1)·(m+1).
func (in Instance) largestPrice() int64 {
	return (1 << 62) / int64(len(in.Pupils)+in.seats()+1)
}

// seats is how many places there are of all kinds.
func (in Instance) seats() (n int) {
	for _, s := range in.Places {
		n += len(s.Costs)
	}
	return n
}

// Valid gives the first *Fault of an instance: ids that are missing or come twice, places that are not there or are chosen twice, costs
// beyond Largest, places that get cheaper.
func (in Instance) Valid() error {
	if in.seats() > Most || len(in.Pupils) > Most {
		return ofAll("too-many")
	}
	largest, ids := in.Largest(), map[string]bool{}
	for i, s := range in.Places {
		if s.ID == "" || ids[s.ID] {
			return ofPlaces(i, "id-missing-or-twice")
		}
		ids[s.ID] = true
		for k, c := range s.Costs {
			if !c.within(largest) {
				return ofPlaces(i, "cost-too-large")
			}
			if k > 0 && c.Less(s.Costs[k-1]) {
				return ofPlaces(i, "places-get-cheaper")
			}
		}
	}
	if !in.Split.within(largest) {
		return ofAll("cost-too-large")
	}
	clear(ids)
	choices := 0
	chosenBy := make([]int, len(in.Places))
	for i, p := range in.Pupils {
		if p.ID == "" || ids[p.ID] {
			return ofPupil(i, "id-missing-or-twice")
		}
		ids[p.ID] = true
		if !p.Unplaced.within(largest) {
			return ofPupil(i, "cost-too-large")
		}
		if choices += len(p.Choices); choices > MostChoices {
			return ofAll("too-many")
		}
		for _, c := range p.Choices {
			switch {
			case c.Places < 0 || c.Places >= len(in.Places):
				return ofPupil(i, "places-unknown")
			case chosenBy[c.Places] == i+1:
				return ofPupil(i, "places-chosen-twice")
			case !c.Cost.within(largest):
				return ofPupil(i, "cost-too-large")
			}
			chosenBy[c.Places] = i + 1
		}
	}
	return nil
}

// byID is the order in which an instance is solved, whatever order it was given in: the indices of places and pupils, sorted by id.
func (in Instance) byID() (places, pupils []int) {
	places, pupils = make([]int, len(in.Places)), make([]int, len(in.Pupils))
	for i := range places {
		places[i] = i
	}
	for i := range pupils {
		pupils[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return strings.Compare(in.Places[a].ID, in.Places[b].ID) })
	slices.SortFunc(pupils, func(a, b int) int { return strings.Compare(in.Pupils[a].ID, in.Pupils[b].ID) })
	return places, pupils
}

// households are the pupils, by index, of each household of several, where it matters that they stay together.
func (in Instance) households() (all [][]int) {
	if in.Split == (Cost{}) {
		return nil
	}
	of := map[string][]int{}
	for i, p := range in.Pupils {
		if p.Household != "" {
			of[p.Household] = append(of[p.Household], i)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		if len(of[id]) > 1 {
			all = append(all, of[id])
		}
	}
	return all
}

// institutions number the institution of each kind of places, from 0.
func (in Instance) institutions() (of []int, n int) {
	of = make([]int, len(in.Places))
	numbers := map[string]int{}
	for j, p := range in.Places {
		number, known := numbers[p.Institution]
		if p.Institution == "" || !known {
			number = n
			n++
			numbers[p.Institution] = number
		}
		of[j] = number
	}
	return of, n
}
