package territory_test

import (
	"slices"
	"testing"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
	. "approdo/domain/territory"
)

func site(change ...func(*School)) School {
	s := School{Code: "MIEE8XX01A", Institution: "MIIC8XX00B", Name: "PRIMARIA DI PROVA", InstitutionName: "IC DI PROVA",
		Address: "VIA DELLE PROVE 1", CAP: "20089", Comune: rozzano, Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: Ordinary,
		Management: StateRun, Email: "miic8xx00b@example.org", Website: "www.example.org"}
	for _, c := range change {
		c(&s)
	}
	return s
}

func givenSchool(t testing.TB, past ...SchoolEvent) spec.Past[SchoolState, SchoolCommand, SchoolEvent] {
	return spec.Given(t, SchoolDecider, past...)
}

func renamed(s *School) { s.Name = "PRIMARIA NUOVA" }

func TestASiteIsListedYearByYear(t *testing.T) {
	t.Parallel()
	list := func(y domain.SchoolYear, s School) ListSchool { return ListSchool{system, y, s} }
	givenSchool(t).When(list(2025, site())).Then(SchoolListed{2025, site()})
	givenSchool(t).When(ListSchool{ust, 2025, site()}).Then(SchoolListed{2025, site()})
	givenSchool(t, SchoolListed{2025, site()}).When(list(2025, site())).ThenNothing()
	givenSchool(t, SchoolListed{2025, site()}).When(list(2026, site())).Then(SchoolListed{2026, site()})
	givenSchool(t, SchoolListed{2025, site()}).When(list(2025, site(renamed))).Then(SchoolAmended{2025, site(renamed)})
	givenSchool(t, SchoolListed{2025, site()}, SchoolAmended{2025, site(renamed)}).When(list(2025, site())).Then(SchoolAmended{2025, site()})
	givenSchool(t, SchoolListed{2025, site()}, SchoolDelisted{2025, ""}).When(list(2025, site())).Then(SchoolListed{2025, site()})

	tests := map[string]struct {
		command ListSchool
		want    error
	}{
		"another's code":       {list(2025, site(func(s *School) { s.Code = "MIEE8XX02B" })), ErrOtherSchool},
		"a malformed code":     {list(2025, site(func(s *School) { s.Code = "miee8xx01a" })), ErrSchoolMalformed},
		"no institution":       {list(2025, site(func(s *School) { s.Institution = "" })), ErrSchoolMalformed},
		"no name":              {list(2025, site(func(s *School) { s.Name = "" })), ErrSchoolMalformed},
		"no comune":            {list(2025, site(func(s *School) { s.Comune = "" })), ErrSchoolMalformed},
		"no such order":        {list(2025, site(func(s *School) { s.Order = "nido" })), ErrSchoolMalformed},
		"no feature":           {list(2025, site(func(s *School) { s.Feature = "" })), ErrSchoolMalformed},
		"no such management":   {list(2025, site(func(s *School) { s.Management = "private" })), ErrSchoolMalformed},
		"no year":              {list(0, site()), ErrSchoolYear},
		"by a school":          {ListSchool{domain.Act{By: domain.Actor{Role: domain.RoleSchool}}, 2025, site()}, ErrNotUST},
		"by nobody in the law": {ListSchool{Year: 2025, School: site()}, ErrNotUST},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			givenSchool(t, SchoolListed{2024, site()}).When(tt.command).ThenRefused(tt.want)
		})
	}
}

