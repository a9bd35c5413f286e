package replay

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/domain/territory"
	"approdo/projections/board"
	"approdo/projections/plans"
	"approdo/projections/ranking"
)

// world is what would have become of everybody if plans had been followed.
type world struct {
	of       *replay
	answer   time.Duration // after which a school answers
	rate     float64       // of those that say no
	free     bool          // as officers are: the ceiling is no bound, and what schools say until the next plan may be asked for now
	standing map[uuid.UUID]*proposal
	pending  []*proposal // in the order of their answers
	asked    map[uuid.UUID]int
	declined map[uuid.UUID]map[domain.School]time.Time
	used     map[kind]int
	column   column
}

// proposal is a place of a plan that was proposed to a school.
type proposal struct {
	pupil *pupil
	kind
	place
	charged time.Time
	due     time.Time // the answer
	gone    bool      // the pupil left before it
}

func newWorld(r *replay, answer time.Duration, rate float64, free bool) *world {
	return &world{of: r, answer: answer, rate: rate, free: free, standing: map[uuid.UUID]*proposal{}, asked: map[uuid.UUID]int{},
		declined: map[uuid.UUID]map[domain.School]time.Time{}, used: map[kind]int{}, column: newColumn()}
}

// Opens is ranking.Places: what schools declared, less what those have whom no plan placed, less what the plans of this world gave.
func (w *world) Opens(_ context.Context, y domain.SchoolYear, l grade.Level, at time.Time) (map[domain.School]board.Open, error) {
	out := map[domain.School]board.Open{}
	for k, s := range w.of.seats {
		if k.year == y && k.Level == l {
			out[k.School] = s.open(s.shared + w.used[k])
		}
	}
	if !w.free {
		return out, nil
	}
	for k, said := range w.of.said {
		if k.year != y || k.Level != l {
			continue
		}
		var s seats
		if now := w.of.seats[k]; now != nil {
			s = *now
		}
		for _, d := range said {
			if d.At.After(at) && d.At.Before(w.of.after()) {
				s.declare(d, at)
			}
		}
		out[k.School] = s.open(s.shared + w.used[k])
	}
	return out, nil
}

// open is what is left with so many used.
func (s seats) open(used int) board.Open {
	o := board.Open{Capacity: s.capacity, Free: s.capacity - used, Pupils: s.pupils, Foreign: s.foreign}
	if !s.declared.IsZero() {
		o.Declared, o.Joined = s.declared, used-s.then
	}
	return o
}

// draw plans for all who wait, one school year after the other, and proposes what the plans say.
func (w *world) draw(ctx context.Context, at time.Time, tell bool) error {
	land, err := w.of.desk.TerritoryAsOf(ctx, at)
	if err != nil {
		return err
	}
	g, err := ranking.GroundOf(ctx, w.of.desk, w, at)
	if err != nil {
		return err
	}
	waiting := map[domain.SchoolYear][]*pupil{}
	number, first, last := 0, domain.SchoolYear(0), domain.SchoolYear(0)
	for _, p := range w.of.order {
		if w.standing[p.id] != nil || !p.seeks(w.of.shared) || p.state.Question != nil && !p.state.Status.HoldsPlace() {
			continue
		}
		if _, suspended := land.Suspended(territory.Placement, p.state.Comune, at); suspended {
			continue
		}
		y := p.state.SchoolYear
		if number == 0 {
			first = y
		}
		waiting[y], number, first, last = append(waiting[y], p), number+1, min(first, y), max(last, y)
	}
	if tell && w.of.Progress != nil {
		w.of.Progress(domain.DateOf(at), number)
	}
	for y := first; y <= last; y++ {
		slices.SortFunc(waiting[y], func(a, b *pupil) int { return bytes.Compare(a.id[:], b.id[:]) })
		if len(waiting[y]) > 0 {
			if err := w.plan(ctx, g, w.terms(y), waiting[y], at); err != nil {
				return err
			}
		}
	}
	return nil
}

// terms are those of a plan for everybody.
func (w *world) terms(y domain.SchoolYear) planning.Terms {
	t := planning.Terms{Year: y}
	if !w.free {
		return t
	}
	for k := range w.of.said {
		if k.year == y {
			t.Derogations = append(t.Derogations, k.School)
		}
	}
	slices.Sort(t.Derogations)
	t.Derogations = slices.Compact(t.Derogations)
	return t
}

