package casefile_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
)

// Every field of every event is given, so that the files show all of them.
func TestStoredEventsCanAlwaysBeRead(t *testing.T) {
	t.Parallel()
	level := primaria2
	whole := casefile.Pupil{
		Identity: domain.Open(id, domain.ClassPersonal, full[casefile.Identity](t)),
		Domicile: domain.Open(id, domain.ClassPersonal, full[casefile.Domicile](t)),
		Profile:  domain.Open(id, domain.ClassPersonal, full[casefile.Profile](t)),
		Health:   domain.Open(id, domain.ClassSpecial, full[casefile.Health](t)),
	}
	all := casefile.Facts{Comune: "015146", Municipio: 3, SchoolYear: 2021, Level: primaria3, Sex: casefile.Female,
		Household: other.String(),
		Preferred: []domain.School{site, site2}, Needs: []casefile.Need{"transport", "canteen"}, SiblingAt: site}
	enrolment := enrolled
	enrolment.Facts, enrolment.Pupil = all, whole
	assumed := routed
	assumed.Assumed = true
	overridden := offered
	overridden.Override, overridden.Weights, overridden.Plan = over, "1", other
	unplanned := overridden
	unplanned.Plan = uuid.Nil
	unweighed := unplanned
	unweighed.Weights = ""
	back := closed
	back.Withdrawn, back.WithdrawnBy = true, toComune
	old := back
	old.WithdrawnBy = casefile.Party{}
	samples := []any{
		casefile.RequestRecorded{Channel: domain.ChannelComune, On: day(0), At: hour(0), Facts: all, Asked: &level, Pupil: whole},
		enrolment, assumed,
		casefile.RequestAmended{Level: &level, Sex: casefile.Male, Asked: &level, Preferred: []domain.School{site},
			Needs: []casefile.Need{"timetable"}, Pupil: whole},
		casefile.DomicileChanged{Comune: "015146", Municipio: 3, From: day(0), Domicile: home, At: hour(1)},
		taken, asked, answered, casefile.GradeDetermined{Level: primaria2, Resolution: resolution}, handed, overridden,
		declined, lapsed, withdrawn,
		accepted, firstDay, ended, back, reopened, merged, casefile.CaseParted{From: other, Text: why, At: hour(9)},
		casefile.NoteAdded{Text: why}, said, acceptanceBack, declineBack, dayBack,
		casefile.ClockExpired{Clock: casefile.ClockFirstOffer, Due: hour(120),
			To: domain.RoleCentre}, casefile.PupilErased{Ground: casefile.GroundRetention},
		casefile.ErasureProposed{Proposal: proposal1, Scope: casefile.EraseHealth, Ground: casefile.GroundRetention, Register: "2", Since: day(400),
			By: ust.Account, At: hour(9000)},
		casefile.ErasureRejected{Proposal: proposal1, Reason: "still-needed", Withdrawn: true}, healthGone, restricted, lifted,
		spec.From{Schema: 1, Event: old}, spec.From{Schema: 1, Event: unweighed}, spec.From{Schema: 2, Event: unplanned},
	}
	for _, s := range samples {
		if _, old := s.(spec.From); old {
			continue
		}
		for i := range reflect.TypeOf(s).NumField() {
			if reflect.ValueOf(s).Field(i).IsZero() {
				t.Errorf("%T: %s is not given", s, reflect.TypeOf(s).Field(i).Name)
			}
		}
	}
	spec.Golden(t, event.NewCodec(sealtest.New(), casefile.Events), "testdata", samples...)
}

// full gives every field of a sealed part a value: what is closed with it in the files changes when a field is renamed or dropped.
func full[T any](t *testing.T) (v T) {
	t.Helper()
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case field.Type() == reflect.TypeFor[domain.Personal]():
			field.Set(reflect.ValueOf(domain.NewPersonal(name)))
		case field.Kind() == reflect.String:
			field.SetString(name)
		case field.Kind() == reflect.Bool:
			field.SetBool(true)
		case field.Kind() == reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			fill(t, field.Index(0))
		default:
			t.Fatalf("%s: no value for a %s", name, field.Type())
		}
	}
}

func TestStreamsAreNamedByTheCase(t *testing.T) {
	t.Parallel()
	if got := casefile.Stream(id); got != "case-018f0000-0000-7000-8000-000000000001" || casefile.IDOf(got) != id {
		t.Errorf("%s, and back %v", got, casefile.IDOf(got))
	}
	for _, s := range []string{"", "case-", "case-018f0000-0000-7000-8000-00000000000", "case-018f0000-0000-7000-8000-0000000000012",
		"case-018F0000-0000-7000-8000-00000000000A", "file-018f0000-0000-7000-8000-000000000001",
		"case-018f0000x0000-7000-8000-000000000001"} {
		if got := casefile.IDOf(s); got != uuid.Nil {
			t.Errorf("%q is the stream of %v", s, got)
		}
	}
}