func TestASiteIsDelisted(t *testing.T) {
	t.Parallel()
	const successor domain.School = "MIEE8YY01C"
	past := givenSchool(t, SchoolListed{2024, site()})
	past.When(DelistSchool{system, 2025, successor}).Then(SchoolDelisted{2025, successor})
	past.When(DelistSchool{ust, 2024, ""}).Then(SchoolDelisted{2024, ""})
	past.And(SchoolDelisted{2025, ""}).When(DelistSchool{ust, 2025, ""}).ThenNothing()
	past.And(SchoolDelisted{2025, ""}).When(DelistSchool{ust, 2025, successor}).Then(SchoolDelisted{2025, successor})
	past.And(SchoolDelisted{2025, ""}).When(DelistSchool{ust, 2026, ""}).Then(SchoolDelisted{2026, ""})
	past.When(DelistSchool{ust, 2025, "MI"}).ThenRefused(ErrSuccessor)
	past.When(DelistSchool{ust, 2025, site().Code}).ThenRefused(ErrSuccessor)
	past.When(DelistSchool{ust, 1999, ""}).ThenRefused(ErrSchoolYear)
	past.When(DelistSchool{prefettura, 2025, ""}).ThenRefused(ErrNotUST)
	givenSchool(t).When(DelistSchool{ust, 2025, ""}).ThenRefused(ErrSchoolNotFound)
}

func TestTheNearestRegisterAnswersForAYearThatWasNotImported(t *testing.T) {
	t.Parallel()
	state := givenSchool(t, SchoolListed{2022, site()}, SchoolListed{2024, site(renamed)}, SchoolDelisted{2027, "MIEE8YY01C"}).State()
	if got := state.Years(); !slices.Equal(got, []domain.SchoolYear{2022, 2024, 2027}) {
		t.Errorf("years %v", got)
	}
	if state.School != site(renamed) {
		t.Errorf("newest %+v", state.School)
	}
	tests := []struct {
		year, from  domain.SchoolYear
		gone, guess bool
	}{
		{2020, 2022, false, true}, {2022, 2022, false, false}, {2023, 2022, false, true}, {2024, 2024, false, false},
		{2025, 2024, false, true}, {2026, 2027, true, true}, {2027, 2027, true, false}, {2040, 2027, true, true},
	}
	for _, tt := range tests {
		got, known := state.On(tt.year)
		if !known || got.Year != tt.from || got.Gone != tt.gone || got.Assumed != tt.guess {
			t.Errorf("%v: %+v", tt.year, got)
		}
		if ok, assumed := state.Offerable(grade.Level{Order: grade.Primaria, Year: 3}, tt.year); ok == tt.gone || assumed != tt.guess {
			t.Errorf("%v: offerable %v, assumed %v", tt.year, ok, assumed)
		}
	}
	if got, _ := state.On(2027); got.School != site(renamed) || got.Successor != "MIEE8YY01C" {
		t.Errorf("gone: %+v", got)
	}
	older := givenSchool(t, SchoolListed{2024, site(renamed)}, SchoolListed{2022, site()}).State()
	if older.School != site(renamed) {
		t.Error("an older register, imported later, does not say what the school is now")
	}
	if _, known := (SchoolState{}).On(2025); known {
		t.Error("a site that no register ever held is known")
	}
}

func TestWhatCanBeOffered(t *testing.T) {
	t.Parallel()
	primaria := grade.Level{Order: grade.Primaria, Year: 3}
	tests := map[string]struct {
		school School
		level  grade.Level
		want   bool
	}{
		"a primaria for primaria":      {site(), primaria, true},
		"a primaria for secondaria I":  {site(), grade.Level{Order: grade.SecondariaI, Year: 1}, false},
		"a year that does not exist":   {site(), grade.Level{Order: grade.Primaria, Year: 6}, false},
		"a paritaria":                  {site(func(s *School) { s.Management = Paritaria }), primaria, true},
		"an institution":               {site(func(s *School) { s.Order = "" }), primaria, false},
		"an institution, for no order": {site(func(s *School) { s.Order = "" }), grade.Level{}, false},
		"annexed to a convitto":        {site(func(s *School) { s.Feature = Boarding }), primaria, true},
		"the convitto itself":          {site(func(s *School) { s.Feature = BoardingHead }), primaria, false},
		"for the blind, open to all":   {site(func(s *School) { s.Feature = ForBlind }), primaria, true},
		"experimental":                 {site(func(s *School) { s.Feature = Experimental }), primaria, true},
		"in a prison":                  {site(func(s *School) { s.Feature = Prison }), primaria, false},
		"in a hospital":                {site(func(s *School) { s.Feature = Hospital }), primaria, false},
		"in the evening":               {site(func(s *School) { s.Feature = Evening }), primaria, false},
		"a CPIA":                       {site(func(s *School) { s.Feature = CPIA }), primaria, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			state := givenSchool(t, SchoolListed{2025, tt.school}).State()
			if ok, assumed := state.Offerable(tt.level, 2025); ok != tt.want || assumed {
				t.Errorf("offerable %v, assumed %v", ok, assumed)
			}
		})
	}
	if ok, _ := (SchoolState{}).Offerable(primaria, 2025); ok {
		t.Error("a site that no register ever held can be offered")
	}
}

