package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain/matching"
)

// benchPlanCmd plans for invented pupils, and has HiGHS solve the same instance.
type benchPlanCmd struct {
	JSON   bool   `name:"json" help:"Un oggetto JSON per riga."`
	Pupils int    `help:"Quanti alunni aspettano." default:"2000"`
	Sites  int    `help:"Quante sedi ci sono." default:"600"`
	Grades int    `help:"In quante classi si dividono alunni e posti." default:"1"`
	Rounds int    `help:"Quante volte si misura; vale la mediana." default:"3"`
	Seed   uint64 `help:"Da dove comincia il caso." default:"2022"`
	Highs  string `help:"Cartella in cui npm ha installato highs; senza, non c'è confronto." type:"existingdir" default:"."`
}

// Run measures and prints one figure: the time of the best plan with its certificate checked, beside that of HiGHS. Plans of different
// costs are an error.
func (c *benchPlanCmd) Run(ctx context.Context, out io.Writer) error {
	in := town(rand.New(rand.NewPCG(c.Seed, 0)), c.Pupils, c.Sites, c.Grades)
	var spent []float64
	var p matching.Plan
	for range max(1, c.Rounds) {
		began := time.Now()
		var err error
		if p, err = matching.Solve(ctx, in, nil); err == nil {
			err = p.Check()
		}
		if err != nil {
			return err
		}
		spent = append(spent, 1000*time.Since(began).Seconds())
		if !p.Optimal() {
			return errors.New("the plan proves nothing")
		}
	}
	other, seconds, err := byHighs(ctx, c.Highs, in)
	if err != nil {
		return err
	}
	if other != p.Value {
		return fmt.Errorf("HiGHS finds a plan of %v, and this is one of %v", other, p.Value)
	}
	value := median(spent)
	return figure{Figure: fmt.Sprintf("plan.pupils%d.sites%d.grades%d", c.Pupils, c.Sites, c.Grades), Value: value, Unit: "ms", Baseline: 1000 * seconds,
		Ratio: value / (1000 * seconds), Seconds: sum(spent) / 1000}.print(out, c.JSON)
}

func sum(of []float64) (all float64) {
	for _, x := range of {
		all += x
	}
	return all
}

// town is a territory fifty kilometres wide with sites all over it, and pupils who live the denser the nearer to its middle. Each goes to
// school in one grade; there are 1.3 places for each, given out by chance, and a pupil may go anywhere. Costs are metres, and for every
// second place of a kind a little more, so that sites are filled evenly.
func town(r *rand.Rand, pupils, sites, grades int) (in matching.Instance) {
	type point struct{ x, y float64 }
	const side = 50_000
	at, kinds := make([]point, sites), make([]int, sites*grades)
	for j := range at {
		at[j] = point{r.Float64() * side, r.Float64() * side}
	}
	for range pupils * 13 / 10 {
		kinds[r.IntN(len(kinds))]++
	}
	for k, n := range kinds {
		s := matching.Places{ID: fmt.Sprintf("%06d", k)}
		for taken := range n {
			s.Costs = append(s.Costs, matching.Cost{0, 0, int64(taken / 2)})
		}
		in.Places = append(in.Places, s)
	}
	for i := range pupils {
		home := point{side/2 + r.NormFloat64()*side/5, side/2 + r.NormFloat64()*side/5}
		p := matching.Pupil{ID: fmt.Sprintf("%06d", i), Unplaced: matching.Cost{1}}
		grade := r.IntN(grades)
		for j, s := range at {
			dx, dy := home.x-s.x, home.y-s.y
			p.Choices = append(p.Choices, matching.Choice{Places: j*grades + grade, Cost: matching.Cost{0, int64(dx*dx+dy*dy) / side}})
		}
		in.Pupils = append(in.Pupils, p)
	}
	return in
}

//go:embed highs.mjs
var highsScript string

// The instance as the script reads it: costs are one number each.
type (
	highsInstance struct {
		Pupils []highsPupil  `json:"pupils"`
		Places []highsPlaces `json:"places"`
	}
	highsPupil struct {
		Out    int64   `json:"out"`
		Places []int   `json:"places"`
		Costs  []int64 `json:"costs"`
	}
	highsPlaces struct {
		Sizes []int   `json:"sizes"`
		Costs []int64 `json:"costs"`
	}
)

// errTooLong is an instance whose costs do not fit into the 53 bits of JavaScript's numbers.
var errTooLong = errors.New("costs too large for HiGHS")

// forHighs makes one number of the parts of each cost: a unit of a part outweighs all that two plans can differ in after it.
func forHighs(in matching.Instance) (out highsInstance, err error) {
	var most matching.Cost // what a plan can cost, part by part, either way
	grow := func(by ...matching.Cost) {
		for i := range most {
			part := int64(0)
			for _, c := range by {
				part = max(part, c[i], -c[i])
			}
			most[i] += part
		}
	}
	for _, p := range in.Pupils {
		all := []matching.Cost{p.Unplaced}
		for _, c := range p.Choices {
			all = append(all, c.Cost)
		}
		grow(all...)
	}
	for _, s := range in.Places {
		for _, c := range s.Costs {
			grow(c)
		}
	}
	second := 2*most[2] + 1
	first := (2*most[1] + 1) * second
	if float64(most[0])*float64(first)+float64(most[1])*float64(second) > 1<<53 {
		return out, errTooLong
	}
	scalar := func(c matching.Cost) int64 { return c[0]*first + c[1]*second + c[2] }
	for _, p := range in.Pupils {
		x := highsPupil{Out: scalar(p.Unplaced), Places: []int{}, Costs: []int64{}}
		for _, c := range p.Choices {
			x.Places, x.Costs = append(x.Places, c.Places), append(x.Costs, scalar(c.Cost))
		}
		out.Pupils = append(out.Pupils, x)
	}
	for _, s := range in.Places {
		x := highsPlaces{Sizes: []int{}, Costs: []int64{}}
		for k, c := range s.Costs {
			if k > 0 && c == s.Costs[k-1] {
				x.Sizes[len(x.Sizes)-1]++
				continue
			}
			x.Sizes, x.Costs = append(x.Sizes, 1), append(x.Costs, scalar(c))
		}
		out.Places = append(out.Places, x)
	}
	return out, nil
}

// byHighs gives what the plan costs that HiGHS finds best, and the seconds it took without reading and starting. Dir is where npm installed it.
func byHighs(ctx context.Context, dir string, in matching.Instance) (cost matching.Cost, seconds float64, err error) {
	x, err := forHighs(in)
	if err != nil {
		return cost, 0, err
	}
	question, err := json.Marshal(x)
	if err != nil {
		return cost, 0, err
	}
	cmd := exec.CommandContext(ctx, "node", "--input-type=module", "-e", highsScript)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(question), &said
	b, err := cmd.Output()
	if err != nil {
		return cost, 0, fmt.Errorf("highs: %w: %s", err, said.Bytes())
	}
	var answer struct {
		Optimal bool    `json:"optimal"`
		Seconds float64 `json:"seconds"`
		At      []int   `json:"at"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return cost, 0, err
	}
	if !answer.Optimal {
		return cost, answer.Seconds, errors.New("highs proves nothing")
	}
	cost, err = matching.Plan{Instance: in, At: answer.At}.Cost()
	return cost, answer.Seconds, err
}
