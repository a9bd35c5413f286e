package matching

import (
	"context"
	"fmt"
)

// Generalised is a generalised assignment problem: every job goes to one agent, at a cost and for a part of the agent's capacity that
// differ from agent to agent. It is NP-hard (Fisher, Jaikumar and Van Wassenhove, A multiplier adjustment method for the generalized
// assignment problem, Management Science 32, 1986), so that a plan may stay short of a proof that it is the best.
type Generalised struct {
	Costs      [][]int64 `json:"costs"`      // by agent, by job
	Resources  [][]int64 `json:"resources"`  // by agent, by job
	Capacities []int64   `json:"capacities"` // by agent
}

// GeneralisedFault says what of a generalised problem or its plan does not hold: of which agent and job, by index, below zero where it is
// of none, and why by a stable code.
type GeneralisedFault struct {
	Code       string
	Agent, Job int
}

// Error names the place and the code.
func (f *GeneralisedFault) Error() string {
	return fmt.Sprintf("matching: agent %d, job %d: %s", f.Agent, f.Job, f.Code)
}

func ofGeneralised(code string) error { return ofAgentAndJob(-1, -1, code) }

func ofAgentAndJob(agent, job int, code string) error { return &GeneralisedFault{code, agent, job} }

// What a generalised problem may have. A knapsack takes as many steps as an agent has capacity, for each job.
const (
	MostJobs         = 1 << 12
	MostPairs        = 1 << 17 // of agents and jobs
	LargeGeneralised = 1 << 20 // the greatest cost, either way
	mostSteps        = 1 << 24 // of one agent's knapsack
)

// Valid gives the first *GeneralisedFault: rows of another length, no agent or no job, resources or capacities below zero, anything larger
// than a generalised problem may have.
func (in Generalised) Valid() error {
	agents := len(in.Capacities)
	if agents == 0 || len(in.Costs) != agents || len(in.Resources) != agents || len(in.Costs[0]) == 0 {
		return ofGeneralised("agents-or-jobs-missing")
	}
	jobs := len(in.Costs[0])
	if jobs > MostJobs || agents > MostPairs/jobs {
		return ofGeneralised("too-many")
	}
	for i, most := range in.Capacities {
		if len(in.Costs[i]) != jobs || len(in.Resources[i]) != jobs {
			return ofAgentAndJob(i, -1, "agents-or-jobs-missing")
		}
		if most < 0 {
			return ofAgentAndJob(i, -1, "below-zero")
		}
		all := int64(0)
		for j, a := range in.Resources[i] {
			if a < 0 {
				return ofAgentAndJob(i, j, "below-zero")
			}
			if c := in.Costs[i][j]; c > LargeGeneralised || c < -LargeGeneralised {
				return ofAgentAndJob(i, j, "cost-too-large")
			}
			all += min(a, most, mostSteps+1)
		}
		if min(most, all) > mostSteps/int64(jobs) {
			return ofAgentAndJob(i, -1, "capacity-too-large")
		}
	}
	return nil
}

// none is what it costs to have no plan: one more than any plan can cost.
func (in Generalised) none() (sum int64) {
	for j := range in.Costs[0] {
		most := in.Costs[0][j]
		for i := range in.Costs {
			most = max(most, in.Costs[i][j])
		}
		sum += most
	}
	return sum + 1
}

// Proof shows that no plan costs less than something. At its prices, one by job, an agent earns the price of each job it takes less what
// that costs; the agents together earn at most what a knapsack of each allows, and the prices less that is a bound (Lagrangian relaxation).
// Where the bound is not enough, a job is chosen, and each agent it may go to has a proof of its own.
type Proof struct {
	Prices []int64      `json:"prices,omitempty"` // in parts of a cost, 1024 each; where there are none, those above hold
	Job    int          `json:"job,omitzero"`
	Below  []ProofBelow `json:"below,omitempty"`
}

// ProofBelow is a proof for the plans in which the job above goes to an agent.
type ProofBelow struct {
	Agent int   `json:"agent"`
	Proof Proof `json:"proof"`
}

// parts is how many of a price make one of a cost.
const (
	partBits = 10
	parts    = 1 << partBits
)

const largestGeneralisedPrice = 1 << 40

// GeneralisedPlan says which agent does each job, and proves how good that is.
type GeneralisedPlan struct {
	Instance Generalised `json:"instance"`
	At       []int       `json:"at,omitempty"` // by job: its agent; empty where no plan is known
	Value    int64       `json:"value"`        // what the plan costs; where there is none, one more than any could
	Bound    int64       `json:"bound"`        // no plan costs less
	Proof    Proof       `json:"proof"`

	Maximised bool `json:"maximised,omitzero"` // costs are what there should be most of, negated
}

// Optimal reports whether it is proven that there is no better plan; where there is no plan at all, that there can be none.
func (p GeneralisedPlan) Optimal() bool { return p.Value == p.Bound }

// Cost is what the agents of a plan cost, whatever it says of that. It gives the first *GeneralisedFault: that every job has an agent and
// no agent has more than its capacity is checked.
func (p GeneralisedPlan) Cost() (int64, error) {
	in := p.Instance
	if len(p.At) == 0 {
		return in.none(), nil
	}
	if len(p.At) != len(in.Costs[0]) {
		return 0, ofGeneralised("answers-missing")
	}
	sum, room := int64(0), append([]int64(nil), in.Capacities...)
	for j, i := range p.At {
		if i < 0 || i >= len(room) {
			return 0, ofAgentAndJob(i, j, "agent-unknown")
		}
		if room[i] -= in.Resources[i][j]; room[i] < 0 {
			return 0, ofAgentAndJob(i, j, "capacity-exceeded")
		}
		sum += in.Costs[i][j]
	}
	return sum, nil
}

// Check verifies a plan from itself alone: that it holds, and that value and bound are what they are said to be. It gives the first
// *GeneralisedFault, or the error of ctx if that ends before. For each part of the proof it takes a few times as many steps as all agents have
// capacity, for each job.
func (p GeneralisedPlan) Check(ctx context.Context) error {
	if err := p.Instance.Valid(); err != nil {
		return err
	}
	cost, err := p.Cost()
	if err != nil {
		return err
	}
	if cost != p.Value {
		return ofGeneralised("value-wrong")
	}
	shown, err := p.Proof.bound(ctx, p.Instance, p.Bound)
	if err != nil {
		return err
	}
	if shown < p.Bound {
		return ofGeneralised("bound-wrong")
	}
	return nil
}
