package matching

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// related is drawn, with households, institutions, and a cost of splitting.
func related(r *rand.Rand, pupils, kinds int) Instance {
	in := drawn(r, pupils, kinds)
	in.Split = Cost{int64(r.IntN(2)), int64(r.IntN(9)), 1}
	for j := range in.Places {
		if r.IntN(8) > 0 {
			in.Places[j].Institution = fmt.Sprintf("i%d", r.IntN(1+kinds/2))
		}
	}
	for i := range in.Pupils {
		if r.IntN(6) > 0 {
			in.Pupils[i].Household = fmt.Sprintf("h%d", r.IntN(1+pupils/3))
		}
	}
	return in
}

// checked is a plan that says of itself what is true.
func checked(t *testing.T, in Instance) Plan {
	t.Helper()
	p, err := Solve(t.Context(), in, nil)
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// leastTogether tries everything, and counts institutions by itself.
func leastTogether(in Instance) (best Cost) {
	at, taken := make([]int, len(in.Pupils)), make([]int, len(in.Places))
	found := false
	var try func(i int, cost Cost)
	try = func(i int, cost Cost) {
		if i == len(in.Pupils) {
			places := map[string]map[string]bool{}
			for k, j := range at {
				if h := in.Pupils[k].Household; h != "" && j != Unplaced {
					if places[h] == nil {
						places[h] = map[string]bool{}
					}
					places[h][institutionOf(in.Places[j])] = true
				}
			}
			for _, of := range places {
				if len(of) > 1 {
					cost = cost.Add(in.Split)
				}
			}
			if !found || cost.Less(best) {
				best, found = cost, true
			}
			return
		}
		at[i] = Unplaced
		try(i+1, cost.Add(in.Pupils[i].Unplaced))
		for _, c := range in.Pupils[i].Choices {
			if n := taken[c.Places]; n < len(in.Places[c.Places].Costs) {
				taken[c.Places]++
				at[i] = c.Places
				try(i+1, cost.Add(c.Cost).Add(in.Places[c.Places].Costs[n]))
				taken[c.Places]--
			}
		}
	}
	try(0, Cost{})
	return best
}

func institutionOf(p Places) string {
	if p.Institution == "" {
		return "places " + p.ID
	}
	return "institution " + p.Institution
}

func TestNoPlanOfHouseholdsIsBetterThanItsBound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 8))
	const all = 600
	best, proven, coupled := 0, 0, 0
	for range all {
		in := related(r, 2+r.IntN(5), 2+r.IntN(4))
		p, least := checked(t, in), leastTogether(in)
		if p.Value.Less(least) || least.Less(p.Bound) {
			t.Fatalf("the plan costs %v, nothing below %v is said to be possible, and %v is the least: %+v", p.Value, p.Bound, least, in)
		}
		if p.Value == least {
			best++
		}
		if p.Optimal() {
			proven++
		}
		alone := in
		alone.Split = Cost{}
		if solved(t, alone).Value != least {
			coupled++
		}
	}
	if best < all || proven < all || coupled < all/6 {
		t.Errorf("of %d, %d are the best, %d are proven to be, %d are other than without households", all, best, proven, coupled)
	}
}

// A pupil for whom everything costs less, being left out as well, goes where he went.
func TestWhatAllChoicesCostLessChangesNoPlan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 10))
	const all = 200
	alike := 0
	for range all {
		in := related(r, 4+r.IntN(3), 2+r.IntN(4))
		less, sum := in, Cost{}
		less.Pupils = slices.Clone(in.Pupils)
		for i := range less.Pupils {
			p, by := &less.Pupils[i], Cost{0, 0, 1_000 + int64(r.IntN(1_000))}
			p.Unplaced, p.Choices, sum = p.Unplaced.Sub(by), slices.Clone(p.Choices), sum.Add(by)
			for j := range p.Choices {
				p.Choices[j].Cost = p.Choices[j].Cost.Sub(by)
			}
		}
		if checked(t, less).Value == checked(t, in).Value.Sub(sum) {
			alike++
		}
	}
	if alike < all-1 {
		t.Errorf("%d of %d plans are as good as before", alike, all)
	}
}

