package matching

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
)

// enough steps to settle anything small.
const enough = 1 << 30

// settled is a plan of which it is proven that there is none better, or that there can be none.
func settled(t testing.TB, in Generalised) GeneralisedPlan {
	t.Helper()
	p, err := SolveGeneralised(t.Context(), in, enough)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Fatalf("%v: %+v", err, in)
	}
	if !p.Optimal() {
		t.Fatalf("the plan costs %d and nothing is proven below %d: %+v", p.Value, p.Bound, in)
	}
	return p
}

// tight is a problem with little room, often none at all.
func tight(r *rand.Rand, agents, jobs int) (in Generalised) {
	most := int64(1 + r.IntN(12))
	for range agents {
		var costs, resources []int64
		sum := int64(0)
		for range jobs {
			costs = append(costs, r.Int64N(21)-10)
			resources = append(resources, r.Int64N(most+1))
			sum += resources[len(resources)-1]
		}
		in.Costs, in.Resources = append(in.Costs, costs), append(in.Resources, resources)
		in.Capacities = append(in.Capacities, sum*int64(6+r.IntN(6))/int64(8*agents))
	}
	return in
}

// leastGeneralised tries every agent for every job, but where no better plan can come of it, and reports whether there is any plan.
func leastGeneralised(in Generalised) (best int64, any bool) {
	jobs := len(in.Costs[0])
	rest := make([]int64, jobs+1) // what the jobs from one on cost at least
	for j := jobs - 1; j >= 0; j-- {
		least := in.Costs[0][j]
		for i := range in.Costs {
			least = min(least, in.Costs[i][j])
		}
		rest[j] = rest[j+1] + least
	}
	best = math.MaxInt64
	room := slices.Clone(in.Capacities)
	var try func(j int, cost int64)
	try = func(j int, cost int64) {
		if cost+rest[j] >= best {
			return
		}
		if j == jobs {
			best = cost
			return
		}
		for i := range room {
			if a := in.Resources[i][j]; a <= room[i] {
				room[i] -= a
				try(j+1, cost+in.Costs[i][j])
				room[i] += a
			}
		}
	}
	if try(0, 0); best == math.MaxInt64 {
		return in.none(), false
	}
	return best, true
}

func TestNoGeneralisedPlanIsBetter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 11))
	none, branched := 0, 0
	for n := range 1200 {
		in := tight(r, 1+r.IntN(5), 1+r.IntN(10))
		if n%4 == 0 {
			in = hard(r, 2+r.IntN(4), 6+r.IntN(5))
		}
		p := settled(t, in)
		if want, any := leastGeneralised(in); p.Value != want || any != (len(p.At) > 0) {
			t.Fatalf("%d at %v, but the best is %d (%v): %+v", p.Value, p.At, want, any, in)
		}
		if len(p.At) == 0 {
			none++
		}
		if len(p.Proof.Below) > 0 {
			branched++
		}
	}
	if none < 100 || none > 800 || branched < 20 {
		t.Errorf("%d without a plan, %d branched: the problems are too easy", none, branched)
	}
}

// Capacities add up to what the jobs need, and still no plan fits.
func TestWhatDoesNotFitIsProvenNotToFit(t *testing.T) {
	t.Parallel()
	odd := Generalised{Capacities: []int64{5, 5, 5, 5, 5, 5}}
	for range odd.Capacities {
		odd.Costs = append(odd.Costs, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
		odd.Resources = append(odd.Resources, slices.Repeat([]int64{2}, 15))
	}
	if p := settled(t, odd); len(p.At) != 0 {
		t.Errorf("a plan: %v", p.At)
	}
	for i := range odd.Capacities {
		odd.Capacities[i] = 6
	}
	if p := settled(t, odd); p.Value != 120 {
		t.Errorf("%d", p.Value)
	}
}

// One job for each agent is an assignment problem, which Solve settles in quite another way.
func TestAnAssignmentIsAGeneralisedOne(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 12))
	for range 60 {
		n := 1 + r.IntN(12)
		var in Instance
		gen := Generalised{Capacities: slices.Repeat([]int64{1}, n)}
		for i := range n {
			in.Places = append(in.Places, Places{ID: strconv.Itoa(i), Costs: make([]Cost, 1)})
			in.Pupils = append(in.Pupils, Pupil{ID: strconv.Itoa(i), Unplaced: Cost{1}})
			gen.Costs, gen.Resources = append(gen.Costs, make([]int64, n)), append(gen.Resources, slices.Repeat([]int64{1}, n))
		}
		for i := range n {
			for j := range n {
				c := r.Int64N(100)
				gen.Costs[i][j] = c
				in.Pupils[j].Choices = append(in.Pupils[j].Choices, Choice{i, Cost{0, c}})
			}
		}
		if a, b := settled(t, gen).Value, solved(t, in).Value[1]; a != b {
			t.Fatalf("%d, and as an assignment problem %d", a, b)
		}
	}
}

func TestTheOrderOfAgentsAndJobsChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 13))
	for range 60 {
		in := tight(r, 4, 16)
		agents, jobs := r.Perm(4), r.Perm(16)
		other := Generalised{make([][]int64, 4), make([][]int64, 4), make([]int64, 4)}
		for i, n := range agents {
			other.Capacities[n] = in.Capacities[i]
			other.Costs[n], other.Resources[n] = make([]int64, 16), make([]int64, 16)
			for j, k := range jobs {
				other.Costs[n][k], other.Resources[n][k] = in.Costs[i][j], in.Resources[i][j]
			}
		}
		if a, b := settled(t, in), settled(t, other); a.Value != b.Value {
			t.Fatalf("%d, and %d in another order", a.Value, b.Value)
		}
	}
}

// Whatever prices and branches somebody thinks of, nothing is proven that is not true.
func TestNoProofShowsMoreThanIsTrue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 14))
	var invented func(agents, jobs, depth int, scale int64) Proof
	invented = func(agents, jobs, depth int, scale int64) (f Proof) {
		for range jobs {
			f.Prices = append(f.Prices, r.Int64N(2*scale+1)-scale)
		}
		if depth > 0 {
			f.Job = r.IntN(jobs)
			for i := range agents {
				f.Below = append(f.Below, ProofBelow{i, invented(agents, jobs, depth-1, scale)})
			}
		}
		return f
	}
	close := 0
	for range 1500 {
		in := tight(r, 1+r.IntN(4), 1+r.IntN(7))
		best, _ := leastGeneralised(in)
		f := invented(len(in.Costs), len(in.Costs[0]), r.IntN(3), 1<<(4+r.IntN(14)))
		for _, value := range []int64{best, min(best+r.Int64N(9), in.none()), in.none()} {
			bound, err := f.bound(t.Context(), in, value)
			if err != nil {
				t.Fatal(err)
			}
			if bound > best {
				t.Fatalf("%d is proven, and %d is possible: %+v", bound, best, in)
			}
			if bound == best {
				close++
			}
		}
	}
	if close < 300 {
		t.Errorf("only %d proofs show anything", close)
	}
}

// How much a bound rises where a job must go to an agent is what the bound is when it goes there.
func TestARiseIsThatOfTheBound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 19))
	risen, closed := 0, 0
	for range 200 {
		in := tight(r, 1+r.IntN(4), 1+r.IntN(12))
		x, below := newRelaxation(in), newRelaxation(in)
		s, prices := x.everywhere(), make([]int64, x.jobs)
		for j := range prices {
			prices[j] = (r.Int64N(31) - 10) * parts
		}
		if !x.solve(s, prices, true) {
			continue
		}
		for i := range x.agents {
			for j := range x.jobs {
				if !s.may[i][j] || s.left[j] == 1 {
					continue
				}
				rise := x.rise(i, j)
				if open := below.solve(s.with(i, j), prices, false); open && below.bound != x.bound+rise || !open && rise < never {
					t.Fatalf("%d and not %d more than %d (%v): %+v", rise, below.bound-x.bound, x.bound, open, in)
				} else if !open {
					closed++
				} else if rise > 0 {
					risen++
				}
			}
		}
	}
	if risen < 1000 || closed < 10 {
		t.Errorf("%d rises, %d closed", risen, closed)
	}
}

// sample is a problem whose proof has branches.
func sample(t testing.TB) GeneralisedPlan {
	t.Helper()
	r := rand.New(rand.NewPCG(2022, 15))
	for {
		if p := settled(t, tight(r, 3, 9)); len(p.At) > 0 && len(p.Proof.Below) > 1 {
			return p
		}
	}
}

func TestAGeneralisedPlanThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	honest := sample(t)
	b, err := json.Marshal(honest)
	if err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*GeneralisedPlan){
		"answers-missing":        func(p *GeneralisedPlan) { p.At = p.At[1:] },
		"agent-unknown":          func(p *GeneralisedPlan) { p.At[0] = 3 },
		"capacity-exceeded":      func(p *GeneralisedPlan) { p.Instance.Capacities[p.At[0]] = 0; p.Instance.Resources[p.At[0]][0] = 1 },
		"value-wrong":            func(p *GeneralisedPlan) { p.Value-- },
		"bound-wrong":            func(p *GeneralisedPlan) { p.Proof.Below = nil },
		"prices-missing":         func(p *GeneralisedPlan) { p.Proof.Prices = nil },
		"price-too-large":        func(p *GeneralisedPlan) { p.Proof.Prices[0] = largestGeneralisedPrice + 1 },
		"job-unknown":            func(p *GeneralisedPlan) { p.Proof.Job = 9 },
		"agent-not-considered":   func(p *GeneralisedPlan) { p.Proof.Below = p.Proof.Below[1:] },
		"agents-or-jobs-missing": func(p *GeneralisedPlan) { p.Instance.Costs[2] = nil },
		"below-zero":             func(p *GeneralisedPlan) { p.Instance.Resources[0][0] = -1 },
		"cost-too-large":         func(p *GeneralisedPlan) { p.Instance.Costs[0][0] = LargeGeneralised + 1 },
		"capacity-too-large": func(p *GeneralisedPlan) {
			p.Instance.Capacities[0] = 1 << 62
			p.Instance.Resources[0] = slices.Repeat([]int64{1 << 62}, 9)
		},
		"too-many": func(p *GeneralisedPlan) { p.Instance.Costs[0] = make([]int64, MostJobs+1) },
	} {
		var p GeneralisedPlan
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		spoil(&p)
		var f *GeneralisedFault
		if err := p.Check(t.Context()); !errors.As(err, &f) || f.Code != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, spoil := range []func(*GeneralisedPlan){
		func(p *GeneralisedPlan) { p.At[0] = -1 },
		func(p *GeneralisedPlan) { p.At = nil },
		func(p *GeneralisedPlan) { p.Proof.Below[0].Agent = -1 },
		func(p *GeneralisedPlan) { p.Proof.Below[0].Agent = p.Proof.Below[1].Agent },
		func(p *GeneralisedPlan) { p.Bound++ },
		func(p *GeneralisedPlan) { p.Proof.Prices = p.Proof.Prices[1:] },
		func(p *GeneralisedPlan) { p.Instance = Generalised{} },
	} {
		var p GeneralisedPlan
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		if spoil(&p); p.Check(t.Context()) == nil {
			t.Errorf("nobody sees it: %+v", p)
		}
	}
	// A proof without branches shows so much and not one more.
	p := settled(t, Generalised{[][]int64{{1}}, [][]int64{{1}}, []int64{1}})
	var f *GeneralisedFault
	if p.Bound++; !errors.As(p.Check(t.Context()), &f) || f.Code != "bound-wrong" {
		t.Errorf("a bound of %d above a plan of %d", p.Bound, p.Value)
	}
}

