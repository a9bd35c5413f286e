package plans

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections/ranking"
)

// instance is a matching.Instance with what its indices stand for. The pupils are the seats of the plan in their order, and after them those who
// have a place already.
type instance struct {
	matching.Instance
	kinds []planning.Kind // by places; of those behind, which are taken by brothers and sisters, there is none
	ways  []map[int]way   // by pupil, by places
	unit  planning.Unit
}

type way struct {
	metres int
	far    bool
}

// quarters is into how many steps the balance between schools divides the places of a grade.
const quarters = 4

// steps are how finely the sum of metres may be told, the finest first: the coarser one is for plans so large that costs would not fit.
var steps = []int{100, 200, 500, 1_000, 2_000, 5_000, 10_000}

// instanceOf says what is to be planned, from the seats of a plan, of which it only reads who sits there.
//
// The order of what counts: pupils who are left out, by their urgency; then households split; then ways too long; then the sum of metres by which
// schools are ranked; then places of a grade filled evenly; then whoever goes elsewhere than in the last plan. Each is
// multiplied by more than all that come after it in its part can add up to, so that nothing of what comes first is given for what
// comes later.
func instanceOf(ctx context.Context, g ranking.Ground, drawn planning.Drawn, last *planning.Drawn, pupils map[uuid.UUID]casefile.State) (*instance, error) {
	in := &instance{}
	byLevel := map[grade.Level]ranking.Sites{}
	index := map[planning.Kind]int{}
	seekers := map[grade.Level]int{}
	for _, s := range drawn.Seats {
		seekers[s.Level]++
	}
	for _, s := range drawn.Seats {
		if _, known := byLevel[s.Level]; known {
			continue
		}
		sites, err := g.Sites(ctx, drawn.Year, s.Level)
		if err != nil {
			return nil, err
		}
		byLevel[s.Level] = sites.Only(func(x matching.Site) (matching.Site, bool) {
			free, used, ask := open(x, s.Level, g.Percent, drawn.Terms)
			if free == 0 && !ask {
				return x, false
			}
			k := planning.Kind{School: x.School, Level: s.Level}
			index[k], in.kinds = len(in.kinds), append(in.kinds, k)
			in.Places = append(in.Places, matching.Places{ID: k.ID(), Institution: string(x.Institution), Costs: evenly(free, used)[:min(free, seekers[s.Level])]})
			// Whoever gets a place there gets one that is free, and below the ceiling that holds or is supposed.
			x.Free, x.CountedIn = max(1, free), 0
			if x.DeclaredAt.IsZero() {
				x.DeclaredAt = drawn.Known
			}
			return x, true
		})
	}
	totals := make([]map[int]int, len(drawn.Seats)) // by pupil, by places: the sum of metres
	largest := 0
	locks := locksOf(drawn.Locks)
	for i, s := range drawn.Seats {
		seeker, home := matching.Seeker{}, g.Home(s.Comune, 0)
		if p, ok := pupils[s.Case]; ok {
			seeker, home = ranking.SeekerOf(p), g.Home(p.Comune, p.Municipio)
		}
		ranked := matching.Rank(seeker, byLevel[s.Level].From(home), g.Weights, g.Percent, domain.DateOf(drawn.Known))
		totals[i], in.ways = map[int]int{}, append(in.ways, map[int]way{})
		for _, r := range ranked {
			if at, declined := seeker.Declined[r.School]; declined && !r.DeclaredAt.After(at) || !locks.let(s.Case, r.School) {
				continue
			}
			j := index[planning.Kind{School: r.School, Level: s.Level}]
			far := slices.ContainsFunc(r.Reasons, func(x matching.Reason) bool { return x.Code == matching.ReasonFar })
			totals[i][j], in.ways[i][j] = r.Total, way{r.Reasons[0].Metres, far}
			largest = max(largest, r.Total, -r.Total)
		}
	}
	if err := in.weigh(len(drawn.Seats)+len(drawn.Seated), largest); err != nil {
		return nil, err
	}
	return in, in.people(drawn, last, totals, locks)
}

