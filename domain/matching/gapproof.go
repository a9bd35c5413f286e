package matching

import (
	"context"
	"math"
	"slices"
)

// bound is what no plan costs less than, as far as the proof shows that up to a cut. It asks nothing of how the proof was found.
func (f Proof) bound(ctx context.Context, in Generalised, cut int64) (int64, error) {
	if len(f.Prices) == 0 {
		return 0, ofGeneralised("prices-missing")
	}
	r := newRelaxation(in)
	return f.below(ctx, r, r.everywhere(), nil, cut)
}

func (f Proof) below(ctx context.Context, r *relaxation, s state, prices []int64, cut int64) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(f.Prices) > 0 {
		prices = f.Prices
	}
	if len(prices) != r.jobs {
		return 0, ofGeneralised("prices-missing")
	}
	for j, price := range prices {
		if price > largestGeneralisedPrice || price < -largestGeneralisedPrice {
			return 0, ofAgentAndJob(-1, j, "price-too-large")
		}
	}
	if !r.narrow(s, prices, cut) {
		return cut, nil
	}
	if len(f.Below) == 0 {
		return whole(r.bound), nil
	}
	if f.Job < 0 || f.Job >= r.jobs {
		return 0, ofAgentAndJob(-1, f.Job, "job-unknown")
	}
	least, shown := cut, make([]bool, r.agents)
	for _, b := range f.Below {
		if b.Agent < 0 || b.Agent >= r.agents || shown[b.Agent] {
			return 0, ofAgentAndJob(b.Agent, f.Job, "agent-unknown")
		}
		shown[b.Agent] = true
		if !s.may[b.Agent][f.Job] {
			continue
		}
		bound, err := b.Proof.below(ctx, r, s.with(b.Agent, f.Job), prices, cut)
		if err != nil {
			return 0, err
		}
		least = min(least, bound)
	}
	for i := range shown {
		if s.may[i][f.Job] && !shown[i] {
			return 0, ofAgentAndJob(i, f.Job, "agent-not-considered")
		}
	}
	return least, nil
}

// whole is the least whole cost that is no less than so many parts.
func whole(bound int64) int64 { return -(-bound >> partBits) }

// state is where the jobs may still go.
type state struct {
	may  [][]bool // by agent, by job
	left []int    // by job: how many agents
}

func (s state) clone() state {
	c := state{make([][]bool, len(s.may)), slices.Clone(s.left)}
	for i := range s.may {
		c.may[i] = slices.Clone(s.may[i])
	}
	return c
}

func (s state) exclude(agent, job int) {
	if s.may[agent][job] {
		s.may[agent][job] = false
		s.left[job]--
	}
}

// with is the state in which a job goes to an agent.
func (s state) with(agent, job int) state {
	c := s.clone()
	for i := range c.may {
		if i != agent {
			c.exclude(i, job)
		}
	}
	return c
}

// relaxation solves the agents' knapsacks at given prices. Costs less prices are reduced costs, in parts; an agent takes what makes their
// sum least. The jobs that may go nowhere else are taken first.
type relaxation struct {
	in           Generalised
	agents, jobs int
	steps        int64 // taken by knapsacks so far

	bound int64    // in parts
	takes [][]bool // by agent, by job: what the knapsack took
	least []int64  // by agent: its sum

	// How much an agent's sum rises where it must take a job, or must not; and the latter of all agents together, by job.
	taking, leaving [][]int64
	leavings        []int64

	// Of the agent at hand: the jobs it would take if it had the capacity, and those it would not.
	items, free []int32
	ahead       []int64 // what the first items save at each capacity, one row for none, one for one of them and so on
	after       []int64
}

// never is a rise after which there is no plan.
const never = math.MaxInt64 / 4

func newRelaxation(in Generalised) *relaxation {
	r := &relaxation{in: in, agents: len(in.Capacities), jobs: len(in.Costs[0])}
	r.least, r.leavings = make([]int64, r.agents), make([]int64, r.jobs)
	for range r.agents {
		r.takes = append(r.takes, make([]bool, r.jobs))
		r.taking = append(r.taking, make([]int64, r.jobs))
		r.leaving = append(r.leaving, make([]int64, r.jobs))
	}
	return r
}

// everywhere is the state in which a job may go to every agent that has the capacity for it.
func (r *relaxation) everywhere() state {
	s := state{make([][]bool, r.agents), make([]int, r.jobs)}
	for i, most := range r.in.Capacities {
		s.may[i] = make([]bool, r.jobs)
		for j, a := range r.in.Resources[i] {
			if a <= most {
				s.may[i][j] = true
				s.left[j]++
			}
		}
	}
	return s
}

// solve finds the bound at prices, and how much it rises where that is asked. False says that no plan is left, because a job may go nowhere
// or those an agent must take are too many.
func (r *relaxation) solve(s state, prices []int64, rises bool) bool {
	r.bound = 0
	clear(r.leavings)
	for j, price := range prices {
		if s.left[j] == 0 {
			return false
		}
		r.bound += price
	}
	for i := range r.agents {
		if !r.knapsack(s, prices, i, rises) {
			return false
		}
		r.bound += r.least[i]
	}
	return true
}

