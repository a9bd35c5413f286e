package matching

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// vast is a part-by-part sum that cannot wrap round.
type vast [len(Cost{})]big.Int

func vastly(c Cost) (v vast) {
	for i, part := range c {
		v[i].SetInt64(part)
	}
	return v
}

func (v vast) add(w vast, sign int64) (sum vast) {
	for i := range v {
		sum[i].Mul(&w[i], big.NewInt(sign))
		sum[i].Add(&v[i], &sum[i])
	}
	return sum
}

func (v vast) less(w vast) bool {
	for i := range v {
		if c := v[i].Cmp(&w[i]); c != 0 {
			return c < 0
		}
	}
	return false
}

// vastBound is what Bound says, reckoned without limits and household by household.
func vastBound(in Instance, prices []Cost) (sum vast) {
	households := map[string][]Pupil{}
	for i, p := range in.Pupils {
		h := p.Household
		if h == "" || in.Split == (Cost{}) {
			h = fmt.Sprint("alone", i)
		}
		households[h] = append(households[h], p)
	}
	least := func(p Pupil, at string) vast {
		best := vastly(p.Unplaced)
		for _, c := range p.Choices {
			if at != "" && institutionOf(in.Places[c.Places]) != at {
				continue
			}
			if v := vastly(c.Cost).add(vastly(prices[c.Places]), 1); v.less(best) {
				best = v
			}
		}
		return best
	}
	for _, members := range households {
		var best, none vast
		for _, p := range members {
			best, none = best.add(least(p, ""), 1), none.add(vastly(p.Unplaced), 1)
		}
		if len(members) > 1 {
			best = best.add(vastly(in.Split), 1)
			saves := map[string]vast{}
			for _, p := range members {
				seen := map[string]bool{}
				for _, c := range p.Choices {
					if at := institutionOf(in.Places[c.Places]); !seen[at] {
						seen[at] = true
						saves[at] = saves[at].add(least(p, at), 1).add(vastly(p.Unplaced), -1)
					}
				}
			}
			if none.less(best) {
				best = none
			}
			for _, s := range saves {
				if all := none.add(s, 1); all.less(best) {
					best = all
				}
			}
		}
		sum = sum.add(best, 1)
	}
	for j, s := range in.Places {
		for _, c := range s.Costs {
			if earns := vastly(prices[j]).add(vastly(c), -1); (vast{}).less(earns) {
				sum = sum.add(earns, -1)
			}
		}
	}
	return sum
}

// extreme is an instance of the dearest costs there may be, all of one sign where one is given, with prices of that sign.
func extreme(r *rand.Rand, pupils, places, sign int) (in Instance, prices []Cost) {
	in.Places, in.Pupils = make([]Places, places), make([]Pupil, pupils)
	for j := range in.Places {
		in.Places[j].Costs = make([]Cost, 1)
	}
	draw := func(most int64) (c Cost) {
		for i := range c {
			if c[i] = most * int64(sign); sign == 0 {
				c[i] = most * int64(r.IntN(3)-1)
			}
		}
		return c
	}
	largest, dearest := in.Largest(), in.largestPrice()
	in.Split = draw(largest)
	for j := range in.Places {
		in.Places[j] = Places{ID: fmt.Sprint(j), Institution: fmt.Sprint(j / 3), Costs: []Cost{draw(largest)}}
		prices = append(prices, draw(dearest))
	}
	households := 1 + r.IntN(pupils)
	for i := range in.Pupils {
		p := Pupil{ID: fmt.Sprint(i), Household: fmt.Sprint(r.IntN(households)), Unplaced: draw(largest)}
		for _, j := range r.Perm(min(places, 4)) {
			p.Choices = append(p.Choices, Choice{(i + j) % places, draw(largest)})
		}
		in.Pupils[i] = p
	}
	return in, prices
}