// weigh chooses the finest step with which costs fit.
func (in *instance) weigh(pupils, largest int) error {
	n := int64(pupils) + 1
	in.unit = planning.Unit{Split: n, Fill: n, Way: n * (quarters*n + 1)}
	for k := range in.Places {
		for i := range in.Places[k].Costs {
			in.Places[k].Costs[i][2] *= in.unit.Fill
		}
	}
	in.Split = matching.Cost{0, in.unit.Split, 0}
	size := matching.Instance{Pupils: make([]matching.Pupil, pupils), Places: append(slices.Clone(in.Places), matching.Places{Costs: make([]matching.Cost, pupils)})}
	for _, in.unit.Step = range steps {
		if (int64(largest/in.unit.Step)+1)*in.unit.Way+quarters*n < size.Largest() {
			return nil
		}
	}
	return planning.ErrTooMany
}

// people puts the pupils in, and those who have a place already.
func (in *instance) people(drawn planning.Drawn, last *planning.Drawn, totals []map[int]int, locks locks) error {
	all := int64(0)
	for _, s := range drawn.Seats {
		all += int64(s.Urgency)
	}
	for i, s := range drawn.Seats {
		p := matching.Pupil{ID: s.ID(), Household: s.Household, Unplaced: matching.Cost{int64(s.Urgency)}}
		if locks.there(s.Case) {
			p.Unplaced[0] = all + 1 // nobody else's place is worth an officer's word
		}
		var before domain.School
		if last != nil {
			was, _ := last.Seat(s.Case)
			before = was.School
		}
		for j := range in.kinds {
			total, ok := totals[i][j]
			if !ok {
				continue
			}
			c := matching.Cost{0, 0, in.steps(total) * in.unit.Way}
			if in.ways[i][j].far {
				c[1] = 1
			}
			if before != "" && before != in.kinds[j].School {
				c[2]++
			}
			p.Choices = append(p.Choices, matching.Choice{Places: j, Cost: c})
		}
		in.Pupils = append(in.Pupils, p)
	}
	seen := map[string]bool{}
	for _, s := range drawn.Seated {
		id := fmt.Sprintf("seated/%s/%s", s.Household, s.Institution)
		if seen[id] || s.Household == "" {
			continue
		}
		seen[id] = true
		in.Pupils = append(in.Pupils, matching.Pupil{ID: id, Household: s.Household, Unplaced: matching.Cost{all + 1},
			Choices: []matching.Choice{{Places: len(in.Places)}}})
		in.Places = append(in.Places, matching.Places{ID: id, Institution: string(s.Institution), Costs: []matching.Cost{{}}})
	}
	err := in.Valid()
	if fault, ok := errors.AsType[*matching.Fault](err); ok && fault.Code == "too-many" {
		return planning.ErrTooMany
	}
	return err
}

// steps rounds metres.
func (in *instance) steps(metres int) int64 {
	half := in.unit.Step / 2
	if metres < 0 {
		half = -half
	}
	return int64((metres + half) / in.unit.Step)
}

// open is how many pupils a site can take in a grade by what it declared, by the ceiling where the class or the grade was counted, and by
// what is supposed; how many it has taken of the places it declared; and, where it has none left, whether it could be asked for one more: not a
// site that never declared places, that is supposed to take nobody, or where the ceiling stands against it.
func open(x matching.Site, l grade.Level, percent int, t planning.Terms) (free, used int, ask bool) {
	free, used = max(0, x.Free), max(0, x.Capacity-x.Free)
	bound := !slices.Contains(t.Derogations, x.School)
	for _, c := range t.Changes {
		switch here := c.School == x.School; {
		case here && c.Kind == planning.Shut:
			return 0, used, false
		case here && c.Kind == planning.Reserve && c.Level == l:
			free -= c.Number
		case here && c.Kind == planning.Add && c.Level == l:
			free += c.Number
		case c.Kind == planning.Ceiling && (here || c.School == ""):
			percent = c.Percent
		}
	}
	counted := x.ByClass || x.CountedIn != 0 && x.Count.Grade == l.Year
	ask = !x.DeclaredAt.IsZero()
	if room, known := x.Count.Room(percent); known && counted && bound {
		ask = ask && room > 0
		if room < free {
			free = min(free, room*max(1, x.Count.Classes))
		}
	}
	return max(0, free), used, ask
}

