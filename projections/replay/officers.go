package replay

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/projections/board"
	"approdo/projections/ranking"
)

// officers are what was done.
type officers struct {
	offers  map[uuid.UUID]*offer
	fresh   []*offer // that are not measured yet
	sighted *offer   // that is being measured
	column
}

// offer is one that an officer made.
type offer struct {
	of          *pupil
	school      domain.School
	level       grade.Level
	year        domain.SchoolYear
	comune      domain.Comune
	municipio   domain.Municipio
	at          time.Time
	seats       seats // without its own
	place       place
	institution domain.Institution
}

func newOfficers() officers { return officers{offers: map[uuid.UUID]*offer{}, column: newColumn()} }

func (o *officers) offered(p *pupil, e casefile.PlaceOffered, s seats) {
	x := &offer{of: p, school: e.School, institution: e.Institution, level: e.Level, year: p.state.SchoolYear, comune: p.state.Comune, municipio: p.state.Municipio, at: e.At, seats: s}
	o.offers[e.Offer], o.fresh = x, append(o.fresh, x)
}

func (o *officers) accepted(p *pupil, id uuid.UUID, at time.Time) {
	if x := o.offers[id]; x != nil {
		x.place.at, x.place.waited, x.place.institution = at, at.Sub(p.charged), x.institution
		o.placed[p.id] = x.place
	}
}

// Opens is ranking.Places: the places of the one offer that is being measured, as they were.
func (o *officers) Opens(context.Context, domain.SchoolYear, grade.Level, time.Time) (map[domain.School]board.Open, error) {
	if o.sighted == nil {
		return nil, nil
	}
	return map[domain.School]board.Open{o.sighted.school: o.sighted.seats.open(o.sighted.seats.used)}, nil
}

// measure tells the ways of what was offered since the last time, as a ranking and a plan tell them.
func (o *officers) measure(ctx context.Context, g ranking.Ground) error {
	defer func() { o.fresh, o.sighted = nil, nil }()
	for _, x := range o.fresh {
		o.sighted = x
		sites, err := g.Sites(ctx, x.year, x.level)
		if err != nil {
			return err
		}
		there := sites.Only(func(s matching.Site) (matching.Site, bool) { return s, s.School == x.school }).From(g.Home(x.comune, x.municipio))
		for _, r := range matching.Rank(matching.Seeker{}, there, g.Weights, g.Percent, domain.DateOf(x.at)) {
			x.place.measured, x.place.metres = true, r.Reasons[0].Metres
			x.place.far = slices.ContainsFunc(r.Reasons, func(why matching.Reason) bool { return why.Code == matching.ReasonFar })
			x.place.over = over(r.Site, x.level, g.Percent, 1)
		}
		if had, ok := o.placed[x.of.id]; ok && had.at.Equal(x.place.at) {
			o.placed[x.of.id] = x.place
		}
	}
	return nil
}

// over reports whether the nth pupil who joins a grade is beyond the ceiling, by the figures that a plan goes by.
func over(s matching.Site, l grade.Level, percent, nth int) bool {
	room, known := s.Count.Room(percent)
	counted := s.ByClass || s.CountedIn != 0 && s.Count.Grade == l.Year
	return counted && known && (room == 0 || nth > room*max(1, s.Count.Classes))
}