func TestNoBoundWrapsRound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 13))
	check := func(pupils, places, sign int) {
		in, prices := extreme(r, pupils, places, sign)
		if err := in.Valid(); err != nil {
			t.Fatal(err)
		}
		at := make([]int, pupils)
		for i := range at {
			at[i] = Unplaced
		}
		p := Plan{Instance: in, At: at, Prices: prices, Value: value(in, at), Bound: Bound(in, prices)}
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		if want := vastBound(in, prices); vastly(p.Bound).less(want) || want.less(vastly(p.Bound)) {
			t.Fatalf("%d pupils, %d places: %v, and truly %v", pupils, places, p.Bound, want)
		}
	}
	numbers := 0
	checkNumbers := func(pupils, places, sign int) {
		in, _ := extreme(r, pupils, places, sign)
		_, _, most := in.extremes(len(in.households()))
		weights := Cost{}
		for i := range weights {
			weights[i] = max(1, (1<<60)/3/max(1, most[i]))
		}
		x, err := reckon(in, weights)
		if err != nil {
			return // too large for any weights
		}
		numbers++
		number := func(c *Cost) { *c = Cost{x.number(*c)} }
		number(&in.Split)
		prices, as := make([]int64, places), make([]Cost, places)
		for j := range in.Places {
			for k := range in.Places[j].Costs {
				number(&in.Places[j].Costs[k])
			}
			if prices[j] = x.dearest * int64(sign); sign == 0 {
				prices[j] = x.dearest * int64(r.IntN(3)-1)
			}
			as[j][0] = prices[j]
		}
		for i := range in.Pupils {
			p := &in.Pupils[i]
			number(&p.Unplaced)
			for k := range p.Choices {
				number(&p.Choices[k].Cost)
			}
		}
		if want := vastBound(in, as); want[0].Cmp(big.NewInt(x.bound(prices))) != 0 {
			t.Fatalf("%d pupils, %d places: %d, and truly %v", pupils, places, x.bound(prices), &want[0])
		}
	}
	for _, sign := range []int{-1, 0, 1} {
		for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {5, 1}, {40, 7}, {7, 40}, {300, 300}, {2000, 3}, {3, 2000}, {Most, Most}, {Most, 1}, {1, Most}} {
			check(size[0], size[1], sign)
			checkNumbers(size[0], size[1], sign)
		}
		for range 100 {
			check(1+r.IntN(30), 1+r.IntN(30), sign)
			checkNumbers(1+r.IntN(30), 1+r.IntN(30), sign)
		}
	}
	if numbers < 200 {
		t.Errorf("only %d could be said in numbers", numbers)
	}
}

// Costs of one unit and of as many as there may be are planned alike.
func TestTheLargestCostsArePlannedAsSmallOnes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 14))
	for _, size := range [][2]int{{3, 3}, {30, 30}, {200, 150}, {150, 200}, {900, 40}, {40, 900}} {
		for range 5 {
			large, _ := extreme(r, size[0], size[1], 0)
			by := large.Largest()
			large.Split = Cost{}
			small := clone(Plan{Instance: large}).Instance
			for j := range small.Places {
				small.Places[j].Costs[0] = divided(small.Places[j].Costs[0], by)
			}
			for i := range small.Pupils {
				p := &small.Pupils[i]
				p.Unplaced = divided(p.Unplaced, by)
				for k := range p.Choices {
					p.Choices[k].Cost = divided(p.Choices[k].Cost, by)
				}
			}
			want, got := solved(t, small), solved(t, large)
			if !slices.Equal(want.At, got.At) || divided(got.Value, by) != want.Value {
				t.Fatalf("%v: %v, and %v of each unit", size, want.Value, got.Value)
			}
			one := clone(got)
			one.Instance.Pupils[0].Choices[0].Cost[2] = -by - 1
			var f *Fault
			if err := one.Check(); !errors.As(err, &f) || f.Code != "cost-too-large" {
				t.Errorf("more than the largest: %v", err)
			}
		}
	}
}

func divided(c Cost, by int64) Cost { return Cost{c[0] / by, c[1] / by, c[2] / by} }

func TestHouseholdsAreProvenAtTheLargestCosts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 15))
	for range 200 {
		in, _ := extreme(r, 2+r.IntN(5), 1+r.IntN(5), 0)
		if p, least := checked(t, in), leastTogether(in); p.Value.Less(least) || least.Less(p.Bound) {
			t.Fatalf("the plan costs %v, nothing below %v is said to be possible, and %v is the least", p.Value, p.Bound, least)
		}
	}
	for _, size := range [][2]int{{60, 50}, {400, 300}} {
		in, _ := extreme(r, size[0], size[1], 0)
		if p := checked(t, in); p.Value.Less(p.Bound) {
			t.Fatalf("%v is below %v", p.Value, p.Bound)
		}
	}
}

// A thousand pupils have room in one part for metres, places out of balance and pupils moved, in this order.
func TestAnInstanceMayHaveTheLargerCostsTheSmallerItIs(t *testing.T) {
	t.Parallel()
	of := func(pupils, places int) int64 {
		return Instance{Pupils: make([]Pupil, pupils), Places: []Places{{Costs: make([]Cost, places)}}}.Largest()
	}
	const metres, balance, moved = 300_000, 1_300, 1_000
	if got := of(1_000, 1_300); got < metres*balance*moved {
		t.Errorf("%d for a thousand", got)
	}
	if got := of(Most, Most); got < Large {
		t.Errorf("%d for the most", got)
	}
	if got := of(1, 1); got != 1<<46 {
		t.Errorf("%d for one", got)
	}
}
