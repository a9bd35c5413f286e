package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
)

// Report is what a replay found. Days are of Rome.
type Report struct {
	From, To domain.Date
	Every    int
	// Answer is after how long a proposal of a plan was answered: the median time in which schools accepted or declined. Refused of the
	// Answered offers were declined, or lapsed.
	Answer            time.Duration
	Refused, Answered int
	Officers          Column // what was done
	Plans             Column // if each proposal of a plan had been accepted
	Declined          Column // if as many of them had been declined as of the officers' offers
	// Free is if each had been accepted, and whoever planned had been as free as the officers were: they passed the ceiling where they saw fit, and
	// asked schools for places, which many declared only then. So no ceiling binds, and what schools declared until the next plan is known.
	Free Column
}

// Column is what became of pupils, in what was done or in what plans would have done. Whoever turned out to be asked for twice is counted
// in Twice alone, where a place was given for it.
type Column struct {
	Plans, Proven int          // how many were drawn, and of them, how many are proven to be the best
	Placed        int          // who got a place that was offered or proposed, whatever became of them later
	Ways          Spread[int]  // metres of their ways, as the crow flies, by the measure of the ranking
	Unmeasured    int          // of them, those whose school no register had
	Far           int          // of them, with a way longer than the register thinks fit
	Over          int          // of them, in a class that had reached the ceiling
	Waits         Spread[Wait] // from when a centre took charge to when the school accepted
	Together      int          // households of several at one institution
	Apart         int          // and at more than one
	Waiting       int          // whom a centre had in charge at the end, and who had no place
	Asked         int          // of them, those for whom a school had been asked
	Twice         int          // requests with a place that turned out to be of another case's pupil
	Both          Both
}

// Both compares a column with what the officers did, for those who got a place in both: the others are not the same pupils.
type Both struct {
	Pupils               int
	Ways, OfficersWays   int  // mean, in metres
	Waits, OfficersWaits Wait // mean
}

// Wait is how long somebody waited.
type Wait = time.Duration

// column is a Column while it is filled.
type column struct {
	plans, proven int
	placed        map[uuid.UUID]place // the last, by case
}

func newColumn() column { return column{placed: map[uuid.UUID]place{}} }

// place is where a pupil came to.
type place struct {
	at          time.Time // when the school accepted
	waited      time.Duration
	institution domain.Institution
	metres      int
	measured    bool
	far, over   bool
}

// Spread sums figures up: half of them are at most Median, nine in ten at most P90.
type Spread[T ~int | ~int64] struct{ Mean, Median, P90 T }

// spread is zero of nothing.
func spread[T ~int | ~int64](of []T) (s Spread[T]) {
	if len(of) == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(of))
	for _, x := range sorted {
		s.Mean += x
	}
	s.Mean /= T(len(sorted))
	s.Median, s.P90 = sorted[(len(sorted)-1)/2], sorted[(9*len(sorted)-1)/10]
	return s
}

func (r *replay) report(answer time.Duration) Report {
	out := Report{From: domain.DateOf(r.from), To: domain.DateOf(r.end).AddDays(-1), Every: r.Every, Answer: answer, Refused: r.refused, Answered: r.accepted + r.refused}
	out.Officers = r.sum(r.officers.column, func(p *pupil) (placed, asked bool) {
		s := p.state.Status
		return s.HoldsPlace() && s != casefile.Offered, s == casefile.Offered
	})
	for i, into := range []*Column{&out.Plans, &out.Declined, &out.Free} {
		w := r.worlds[i]
		*into = r.sum(w.column, func(p *pupil) (placed, asked bool) {
			x := w.standing[p.id]
			return x != nil && !x.place.at.IsZero(), x != nil
		})
	}
	return out
}

// sum counts a column. Has says whether somebody has a place at the end, or a school is asked for one.
func (r *replay) sum(c column, has func(*pupil) (placed, asked bool)) Column {
	out := Column{Plans: c.plans, Proven: c.proven}
	var ways []int
	var waits []time.Duration
	both := sums{}
	for _, p := range r.order {
		x, got := c.placed[p.id]
		if p.twice() {
			if got {
				out.Twice++
			}
			continue
		}
		if p.seeks(r.shared) {
			if placed, asked := has(p); !placed {
				out.Waiting++
				if asked {
					out.Asked++
				}
			}
		}
		if !got {
			continue
		}
		out.Placed++
		waits = append(waits, x.waited)
		if x.measured {
			ways = append(ways, x.metres)
		} else {
			out.Unmeasured++
		}
		if x.far {
			out.Far++
		}
		if x.over {
			out.Over++
		}
		if other, ok := r.officers.placed[p.id]; ok {
			both.add(x, other)
		}
	}
	out.Ways, out.Waits, out.Both = spread(ways), spread(waits), both.mean()
	out.Together, out.Apart = r.families(c)
	return out
}

// sums are Both before they are divided.
type sums struct {
	Both
	measured int
}

func (s *sums) add(here, there place) {
	s.Pupils++
	s.Waits, s.OfficersWaits = s.Waits+here.waited, s.OfficersWaits+there.waited
	if here.measured && there.measured {
		s.measured++
		s.Ways, s.OfficersWays = s.Ways+here.metres, s.OfficersWays+there.metres
	}
}

func (s sums) mean() Both {
	b, n := s.Both, time.Duration(max(1, s.Pupils))
	b.Waits, b.OfficersWaits = b.Waits/n, b.OfficersWaits/n
	b.Ways, b.OfficersWays = b.Ways/max(1, s.measured), b.OfficersWays/max(1, s.measured)
	return b
}

// families counts households of several that have a place: those who were placed here, with brothers and sisters who had a place otherwise.
func (r *replay) families(c column) (together, apart int) {
	type family struct {
		seats, placed int
		at            map[domain.Institution]bool
	}
	families := map[string]*family{}
	for _, p := range r.order {
		if p.twice() {
			continue
		}
		name := cmp.Or(p.papers.Household, p.id.String())
		f := families[name]
		if f == nil {
			f = &family{at: map[domain.Institution]bool{}}
			families[name] = f
		}
		if x, ok := c.placed[p.id]; ok {
			f.placed, f.seats, f.at[x.institution] = f.placed+1, f.seats+1, true
		} else if p.sitting != "" {
			f.seats, f.at[p.sitting] = f.seats+1, true
		}
		if i, ok := r.ground.Institution(p.papers.SiblingAt, p.state.SchoolYear); ok {
			f.seats, f.at[i] = f.seats+1, true
		}
	}
	for _, f := range families {
		switch {
		case f.placed == 0 || f.seats < 2:
		case len(f.at) == 1:
			together++
		default:
			apart++
		}
	}
	return together, apart
}
