package rest

import (
	"net/http"
	"time"

	"approdo/domain"
	"approdo/domain/territory"
	"approdo/projections/school"
)

// sitePoint is where a site lies, in degrees (WGS84).
type sitePoint struct {
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
	Source string  `json:"source"`
}

// siteServices are all that a site declared, in the order of territory.Services; it offers none of the others.
type siteServices struct {
	Offered    []territory.Service `json:"offered"`
	DeclaredAt time.Time           `json:"declared_at"`
}

// pointOf is nil where nobody said where the site lies.
func pointOf(s school.Site) *sitePoint {
	if !s.Placed() {
		return nil
	}
	return &sitePoint{s.Lat, s.Lon, s.PointSource}
}

// servicesOf is nil where the site never declared its services.
func servicesOf(s school.Site) *siteServices {
	if s.ServicesAt.IsZero() {
		return nil
	}
	return &siteServices{append([]territory.Service{}, s.Services...), s.ServicesAt.UTC()}
}

type servicesDeclaration struct {
	Services []territory.Service `json:"services"`
}

// declareServices wants the list, be it empty: who leaves it out may have meant nothing.
func (a *api) declareServices(o order, in servicesDeclaration) (deed, error) {
	if in.Services == nil {
		return deed{}, domain.Invalid("field-required").On("services")
	}
	r, err := a.Desk.DeclareServices(o.ctx, o.ticket, pathSchool(o.r), territory.DeclareServices{Act: o.act, Services: in.Services})
	return deed{status: http.StatusOK, position: r.Position}, err
}

func (a *api) showSchool(o order, _ deed) (answer, error) {
	s, err := a.site(o.ctx, pathSchool(o.r))
	return answer{body: siteOf(s)}, err
}
