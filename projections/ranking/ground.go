package ranking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/territory"
	"approdo/projections/board"
)

// Ground is what schools are ranked by beside the pupil: the registers, the sites and their places, as known at one instant.
type Ground struct {
	Weights territory.Weights
	Percent int // the ceiling

	land    territory.State
	schools []territory.SchoolState
	places  Places
	at      time.Time
}

// Places knows the places of a grade at every site that ever said something of them, as known at an instant; the zero time is now. The
// board's are those that there are.
type Places interface {
	Opens(ctx context.Context, y domain.SchoolYear, l grade.Level, at time.Time) (map[domain.School]board.Open, error)
}

// GroundOf is the ground as known at an instant; the zero time is now.
func GroundOf(ctx context.Context, d *desk.Desk, p Places, at time.Time) (Ground, error) {
	g := Ground{places: p, at: at}
	land, err := d.TerritoryAsOf(ctx, at)
	if err != nil {
		return g, err
	}
	g.land = land
	if g.schools, err = d.Schools(ctx, at); err != nil {
		return g, err
	}
	slices.SortFunc(g.schools, func(a, b territory.SchoolState) int { return cmp.Compare(a.School.Code, b.School.Code) })
	day := at
	if at.IsZero() {
		day = d.Now()()
	}
	g.Weights, g.Percent = land.WeightsOn(domain.DateOf(day)), land.CeilingOn(domain.DateOf(day))
	return g, nil
}

// Institution is that of a site in a school year.
func (g Ground) Institution(code domain.School, y domain.SchoolYear) (domain.Institution, bool) {
	s, ok := g.school(code, y)
	return s.Institution, ok
}

// Centre is the one in whose zone a site is in a school year: that a pupil of its order who lived there would be routed to on a day.
func (g Ground) Centre(code domain.School, y domain.SchoolYear, on domain.Date) (domain.Centre, bool) {
	s, ok := g.school(code, y)
	if !ok {
		return "", false
	}
	r, err := g.land.Route(s.Comune, g.land.MunicipioOf(s.CAP), s.CAP, s.Order, on)
	return r.Centre, err == nil
}

func (g Ground) school(code domain.School, y domain.SchoolYear) (territory.School, bool) {
	i, ok := slices.BinarySearchFunc(g.schools, code, func(x territory.SchoolState, code domain.School) int { return cmp.Compare(x.School.Code, code) })
	if !ok {
		return territory.School{}, false
	}
	listed, _ := g.schools[i].On(y)
	return listed.School, true
}

// Sites are those that could be offered for a grade in a school year.
type Sites struct {
	sites []matching.Site
	spots []territory.Spot // by site: where ways to it end
}

// Sites gives them, with their places, counts and services.
func (g Ground) Sites(ctx context.Context, y domain.SchoolYear, l grade.Level) (out Sites, err error) {
	open, err := g.places.Opens(ctx, y, l, g.at)
	if err != nil {
		return out, err
	}
	for _, s := range g.schools {
		if ok, _ := s.Offerable(l, y); !ok {
			continue
		}
		listed, _ := s.On(y)
		site := matching.Site{School: listed.School.Code, Institution: listed.School.Institution, Comune: listed.School.Comune}
		o := open[site.School]
		site.Capacity, site.Free, site.DeclaredAt = o.Capacity, o.Free, o.Declared
		// Whoever joined by a case since is counted with those without Italian citizenship.
		if count, in, ok := s.Count(y, l.Year); ok {
			if joined := max(0, o.Capacity-o.Free); count.Grade == l.Year && count.ForeignKnown {
				count.Pupils, count.Foreign = count.Pupils+joined, count.Foreign+joined
			}
			site.Count, site.CountedIn = count, in
		}
		if o.Pupils > 0 {
			joined := max(0, o.Joined)
			site.Count = territory.Count{Grade: l.Year, Classes: 1, Pupils: o.Pupils + joined, Foreign: o.Foreign + joined, ForeignKnown: true}
			site.CountedIn, site.ByClass = y, true
		}
		for _, v := range territory.Services() {
			declared, yes := s.Offers(v)
			if site.ServicesDeclared = declared; yes {
				site.Services = append(site.Services, v)
			}
		}
		spot, to := g.middle(site.Comune, g.land.MunicipioOf(listed.School.CAP))
		if p, ok := s.Point(); ok {
			spot, to = territory.Spot{Lat: p.Lat, Lon: p.Lon}, matching.AtSite
		}
		site.To = to
		out.sites, out.spots = append(out.sites, site), append(out.spots, spot)
	}
	return out, nil
}

// Only gives those of the sites that are wanted, as they are wanted.
func (s Sites) Only(wanted func(matching.Site) (matching.Site, bool)) (out Sites) {
	for i, x := range s.sites {
		if x, ok := wanted(x); ok {
			out.sites, out.spots = append(out.sites, x), append(out.spots, s.spots[i])
		}
	}
	return out
}

// From gives the sites with the ways to them from a home.
func (s Sites) From(h Home) []matching.Site {
	out := slices.Clone(s.sites)
	for i := range out {
		out[i].From, out[i].Metres, out[i].SameComune = h.origin, h.spot.Metres(s.spots[i]), out[i].Comune == h.comune
	}
	return out
}

// Home is where a pupil's ways begin.
type Home struct {
	comune domain.Comune
	spot   territory.Spot
	origin matching.Origin
}

// Home is the municipio where it is known, and the centroid of the comune otherwise: a case has no coordinates of a family.
func (g Ground) Home(c domain.Comune, m domain.Municipio) Home {
	h := Home{comune: c}
	h.spot, h.origin = g.middle(c, m)
	return h
}

func (g Ground) middle(c domain.Comune, m domain.Municipio) (territory.Spot, matching.Origin) {
	if c == domain.Milano {
		if spot, ok := territory.MunicipioSpot(m); ok {
			return spot, matching.AtMunicipio
		}
	}
	comune, _ := g.land.Comune(c)
	return territory.Spot{Lat: comune.Lat, Lon: comune.Lon}, matching.AtComune
}
