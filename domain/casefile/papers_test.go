package casefile_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"approdo/domain"
	"approdo/domain/casefile"
)

func TestPapersHoldTheLatestOfEachPart(t *testing.T) {
	t.Parallel()
	level := primaria2
	home2 := domain.Open(id, domain.ClassPersonal, casefile.Domicile{CAP: domain.NewPersonal("20089")})
	health := domain.Open(id, domain.ClassSpecial, casefile.Health{Vaccination: casefile.HealthYes})
	steps := []struct {
		e    casefile.Event
		want func(*casefile.Papers)
	}{
		{requested, func(p *casefile.Papers) {
			*p = casefile.Papers{Channel: domain.ChannelComune, On: day(0), Facts: facts, Pupil: pupil}
		}},
		{routed, func(*casefile.Papers) {}},
		{casefile.RequestAmended{Sex: casefile.Male}, func(p *casefile.Papers) { p.Sex = casefile.Male }},
		{casefile.RequestAmended{Level: &level, Asked: &level}, func(p *casefile.Papers) { p.Level, p.Asked = level, &level }},
		{casefile.RequestAmended{Preferred: []domain.School{site}, Needs: casefile.Needs()}, func(p *casefile.Papers) {
			p.Preferred, p.Needs = []domain.School{site}, casefile.Needs()
		}},
		{casefile.RequestAmended{Preferred: []domain.School{}}, func(p *casefile.Papers) { p.Preferred = []domain.School{} }},
		{casefile.RequestAmended{Pupil: casefile.Pupil{Domicile: home, Health: health}}, func(p *casefile.Papers) {
			p.Pupil.Domicile, p.Pupil.Health = home, health
		}},
		{casefile.DomicileChanged{Comune: "015146", Municipio: 4}, func(p *casefile.Papers) { p.Comune, p.Municipio = "015146", 4 }},
		{casefile.DomicileChanged{Comune: "015189", Domicile: home2}, func(p *casefile.Papers) {
			p.Comune, p.Municipio, p.Pupil.Domicile = "015189", 0, home2
		}},
		{closed, func(*casefile.Papers) {}},
	}
	var got, want casefile.Papers
	for i, s := range steps {
		got = got.With(s.e)
		s.want(&want)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("step %d: %+v, want %+v", i, got, want)
		}
	}
	enrolment := casefile.Papers{}.With(enrolled)
	if enrolment.Channel != domain.ChannelSchool || enrolment.Sex != casefile.Female || enrolment.On != day(0) {
		t.Errorf("%+v", enrolment)
	}
}

// What the papers know in clear is what the rules compare an amendment with.
func TestPapersAndRulesAgree(t *testing.T) {
	t.Parallel()
	level := primaria2
	var p casefile.Papers
	var s casefile.State
	for _, e := range slices.Concat(attending, events{
		casefile.RequestAmended{Level: &level, Sex: casefile.Male, Asked: &level, Preferred: []domain.School{site},
			Needs: casefile.Needs()},
		casefile.DomicileChanged{Comune: "015146", Municipio: 4, From: day(1), At: hour(9)},
	}) {
		p, s = p.With(e), casefile.Evolve(s, e)
		rules := casefile.Facts{Comune: s.Comune, Municipio: s.Municipio, SchoolYear: s.SchoolYear, Level: s.ByAge, Sex: s.Sex,
			Preferred: s.Preferred, Needs: s.Needs}
		if diff := cmp.Diff(p.Facts, rules); diff != "" || !cmp.Equal(p.Asked, s.Asked) || p.On != s.RequestedOn ||
			p.Channel != s.Channel {
			t.Fatalf("after %T: %s", e, diff)
		}
	}
}

func TestEveryPlacementIsListed(t *testing.T) {
	t.Parallel()
	second := offered
	second.Offer, second.School = offer2, site2
	got := casefile.Placements(slices.Concat(standing, events{declined, second}))
	want := []casefile.Placement{{Offer: offer1, School: site, Level: primaria3}, {Offer: offer2, School: site2, Level: primaria3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[:1], casefile.Placements(events{enrolled, routed, firstDay})); diff != "" {
		t.Error(diff)
	}
}

// Whoever adds an event with free text must let it be read.
func TestTheTextOfEveryEventIsFound(t *testing.T) {
	t.Parallel()
	overridden := offered
	overridden.Override = over
	withText := events{asked, answered, handed, overridden, declined, closed, reopened, merged,
		casefile.CaseParted{Text: why}, casefile.NoteAdded{Text: why}, casefile.MessageSent{Text: why}, acceptanceBack, declineBack, dayBack}
	for _, e := range withText {
		if casefile.TextOf(e).IsZero() {
			t.Errorf("%T: no text", e)
		}
	}
	for _, e := range []casefile.Event{requested, enrolled, routed, taken, offered, lapsed, accepted, ended, erased} {
		if !casefile.TextOf(e).IsZero() {
			t.Errorf("%T: a text", e)
		}
	}
	typeOf := reflect.TypeFor[casefile.Text]()
	for _, e := range []casefile.Event{requested, enrolled, routed, casefile.RequestAmended{}, casefile.DomicileChanged{},
		taken, lapsed, withdrawn, accepted, firstDay,
		ended, erased, casefile.ClockExpired{}, casefile.GradeDetermined{}} {
		for i := range reflect.TypeOf(e).NumField() {
			if reflect.TypeOf(e).Field(i).Type == typeOf {
				t.Errorf("%T has a text that TextOf does not know", e)
			}
		}
	}
}

func TestCodesAreNamedOnce(t *testing.T) {
	t.Parallel()
	lists := map[string][]string{
		"statuses": names(casefile.Statuses()), "declines": names(casefile.DeclineReasons()),
		"closures":   names(casefile.ClosureReasons()),
		"hand-overs": names(casefile.HandOverReasons()), "withdrawals": names(casefile.OfferWithdrawalReasons()),
		"topics": names(casefile.QuestionTopics()), "needs": names(casefile.Needs()), "levels": names(casefile.ItalianLevels()),
		"grounds": names(casefile.ErasureGrounds()), "scopes": names(casefile.ErasureScopes()), "rejections": names(casefile.ErasureRejections()),
		"restrictions": names(casefile.RestrictionReasons()),
	}
	for name, list := range lists {
		seen := map[string]bool{}
		for _, code := range list {
			if code == "" || seen[code] {
				t.Errorf("%s: %q is empty or there twice", name, code)
			}
			seen[code] = true
		}
	}
	for _, reason := range casefile.WithdrawalReasons() {
		if !slices.Contains(casefile.ClosureReasons(), reason) {
			t.Errorf("%s closes no case", reason)
		}
	}
	for _, s := range casefile.Statuses() {
		if s.HoldsPlace() && !s.Open() {
			t.Errorf("%s holds a place and is not open", s)
		}
	}
}

func names[T ~string](codes []T) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return out
}
