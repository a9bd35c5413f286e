package rest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// siteTold is what a client reads of a site.
type siteTold struct {
	Point *struct {
		Lat    float64 `json:"lat"`
		Lon    float64 `json:"lon"`
		Source string  `json:"source"`
	} `json:"point"`
	Services *struct {
		Offered    []territory.Service `json:"offered"`
		DeclaredAt time.Time           `json:"declared_at"`
	} `json:"services"`
}

func TestASiteTellsWhereItLies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = base + "/schools/ZZEE00001X"
	if s := read[siteTold](h.get(ownComune, path).want(200)); s.Point != nil || s.Services != nil {
		t.Errorf("nobody said anything: %+v %+v", s.Point, s.Services)
	}
	act := domain.Act{By: domain.System, At: h.now()}
	_, err := event.Execute(context.Background(), h.store, h.codec, territory.SchoolDecider, territory.SchoolStream("ZZEE00001X"),
		territory.SchoolCommand(territory.LocateSchool{Act: act, Lat: 45.3802, Lon: 9.15, Source: "civico"}), event.Origin{ID: uuid.New(), By: act.By, At: act.At})
	h.check(err)
	h.check(h.views.CatchUp(t.Context()))
	if s := read[siteTold](h.get(ownComune, path).want(200)); s.Point == nil || s.Point.Lat != 45.3802 || s.Point.Lon != 9.15 || s.Point.Source != "civico" || s.Services != nil {
		t.Errorf("%+v %+v", s.Point, s.Services)
	}
}

func TestServicesAreDeclaredWholly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = base + "/schools/ZZEE00001X"
	s := read[siteTold](h.post(ownSchool, path+"/services", `{"services":["canteen","language-support"]}`).want(200))
	if s.Services == nil || !slices.Equal(s.Services.Offered, []territory.Service{territory.LanguageSupport, territory.Canteen}) || s.Services.DeclaredAt.IsZero() {
		t.Errorf("%+v", s.Services)
	}
	s = read[siteTold](h.post(ust, path+"/services", `{"services":[]}`).want(200))
	if s.Services == nil || len(s.Services.Offered) > 0 {
		t.Errorf("%+v", s.Services)
	}
	for body, want := range map[string]string{`{}`: "services field-required", `{"services":null}`: "services field-required", `{"services":["pool"]}`: "services service-unknown"} {
		if got := strings.Join(read[problem](h.post(ownSchool, path+"/services", body).want(422)).fields(), ", "); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	h.post(ownSchool, base+"/schools/ZZEE99999X/services", `{"services":[]}`).want(404)
}
