// Package ranking puts schools in order for a case, as things were known at one instant: the case by its own events, sites and weights by
// the registers, places by the board's log. So the same answer can be had again years later, and nothing of it is kept.
package ranking

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/centre"
)

// Ranking is the schools in their order, and by what they were put in it.
type Ranking struct {
	Schools []matching.Ranked
	Weights territory.Weights
	Percent int // the ceiling
	Level   grade.Level
	Year    domain.SchoolYear
	At      time.Time // as known then (UTC)
	// Schooling is the pupil's, as far as the reader may see it: what of it counts is how much Italian there is.
	Schooling desk.Opened
}

// Of ranks for a case every site that could be offered to it at an instant; the zero time is now, and otherwise the file must be the one of
// that instant (File.AsOf). Household are the cases of its household: of those the reader may see, and of no other, the ranking knows where
// the children have a place. Last is the plan by whose prices the decision goes, where it is not older than the figures that the weights call old; nil is none. Of the pupil it opens the schooling, where the reader may see it, which the access record notes; else how much
// Italian the pupil has counts for nothing. The error is access.ErrNotAllowed for whoever may not choose a school for the case,
// casefile.ErrErased where the pupil is.
func Of(ctx context.Context, d *desk.Desk, b *board.Board, f desk.File, household []uuid.UUID, last *planning.Drawn, at time.Time) (Ranking, error) {
	if err := access.Case(f.Reader(), f.Relation, access.Rank); err != nil {
		return Ranking{}, err
	}
	if f.State.Erased {
		return Ranking{}, casefile.ErrErased
	}
	r := Ranking{Level: f.State.Level, Year: f.State.SchoolYear, At: at}
	if at.IsZero() {
		r.At = d.Now()().UTC()
	}
	g, err := GroundOf(ctx, d, b, at)
	if err != nil {
		return r, err
	}
	r.Weights, r.Percent = g.Weights, g.Percent
	if r.Schooling, err = f.Open(ctx, access.Schooling); err != nil {
		return r, err
	}
	seeker, err := seekerOf(ctx, d, f, household, g, at)
	if err != nil {
		return r, err
	}
	seeker.LittleItalian = slices.Contains(little, r.Schooling.Italian)
	open, err := g.Sites(ctx, r.Year, r.Level)
	if err != nil {
		return r, err
	}
	sites := open.From(g.Home(f.State.Comune, f.State.Municipio))
	if held := f.State.Offer; held != nil && f.State.Status.HoldsPlace() {
		if i := slices.IndexFunc(sites, func(x matching.Site) bool { return x.School == held.School }); i >= 0 {
			sites[i].Free++ // the pupil's own place is not another's
		}
	}
	if last != nil && domain.DateOf(last.At).DaysUntil(domain.DateOf(r.At)) <= g.Weights.StaleDays {
		priced(sites, *last, f.ID, r.Level, g.Weights)
	}
	r.Schools = matching.Rank(seeker, sites, r.Weights, r.Percent, domain.DateOf(r.At))
	return r, nil
}

// Household gives the cases of a case's household, its own among them; none where it has no household.
func Household(v *projections.Snapshot, f desk.File) (ids []uuid.UUID, err error) {
	if f.Papers.Household == "" {
		return nil, nil
	}
	for l, err := range centre.Household(v, f.Papers.Household) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, l.Case)
	}
	return ids, nil
}

// Place gives a school's place in the ranking; false where it could not be offered.
func (r Ranking) Place(school domain.School) (matching.Ranked, bool) {
	i := slices.IndexFunc(r.Schools, func(x matching.Ranked) bool { return x.School == school })
	if i < 0 {
		return matching.Ranked{}, false
	}
	return r.Schools[i], true
}

// little are the levels of Italian with which lessons cannot be followed without help.
var little = casefile.ItalianLevels()[:4]

func seekerOf(ctx context.Context, d *desk.Desk, f desk.File, household []uuid.UUID, g Ground, at time.Time) (matching.Seeker, error) {
	s := SeekerOf(f.State)
	attends := func(code domain.School) {
		if i, ok := g.Institution(code, f.State.SchoolYear); ok {
			s.Siblings = append(s.Siblings, i)
		}
	}
	attends(f.Papers.SiblingAt)
	for _, id := range household {
		sibling, err := d.Case(ctx, f.Reader(), id)
		if err == nil && !at.IsZero() {
			sibling, err = sibling.AsOf(at)
		}
		switch {
		case errors.Is(err, access.ErrAbsent) || id == f.ID:
		case err != nil:
			return s, err
		case sibling.State.Offer != nil && sibling.State.Status.HoldsPlace() && sibling.Relation != access.Past:
			attends(sibling.State.Offer.School)
		}
	}
	return s, nil
}

// priced says of sites what one more place there was worth in a plan, and where the pupil went in it.
func priced(sites []matching.Site, plan planning.Drawn, id uuid.UUID, l grade.Level, w territory.Weights) {
	worth := map[domain.School]matching.Cost{}
	for _, p := range plan.Worth {
		if p.Level == l {
			worth[p.School] = p.Cost
		}
	}
	seat, _ := plan.Seat(id)
	on := domain.DateOf(plan.At)
	for i := range sites {
		s := &sites[i]
		if seat.School == s.School && seat.Level == l {
			s.Planned = on
		}
		if s.DeclaredAt.After(plan.At) {
			continue // there are other places by now than those that the plan knew
		}
		if c := worth[s.School]; c[0] > 0 {
			s.Wanted = matching.Wanted{Alone: true, On: on}
		} else if metres := max(0, plan.Unit.Metres(c)) + plan.Unit.Apart(c)*w.Sibling; metres > 0 {
			s.Wanted = matching.Wanted{Metres: metres, On: on}
		}
	}
}

// SeekerOf is what a ranking goes by of a pupil that is not sealed, but for brothers and sisters.
func SeekerOf(of casefile.State) matching.Seeker {
	s := matching.Seeker{Wishes: of.Preferred, Declined: of.Declined}
	for _, n := range of.Needs {
		if v := territory.Service(n); slices.Contains(territory.Services(), v) {
			s.Services = append(s.Services, v)
		}
	}
	return s
}
