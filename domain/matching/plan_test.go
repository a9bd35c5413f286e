package matching

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// clone is a plan that can be spoilt alone.
func clone(p Plan) Plan {
	p.At, p.Prices = slices.Clone(p.At), slices.Clone(p.Prices)
	p.Instance.Places, p.Instance.Pupils = slices.Clone(p.Instance.Places), slices.Clone(p.Instance.Pupils)
	for j := range p.Instance.Places {
		p.Instance.Places[j].Costs = slices.Clone(p.Instance.Places[j].Costs)
	}
	for i := range p.Instance.Pupils {
		p.Instance.Pupils[i].Choices = slices.Clone(p.Instance.Pupils[i].Choices)
	}
	return p
}

func TestAPlanThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	honest := solved(t, Instance{
		Places: []Places{{ID: "a", Costs: []Cost{{0, 0, 0}, {0, 0, 1}}}, {ID: "b", Costs: []Cost{{}}}, {ID: "c"}},
		Pupils: []Pupil{{"p", "", Cost{9}, []Choice{{0, Cost{0, 5}}, {1, Cost{0, 1}}}}, {"q", "", Cost{9}, []Choice{{1, Cost{0, 2}}}},
			{"r", "", Cost{9}, []Choice{{0, Cost{0, 3}}}}, {"s", "", Cost{1}, nil}}})
	if want := []int{0, 1, 0, Unplaced}; !slices.Equal(honest.At, want) {
		t.Fatalf("the plan is %v", honest.At)
	}
	for want, spoil := range map[string]func(*Plan){
		"answers-missing":     func(p *Plan) { p.At = p.At[1:] },
		"prices-missing":      func(p *Plan) { p.Prices = p.Prices[1:] },
		"place-not-chosen":    func(p *Plan) { p.At[1] = 0 },
		"too-many-pupils":     func(p *Plan) { p.At[0] = 1 },
		"value-wrong":         func(p *Plan) { p.Value[2]++ },
		"bound-wrong":         func(p *Plan) { p.Bound[0]++ },
		"price-too-large":     func(p *Plan) { p.Prices[1][0] = p.Instance.largestPrice() + 1 },
		"id-missing-or-twice": func(p *Plan) { p.Instance.Pupils[1].ID = "p" },
		"places-unknown":      func(p *Plan) { p.Instance.Pupils[0].Choices[0].Places = 3 },
		"places-chosen-twice": func(p *Plan) { p.Instance.Pupils[0].Choices[0].Places = 1 },
		"cost-too-large":      func(p *Plan) { p.Instance.Pupils[0].Choices[0].Cost[1] = -p.Instance.Largest() - 1 },
		"places-get-cheaper":  func(p *Plan) { p.Instance.Places[0].Costs[1] = Cost{0, 0, -1} },
		"too-many":            func(p *Plan) { p.Instance.Places[2].Costs = make([]Cost, Most) },
	} {
		p := clone(honest)
		spoil(&p)
		var f *Fault
		if err := p.Check(); !errors.As(err, &f) || f.Code != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	// A place that is not there is none that could be chosen.
	for _, at := range []int{-2, 3} {
		p := clone(honest)
		if p.At[0] = at; p.Check() == nil {
			t.Errorf("a pupil sits at %d", at)
		}
	}
}

func TestAWorsePlanIsNotProvenByAnyPrices(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 7))
	worse := 0
	for range 300 {
		in := drawn(r, 12, 5)
		best := solved(t, in)
		p := clone(best)
		for i := range p.At { // everybody for himself
			p.At[i] = Unplaced
		}
		p.Value = value(in, p.At)
		for range 20 {
			for j := range p.Prices {
				p.Prices[j] = best.Prices[j].Add(Cost{int64(r.IntN(3) - 1), int64(r.IntN(7) - 3), int64(r.IntN(3) - 1)})
			}
			p.Bound = Bound(in, p.Prices)
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			if best.Value.Less(p.Bound) {
				t.Fatalf("prices prove %v, and %v is possible", p.Bound, best.Value)
			}
			if best.Value != p.Value {
				worse++
				if p.Optimal() {
					t.Fatal("a plan that is not the best is proven")
				}
			}
		}
	}
	if worse < 1000 {
		t.Errorf("only %d plans were worse", worse)
	}
}

// A part that counts later adds up along a path while the first parts stay equal, and no price is larger than Check lets pass.
func TestPricesAddUpAlongAPath(t *testing.T) {
	t.Parallel()
	const n = 800
	in := Instance{Pupils: make([]Pupil, n+1)}
	for i := range n {
		in.Places = append(in.Places, Places{ID: fmt.Sprintf("%03d", i), Costs: make([]Cost, 1)})
	}
	most := in.Largest()
	for i := range n {
		in.Pupils[i] = Pupil{ID: fmt.Sprintf("%03d", i), Unplaced: Cost{1}, Choices: []Choice{{i, Cost{0, -most, most}}, {i + 1, Cost{0, most, -most}}}}
	}
	in.Pupils[n-1].Choices = in.Pupils[n-1].Choices[:1]
	in.Pupils[n] = Pupil{ID: "999", Unplaced: Cost{1}, Choices: []Choice{{0, Cost{}}}}
	if p := solved(t, in); !(Cost{0, n * most, most}).Less(p.Prices[0]) {
		t.Errorf("the first place has a price of %v", p.Prices[0])
	}
}

func TestNoCostIsBeyondTheLargest(t *testing.T) {
	t.Parallel()
	honest := solved(t, Instance{Places: []Places{{ID: "a", Costs: []Cost{{}}}},
		Pupils: []Pupil{{ID: "p", Unplaced: Cost{1}, Choices: []Choice{{0, Cost{}}}}}})
	for name, spoil := range map[string]func(*Instance, int64){
		"of a place":       func(in *Instance, n int64) { in.Places[0].Costs[0][2] = n },
		"of a choice":      func(in *Instance, n int64) { in.Pupils[0].Choices[0].Cost[2] = n },
		"of nobody placed": func(in *Instance, n int64) { in.Pupils[0].Unplaced[2] = n },
		"of a split":       func(in *Instance, n int64) { in.Split[2] = n },
	} {
		most := honest.Instance.Largest()
		for n, want := range map[int64]string{most: "", -most: "", most + 1: "cost-too-large", -most - 1: "cost-too-large"} {
			in := clone(honest).Instance
			spoil(&in, n)
			got, _ := errors.AsType[*Fault](in.Valid())
			if (got == nil) != (want == "") || got != nil && got.Code != want {
				t.Errorf("%s %d: %v", name, n, got)
			}
		}
	}
}

func TestASmallFileThatSaysTooMuchIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]string{"pupils": `"places":[],"pupils":[{}%s]`, "places": `"places":[{}%s],"pupils":[]`} {
		plan := fmt.Sprintf(`{"instance":{`+of+`},"at":[],"prices":[],"value":[0,0,0],"bound":[0,0,0]}`, strings.Repeat(",{}", 400_000))
		_, _, err := Read(strings.NewReader(fmt.Sprintf(`{"format":"approdo-plan/1","digest":%q,"plan":%s}`, digestOf([]byte(plan)), plan)))
		var f *Fault
		if !errors.As(err, &f) || f.Code != "too-many" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
