package matching

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// solved is a plan that has been found optimal.
func solved(t testing.TB, in Instance) Plan {
	t.Helper()
	p, err := Solve(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if !p.Optimal() {
		t.Fatalf("the plan costs %v and nothing is proven below %v", p.Value, p.Bound)
	}
	return p
}

// drawn is an instance with costs so close together that there are many ways and ties.
func drawn(r *rand.Rand, pupils, kinds int) (in Instance) {
	for j := range kinds {
		s := Places{ID: fmt.Sprintf("s%02d", j)}
		cost := Cost{0, int64(r.IntN(3)), 0}
		for range r.IntN(4) {
			s.Costs = append(s.Costs, cost)
			cost = cost.Add(Cost{0, int64(r.IntN(2)), int64(r.IntN(2))})
		}
		in.Places = append(in.Places, s)
	}
	for i := range pupils {
		p := Pupil{ID: fmt.Sprintf("p%02d", i), Unplaced: Cost{int64(1 + r.IntN(3))}}
		if r.IntN(8) == 0 {
			p.Unplaced = Cost{0, int64(r.IntN(10)), 0} // need not be placed
		}
		for j := range kinds {
			if r.IntN(3) > 0 {
				p.Choices = append(p.Choices, Choice{j, Cost{int64(r.IntN(2) * r.IntN(2)), int64(r.IntN(9)), int64(r.IntN(3) - 1)}})
			}
		}
		in.Pupils = append(in.Pupils, p)
	}
	return in
}

// least tries everything.
func least(in Instance) Cost {
	taken := make([]int, len(in.Places))
	var try func(i int) Cost
	try = func(i int) Cost {
		if i == len(in.Pupils) {
			return Cost{}
		}
		p := in.Pupils[i]
		best := p.Unplaced.Add(try(i + 1))
		for _, c := range p.Choices {
			if n := taken[c.Places]; n < len(in.Places[c.Places].Costs) {
				taken[c.Places]++
				if cost := c.Cost.Add(in.Places[c.Places].Costs[n]).Add(try(i + 1)); cost.Less(best) {
					best = cost
				}
				taken[c.Places]--
			}
		}
		return best
	}
	return try(0)
}

func TestNoPlanIsBetter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 3))
	left := 0
	for range 1500 {
		in := drawn(r, 1+r.IntN(6), 1+r.IntN(4))
		p := solved(t, in)
		if want := least(in); p.Value != want {
			t.Fatalf("%v, but %v is possible: %+v", p.Value, want, in)
		}
		left += len(slices.DeleteFunc(slices.Clone(p.At), func(j int) bool { return j != Unplaced }))
	}
	if left < 500 {
		t.Errorf("only %d pupils found no place: the instances are too easy", left)
	}
}

func TestTheOrderInWhichAnInstanceIsGivenChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 4))
	for range 200 {
		in := drawn(r, 30, 12)
		at := placesByID(solved(t, in))
		other := Instance{Places: slices.Clone(in.Places), Pupils: slices.Clone(in.Pupils)}
		number := r.Perm(len(in.Places))
		for j, n := range number {
			other.Places[n] = in.Places[j]
		}
		for i, p := range other.Pupils {
			other.Pupils[i].Choices = nil
			for _, k := range r.Perm(len(p.Choices)) {
				other.Pupils[i].Choices = append(other.Pupils[i].Choices, Choice{number[p.Choices[k].Places], p.Choices[k].Cost})
			}
		}
		r.Shuffle(len(other.Pupils), func(a, b int) { other.Pupils[a], other.Pupils[b] = other.Pupils[b], other.Pupils[a] })
		again := placesByID(solved(t, other))
		for id, places := range at {
			if again[id] != places {
				t.Fatalf("%s sits at %s, and at %s where the order is another", id, places, again[id])
			}
		}
	}
}

func placesByID(p Plan) map[string]string {
	out := map[string]string{}
	for i, j := range p.At {
		if j != Unplaced {
			out[p.Instance.Pupils[i].ID] = p.Instance.Places[j].ID
		}
	}
	return out
}

func TestOneMorePlaceSavesWhatItIsWorth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 5))
	precious := 0
	for range 150 {
		in := drawn(r, 14, 6)
		p := solved(t, in)
		for j, worth := range p.Worth() {
			more := Instance{Places: slices.Clone(in.Places), Pupils: in.Pupils}
			last := Cost{}
			if n := len(in.Places[j].Costs); n > 0 {
				last = in.Places[j].Costs[n-1]
			}
			more.Places[j].Costs = append(slices.Clone(in.Places[j].Costs), last)
			if saved := p.Value.Sub(solved(t, more).Value); saved != worth {
				t.Fatalf("a place of kind %d is worth %v and saves %v", j, worth, saved)
			}
			if worth != (Cost{}) {
				precious++
			}
		}
	}
	if precious < 100 {
		t.Errorf("only %d places are worth anything", precious)
	}
}

func TestAShortageIsTrue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 6))
	found, several := 0, 0
	for range 400 {
		in := drawn(r, 16, 12)
		for i, p := range in.Pupils { // everybody is to be placed, and near by
			near := min(r.IntN(12), len(p.Choices))
			in.Pupils[i].Unplaced, in.Pupils[i].Choices = Cost{100}, p.Choices[near:min(near+2, len(p.Choices))]
		}
		p := solved(t, in)
		left := 0
		for _, j := range p.At {
			if j == Unplaced {
				left++
			}
		}
		all := p.Shortages()
		pupils, kinds, missing := map[int]bool{}, map[int]bool{}, 0
		for _, s := range all {
			room := 0
			for _, j := range s.Places {
				if kinds[j] {
					t.Fatal("places are in two shortages")
				}
				kinds[j] = true
				room += len(in.Places[j].Costs)
			}
			for _, i := range s.Pupils {
				if pupils[i] {
					t.Fatal("a pupil is in two shortages")
				}
				pupils[i] = true
				for _, c := range in.Pupils[i].Choices {
					if !slices.Contains(s.Places, c.Places) {
						t.Fatal("a pupil of the shortage may choose other places")
					}
				}
			}
			if room != s.Room {
				t.Fatalf("%d places, not %d", room, s.Room)
			}
			missing += len(s.Pupils) - room
		}
		if missing != left {
			t.Fatalf("%d are left out, and %d places are short", left, missing)
		}
		found += len(all)
		if len(all) > 1 {
			several++
		}
	}
	if found < 300 || several < 50 {
		t.Errorf("only %d shortages, %d times more than one", found, several)
	}
}

func TestAPlanThatIsStoppedIsNone(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	told := 0
	_, err := Solve(ctx, drawn(rand.New(rand.NewPCG(1, 1)), 400, 40), func(done, total int) {
		if told++; done >= 128 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || told != 3 {
		t.Errorf("%v after %d words", err, told)
	}
	stop()
}
