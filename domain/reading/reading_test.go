package reading_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/event/spec"
	"approdo/domain/reading"
)

var (
	at     = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	reader = domain.Actor{Account: uuid.MustParse("00000000-0000-4000-8000-000000000007"), Role: domain.RoleCentre, Body: "CTI-25"}
	one    = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	two    = uuid.MustParse("00000000-0000-4000-8000-000000000002")
)

func TestNothingIsOpenedWhereNobodyRecordsIt(t *testing.T) {
	t.Parallel()
	if may, err := reading.May(t.Context()); may || !errors.Is(err, reading.ErrUnrecorded) {
		t.Errorf("without a sheet: %t %v", may, err)
	}
	if may, err := reading.May(reading.Withheld(t.Context())); may || err != nil {
		t.Errorf("withheld: %t %v", may, err)
	}
	ctx, _ := reading.NewContext(t.Context())
	if may, err := reading.May(ctx); !may || err != nil {
		t.Errorf("with a sheet: %t %v", may, err)
	}
}

func TestASheetGathersPupilsByWhatWasShownOfThem(t *testing.T) {
	t.Parallel()
	ctx, sheet := reading.NewContext(t.Context())
	reading.Note(ctx, two, access.Own, "015189", access.Name)
	reading.Note(ctx, one, access.Own, "015189", access.Name)
	reading.Note(ctx, one, access.Own, "015189") // nothing was there
	if got, want := sheet.Pupils(), []reading.Pupils{{Ground: access.Own, Fields: []access.Field{access.Name}, Comune: "015189", Cases: []uuid.UUID{one, two}}}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	reading.Note(ctx, one, access.Own, "015189", access.BirthDate)
	if got := sheet.Pupils(); len(got) != 2 {
		t.Errorf("two different looks are %d", len(got))
	}
}

// house is a journal with a recorder.
func house(t *testing.T) (*memory.Store, *event.Codec, *sealtest.Sealer, *reading.Recorder) {
	store, sealer := memory.New(), sealtest.New()
	codec := event.NewCodec(sealer, reading.Events)
	t.Cleanup(func() { store.Close(context.Background()) })
	return store, codec, sealer, reading.NewRecorder(store, codec, func() time.Time { return at })
}

func recorded(t *testing.T, store event.Store) (out []event.Record) {
	for page, err := range store.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.Records...)
	}
	return out
}

func TestAnAnswerIsOneSealedEvent(t *testing.T) {
	t.Parallel()
	store, codec, sealer, recorder := house(t)
	ctx, sheet := reading.NewContext(t.Context())
	if err := recorder.Keep(ctx, reader, "r1", "GET /pratiche", sheet); err != nil || len(recorded(t, store)) != 0 {
		t.Fatalf("an empty sheet: %v", err)
	}
	reading.Note(ctx, one, access.Own, "015189", access.Name)
	if err := recorder.Keep(ctx, reader, "r1", "GET /pratiche/{case}", sheet); err != nil {
		t.Fatal(err)
	}
	all := recorded(t, store)
	if len(all) != 1 || all[0].Meta.Actor != domain.System || !all[0].Meta.At.Equal(at) {
		t.Fatalf("%d records, by %v", len(all), all[0].Meta.Actor)
	}
	for _, secret := range []string{one.String(), reader.Account.String(), base64.StdEncoding.EncodeToString(reader.Account[:])} {
		if strings.Contains(string(all[0].Data), secret) {
			t.Error("who and whom stand in clear")
		}
	}
	open := func() (reading.Answer, error) {
		e, err := codec.Decode(all[0])
		if err != nil {
			t.Fatal(err)
		}
		return e.(reading.PupilsRead).Answer.Unseal(t.Context(), sealer)
	}
	want := reading.Answer{By: reader, Request: "r1", Route: "GET /pratiche/{case}",
		Pupils: []reading.Pupils{{Ground: access.Own, Fields: []access.Field{access.Name}, Comune: "015189", Cases: []uuid.UUID{one}}}}
	if got, err := open(); err != nil || !cmp.Equal(got, want) {
		t.Error(err, cmp.Diff(want, got))
	}
	if err := sealer.Forget(t.Context(), reading.Subject("2022-02")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(); err != nil {
		t.Errorf("another month was forgotten: %v", err)
	}
	if err := sealer.Forget(t.Context(), reading.Subject("2022-03")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("its month was forgotten: %v", err)
	}
}

// ill is a journal whose appends fail as many times as is said; those that are unknown were written all the same.
type ill struct {
	event.Store
	with  error
	times int
}

func (j *ill) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if j.times--; j.times >= 0 {
		if errors.Is(j.with, event.ErrUnknownOutcome) {
			if _, err := j.Store.Append(ctx, a); err != nil {
				return event.Result{}, err
			}
		}
		return event.Result{}, j.with
	}
	return j.Store.Append(ctx, a)
}

func TestAReadingThatCannotBeKeptSaysSoAndARetryIsOne(t *testing.T) {
	t.Parallel()
	store, codec, _, _ := house(t)
	ctx, sheet := reading.NewContext(t.Context())
	reading.Note(ctx, one, access.Own, "015189", access.Name)
	down := reading.NewRecorder(&ill{store, event.ErrUnavailable, 1}, codec, func() time.Time { return at })
	if err := down.Keep(ctx, reader, "r", "GET /", sheet); !errors.Is(err, reading.ErrNotKept) || !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	unsure := reading.NewRecorder(&ill{store, event.ErrUnknownOutcome, 2}, codec, func() time.Time { return at })
	if err := unsure.Keep(ctx, reader, "r", "GET /", sheet); err != nil || len(recorded(t, store)) != 1 {
		t.Errorf("%v, %d records", err, len(recorded(t, store)))
	}
	lost := reading.NewRecorder(&ill{store, event.ErrUnknownOutcome, 9}, codec, func() time.Time { return at })
	if err := lost.Keep(ctx, reader, "r", "GET /", sheet); !errors.Is(err, reading.ErrNotKept) {
		t.Errorf("an outcome that stays unknown: %v", err)
	}
}

