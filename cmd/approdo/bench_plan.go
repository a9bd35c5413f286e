package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain/matching"
)

// benchPlanCmd plans for invented pupils, and has HiGHS solve the same instance.
type benchPlanCmd struct {
	JSON     bool   `name:"json" help:"Un oggetto JSON per riga."`
	Pupils   int    `help:"Quanti alunni aspettano." default:"2000"`
	Siblings bool   `help:"Gli alunni sono fratelli e sorelle, che vogliono la stessa istituzione."`
	Families int    `help:"Con --siblings: quante famiglie aspettano." default:"1300"`
	Sites    int    `help:"Quante sedi ci sono." default:"600"`
	Grades   int    `help:"In quante classi si dividono alunni e posti; se non è detto, una, o tredici con --siblings." default:"0"`
	Rounds   int    `help:"Quante volte si misura; vale la mediana." default:"3"`
	Seed     uint64 `help:"Da dove comincia il caso." default:"2022"`
	Highs    string `help:"Cartella in cui npm ha installato highs." type:"existingdir" default:"."`
	Limit    int    `help:"Per quanti secondi al massimo cerca HiGHS." default:"120"`
	Alone    bool   `help:"Senza il confronto con HiGHS."`
}

// Run measures and prints: the time of the best plan with its certificate checked, beside that of HiGHS. Plans of different costs, where
// both are proven, are an error.
func (c *benchPlanCmd) Run(ctx context.Context, out io.Writer) error {
	chance := rand.New(rand.NewPCG(c.Seed, 0))
	if c.Siblings {
		grades := cmp.Or(c.Grades, 13)
		in := families(chance, c.Families, c.Sites, grades)
		return c.measure(ctx, out, in, fmt.Sprintf("plan.families%d.sites%d.grades%d", c.Families, c.Sites, grades))
	}
	grades := cmp.Or(c.Grades, 1)
	in := town(chance, c.Pupils, c.Sites, grades)
	return c.measure(ctx, out, in, fmt.Sprintf("plan.pupils%d.sites%d.grades%d", c.Pupils, c.Sites, grades))
}

