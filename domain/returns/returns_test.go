package returns_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/grade"
	"approdo/domain/returns"
)

var (
	monday = domain.Date{Year: 2022, Month: time.April, Day: 4}
	due    = time.Date(2022, time.April, 4, 13, 0, 0, 0, time.UTC) // 15:00 in summer

	school  = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	school2 = domain.Actor{Role: domain.RoleSchool, Body: "MIIC8CD00V"}
	ust     = domain.Actor{Role: domain.RoleUST}

	subject = returns.Subject{Institution: "MIIC8AB00X", Monday: monday}
	seen    = returns.Figures{Infanzia: 1, Primaria: 4, SecondariaI: 2}
	said    = returns.Figures{Infanzia: 1, Primaria: 5, SecondariaI: 2}
)

func hour(n int) time.Time { return due.Add(time.Duration(n) * time.Hour) }

func by(a domain.Actor, n int) domain.Act { return domain.Act{By: a, At: hour(n)} }

func given(t *testing.T, past ...returns.Event) spec.Past[returns.State, returns.Command, returns.Event] {
	return spec.Given(t, returns.Decider, past...)
}

var (
	validate  = returns.Validate{Act: by(school, 1), Subject: subject, Figures: seen, Computed: seen, AsOf: due}
	validated = returns.Validated{Figures: seen, Computed: seen, AsOf: due, At: hour(1)}
	withdrawn = returns.Withdrawn{Reason: "pupil-missing", At: hour(2)}
	reminded  = returns.Reminded{At: hour(20)}
)

func TestASchoolValidatesItsOwnReturn(t *testing.T) {
	t.Parallel()
	given(t).When(validate).Then(validated)
	given(t, reminded).When(validate).Then(validated)

	// The school knows best: other figures than computed are its word, and both stand.
	c := validate
	c.Figures = said
	given(t).When(c).Then(returns.Validated{Figures: said, Computed: seen, AsOf: due, At: hour(1)})
	given(t, validated).When(c).Then(returns.Validated{Figures: said, Computed: seen, AsOf: due, At: hour(1)})

	// The same figures change nothing, even when the journal counts otherwise by now.
	c = validate
	c.Act, c.AsOf, c.Computed = by(school, 30), hour(29), said
	given(t, validated).When(c).ThenNothing()
	given(t, validated, withdrawn).When(c).Then(returns.Validated{Figures: seen, Computed: said, AsOf: hour(29), At: hour(30)})
}

func TestWhatMayNotBeValidated(t *testing.T) {
	t.Parallel()
	refused := func(want error, change func(*returns.Validate)) {
		t.Helper()
		c := validate
		change(&c)
		given(t).When(c).ThenRefused(want)
	}
	refused(returns.ErrNotYours, func(c *returns.Validate) { c.By = ust })
	refused(returns.ErrNotYours, func(c *returns.Validate) { c.By = domain.System })
	refused(returns.ErrHeldByOther, func(c *returns.Validate) { c.By = school2 })
	refused(returns.ErrNotMonday, func(c *returns.Validate) { c.Monday = monday.AddDays(1) })
	refused(returns.ErrNotYet, func(c *returns.Validate) { c.Monday = monday.AddDays(7) })
	refused(returns.ErrNotYet, func(c *returns.Validate) { c.At, c.AsOf = due.Add(-time.Second), due.Add(-time.Hour) })
	refused(returns.ErrAsOf, func(c *returns.Validate) { c.AsOf = due.Add(-time.Second) })
	refused(returns.ErrAsOf, func(c *returns.Validate) { c.AsOf = c.At.Add(time.Second) })
	refused(returns.ErrFigure.On("primaria"), func(c *returns.Validate) { c.Figures.Primaria = -1 })
	refused(returns.ErrFigure.On("secondaria-2"), func(c *returns.Validate) { c.Figures.SecondariaII = returns.MaxPupils + 1 })

	// Whatever is wrong is said at once.
	c := validate
	c.Figures.Infanzia, c.Figures.SecondariaI = -1, -1
	_, err := returns.Decide(returns.State{}, c)
	if all, ok := errors.AsType[domain.Errors](err); !ok || len(all) != 2 || all[0].Field != "infanzia" || all[1].Field != "secondaria-1" {
		t.Errorf("two figures at fault: %v", err)
	}
}

