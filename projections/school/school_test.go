package school

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections/viewtest"
)

const (
	site        domain.School      = "ZZEE00001X"
	institution domain.Institution = "ZZIC00001X"
)

func listing(name string, y domain.SchoolYear) territory.SchoolListed {
	return territory.SchoolListed{Year: y, School: territory.School{Code: site, Institution: institution, Name: name, Comune: "015189",
		Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary, Management: territory.StateRun}}
}

func TestPlacesAreCountedAsTheirStreamHasThem(t *testing.T) {
	t.Parallel()
	j := viewtest.New(t)
	by := domain.Actor{Role: domain.RoleSchool, Body: string(institution)}
	j.Add(territory.SchoolStream(site), domain.System, listing("Primaria di prova", 2021))
	a, b := uuid.New(), uuid.New()
	level := viewtest.Third
	j.Add(places.Stream(site, 2021), by,
		places.PlacesDeclared{Level: level, Free: 2, Capacity: 2, At: viewtest.Begin},
		places.PlaceHeld{Offer: a, Level: level, Seat: 1},
		places.PlaceTaken{Offer: a, Level: level, Seat: 1, Held: true},
		places.PlaceTaken{Offer: b, Level: level, Seat: 2},
		places.PlaceHeld{Offer: uuid.New(), Level: level, Seat: 3, Over: true})
	want := Places{School: site, Year: 2021, Order: grade.Primaria, Grade: 3, Institution: institution, Comune: "015189", Capacity: 2, Held: 1, Taken: 2,
		Free: -1, DeclaredAt: viewtest.Begin}
	if got := seats.All(j.Fold(Projection())); len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	j.Add(places.Stream(site, 2021), by, places.PlaceReleased{Offer: a, Level: level, Seat: 1, Taken: true})
	if got := seats.All(j.Fold(Projection())); got[0].Taken != 1 || got[0].Held != 1 || got[0].Free != 0 {
		t.Errorf("after a release: %+v", got[0])
	}
}

func TestAnOlderRegisterDoesNotRenameASchool(t *testing.T) {
	t.Parallel()
	j := viewtest.New(t).Add(territory.SchoolStream(site), domain.System, listing("Nuovo nome", 2025), listing("Vecchio nome", 2021))
	if got := sites.All(j.Fold(Projection())); len(got) != 1 || got[0].Name != "Nuovo nome" || got[0].Year != 2025 {
		t.Errorf("%+v", got)
	}
	j.Add(territory.SchoolStream(site), domain.System, territory.SchoolDelisted{Year: 2026})
	if got := sites.All(j.Fold(Projection())); !got[0].Gone {
		t.Error("a school that is gone is still there")
	}
}

func TestASiteKeepsItsPlaceAndItsServicesWhenTheRegisterIsNew(t *testing.T) {
	t.Parallel()
	j := viewtest.New(t).Add(territory.SchoolStream(site), domain.System, listing("Primaria di prova", 2021),
		territory.SchoolLocated{Lat: 45.5, Lon: 9.2, Source: "civico"},
		territory.SchoolCounted{Year: 2021, Source: "MIM", Counts: []territory.Count{{Pupils: 100}}},
		territory.ServicesDeclared{Services: []territory.Service{territory.Canteen}}, listing("Nuovo nome", 2022))
	got := sites.All(j.Fold(Projection()))
	if len(got) != 1 || got[0].Name != "Nuovo nome" || !got[0].Placed() || got[0].Lat != 45.5 || got[0].Lon != 9.2 || got[0].PointSource != "civico" ||
		!slices.Equal(got[0].Services, []territory.Service{territory.Canteen}) || !got[0].ServicesAt.Equal(viewtest.Begin.Add(3*time.Hour)) {
		t.Errorf("%+v", got)
	}
	j.Add(territory.SchoolStream(site), domain.System, territory.SchoolLocated{Source: "errata"}, territory.ServicesDeclared{})
	if got := sites.All(j.Fold(Projection())); got[0].Placed() || len(got[0].Services) > 0 || got[0].ServicesAt.IsZero() {
		t.Errorf("taken back: %+v", got[0])
	}
}

func TestASchoolKeepsThePupilsItHadAndLosesThoseItDeclined(t *testing.T) {
	t.Parallel()
	declined, left := uuid.New(), uuid.New()
	j := viewtest.New(t)
	ust := domain.Actor{Role: domain.RoleUST}
	for _, id := range []uuid.UUID{declined, left} {
		j.Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
		j.Add(casefile.Stream(id), ust, casefile.PlaceOffered{Offer: id, School: site, Institution: institution, Level: viewtest.Third})
	}
	for _, l := range cases.All(j.Fold(Projection())) {
		if l.Institution != institution {
			t.Error("an offered case is not in the school's list")
		}
	}
	j.Add(casefile.Stream(declined), ust, casefile.OfferDeclined{Offer: declined, School: site, Reason: "no-places-in-class", At: viewtest.Begin})
	j.Add(casefile.Stream(left), ust, casefile.OfferAccepted{Offer: left, School: site, Institution: institution, Level: viewtest.Third, On: domain.DateOf(viewtest.Begin)},
		casefile.FirstDayRecorded{On: domain.DateOf(viewtest.Begin)}, casefile.AttendanceEnded{On: domain.DateOf(viewtest.Begin)},
		casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(viewtest.Begin)})
	for _, l := range cases.All(j.Fold(Projection())) {
		if kept := l.Institution == institution; kept != (l.Case == left) {
			t.Errorf("a case that is %s is in the school's list: %v", l.Status, kept)
		}
	}
}