// Every number of a plan is changed in turn. What is refused is well; what is not must be true.
func TestAnyNumberChangedIsRefusedOrTrue(t *testing.T) {
	t.Parallel()
	honest := sample(t)
	b, err := json.Marshal(honest)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, at := range regexp.MustCompile(`-?\d+`).FindAllIndex(b, -1) {
		number, err := strconv.ParseInt(string(b[at[0]:at[1]]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []int64{-1, 1, 1000} {
			var p GeneralisedPlan
			if err := json.Unmarshal(slices.Concat(b[:at[0]], strconv.AppendInt(nil, number+by, 10), b[at[1]:]), &p); err != nil {
				t.Fatal(err)
			}
			if p.Check(t.Context()) != nil {
				refused++
				continue
			}
			best, _ := leastGeneralised(p.Instance)
			if cost, err := p.Cost(); err != nil || cost != p.Value || p.Bound > best || best > p.Value {
				t.Fatalf("%d at %d made %d more: %d to %d is proven, the best is %d", number, at[0], by, p.Bound, p.Value, best)
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d were refused", refused)
	}
}

func TestPlansOfAFileAreThoseThatWereWritten(t *testing.T) {
	t.Parallel()
	plans := []GeneralisedPlan{sample(t), settled(t, Generalised{[][]int64{{1}}, [][]int64{{2}}, []int64{1}})}
	var file bytes.Buffer
	digest, err := WriteGeneralised(&file, plans)
	if err != nil {
		t.Fatal(err)
	}
	again, read, err := ReadGeneralised(bytes.NewReader(file.Bytes()))
	if err != nil || read != digest || len(again) != 2 || len(again[1].At) != 0 || !again[1].Optimal() {
		t.Fatalf("%s, %s: %v", digest, read, err)
	}
	for _, p := range again {
		if err := p.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for i := range file.Bytes() {
		spoilt := bytes.Clone(file.Bytes())
		if spoilt[i]++; spoilt[i] == '9'+1 {
			spoilt[i] = '0'
		}
		if _, _, err := ReadGeneralised(bytes.NewReader(spoilt)); err == nil {
			t.Fatalf("byte %d: nobody sees it", i)
		}
	}
	empty := `{"format":"approdo-gap/1","digest":"` + digestOf([]byte("[]")) + `","plans":[]}`
	if _, _, err := ReadGeneralised(bytes.NewReader([]byte(empty))); err == nil {
		t.Error("a file without plans is read")
	}
}

// hard is a problem of the kind that leaves gaps: what a job takes is the more the less it costs.
func hard(r *rand.Rand, agents, jobs int) (in Generalised) {
	for range agents {
		var costs, resources []int64
		sum := int64(0)
		for range jobs {
			a := 1 + r.Int64N(100)
			costs, resources, sum = append(costs, 111-a+r.Int64N(21)-10), append(resources, a), sum+a
		}
		in.Costs, in.Resources = append(in.Costs, costs), append(in.Resources, resources)
		in.Capacities = append(in.Capacities, sum*8/int64(10*agents))
	}
	return in
}

func TestAPlanSaysItselfWhatIsNotProven(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 16))
	open := 0
	for n := range 6 {
		in := hard(r, 6, 30+n)
		best := GeneralisedPlan{Value: in.none()}
		for _, steps := range []int64{0, 1 << 20, 1 << 24} {
			p, err := SolveGeneralised(t.Context(), in, steps)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if p.Bound > best.Value || best.Bound > p.Value && best.At != nil {
				t.Errorf("%d to %d, and %d to %d", p.Bound, p.Value, best.Bound, best.Value)
			}
			if !p.Optimal() {
				open++
			}
			again, err := SolveGeneralised(t.Context(), in, steps)
			if err != nil || again.Value != p.Value || again.Bound != p.Bound || !slices.Equal(again.At, p.At) {
				t.Errorf("another plan the second time (%v)", err)
			}
			best = p
		}
	}
	if open < 6 {
		t.Errorf("only %d plans were left open", open)
	}
}

func TestASearchThatIsStoppedGivesWhatItHas(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	p, err := SolveGeneralised(ctx, hard(rand.New(rand.NewPCG(2022, 17)), 10, 60), enough)
	if err != nil || p.Optimal() || p.Check(t.Context()) != nil {
		t.Errorf("%d to %d (%v, %v)", p.Bound, p.Value, err, p.Check(t.Context()))
	}
}

// The largest problems with the largest numbers, beside sums that cannot wrap round.
func TestNoSumWrapsRound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 18))
	for _, sizes := range [][2]int{{MostPairs / MostJobs, MostJobs}, {MostPairs / 4, 4}} {
		in := Generalised{Capacities: slices.Repeat([]int64{2}, sizes[0])}
		for range sizes[0] {
			costs, resources := make([]int64, sizes[1]), make([]int64, sizes[1])
			for j := range costs {
				costs[j], resources[j] = LargeGeneralised*(2*r.Int64N(2)-1), r.Int64N(2)
			}
			in.Costs, in.Resources = append(in.Costs, costs), append(in.Resources, resources)
		}
		if err := in.Valid(); err != nil {
			t.Fatal(err)
		}
		for _, price := range []int64{-largestGeneralisedPrice, 0, largestGeneralisedPrice} {
			want := new(big.Int).Mul(big.NewInt(price), big.NewInt(int64(sizes[1])))
			for i := range in.Costs {
				var one []int64 // what those save that take of the capacity: two fit
				for j, c := range in.Costs[i] {
					if reduced := c*parts - price; reduced < 0 && in.Resources[i][j] == 0 {
						want.Add(want, big.NewInt(reduced))
					} else if reduced < 0 {
						one = append(one, reduced)
					}
				}
				slices.Sort(one)
				for _, reduced := range one[:min(2, len(one))] {
					want.Add(want, big.NewInt(reduced))
				}
			}
			x := newRelaxation(in)
			if !x.solve(x.everywhere(), slices.Repeat([]int64{price}, sizes[1]), true) || !want.IsInt64() || want.Int64() != x.bound {
				t.Errorf("%d × %d at %d: %d, not %v", sizes[0], sizes[1], price, x.bound, want)
			}
		}
	}
}