// evenly are the costs of places one after the other: by how many quarters of the grade's places are taken before, so that schools fill alike.
func evenly(free, used int) []matching.Cost {
	costs := make([]matching.Cost, free)
	for k := range costs {
		costs[k][2] = int64(quarters * (used + k) / (used + free))
	}
	return costs
}

// locks are the officer's word by case.
type locks map[uuid.UUID][]planning.Lock

func locksOf(list []planning.Lock) locks {
	out := locks{}
	for _, l := range list {
		out[l.Case] = append(out[l.Case], l)
	}
	return out
}

// let reports whether a pupil may go to a school.
func (l locks) let(id uuid.UUID, school domain.School) bool {
	for _, x := range l[id] {
		if x.Never == (x.School == school) {
			return false
		}
	}
	return true
}

// there reports whether a pupil is bound to a school.
func (l locks) there(id uuid.UUID) bool {
	return slices.ContainsFunc(l[id], func(x planning.Lock) bool { return !x.Never })
}

// tell writes a plan down. Alone is the plan in which it costs nothing to split a household: in it one can say what a place is worth.
func (in *instance) tell(d *planning.Drawn, p, alone matching.Plan) {
	f := planning.Figures{Pupils: len(d.Seats)}
	for i := range d.Seats {
		s := &d.Seats[i]
		if p.At[i] == matching.Unplaced {
			continue
		}
		w := in.ways[i][p.At[i]]
		s.School, s.Metres, s.Far = in.kinds[p.At[i]].School, w.metres, w.far
		f.Placed, f.Metres = f.Placed+1, f.Metres+w.metres
		if w.far {
			f.Far++
		}
	}
	f.Together, f.Apart = p.Households()
	d.Figures, d.Value, d.Bound, d.Tree = f, p.Value, p.Bound, p.Tree
	for j, c := range p.Prices {
		if c != (matching.Cost{}) {
			d.Prices = append(d.Prices, planning.Price{Kind: in.kind(j), Cost: c})
		}
	}
	for j, c := range alone.Worth() {
		if (matching.Cost{}).Less(c) && j < len(in.kinds) {
			d.Worth = append(d.Worth, planning.Price{Kind: in.kinds[j], Cost: c})
		}
	}
	slices.SortStableFunc(d.Worth, func(a, b planning.Price) int { return less(b.Cost, a.Cost) })
	for _, s := range p.Shortages() {
		w := planning.Want{Room: s.Room}
		for _, i := range s.Pupils {
			if i < len(d.Seats) {
				w.Pupils = append(w.Pupils, i)
			}
		}
		for _, j := range s.Places {
			if j < len(in.kinds) {
				w.Places = append(w.Places, in.kinds[j])
			}
		}
		d.Wants = append(d.Wants, w)
	}
}

func less(a, b matching.Cost) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
}

// kind names places; those behind the sites are named by their id alone.
func (in *instance) kind(j int) planning.Kind {
	if j < len(in.kinds) {
		return in.kinds[j]
	}
	return planning.Kind{School: domain.School(in.Places[j].ID)}
}

// plan is a matching.Plan of what was written down.
func (in *instance) plan(d planning.Drawn) (matching.Plan, error) {
	p := matching.Plan{Instance: in.Instance, At: make([]int, len(in.Pupils)), Prices: make([]matching.Cost, len(in.Places)), Value: d.Value, Bound: d.Bound, Tree: d.Tree}
	index := map[planning.Kind]int{}
	for j := range in.Places {
		index[in.kind(j)] = j
	}
	for i := range p.At {
		p.At[i] = matching.Unplaced
		switch {
		case i >= len(d.Seats):
			p.At[i] = in.Pupils[i].Choices[0].Places
		case d.Seats[i].School != "":
			if j, ok := index[planning.Kind{School: d.Seats[i].School, Level: d.Seats[i].Level}]; ok {
				p.At[i] = j
			}
		}
	}
	for _, x := range d.Prices {
		if j, ok := index[x.Kind]; ok {
			p.Prices[j] = x.Cost
		}
	}
	return p, p.Check()
}

// coupled reports whether there are households of several.
func (in *instance) coupled() bool {
	seen := map[string]bool{}
	for _, p := range in.Pupils {
		if p.Household != "" && seen[p.Household] {
			return true
		}
		seen[p.Household] = true
	}
	return false
}
