package policy_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/policy"
	"approdo/domain/reading"
)

// forgetting keeps what it was told to forget.
type forgetting struct {
	sealer    *sealtest.Sealer
	forgotten []uuid.UUID
	calls     int
}

func (f *forgetting) Unforgotten(_ context.Context, _ domain.Class, subjects ...uuid.UUID) ([]uuid.UUID, error) {
	return slices.DeleteFunc(subjects, func(s uuid.UUID) bool { return slices.Contains(f.forgotten, s) }), nil
}

func (f *forgetting) ForgetClass(ctx context.Context, _ domain.Class, subjects ...uuid.UUID) error {
	f.calls++
	f.forgotten = append(f.forgotten, subjects...)
	return f.sealer.Forget(ctx, subjects...)
}

func TestTheAccessRecordIsForgottenAMonthAtATime(t *testing.T) {
	t.Parallel()
	store, sealer := memory.New(), sealtest.New()
	t.Cleanup(func() { store.Close(context.Background()) })
	codec := event.NewCodec(sealer, reading.Events)
	now := time.Date(2022, time.January, 31, 22, 59, 0, 0, time.UTC) // the last minute of January in Rome
	clock := func() time.Time { return now }
	record := func() {
		ctx, sheet := reading.NewContext(t.Context())
		reading.Note(ctx, uuid.New(), access.Own, "015189", access.Name)
		if err := reading.NewRecorder(store, codec, clock).Keep(ctx, domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}, "r", "GET /", sheet); err != nil {
			t.Fatal(err)
		}
	}
	var dropped domain.Date
	keys := &forgetting{sealer: sealer}
	months := policy.NewMonths(store, func(context.Context) (int, error) { return 24, nil }, keys,
		func(_ context.Context, before domain.Date) error { dropped = before; return nil }, clock)
	run := func(at time.Time, wantOpen, wantCalls int) {
		t.Helper()
		now = at
		if err := months.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		open := 0
		for given, err := range reading.Read(t.Context(), store, codec) {
			if err != nil {
				t.Fatal(err)
			}
			if !given.Forgotten {
				open++
			}
		}
		if open != wantOpen || keys.calls != wantCalls {
			t.Errorf("at %v: %d readings are open and something was forgotten %d times, want %d and %d", at, open, keys.calls, wantOpen, wantCalls)
		}
	}
	run(now, 0, 0) // nobody read anything
	record()
	now = now.Add(time.Minute) // February in Rome
	record()
	now = time.Date(2022, time.April, 10, 9, 0, 0, 0, time.UTC)
	record()
	run(time.Date(2024, time.January, 31, 22, 59, 0, 0, time.UTC), 3, 0)
	run(time.Date(2024, time.January, 31, 23, 0, 0, 0, time.UTC), 2, 1)
	run(time.Date(2024, time.February, 20, 9, 0, 0, 0, time.UTC), 2, 1)
	run(time.Date(2024, time.June, 1, 9, 0, 0, 0, time.UTC), 0, 2)
	if (dropped != domain.Date{Year: 2022, Month: time.June, Day: 1}) {
		t.Errorf("the views drop what is before %v", dropped)
	}
	if want := []uuid.UUID{reading.Subject("2022-01"), reading.Subject("2022-02"), reading.Subject("2022-03"), reading.Subject("2022-04"),
		reading.Subject("2022-05")}; !slices.Equal(keys.forgotten, want) {
		t.Errorf("%d months were forgotten", len(keys.forgotten))
	}
}