func TestTheOrderInWhichHouseholdsAreGivenChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 9))
	for range 30 {
		in := related(r, 24, 10)
		p := checked(t, in)
		other := Instance{Places: slices.Clone(in.Places), Pupils: slices.Clone(in.Pupils), Split: in.Split}
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
		again := checked(t, other)
		if p.Value != again.Value || p.Bound != again.Bound {
			t.Fatalf("%v above %v, and %v above %v where the order is another", p.Value, p.Bound, again.Value, again.Bound)
		}
		at := placesByID(again)
		for id, places := range placesByID(p) {
			if at[id] != places {
				t.Fatalf("%s sits at %s, and at %s where the order is another", id, places, at[id])
			}
		}
	}
}

// Two are in one institution and could only be elsewhere apart; two are apart, for want of places.
func TestAFalseWordAboutHouseholdsIsRefused(t *testing.T) {
	t.Parallel()
	honest := checked(t, Instance{
		Split: Cost{0, 10},
		Places: []Places{{"a", "A", []Cost{{}}}, {"b", "A", []Cost{{}}}, {"c", "B", []Cost{{}}}, {"d", "", []Cost{{}}},
			{"e", "", []Cost{{}}}},
		Pupils: []Pupil{{"p", "h", Cost{9}, []Choice{{0, Cost{0, 3}}, {2, Cost{0, 1}}}}, {"q", "h", Cost{9}, []Choice{{1, Cost{0, 3}}}},
			{"r", "k", Cost{9}, []Choice{{3, Cost{}}}}, {"s", "k", Cost{9}, []Choice{{4, Cost{}}}}}})
	if want := []int{0, 1, 3, 4}; !slices.Equal(honest.At, want) || honest.Value != (Cost{0, 16}) || !honest.Optimal() {
		t.Fatalf("the plan is %v at %v", honest.At, honest.Value)
	}
	if together, apart := honest.Households(); together != 1 || apart != 1 {
		t.Errorf("%d are together, %d apart", together, apart)
	}
	if part, by := honest.Gap(); part != 3 || by != 0 {
		t.Errorf("a gap of %d in part %d", by, part)
	}
	for name, spoil := range map[string]func(*Plan){
		"another cost of splitting":  func(p *Plan) { p.Instance.Split[1]-- },
		"too large a cost":           func(p *Plan) { p.Instance.Split[2] = p.Instance.Largest() + 1 },
		"one who is alone":           func(p *Plan) { p.Instance.Pupils[0].Household = "" },
		"one of another household":   func(p *Plan) { p.Instance.Pupils[3].Household = "h" },
		"one more institution":       func(p *Plan) { p.Instance.Places[1].Institution = "" },
		"one institution fewer":      func(p *Plan) { p.Instance.Places[4].Institution, p.Instance.Places[3].Institution = "E", "E" },
		"a place elsewhere":          func(p *Plan) { p.At[0] = 2 },
		"nobody's place":             func(p *Plan) { p.At[0] = Unplaced },
		"a price":                    func(p *Plan) { p.Prices[0][1] += 40 },
		"a value without splits":     func(p *Plan) { p.Value[1] -= 10 },
		"a bound without splits":     func(p *Plan) { p.Bound[1] -= 10 },
		"a bound above what is true": func(p *Plan) { p.Bound[1]++ },
	} {
		p := clone(honest)
		spoil(&p)
		var f *Fault
		if err := p.Check(); !errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
		var b bytes.Buffer
		if _, err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Read(&b); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func TestAPlanFromBeforeHouseholdsIsStillRead(t *testing.T) {
	t.Parallel()
	const plan = `{"instance":{"places":[{"id":"a","costs":[[0,0,0]]}],` +
		`"pupils":[{"id":"p","unplaced":[9,0,0],"choices":[{"places":0,"cost":[0,5,0]}]}]},"at":[0],"prices":[[0,0,0]],"value":[0,5,0],"bound":[0,5,0]}`
	for version, readable := range map[string]bool{"1": true, "2": true, "3": false} {
		text := fmt.Sprintf(`{"format":"approdo-plan/%s","digest":%q,"plan":%s}`, version, digestOf([]byte(plan)), plan)
		if p, _, err := Read(strings.NewReader(text)); (err == nil) != readable || readable && !p.Optimal() {
			t.Errorf("version %s: %v", version, err)
		}
	}
}

func TestWhoIsStoppedHasTheBestPlanSoFar(t *testing.T) {
	t.Parallel()
	in := related(rand.New(rand.NewPCG(2022, 10)), 60, 20)
	best, values := checked(t, in), map[Cost]bool{}
	for _, words := range []int{1, 30, 520, 600} {
		ctx, stop := context.WithCancel(t.Context())
		told := 0
		p, err := Solve(ctx, in, func(done, total int) {
			if told++; done >= len(in.Pupils) && told > words {
				stop()
			}
		})
		stop()
		if err == nil {
			err = p.Check()
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Value.Less(best.Bound) || best.Value.Less(p.Bound) {
			t.Fatalf("after %d words %v above %v, in the end %v above %v", words, p.Value, p.Bound, best.Value, best.Bound)
		}
		values[p.Value] = true
	}
	if len(values) < 2 {
		t.Error("it makes no difference when it is stopped")
	}
}

// Whatever was moved about and taken back, the seats are the best for what households are bound to, and cost what was added up.
func TestSeatsStayTheBestThereAre(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 11))
	taken, refused, split := 0, 0, 0
	for range 60 {
		in := related(r, 30, 14)
		s := newSolver(in)
		m := newMarket(in, s)
		x := newMover(m, m.lowest())
		for range 60 {
			h := int32(r.IntN(len(m.families)))
			before := slices.Clone(x.choice)
			if n := len(m.families[h].options); n > 0 && r.IntN(6) > 0 {
				x.move(h, r.IntN(n), int64(r.IntN(4))*m.weight[1])
			} else {
				x.value += x.take(h)
				x.value += x.place(h, nowhere)
			}
			if slices.Equal(before, x.choice) {
				refused++
			} else {
				taken++
			}
			exact := s.bound(m, x.choice)
			cost := Cost{}
			for n, i := range exact.pupils {
				row := exact.rows[n]
				if row.col == nowhere {
					cost = cost.Add(in.Pupils[i].Unplaced)
				} else {
					cost = cost.Add(row.cost)
				}
			}
			for _, c := range exact.cols {
				for _, each := range c.costs[:len(c.rows)] {
					cost = cost.Add(each)
				}
			}
			for _, o := range x.choice {
				if o == nowhere {
					cost = cost.Add(in.Split)
					split++
				}
			}
			if m.number(cost) != x.value {
				t.Fatalf("seats cost %d, and the best cost %d (%v)", x.value, m.number(cost), cost)
			}
		}
	}
	if taken < 500 || refused < 500 || split < 500 {
		t.Errorf("%d moves are taken, %d refused, %d times a household is apart", taken, refused, split)
	}
}

func TestCostsAsNumbersKeepTheirOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 12))
	in := related(r, 20, 8)
	m := &market{weight: weigh(in)}
	draw := func() Cost { return Cost{int64(r.IntN(9) - 4), int64(r.IntN(61) - 30), int64(r.IntN(21) - 10)} }
	for range 10_000 {
		a, b := draw(), draw()
		if a.Less(b) != (m.number(a) < m.number(b)) {
			t.Fatalf("%v and %v are %d and %d", a, b, m.number(a), m.number(b))
		}
		if m.cost(m.number(a)) != a {
			t.Fatalf("%v comes back as %v", a, m.cost(m.number(a)))
		}
	}
	for i := range in.Pupils { // more than a number holds
		in.Pupils[i].Unplaced = Cost{Large, Large, Large}
	}
	if w := weigh(in); w[0] < 1 || w[1] < 1 || w[0] > (1<<62)/(int64(len(in.Pupils))*Large) {
		t.Errorf("the weights are %v", w)
	}
	if p := checked(t, in); p.Value.Less(p.Bound) {
		t.Errorf("%v below %v", p.Value, p.Bound)
	}
}