func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	first := date(t, "2021-09-01")
	small := Register{
		Comuni: []Comune{
			{Code: domain.Milano, Belfiore: "F205", Name: "Milano", Lat: 45.46824, Lon: 9.17322, Population: 1358420, CAP: []string{"20121", "20122"},
				Ambito: "LOM0000021", Also: []domain.Ambito{"LOM0000022"}, Provisional: true, From: first},
		},
		Centres: []Centre{
			{Code: "CTI-21", Name: "CTI ambito 21", Ambito: "LOM0000021", Provisional: true, From: first},
			{Code: "POLO-1", Name: "Polo START 1", Municipi: []domain.Municipio{1, 2}, Host: "MIIC8XX00B", HostName: "IC DI PROVA",
				Email: "polo1@example.org", Phone: "+39 02 0000000", From: first},
		},
		Policy:  Policy{Version: "1", From: first, Infanzia: InfanziaByCTI, Fallback: "POLO-1", Provisional: true},
		Clocks:  Clocks{From: first, TakeCharge: 2, FirstOffer: 5, SchoolAnswer: 3, FirstDay: 15, AccessMonths: 3, RecastMonths: 2},
		Ceiling: Ceiling{From: first, Percent: 30},
	}
	scope := Scope{Comuni: []domain.Comune{rozzano}, Ambiti: []domain.Ambito{"LOM0000024"}}
	spec.Golden(t, event.NewCodec(sealtest.New(), Events, SchoolEvents), "testdata",
		Founded{Province015, small},
		ComuneAmended{small.Comuni[0]},
		CentreAmended{small.Centres[1]},
		CAPAssigned{"20141", 5},
		Confirmed{[]domain.Comune{rozzano}, []domain.Centre{"CTI-25"}, "1"},
		PolicyAdopted{Policy{Version: "2", From: first, Infanzia: InfanziaByPolo, Fallback: "POLO-2"}},
		ClocksSet{small.Clocks},
		CeilingSet{small.Ceiling}, RetentionSet{Retention{Version: "1", From: today, Pupil: 24, Health: 6, Drafts: 1, Readings: 24}},
		BoundariesSet{Boundaries{From: today, Source: "openpolis, da ISTAT (CC BY 4.0)", Areas: []Area{{rozzano, OutlineOf(square)}}}},
		RemindersSet{Reminders{From: today, Monday: 16, Tuesday: 10}},
		WeightsSet{Weights{Version: "1", From: today, Sibling: 6_000, Wishes: [3]int{5_000, 3_000, 2_000}, Language: 2_000, Service: 1_500, Full: 15_000,
			Unknown: 4_000, Stale: 1_000, Ceiling: 3_000, Declined: 30_000, StaleDays: 30, Within: 1_500, Far: 10_000}},
		Suspended{1, Intake, scope, domain.RolePrefettura, "nota 1234", noon},
		Resumed{1, scope, domain.RoleUST, "cessate esigenze", noon},
		SchoolListed{2025, site(func(s *School) { s.PEC = "miic8xx00b@pec.example.org" })},
		SchoolAmended{2025, site(renamed)},
		SchoolDelisted{2026, "MIEE8YY01C"},
		SchoolLocated{45.464203, 9.189982, "OpenStreetMap (ODbL)"},
		SchoolCounted{2024, "MIM, alunni per cittadinanza", []Count{{Grade: 1, Classes: 2, Pupils: 41, Foreign: 12, ForeignKnown: true}, {Grade: 2, Pupils: 20}}},
		ServicesDeclared{[]Service{LanguageSupport, Canteen}},
	)
}
