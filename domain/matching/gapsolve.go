package matching

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// SolveGeneralised gives the best plan found and the proof of how good it is, or that there is none. It does not begin anything more after
// so many steps of knapsacks, or after ctx ends: the plan found till then is given, without error, and says itself what is proven of it.
// The same instance and steps always give the same plan. The error is a *GeneralisedFault of the instance.
//
// Prices are raised and lowered along the subgradient (Held, Wolfe and Crowder, Validation of subgradient optimization, Mathematical
// Programming 6, 1974), the agents' knapsacks repaired into plans on the way; what is left open is settled by branching on one job at a
// time, where the bound rises most.
func SolveGeneralised(ctx context.Context, in Generalised, steps int64) (GeneralisedPlan, error) {
	if err := in.Valid(); err != nil {
		return GeneralisedPlan{}, err
	}
	s := &search{relaxation: newRelaxation(in), ctx: ctx, most: steps, value: in.none(), cut: in.none()}
	prices, _ := s.ascend(s.everywhere(), s.first(), rootRounds)
	p := GeneralisedPlan{Instance: in, Proof: Proof{Prices: prices}}
	var err error
	if p.Bound, err = p.Proof.bound(context.WithoutCancel(ctx), in, s.value); err != nil {
		return p, err
	}
	// Whether a plan costs hardly more than the bound is settled soon: most of what it might be is ruled out at once. What is asked then
	// is raised step by step; a question that takes too long is left for a wider one, which is more likely to find a plan.
	for more := int64(1); p.Bound < s.value && !s.spent(); more *= 2 {
		s.cut = min(s.value, p.Bound+more)
		if s.most = steps; s.cut < s.value {
			s.most = s.steps + (steps-s.steps)/3
		}
		if proof, all := s.explore(s.everywhere(), prices, belowRounds); all {
			p.Bound, p.Proof = s.cut, proof
		}
		s.most = steps
	}
	p.At, p.Value = s.at, s.value
	return p, nil
}

// How long prices are sought: at the beginning, and where a job was given to an agent.
const (
	rootRounds  = 600
	belowRounds = 30
)

// search is a depth-first branch and bound.
type search struct {
	*relaxation
	ctx   context.Context
	most  int64 // steps
	value int64 // of the best plan so far, or of none
	at    []int
	cut   int64 // plans that cost less are looked for
}

// spent reports whether nothing more is to be begun.
func (s *search) spent() bool { return s.steps >= s.most || s.ctx.Err() != nil }

// first are the prices the search begins with: what the second cheapest agent costs, so that about one wants each job.
func (s *search) first() []int64 {
	prices := make([]int64, s.jobs)
	for j := range prices {
		least, second := int64(math.MaxInt64), int64(math.MaxInt64)
		for i := range s.in.Costs {
			c := s.in.Costs[i][j]
			least, second = min(least, c), min(second, max(c, least))
		}
		if s.agents == 1 {
			second = least
		}
		prices[j] = second * parts
	}
	return prices
}

// explore settles whether a plan of a state costs less than the cut, and gives the proof that none does; prices are those above. False says
// that the steps did not suffice.
func (s *search) explore(where state, prices []int64, rounds int) (proof Proof, all bool) {
	best, open := s.ascend(where, prices, rounds)
	proof = Proof{Prices: best}
	if !open || !s.narrow(where, best, s.cut) {
		return proof, true
	}
	bound := s.bound
	s.repair(where)
	if proof.Job = s.widest(where); proof.Job < 0 {
		return proof, whole(bound) >= s.cut
	}
	type way struct {
		agent int
		rise  int64
	}
	var ways []way
	for i := range s.agents {
		if where.may[i][proof.Job] {
			ways = append(ways, way{i, s.rise(i, proof.Job)})
		}
	}
	slices.SortStableFunc(ways, func(a, b way) int { return cmp.Compare(a.rise, b.rise) })
	for _, w := range ways {
		// A plan found meanwhile may have settled it.
		if whole(bound+w.rise) >= s.cut {
			continue
		}
		if s.spent() {
			return proof, false
		}
		below, all := s.explore(where.with(w.agent, proof.Job), best, belowRounds)
		if !all {
			return proof, false
		}
		if slices.Equal(below.Prices, best) {
			below.Prices = nil
		}
		proof.Below = append(proof.Below, ProofBelow{w.agent, below})
	}
	return proof, true
}

// widest is the job whose agents all raise the bound most: by the least of them, then by all together. It is below zero where every job has
// its agent.
func (s *search) widest(where state) int {
	job, most, sum := -1, int64(0), int64(0)
	for j, left := range where.left {
		if left < 2 {
			continue
		}
		least, all := int64(never), int64(0)
		for i := range s.agents {
			if where.may[i][j] {
				rise := s.rise(i, j)
				least, all = min(least, rise), all+min(rise, never/int64(s.agents))
			}
		}
		all /= int64(left)
		if job < 0 || least > most || least == most && all > sum {
			job, most, sum = j, least, all
		}
	}
	return job
}

// ascend looks for prices at which the bound is high, and gives the best it found. False says that no better plan is left.
func (s *search) ascend(where state, from []int64, rounds int) (best []int64, open bool) {
	const (
		one      = 1 << 12 // a whole stride
		patience = 12
		heavy    = 16 // of a subgradient against those before
		farthest = 1 << 44
	)
	prices, toward := slices.Clone(from), make([]int64, s.jobs)
	best = slices.Clone(from)
	bound, stride, idle := int64(math.MinInt64), int64(2*one), 0
	if rounds < rootRounds {
		stride = one
	}
	for n := range rounds {
		if !s.solve(where, prices, false) {
			return prices, false
		}
		if s.bound > bound {
			bound, idle = s.bound, 0
			copy(best, prices)
			if whole(bound) >= s.cut {
				return best, false
			}
		} else if idle++; idle >= patience {
			idle, stride = 0, stride/2
			copy(prices, best)
			clear(toward)
			if stride == 0 {
				break
			}
			continue
		}
		if n%8 == 0 {
			if s.repair(where); whole(bound) >= s.cut {
				return best, false
			}
		}
		if s.spent() {
			break
		}
		norm := int64(0)
		for j := range prices {
			wanted := int64(1)
			for i := range s.takes {
				if s.takes[i][j] {
					wanted--
				}
			}
			toward[j] = heavy*wanted + toward[j]*11/16
			norm += toward[j] * toward[j]
		}
		if norm == 0 {
			break
		}
		far := min(s.cut*parts-s.bound, max(s.bound, -s.bound)/16+parts, farthest)
		length := far * heavy * stride / norm
		for j := range prices {
			prices[j] = clamp(prices[j] + length*toward[j]/one)
		}
	}
	return best, true
}

func clamp(price int64) int64 {
	return max(-largestGeneralisedPrice, min(largestGeneralisedPrice, price))
}
