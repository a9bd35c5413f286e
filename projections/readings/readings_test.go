package readings

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/reading"
	"approdo/projections/viewtest"
)

var (
	centre = domain.Actor{Account: uuid.New(), Role: domain.RoleCentre, Body: "CTI-25"}
	ust    = domain.Actor{Account: uuid.New(), Role: domain.RoleUST}
)

// read adds an answer in which pupils were shown; an hour passes.
func read(j *viewtest.Journal, by domain.Actor, pupils ...reading.Pupils) {
	at := viewtest.Begin // the journal stays within one month
	j.Add(reading.Category+uuid.NewString(), domain.System, reading.PupilsRead{
		Answer: domain.Open(reading.Subject(reading.Month(at)), domain.ClassPersonal, reading.Answer{By: by, Route: "GET /pratiche", Pupils: pupils})})
}

func shown(ground access.Relation, fields []access.Field, cases ...uuid.UUID) reading.Pupils {
	return reading.Pupils{Ground: ground, Fields: fields, Comune: "015189", Cases: cases}
}

func TestTheAnswersOfADayAreOneRowForEachPupilAndGround(t *testing.T) {
	t.Parallel()
	one, two := uuid.New(), uuid.New()
	j := viewtest.New(t)
	read(j, centre, shown(access.Own, []access.Field{access.Name}, one, two))
	read(j, centre, shown(access.Own, []access.Field{access.Health, access.BirthDate, access.Name}, one))
	read(j, ust, shown(access.Oversees, []access.Field{access.Name}, one))
	tx := j.Fold(Projection(j.Sealer))
	day := domain.DateOf(viewtest.Begin)
	got := map[Key]Row{}
	for _, r := range rows.All(tx) {
		got[r.Key()] = r
	}
	want := map[Key]Row{}
	for _, r := range []Row{
		{Case: one, Day: day, Account: centre.Account, Ground: access.Own, Role: centre.Role, Body: centre.Body, Comune: "015189", Fields: "name birth-date health",
			First: j.Events[0].Meta.At, Last: j.Events[1].Meta.At, Times: 2},
		{Case: two, Day: day, Account: centre.Account, Ground: access.Own, Role: centre.Role, Body: centre.Body, Comune: "015189", Fields: "name",
			First: j.Events[0].Meta.At, Last: j.Events[0].Meta.At, Times: 1},
		{Case: one, Day: day, Account: ust.Account, Ground: access.Oversees, Role: ust.Role, Comune: "015189", Fields: "name",
			First: j.Events[2].Meta.At, Last: j.Events[2].Meta.At, Times: 1},
	} {
		want[r.Key()] = r
	}
	if !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	amounts := map[uuid.UUID]Day{}
	for _, d := range days.All(tx) {
		amounts[d.Account] = d
	}
	if d := amounts[centre.Account]; d.Answers != 2 || d.Pupils != 2 || d.OutOfHours != 0 || d.Body != "CTI-25" {
		t.Errorf("%+v", d)
	}
	if d := amounts[ust.Account]; d.Answers != 1 || d.Pupils != 1 {
		t.Errorf("%+v", d)
	}
}

func TestAForgottenMonthLeavesNoRow(t *testing.T) {
	t.Parallel()
	j := viewtest.New(t)
	read(j, centre, shown(access.Own, []access.Field{access.Name}, uuid.New()))
	if err := j.Sealer.Forget(t.Context(), reading.Subject(reading.Month(viewtest.Begin))); err != nil {
		t.Fatal(err)
	}
	tx := j.Fold(Projection(j.Sealer))
	if len(rows.All(tx)) != 0 || len(days.All(tx)) != 0 {
		t.Error("rows of a forgotten month")
	}
}

func TestOpeningsAreListed(t *testing.T) {
	t.Parallel()
	id, prefettura := uuid.New(), domain.Actor{Account: uuid.New(), Role: domain.RolePrefettura}
	j := viewtest.New(t)
	j.Add(reading.OpeningStream(id), prefettura, reading.NameOpened{Account: prefettura.Account, Reason: reading.Complaint, Until: viewtest.Begin.Add(reading.OpenFor)})
	got := openings.All(j.Fold(Projection(j.Sealer)))
	want := []Opening{{Position: 1, Case: id, At: viewtest.Begin, Until: viewtest.Begin.Add(reading.OpenFor), Account: prefettura.Account, Reason: reading.Complaint}}
	if !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
