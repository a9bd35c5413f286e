package territory_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/grade"
	. "approdo/domain/territory"
)

const anagrafe = "MIM, alunni per cittadinanza"

var (
	itsSchool    = domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: "MIIC8XX00B"}, At: noon}
	anotherOne   = domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: "MIIC8YY00C"}, At: noon}
	aCentre      = domain.Act{By: domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}, At: noon}
	listed       = SchoolListed{2025, site()}
	bothServices = ServicesDeclared{[]Service{LanguageSupport, Canteen}}
)

func TestWhereASiteLies(t *testing.T) {
	t.Parallel()
	past := givenSchool(t, listed)
	there := SchoolLocated{45.464204, 9.189982, "civico"}
	past.When(LocateSchool{system, 45.4642035, 9.1899819, " civico "}).Then(there)
	past.When(LocateSchool{ust, 35.5, 12.6, "civico"}).Then(SchoolLocated{35.5, 12.6, "civico"}) // Lampedusa
	past.And(there).When(LocateSchool{system, 45.464204, 9.189982, "civico"}).ThenNothing()
	past.And(there).When(LocateSchool{system, 45.464204, 9.189982, "osm"}).Then(SchoolLocated{45.464204, 9.189982, "osm"})
	past.And(there).When(LocateSchool{ust, 0, 0, "errata"}).Then(SchoolLocated{0, 0, "errata"})
	past.When(LocateSchool{ust, 0, 0, "errata"}).ThenNothing()
	past.And(there, SchoolLocated{0, 0, "errata"}).When(LocateSchool{ust, 0, 0, "mai stata"}).ThenNothing()
	for name, tt := range map[string]struct {
		c    LocateSchool
		want error
	}{
		"the other way round": {LocateSchool{system, 9.189982, 45.464203, "civico"}, ErrOutsideItaly},
		"no number":           {LocateSchool{system, math.NaN(), 9, "civico"}, ErrOutsideItaly},
		"one of two":          {LocateSchool{system, 45.4, 0, "civico"}, ErrOutsideItaly},
		"nobody's":            {LocateSchool{system, 45.4, 9.1, " "}, ErrFigureSource},
		"a long source":       {LocateSchool{system, 45.4, 9.1, strings.Repeat("è", 201)}, ErrFigureSource},
		"by the school":       {LocateSchool{itsSchool, 45.4, 9.1, "civico"}, ErrNotUST},
	} {
		t.Run(name, func(t *testing.T) { past.When(tt.c).ThenRefused(tt.want) })
	}
	givenSchool(t).When(LocateSchool{system, 45.4, 9.1, "civico"}).ThenRefused(ErrSchoolNotFound)

	if p, ok := past.And(there).State().Point(); !ok || p != (Located{45.464204, 9.189982, "civico"}) {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := past.And(there, SchoolLocated{0, 0, "errata"}).State().Point(); ok {
		t.Error("what was taken back is still there")
	}
}

func TestWhatASiteOffers(t *testing.T) {
	t.Parallel()
	past := givenSchool(t, listed)
	declare := func(act domain.Act, s ...Service) DeclareServices { return DeclareServices{act, s} }
	past.When(declare(itsSchool, Canteen, LanguageSupport, Canteen)).Then(bothServices)
	past.When(declare(ust, Transport)).Then(ServicesDeclared{[]Service{Transport}})
	past.When(declare(system)).Then(ServicesDeclared{[]Service{}})
	past.And(ServicesDeclared{[]Service{}}).When(declare(itsSchool)).ThenNothing()
	past.And(bothServices).When(declare(ust, LanguageSupport, Canteen)).ThenNothing()
	past.And(bothServices).When(declare(itsSchool)).Then(ServicesDeclared{[]Service{}})
	past.When(declare(itsSchool, "pool")).ThenRefused(ErrService)
	past.When(declare(anotherOne, Canteen)).ThenRefused(ErrSchoolNotFound)
	past.When(declare(aCentre, Canteen)).ThenRefused(ErrNotUST)
	givenSchool(t).When(declare(ust, Canteen)).ThenRefused(ErrSchoolNotFound)
	givenSchool(t).When(declare(domain.Act{By: domain.Actor{Role: domain.RoleSchool}}, Canteen)).ThenRefused(ErrSchoolNotFound)
	givenSchool(t, SchoolListed{2025, site(func(s *School) { s.Order = "" })}).When(declare(itsSchool, Canteen)).ThenRefused(ErrTakesNoPupil)

	if declared, yes := past.State().Offers(Canteen); declared || yes {
		t.Error("a site offers what nobody declared")
	}
	for service, want := range map[Service]bool{Canteen: true, LanguageSupport: true, Transport: false} {
		if declared, yes := past.And(bothServices).State().Offers(service); !declared || yes != want {
			t.Errorf("%s: declared %v, %v", service, declared, yes)
		}
	}
}

func TestPupilsAreCountedByYearAndGrade(t *testing.T) {
	t.Parallel()
	first, second := Count{Grade: 1, Pupils: 41, Foreign: 12, ForeignKnown: true}, Count{Grade: 2, Pupils: 20, ForeignKnown: true}
	counted := SchoolCounted{2024, anagrafe, []Count{first, second}}
	past := givenSchool(t, listed)
	past.When(CountSchool{system, 2024, anagrafe, []Count{second, first}}).Then(counted)
	past.And(counted).When(CountSchool{system, 2024, anagrafe, []Count{first, second}}).ThenNothing()
	past.And(counted).When(CountSchool{system, 2024, "altra fonte", []Count{first}}).ThenNothing()
	more := Count{Grade: 2, Pupils: 21, Foreign: 1, ForeignKnown: true}
	past.And(counted).When(CountSchool{ust, 2024, anagrafe, []Count{first, more}}).Then(SchoolCounted{2024, anagrafe, []Count{more}})
	past.And(counted).When(CountSchool{system, 2025, anagrafe, []Count{first}}).Then(SchoolCounted{2025, anagrafe, []Count{first}})
	none := Count{Grade: 3}
	past.When(CountSchool{system, 2024, anagrafe, []Count{none}}).Then(SchoolCounted{2024, anagrafe, []Count{none}})

	one := func(c Count) CountSchool { return CountSchool{system, 2024, anagrafe, []Count{c}} }
	for name, tt := range map[string]struct {
		c    CountSchool
		want error
	}{
		"no grade at all":              {CountSchool{system, 2024, anagrafe, nil}, ErrCount},
		"a grade twice":                {CountSchool{system, 2024, anagrafe, []Count{first, first}}, ErrCount},
		"grade 6":                      {one(Count{Grade: 6, Pupils: 1}), ErrCount},
		"more foreign than pupils":     {one(Count{Pupils: 1, Foreign: 2, ForeignKnown: true}), ErrCount},
		"foreign, and yet not known":   {one(Count{Pupils: 2, Foreign: 1}), ErrCount},
		"fewer than none":              {one(Count{Pupils: -1}), ErrCount},
		"fewer classes than none":      {one(Count{Pupils: 1, Classes: -1}), ErrCount},
		"a town":                       {one(Count{Pupils: 50_000}), ErrCount},
		"a year before the platform's": {CountSchool{system, 1999, anagrafe, []Count{first}}, ErrSchoolYear},
		"nobody's figures":             {CountSchool{system, 2024, "", []Count{first}}, ErrFigureSource},
		"by the school":                {CountSchool{itsSchool, 2024, anagrafe, []Count{first}}, ErrNotUST},
	} {
		t.Run(name, func(t *testing.T) { past.When(tt.c).ThenRefused(tt.want) })
	}
	givenSchool(t).When(one(first)).ThenRefused(ErrSchoolNotFound)
}

func TestTwoFilesOfAYearAreMergedWhicheverComesFirst(t *testing.T) {
	t.Parallel()
	citizens := SchoolCounted{2024, anagrafe, []Count{{Grade: 1, Pupils: 41, Foreign: 12, ForeignKnown: true}}}
	classes := SchoolCounted{2024, "MIM, classi", []Count{{Grade: 1, Classes: 2, Pupils: 40}, {Grade: 2, Classes: 1, Pupils: 22}}}
	want := []Count{{Grade: 1, Classes: 2, Pupils: 41, Foreign: 12, ForeignKnown: true}, {Grade: 2, Classes: 1, Pupils: 22}}
	for _, both := range [][]SchoolEvent{{listed, citizens, classes}, {listed, classes, citizens}} {
		past := givenSchool(t, both...)
		if got := past.State().Counts(2024); !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
		if by := past.And(citizens).State().CountedBy(2024); len(by) != 2 || !slices.Contains(by, anagrafe) || !slices.Contains(by, "MIM, classi") {
			t.Errorf("%q", by)
		}
		past.When(CountSchool{system, 2024, anagrafe, citizens.Counts}).ThenNothing()
		past.When(CountSchool{system, 2024, anagrafe, classes.Counts}).ThenNothing()
	}
	if a := givenSchool(t, listed, classes).State(); len(a.Counts(2024)) != 2 || len(givenSchool(t, listed).State().Counts(2024)) != 0 {
		t.Error("a state was changed that others hold")
	}
}

func TestTheNewestCountNotAfterAYearAnswers(t *testing.T) {
	t.Parallel()
	foreign := func(grade, pupils, foreign int) Count {
		return Count{Grade: grade, Pupils: pupils, Foreign: foreign, ForeignKnown: true}
	}
	s := givenSchool(t, listed,
		SchoolCounted{2022, anagrafe, []Count{foreign(1, 20, 4), foreign(2, 22, 6)}},
		SchoolCounted{2024, anagrafe, []Count{foreign(0, 100, 30), foreign(1, 21, 5)}},
		SchoolCounted{2026, anagrafe, []Count{{Grade: 1, Classes: 1, Pupils: 20}, {Grade: 2, Classes: 1, Pupils: 22, ForeignKnown: true}}}).State()
	for _, tt := range []struct {
		year  domain.SchoolYear
		grade int
		want  Count
		from  domain.SchoolYear
	}{
		{2023, 1, foreign(1, 20, 4), 2022},
		{2022, 3, Count{Pupils: 42}, 2022}, // no such grade: the grades together, whose foreign pupils are not all known
		{2020, 1, foreign(1, 20, 4), 2022}, // all are after it
		{2024, 1, foreign(1, 21, 5), 2024},
		{2025, 2, foreign(0, 100, 30), 2024},
		{2025, 0, foreign(0, 100, 30), 2024},
		{2030, 0, foreign(0, 100, 30), 2024}, // the newest does not know the foreign pupils
		{2030, 1, foreign(1, 21, 5), 2024},
		{2030, 2, Count{Grade: 2, Classes: 1, Pupils: 22, ForeignKnown: true}, 2026},
	} {
		if got, from, ok := s.Count(tt.year, tt.grade); !ok || got != tt.want || from != tt.from {
			t.Errorf("%v, grade %d: %+v of %v", tt.year, tt.grade, got, from)
		}
	}
	if _, _, ok := givenSchool(t, listed).State().Count(2024, 1); ok {
		t.Error("a site that nobody counted has pupils")
	}
}

// One more pupil than there is room for would pass the ceiling in a class of average size.
func TestTheRoomOfACountIsThatOfItsAverageClass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Count{Grade: 1, Classes: rapid.IntRange(0, 4).Draw(t, "classes"), Pupils: rapid.IntRange(0, 120).Draw(t, "pupils"), ForeignKnown: true}
		c.Foreign = rapid.IntRange(0, c.Pupils).Draw(t, "foreign")
		percent := rapid.IntRange(0, 99).Draw(t, "percent")
		parts := max(1, c.Classes)
		within := func(x int) bool { return 100*(c.Foreign+parts*x) <= percent*(c.Pupils+parts*x) }
		want := 0
		for within(want + 1) {
			want++
		}
		if got, known := c.Room(percent); !known || got != want {
			t.Fatalf("%+v at %d %%: %d, by trying %d", c, percent, got, want)
		}
	})
	if _, known := (Count{Pupils: 20}).Room(30); known {
		t.Error("there is room although nobody knows whom the class has")
	}
	if tenths, known := (Count{Pupils: 30, Foreign: 10, ForeignKnown: true}).Share(); !known || tenths != 333 {
		t.Errorf("share %d, %v", tenths, known)
	}
	if _, known := (Count{ForeignKnown: true}).Share(); known {
		t.Error("nobody is a share of nobody")
	}
}

func TestFiguresDoNotMakeASiteOfferable(t *testing.T) {
	t.Parallel()
	s := givenSchool(t, SchoolLocated{45.4, 9.1, "civico"}, SchoolCounted{2024, anagrafe, []Count{{Pupils: 3}}}, bothServices).State()
	if _, known := s.On(2024); known || len(s.Years()) > 0 {
		t.Error("figures put a site into the register")
	}
	if ok, _ := s.Offerable(grade.Level{Order: grade.Primaria, Year: 3}, 2024); ok {
		t.Error("figures make a site offerable")
	}
}