// narrow excludes, until nothing more is to be excluded, where a job goes to an agent and no plan costs less than the cut; the state is
// changed in place. False says that no plan of the state costs less than the cut. The rises are those of the last bound.
func (r *relaxation) narrow(s state, prices []int64, cut int64) bool {
	for {
		if !r.solve(s, prices, true) || whole(r.bound) >= cut {
			return false
		}
		room, excluded := (cut-1)*parts-r.bound, false
		for i := range r.agents {
			for j, may := range s.may[i] {
				if may && s.left[j] > 1 && r.rise(i, j) > room {
					s.exclude(i, j)
					excluded = true
				}
			}
		}
		if !excluded {
			return true
		}
	}
}

// rise is how much the bound rises at least where a job goes to an agent and to no other.
func (r *relaxation) rise(agent, job int) int64 {
	return r.taking[agent][job] + r.leavings[job] - r.leaving[agent][job]
}

// knapsack decides what an agent takes, by dynamic programming over its capacity.
func (r *relaxation) knapsack(s state, prices []int64, agent int, rises bool) bool {
	costs, resources, takes := r.in.Costs[agent], r.in.Resources[agent], r.takes[agent]
	clear(takes)
	room, fixed, all := r.in.Capacities[agent], int64(0), int64(0)
	r.free, r.items = r.free[:0], r.items[:0]
	for j, may := range s.may[agent] {
		reduced := costs[j]*parts - prices[j]
		switch {
		case !may:
		case s.left[j] == 1:
			room -= resources[j]
			fixed += reduced
			takes[j] = true
		case reduced < 0:
			r.items = append(r.items, int32(j))
			all += resources[j]
		default:
			r.free = append(r.free, int32(j))
		}
	}
	if room < 0 {
		return false
	}
	size := int(min(room, all)) + 1
	r.steps += int64(size) * int64(len(r.items)+1)
	r.ahead = grown(r.ahead, size*(len(r.items)+1))
	clear(r.ahead[:size])
	for n, j := range r.items {
		step(r.ahead[n*size:(n+1)*size], r.ahead[(n+1)*size:(n+2)*size], resources[j], costs[j]*parts-prices[j])
	}
	last := r.ahead[len(r.items)*size : (len(r.items)+1)*size]
	least := last[size-1]
	r.least[agent] = fixed + least
	for n, w := len(r.items)-1, size-1; n >= 0; n-- {
		if j := r.items[n]; r.ahead[(n+1)*size+w] != r.ahead[n*size+w] {
			takes[j] = true
			w -= int(resources[j])
		}
	}
	if rises {
		r.rises(prices, agent, size, room, least)
	}
	return true
}

// rises finds, for each job an agent may take, how much its knapsack rises where it must take the job or must not.
func (r *relaxation) rises(prices []int64, agent, size int, room, least int64) {
	costs, resources, takes, taking, leaving := r.in.Costs[agent], r.in.Resources[agent], r.takes[agent], r.taking[agent], r.leaving[agent]
	last := r.ahead[len(r.items)*size : (len(r.items)+1)*size]
	for _, j := range r.free {
		taking[j], leaving[j] = never, 0
		if w := room - resources[j]; w >= 0 {
			taking[j] = costs[j]*parts - prices[j] + last[min(int(w), size-1)] - least
		}
	}
	// What the items behind the nth save, at each capacity; together with those before it, all but the nth.
	r.after = grown(r.after, 2*size)
	behind, next := r.after[:size], r.after[size:2*size]
	clear(behind)
	r.steps += 2 * int64(size) * int64(len(r.items))
	for n := len(r.items) - 1; n >= 0; n-- {
		j := r.items[n]
		before := r.ahead[n*size : (n+1)*size]
		reduced := costs[j]*parts - prices[j]
		if takes[j] {
			taking[j], leaving[j] = 0, together(before, behind)-least
			r.leavings[j] += leaving[j]
		} else {
			taking[j], leaving[j] = never, 0
			if w := room - resources[j]; w >= 0 {
				w := min(int(w), size-1) + 1
				taking[j] = reduced + together(before[:w], behind[:w]) - least
			}
		}
		step(behind, next, resources[j], reduced)
		behind, next = next, behind
	}
}

// step adds an item to a knapsack: what is saved at each capacity with it, from what is saved without.
func step(without, with []int64, resource, reduced int64) {
	if resource >= int64(len(without)) {
		copy(with, without)
		return
	}
	a := int(resource)
	copy(with[:a], without[:a])
	with, rest, taken := with[a:], without[a:], without[:len(without)-a]
	rest, taken = rest[:len(with)], taken[:len(with)]
	for w := range with {
		with[w] = min(rest[w], taken[w]+reduced)
	}
}

// together is the least that two knapsacks save that share the capacity.
func together(a, b []int64) int64 {
	least := int64(never)
	b = b[:len(a)]
	for w, x := range a {
		least = min(least, x+b[len(b)-1-w])
	}
	return least
}

func grown(s []int64, n int) []int64 {
	if cap(s) < n {
		return make([]int64, n)
	}
	return s[:n]
}