func (w *world) plan(ctx context.Context, g ranking.Ground, t planning.Terms, waiting []*pupil, at time.Time) error {
	draft := plans.NewDraft(g, t, at)
	seen := map[string]bool{}
	for _, p := range waiting {
		s, l := p.state, p.line
		s.Declined = w.declined[p.id]
		l.Declines, l.Due, l.Escalated = len(s.Declined), l.FirstOfferDue, ""
		if w.asked[p.id] > 0 {
			l.Due = l.FirstDayDue
		}
		if l.Overdue(at) {
			l.Escalated = domain.RoleCentre // at once, by the clocks
		}
		draft.Seek(s, p.papers, l)
		if h := p.papers.Household; h != "" && !seen[h] {
			seen[h] = true
			w.siblings(draft, h)
		}
	}
	if err := draft.Fill(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // the plan is not what it would have been
		return err
	}
	w.column.plans++
	if proven(draft.Drawn) {
		w.column.proven++
	}
	sites, joined := map[grade.Level][]matching.Site{}, map[kind]int{}
	for _, s := range draft.Seats {
		if s.School == "" || sites[s.Level] != nil {
			continue
		}
		all, err := g.Sites(ctx, t.Year, s.Level)
		if err != nil {
			return err
		}
		sites[s.Level] = all.From(g.Home(s.Comune, 0))
	}
	for _, s := range draft.Seats {
		i := slices.IndexFunc(sites[s.Level], func(x matching.Site) bool { return x.School == s.School })
		if s.School == "" || i < 0 {
			continue
		}
		site, k := sites[s.Level][i], kind{t.Year, planning.Kind{School: s.School, Level: s.Level}}
		joined[k]++
		x := &proposal{pupil: w.of.pupils[s.Case], kind: k, due: at.Add(w.answer), charged: w.of.pupils[s.Case].charged,
			place: place{metres: s.Metres, measured: true, far: s.Far, over: over(site, s.Level, g.Percent, joined[k]), institution: site.Institution}}
		w.standing[s.Case], w.pending = x, append(w.pending, x)
		w.asked[s.Case]++
	}
	for k, n := range joined {
		w.used[k] += n
	}
	return nil
}

// siblings are those of a household who have a place in this world.
func (w *world) siblings(draft *plans.Draft, household string) {
	for _, p := range w.of.households[household] {
		switch x := w.standing[p.id]; {
		case x != nil:
			draft.Sibling(p.id, household, x.institution)
		case p.state.Offer != nil && p.state.Status.HoldsPlace() && w.of.shared[p.state.Offer.ID]:
			draft.Sibling(p.id, household, p.state.Offer.Institution)
		}
	}
}

// answers has schools answer what is due by an instant.
func (w *world) answers(by time.Time) {
	for len(w.pending) > 0 && !w.pending[0].due.After(by) {
		x := w.pending[0]
		w.pending = w.pending[1:]
		id := x.pupil.id
		switch {
		case x.gone:
		case w.refuses(id):
			if w.declined[id] == nil {
				w.declined[id] = map[domain.School]time.Time{}
			}
			w.declined[id][x.School] = x.due
			w.leaves(id)
		default:
			x.place.at, x.place.waited = x.due, x.due.Sub(x.charged)
			w.column.placed[id] = x.place
		}
	}
}

// refuses is the same whatever else happens: it goes by the case, and by how often it was proposed.
func (w *world) refuses(id uuid.UUID) bool {
	if w.rate == 0 {
		return false
	}
	h := fnv.New64a()
	h.Write(id[:]) // which never fails, nor does the next
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(w.asked[id])))
	return rand.New(rand.NewPCG(w.of.Seed, h.Sum64())).Float64() < w.rate
}

// leaves gives a pupil's place back. Whoever had one has had it.
func (w *world) leaves(id uuid.UUID) {
	if x := w.standing[id]; x != nil {
		x.gone = true
		w.used[x.kind]--
		delete(w.standing, id)
	}
}