func TestANameIsOpenedForAReasonAndFourHours(t *testing.T) {
	t.Parallel()
	prefettura, other := domain.Actor{Account: one, Role: domain.RolePrefettura}, domain.Actor{Account: two, Role: domain.RolePrefettura}
	open := func(by domain.Actor, at time.Time) reading.OpenName {
		return reading.OpenName{Act: domain.Act{By: by, At: at}, Reason: reading.Complaint}
	}
	first := reading.NameOpened{Account: one, Reason: reading.Complaint, Until: at.Add(4 * time.Hour)}
	given := func(past ...reading.NameOpened) spec.Past[reading.Openings, reading.OpenName, reading.NameOpened] {
		return spec.Given(t, reading.OpeningDecider, past...)
	}
	given().When(open(prefettura, at)).Then(first)
	given(first).When(open(prefettura, at.Add(time.Hour))).ThenNothing()
	given(first).When(open(other, at.Add(time.Hour))).Then(reading.NameOpened{Account: two, Reason: reading.Complaint, Until: at.Add(5 * time.Hour)})
	given(first).When(open(prefettura, at.Add(4*time.Hour))).Then(reading.NameOpened{Account: one, Reason: reading.Complaint, Until: at.Add(8 * time.Hour)})
	given().When(reading.OpenName{Act: domain.Act{By: prefettura, At: at}, Reason: "curiosity"}).ThenRefused(reading.ErrOpeningReason)

	s := reading.Openings{first}
	for at, want := range map[time.Time]bool{at: true, at.Add(4*time.Hour - 1): true, at.Add(4 * time.Hour): false} {
		if got := !s.Standing(one, at).IsZero(); got != want {
			t.Errorf("at %v: %t", at, got)
		}
	}
	if !s.Standing(two, at).IsZero() {
		t.Error("open to another account")
	}
}

func TestUnusual(t *testing.T) {
	t.Parallel()
	habit := []int{10, 12, 15, 14, 11}
	for _, x := range []struct {
		name string
		a    reading.Amount
		want string
	}{
		{"a day like others", reading.Amount{Pupils: 16, Before: habit}, ""},
		{"three times the habit, yet few", reading.Amount{Pupils: 39, Before: habit}, ""},
		{"three times the habit", reading.Amount{Pupils: 40, Before: habit}, "many-pupils"},
		{"many without a habit", reading.Amount{Pupils: 149, Before: habit[:4]}, ""},
		{"more than any day explains", reading.Amount{Pupils: 150}, "many-pupils"},
		{"as many as ever", reading.Amount{Pupils: 100, Before: []int{60, 70, 80, 60, 50}}, ""},
		{"four answers at night", reading.Amount{Pupils: 4, OutOfHours: 4}, ""},
		{"five", reading.Amount{Pupils: 4, OutOfHours: 5}, "at-night"},
		{"nine from elsewhere", reading.Amount{Pupils: 9, Elsewhere: 9}, ""},
		{"ten", reading.Amount{Pupils: 10, Elsewhere: 10}, "other-places"},
		{"a name opened", reading.Amount{Pupils: 1, Named: 1}, "named-by-audit"},
		{"all of it", reading.Amount{Pupils: 200, OutOfHours: 9, Elsewhere: 100, Named: 2}, "many-pupils at-night other-places named-by-audit"},
	} {
		var got []string
		for _, r := range reading.Unusual(x.a) {
			got = append(got, string(r))
		}
		if s := strings.Join(got, " "); s != x.want {
			t.Errorf("%s: %q, want %q", x.name, s, x.want)
		}
	}
}

func TestOutOfHours(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{"2022-03-14T05:59:00+01:00": true, "2022-03-14T06:00:00+01:00": false, "2022-03-14T21:59:00+01:00": false,
		"2022-03-14T22:00:00+01:00": true, "2022-03-13T10:00:00+01:00": true, "2022-04-25T10:00:00+02:00": true, "2022-07-14T20:30:00Z": true} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := reading.OutOfHours(when); got != want {
			t.Errorf("%s: %t", at, got)
		}
	}
}

// markSealer closes by marking, so that goldens can be read.
type markSealer struct{}

func (markSealer) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, _ string, plain []byte) ([]byte, error) {
	return append([]byte("sealed:"), plain...), nil
}

func (markSealer) Open(_ context.Context, _ uuid.UUID, _ domain.Class, _ string, sealed []byte) ([]byte, error) {
	return sealed[len("sealed:"):], nil
}

func TestGolden(t *testing.T) {
	t.Parallel()
	answer := reading.Answer{By: reader, Request: "r1", Route: "GET /pratiche/{case}",
		Pupils: []reading.Pupils{{Ground: access.Own, Fields: []access.Field{access.Name}, Comune: "015189", Cases: []uuid.UUID{one}}}}
	spec.Golden(t, event.NewCodec(markSealer{}, reading.Events), "testdata",
		reading.PupilsRead{Answer: domain.Open(reading.Subject("2022-03"), domain.ClassPersonal, answer)},
		reading.NameOpened{Account: reader.Account, Reason: reading.Complaint, Until: at.Add(reading.OpenFor),
			Words: domain.Open(reading.Subject("2022-03"), domain.ClassPersonal, domain.NewPersonal("Esposto della famiglia."))})
}
