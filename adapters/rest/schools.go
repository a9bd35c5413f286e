package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/school"
)

// site is a code of the ministry's register, which is public.
type site struct {
	Code            domain.School        `json:"code"`
	Institution     domain.Institution   `json:"institution"`
	OfficialName    string               `json:"official_name"`
	InstitutionName string               `json:"institution_name,omitzero"`
	Comune          domain.Comune        `json:"comune"`
	Address         string               `json:"address,omitzero"`
	CAP             string               `json:"cap,omitzero"`
	Order           grade.Order          `json:"order,omitzero"`
	Kind            string               `json:"kind,omitzero"` // as the ministry writes it
	Feature         territory.Feature    `json:"feature"`
	Management      territory.Management `json:"management"`
	RegisterYear    domain.SchoolYear    `json:"register_year"`
	Listed          bool                 `json:"listed"`
	TakesPupils     bool                 `json:"takes_pupils"`
	Point           *sitePoint           `json:"point,omitzero"`
	Services        *siteServices        `json:"services,omitzero"`
}

func siteOf(s school.Site) site {
	return site{s.Code, s.Institution, s.Name, s.InstitutionName, s.Comune, s.Address, s.CAP, s.Order, s.Type, s.Feature, s.Management,
		s.Year, !s.Gone, s.TakesPupils, pointOf(s), servicesOf(s)}
}

func (a *api) listSchools(r *http.Request) (answer, error) {
	q := queryOf(r)
	text, comune, order := q.text("q"), domain.Comune(q.text("comune")), oneOf(q, "order", grade.Orders()...)
	cursor, limit := domain.School(q.text("cursor")), q.limit()
	if len(text) > longestText {
		q.fail("q", "text-too-long")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var out page[site]
	err := a.Views.ReadAs(r.Context(), actorOf(r.Context()), func(s *projections.Snapshot) error {
		sites, err := projections.Collect(school.Register(s, text, comune, order, cursor, limit+1))
		if err != nil {
			return err
		}
		next := ""
		if len(sites) > limit {
			sites = sites[:limit]
			next = string(sites[limit-1].Code)
		}
		out = pageOf(sites, next, siteOf)
		return nil
	})
	return answer{body: out}, err
}

func (a *api) readSchool(r *http.Request) (answer, error) {
	s, err := a.site(r.Context(), pathSchool(r))
	return answer{body: siteOf(s)}, err
}

func pathSchool(r *http.Request) domain.School {
	return domain.School(strings.ToUpper(chi.URLParam(r, "code")))
}

func (a *api) site(ctx context.Context, code domain.School) (school.Site, error) {
	var out school.Site
	err := a.Views.ReadAs(ctx, actorOf(ctx), func(s *projections.Snapshot) error {
		site, known, err := school.SiteOf(s, code)
		if err == nil && !known {
			err = territory.ErrSchoolNotFound
		}
		out = site
		return err
	})
	return out, err
}

// gradePlaces are the places of one grade. Room is how many pupils without Italian citizenship may still join before the class
// passes the ceiling in percent: it warns and never blocks.
type gradePlaces struct {
	Level          string    `json:"level"`
	Capacity       int       `json:"capacity"`
	Held           int       `json:"held"`
	Taken          int       `json:"taken"`
	Free           int       `json:"free"`
	Pupils         int       `json:"pupils,omitzero"`
	Foreign        int       `json:"foreign,omitzero"`
	CeilingPercent int       `json:"ceiling_percent,omitzero"`
	CeilingRoom    *int      `json:"ceiling_room,omitzero"` // where the school described the class
	DeclaredAt     time.Time `json:"declared_at,omitzero"`
}

type schoolPlaces struct {
	School     domain.School     `json:"school"`
	SchoolYear domain.SchoolYear `json:"school_year"`
	page[gradePlaces]
}

func (a *api) readPlaces(r *http.Request) (answer, error) {
	q := queryOf(r)
	year := q.number("school_year", 2000, 2100, int(domain.SchoolYearOf(domain.DateOf(a.Clock()))))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out, err := a.placesOf(r.Context(), pathSchool(r), domain.SchoolYear(year))
	return answer{body: out}, err
}

func (a *api) placesOf(ctx context.Context, code domain.School, y domain.SchoolYear) (schoolPlaces, error) {
	actor := actorOf(ctx)
	if err := access.Large(actor, access.ReadPlaces); err != nil {
		return schoolPlaces{}, err
	}
	s, err := a.site(ctx, code)
	if err != nil {
		return schoolPlaces{}, err
	}
	if actor.Role == domain.RoleSchool && actor.Body != string(s.Institution) {
		return schoolPlaces{}, access.ErrNotAllowed
	}
	land, err := a.Desk.Territory(ctx)
	if err != nil {
		return schoolPlaces{}, err
	}
	ceiling := land.CeilingOn(domain.DateOf(a.Clock()))
	out := schoolPlaces{School: code, SchoolYear: y, page: page[gradePlaces]{Items: []gradePlaces{}}}
	err = a.Views.ReadAs(ctx, actorOf(ctx), func(snapshot *projections.Snapshot) error {
		for p, err := range school.PlacesOf(snapshot, s.Institution, y) {
			if err != nil {
				return err
			}
			if p.School == code {
				out.Items = append(out.Items, placesDTO(p, ceiling))
			}
		}
		return nil
	})
	return out, err
}

func placesDTO(p school.Places, ceiling int) gradePlaces {
	out := gradePlaces{Level: p.Level().String(), Capacity: p.Capacity, Held: p.Held, Taken: p.Taken, Free: p.Free, Pupils: p.Pupils,
		Foreign: p.Foreign, DeclaredAt: p.DeclaredAt.UTC()}
	if p.Pupils > 0 && ceiling < 100 {
		room := places.CeilingRoom(p.Pupils, p.Foreign, ceiling)
		out.CeilingPercent, out.CeilingRoom = ceiling, &room
	}
	return out
}

type declaration struct {
	SchoolYear domain.SchoolYear `json:"school_year"`
	Level      string            `json:"level"`
	Free       int               `json:"free"`
	Pupils     int               `json:"pupils,omitzero"`
	Foreign    int               `json:"foreign,omitzero"`
}

// declarePlaces keeps the school year in the location, which says where the declaration is read.
func (a *api) declarePlaces(o order, in declaration) (deed, error) {
	code := pathSchool(o.r)
	if _, err := a.site(o.ctx, code); err != nil {
		return deed{}, err
	}
	var c checker
	if in.SchoolYear < 2000 || in.SchoolYear > 2100 {
		c.fail("school_year", codeOutOfRange)
	}
	cmd := places.Declare{Act: o.act, Level: c.level("level", in.Level), Free: in.Free, Pupils: in.Pupils, Foreign: in.Foreign}
	if err := c.err(); err != nil {
		return deed{}, err
	}
	r, err := a.Desk.DeclarePlaces(o.ctx, o.ticket, code, in.SchoolYear, cmd)
	where := base + "/schools/" + string(code) + "/places?school_year=" + strconv.Itoa(int(in.SchoolYear))
	return created(where, r.Position), err
}

func (a *api) showPlaces(o order, d deed) (answer, error) {
	_, year, _ := strings.Cut(d.location, "?school_year=")
	y, err := strconv.Atoi(year)
	if err != nil {
		return answer{}, err
	}
	out, err := a.placesOf(o.ctx, pathSchool(o.r), domain.SchoolYear(y))
	return answer{body: out}, err
}