func TestAValidationCanBeUndone(t *testing.T) {
	t.Parallel()
	undo := returns.Undo{Act: by(school, 2), Subject: subject, Reason: "pupil-missing"}
	after := given(t, validated).When(undo).Then(withdrawn)
	after.When(undo).ThenNothing()
	again := validate
	again.Act, again.Figures = by(school, 3), said
	after.When(again).Then(returns.Validated{Figures: said, Computed: seen, AsOf: due, At: hour(3)})

	undo.Reason = ""
	given(t, validated).When(undo).Then(returns.Withdrawn{At: hour(2)})
	given(t).When(undo).ThenNothing()
	undo.Reason = "because"
	given(t, validated).When(undo).ThenRefused(returns.ErrUndoReason)
	given(t, validated).When(returns.Undo{Act: by(school2, 2), Subject: subject}).ThenRefused(returns.ErrHeldByOther)
	given(t, validated).When(returns.Undo{Act: by(ust, 2), Subject: subject}).ThenRefused(returns.ErrNotYours)
}

func TestTheUSTRemindsWhoHasNotAnswered(t *testing.T) {
	t.Parallel()
	remind := returns.Remind{Act: by(ust, 20), Subject: subject}
	after := given(t).When(remind).Then(reminded)
	remind.Act = by(ust, 24)
	after.When(remind).ThenNothing() // the same day in Rome
	remind.Act = by(ust, 48)
	after.When(remind).Then(returns.Reminded{At: hour(48)})
	given(t, validated).When(remind).ThenNothing()
	given(t, validated, withdrawn).When(remind).Then(returns.Reminded{At: hour(48)})
	remind.Act = by(school, 20)
	given(t).When(remind).ThenRefused(returns.ErrNotYours)
	remind.Act = by(ust, -1)
	given(t).When(remind).ThenRefused(returns.ErrNotYet)
}

// The clocks change on the last Sundays of March and October: the return is at 15:00 on both sides.
func TestTheReturnIsAtThreeInRome(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]string{"2022-03-21": "14:00", "2022-03-28": "13:00", "2022-10-24": "13:00", "2022-10-31": "14:00",
		"2022-04-18": "13:00" /* Easter Monday */, "2022-04-25": "13:00" /* a holiday */} {
		m, err := returns.ParseMonday(day)
		if err != nil {
			t.Fatal(err)
		}
		if got := returns.Due(m).Format("15:04"); got != want {
			t.Errorf("%s: %s UTC, want %s", day, got, want)
		}
		if got := returns.Last(returns.Due(m)); got != m {
			t.Errorf("at 15:00 the last return is %s, want %s", got, m)
		}
		if got := returns.Last(returns.Due(m).Add(-time.Second)); got != m.AddDays(-7) {
			t.Errorf("a second before 15:00 the last return is %s", got)
		}
	}
	for _, no := range []string{"2022-04-05", "2022-02-30", "", "lunedì"} {
		if _, err := returns.ParseMonday(no); !errors.Is(err, returns.ErrNotMonday) {
			t.Errorf("%q: %v", no, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := due.Add(time.Duration(rapid.IntRange(-500*24*3600, 500*24*3600).Draw(t, "seconds")) * time.Second)
		m := returns.Last(at)
		if m.Weekday() != time.Monday || returns.Due(m).After(at) || !returns.Due(m.AddDays(7)).After(at) {
			t.Fatalf("at %s the last return is of %s, a %s", at, m, m.Weekday())
		}
	})
}

func TestStreamsAreNamedForInstitutionAndMonday(t *testing.T) {
	t.Parallel()
	if got := returns.Stream("MIIC8AB00X", monday); got != "return-MIIC8AB00X-2022-04-04" {
		t.Error(got)
	}
	if i, m, ok := returns.ParseStream("return-MIIC8AB00X-2022-04-04"); !ok || i != "MIIC8AB00X" || m != monday {
		t.Error(i, m, ok)
	}
	for _, other := range []string{"return-MIIC8AB00X", "places-MIIC8AB00X-2022", "return-MIIC8AB00X-2022-4-4", ""} {
		if _, _, ok := returns.ParseStream(other); ok {
			t.Errorf("%q names no return", other)
		}
	}
}

func TestFiguresAddUp(t *testing.T) {
	t.Parallel()
	var f returns.Figures
	for i, o := range grade.Orders() {
		if f = f.With(o, i+1); f.Of(o) != i+1 {
			t.Errorf("%s: %d", o, f.Of(o))
		}
	}
	if f != (returns.Figures{Infanzia: 1, Primaria: 2, SecondariaI: 3, SecondariaII: 4}) || f.Total() != 10 || f.And(f).Total() != 20 {
		t.Errorf("%+v", f)
	}
	if f.With("liceo", 3) != f || f.Of("liceo") != 0 {
		t.Error("a fifth order")
	}
}

func TestGoldenEvents(t *testing.T) {
	t.Parallel()
	spec.Golden(t, event.NewCodec(sealtest.New(), returns.Events), "testdata",
		returns.Validated{Figures: said, Computed: seen, AsOf: due, At: hour(1)}, withdrawn, reminded)
}