// reckoned walks a proof as anybody would who has read only what it says: a knapsack in one row, nothing remembered, and an agent ruled
// out by sending the job there.
func reckoned(in Generalised, f Proof, may [][]bool, prices []int64, cut int64) bool {
	if len(f.Prices) > 0 {
		prices = f.Prices
	}
	reaches := func(may [][]bool) bool {
		sum := int64(0)
		alone := make([]bool, len(prices))
		for j, price := range prices {
			agents := 0
			for i := range may {
				if may[i][j] {
					agents++
				}
			}
			if sum, alone[j] = sum+price, agents == 1; agents == 0 {
				return true
			}
		}
		for i, room := range in.Capacities {
			for j := range prices {
				if may[i][j] && alone[j] {
					room, sum = room-in.Resources[i][j], sum+1024*in.Costs[i][j]-prices[j]
				}
			}
			if room < 0 {
				return true
			}
			saves := make([]int64, room+1)
			for j := range prices {
				if may[i][j] && !alone[j] {
					for w := room; w >= in.Resources[i][j]; w-- {
						saves[w] = max(saves[w], saves[w-in.Resources[i][j]]+prices[j]-1024*in.Costs[i][j])
					}
				}
			}
			sum -= saves[room]
		}
		return sum > 1024*(cut-1)
	}
	for ruled := true; ruled; {
		if reaches(may) {
			return true
		}
		ruled = false
		for i := range may {
			for j := range prices {
				if may[i][j] && reaches(sent(may, i, j)) {
					may[i][j], ruled = false, true
				}
			}
		}
	}
	for i := range may {
		if !may[i][f.Job] {
			continue
		}
		at := slices.IndexFunc(f.Below, func(b ProofBelow) bool { return b.Agent == i })
		if at < 0 || !reckoned(in, f.Below[at].Proof, sent(may, i, f.Job), prices, cut) {
			return false
		}
	}
	return true
}

// sent is where jobs may go when one goes to an agent.
func sent(may [][]bool, agent, job int) (there [][]bool) {
	for i := range may {
		there = append(there, slices.Clone(may[i]))
		there[i][job] = i == agent
	}
	return there
}

func TestProofsHoldByAnotherReckoning(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 20))
	branched, none := 0, 0
	for n := range 120 {
		in := tight(r, 2+r.IntN(4), 4+r.IntN(12))
		if n%3 == 0 {
			in = hard(r, 3+r.IntN(3), 8+r.IntN(12))
		}
		p := settled(t, in)
		may := make([][]bool, len(in.Capacities))
		for i, most := range in.Capacities {
			for _, a := range in.Resources[i] {
				may[i] = append(may[i], a <= most)
			}
		}
		if !reckoned(in, p.Proof, may, nil, p.Bound) {
			t.Fatalf("%d is not shown: %+v", p.Bound, p)
		}
		if len(p.Proof.Below) > 0 {
			branched++
		}
		if len(p.At) == 0 {
			none++
		}
	}
	if branched < 20 || none == 0 {
		t.Errorf("%d branched, %d without a plan: the problems are too easy", branched, none)
	}
}

func TestACheckCanBeStopped(t *testing.T) {
	t.Parallel()
	in := Generalised{Costs: [][]int64{{3, 1}, {2, 2}}, Resources: [][]int64{{1, 1}, {1, 1}}, Capacities: []int64{1, 2}}
	p, err := SolveGeneralised(t.Context(), in, 1<<20)
	if err != nil || p.Check(t.Context()) != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if p, err := SolveGeneralised(ctx, in, 1<<20); err != nil || p.Check(t.Context()) != nil {
		t.Errorf("who stops the search has no plan that holds: %v", err)
	}
}