func (c *benchPlanCmd) measure(ctx context.Context, out io.Writer, in matching.Instance, name string) error {
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
	}
	if !p.Optimal() && !c.Siblings {
		return errors.New("the plan proves nothing")
	}
	var other highsAnswer
	if !c.Alone {
		// What the plan proves of the first part HiGHS need not find out: one number holds the others.
		placed := p.Value[0] == 0 && p.Bound[0] == 0 && c.Siblings
		var err error
		if other, err = byHighs(ctx, c.Highs, in, highsTerms{limit: c.Limit, placed: placed}); err != nil {
			return err
		}
		if other.optimal && (other.cost.Less(p.Bound) || p.Optimal() && p.Value != other.cost) {
			return fmt.Errorf("HiGHS finds a plan of %v, and this is one of %v above %v", other.cost, p.Value, p.Bound)
		}
	}
	value, took := median(spent), 1000*other.seconds
	all := []figure{{Figure: name, Value: value, Unit: "ms", Baseline: took, Ratio: ratio(value, took), Seconds: sum(spent) / 1000}}
	if c.Siblings {
		all = append(all, c.gaps(p, other, name)...)
	}
	for _, f := range all {
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

// gaps are what the plan may be worse than the best, beside the same of HiGHS, and the households that stay together, beside the most that can.
func (c *benchPlanCmd) gaps(p matching.Plan, other highsAnswer, name string) []figure {
	const ppm = 1e6
	part, by := p.Gap()
	unit, gap := "ppm", 0.0
	if part < len(p.Value) {
		unit, gap = fmt.Sprintf("ppm of part %d", part+1), ppm*ratio(float64(by), float64(p.Value[part]))
	}
	together, apart := p.Households()
	most := together + apart
	if part == 0 {
		most = 0 // nothing is proven of it
	}
	share := func(n int) float64 { return ppm * ratio(float64(n), float64(together+apart)) }
	return []figure{
		{Figure: name + ".gap", Value: gap, Unit: unit, Baseline: ppm * other.gap, Ratio: ratio(gap, ppm*other.gap)},
		{Figure: name + ".together", Value: share(together), Unit: "ppm", Baseline: share(most), Ratio: ratio(float64(together), float64(most))},
	}
}

// ratio is 0 where there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
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

// families are the pupils of households of one, two and three (60, 32 and 8 in a hundred) in the same territory; brothers and sisters are in
// different grades. Two sites that are near each other are an institution. To leave one pupil out costs more than to split all households;
// after that metres count, as the crow flies.
func families(r *rand.Rand, households, sites, grades int) (in matching.Instance) {
	type point struct{ x, y float64 }
	const side, near = 50_000, 2_000
	at, kinds := make([]point, sites), make([]int, sites*grades)
	for j := range at {
		if at[j] = (point{r.Float64() * side, r.Float64() * side}); j%2 == 1 {
			at[j] = point{at[j-1].x + r.NormFloat64()*near, at[j-1].y + r.NormFloat64()*near}
		}
	}
	for h := range households {
		home := point{side/2 + r.NormFloat64()*side/5, side/2 + r.NormFloat64()*side/5}
		children := 1
		switch x := r.IntN(100); {
		case x < 8:
			children = 3
		case x < 40:
			children = 2
		}
		for _, grade := range r.Perm(grades)[:min(children, grades)] {
			p := matching.Pupil{ID: fmt.Sprintf("%06d", len(in.Pupils)), Household: fmt.Sprintf("%06d", h), Unplaced: matching.Cost{int64(households) + 1}}
			for j, s := range at {
				dx, dy := home.x-s.x, home.y-s.y
				p.Choices = append(p.Choices, matching.Choice{Places: j*grades + grade, Cost: matching.Cost{0, int64(math.Sqrt(dx*dx + dy*dy))}})
			}
			in.Pupils = append(in.Pupils, p)
		}
	}
	for range len(in.Pupils) * 13 / 10 {
		kinds[r.IntN(len(kinds))]++
	}
	in.Split = matching.Cost{1}
	for k, n := range kinds {
		s := matching.Places{ID: fmt.Sprintf("%06d", k), Institution: fmt.Sprintf("%06d", k/grades/2)}
		for taken := range n {
			s.Costs = append(s.Costs, matching.Cost{0, 0, int64(taken / 2)})
		}
		in.Places = append(in.Places, s)
	}
	return in
}

//go:embed highs.mjs
var highsScript string

// The instance as the script reads it: costs are one number each.
type (
	highsInstance struct {
		Pupils     []highsPupil  `json:"pupils"`
		Places     []highsPlaces `json:"places"`
		Households [][]int       `json:"households"`
		Split      *int64        `json:"split,omitempty"`
		Limit      int           `json:"limit"`
	}
	highsPupil struct {
		Out    *int64  `json:"out,omitempty"`
		Places []int   `json:"places"`
		Costs  []int64 `json:"costs"`
	}
	highsPlaces struct {
		Institution int     `json:"institution"`
		Sizes       []int   `json:"sizes"`
		Costs       []int64 `json:"costs"`
	}
)

// highsTerms say for how many seconds HiGHS may search, and whether it is known that all can be placed and all households stay together: then
// it must do so, and what counts first needs no number.
type highsTerms struct {
	limit  int
	placed bool
}

// errTooLong is an instance whose costs do not fit into the 53 bits of JavaScript's numbers.
var errTooLong = errors.New("costs too large for HiGHS")

// forHighs makes one number of the parts of each cost: a unit of a part outweighs all that two plans can differ in after it.
func forHighs(in matching.Instance, terms highsTerms) (out highsInstance, err error) {
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
	households := map[string][]int{}
	for i, p := range in.Pupils {
		all := []matching.Cost{p.Unplaced}
		for _, c := range p.Choices {
			all = append(all, c.Cost)
		}
		grow(all...)
		if p.Household != "" && in.Split != (matching.Cost{}) {
			households[p.Household] = append(households[p.Household], i)
		}
	}
	for _, s := range in.Places {
		for _, c := range s.Costs {
			grow(c)
		}
	}
	out.Households, out.Limit = [][]int{}, cmp.Or(terms.limit, 3600)
	for _, name := range slices.Sorted(maps.Keys(households)) {
		if members := households[name]; len(members) > 1 {
			out.Households = append(out.Households, members)
			grow(in.Split)
		}
	}
	second := 2*float64(most[2]) + 1
	first := (2*float64(most[1]) + 1) * second
	if terms.placed {
		first = 0
	}
	if float64(most[0])*first+float64(most[1])*second+float64(most[2]) > 1<<53 {
		return out, errTooLong
	}
	scalar := func(c matching.Cost) int64 { return c[0]*int64(first) + c[1]*int64(second) + c[2] }
	unless := func(not bool, c matching.Cost) *int64 {
		if not {
			return nil
		}
		n := scalar(c)
		return &n
	}
	out.Split = unless(terms.placed, in.Split)
	for _, p := range in.Pupils {
		x := highsPupil{Out: unless(terms.placed, p.Unplaced), Places: []int{}, Costs: []int64{}}
		for _, c := range p.Choices {
			if len(in.Places[c.Places].Costs) > 0 {
				x.Places, x.Costs = append(x.Places, c.Places), append(x.Costs, scalar(c.Cost))
			}
		}
		out.Pupils = append(out.Pupils, x)
	}
	institutions := map[string]int{}
	for j, s := range in.Places {
		x := highsPlaces{Institution: j, Sizes: []int{}, Costs: []int64{}}
		if first, known := institutions[s.Institution]; known && s.Institution != "" {
			x.Institution = first
		}
		institutions[s.Institution] = x.Institution
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

// highsAnswer is the best plan that HiGHS finds: what it costs, by how much of that it might cost less, and the seconds it took without
// reading and starting. Where it finds none, the gap is all.
type highsAnswer struct {
	cost    matching.Cost
	optimal bool
	gap     float64
	seconds float64
}

// byHighs solves an instance with HiGHS. Dir is where npm installed it.
func byHighs(ctx context.Context, dir string, in matching.Instance, terms highsTerms) (out highsAnswer, err error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "highs")); err != nil {
		return out, fmt.Errorf("HiGHS non è installato in %s: «npm ci» ve lo mette, --highs dice un'altra cartella, --alone misura senza confronto", dir)
	}
	x, err := forHighs(in, terms)
	if err != nil {
		return out, err
	}
	question, err := json.Marshal(x)
	if err != nil {
		return out, err
	}
	cmd := exec.CommandContext(ctx, "node", "--input-type=module", "-e", highsScript)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(question), &said
	b, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("highs: %w: %s", err, said.Bytes())
	}
	var answer struct {
		Optimal   bool    `json:"optimal"`
		Found     bool    `json:"found"`
		Seconds   float64 `json:"seconds"`
		Objective float64 `json:"objective"`
		Bound     float64 `json:"bound"`
		At        []int   `json:"at"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return out, err
	}
	out = highsAnswer{optimal: answer.Optimal, gap: 1, seconds: answer.Seconds}
	if !answer.Found {
		return out, nil
	}
	if out.cost, err = (matching.Plan{Instance: in, At: answer.At}).Cost(); err != nil || answer.Optimal {
		out.gap = 0
		return out, err
	}
	out.gap = ratio(answer.Objective-answer.Bound, answer.Objective)
	return out, nil
}
