package feed_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/places"
	"approdo/domain/policy"
)

func TestASeatIsGivenBackOnceTheCaseHasMovedOn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(w *world, offer uuid.UUID) casefile.Command{
		"declined": func(w *world, o uuid.UUID) casefile.Command {
			return casefile.DeclineOffer{Act: w.act(), Offer: o, Reason: "over-ceiling"}
		},
		"lapsed": func(w *world, o uuid.UUID) casefile.Command {
			w.now = w.now.AddDate(0, 0, 4)
			return casefile.LapseOffer{Act: w.act(), Offer: o}
		},
		"offer withdrawn": func(w *world, o uuid.UUID) casefile.Command {
			return casefile.WithdrawOffer{Act: w.act(), Offer: o, Reason: "better-place"}
		},
		"case closed": func(w *world, _ uuid.UUID) casefile.Command {
			return casefile.Close{Act: w.act(), Reason: "moved-abroad"}
		},
		"request withdrawn": func(w *world, _ uuid.UUID) casefile.Command {
			return casefile.WithdrawRequest{Act: w.act(), Reason: "returned-home"}
		},
		"case merged": func(w *world, _ uuid.UUID) casefile.Command {
			return casefile.Merge{Act: w.act(), Into: uuid.New(), IntoStatus: casefile.Requested, Text: words()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.declare(1)
				id, offer := w.offered()
				stop := w.start(w.router(w.reactions()...))
				defer stop()
				time.Sleep(2 * policy.Grace)
				if seat, ok := w.seat(offer); !ok || seat.Taken {
					t.Fatalf("while the offer stands the seat is %+v, %v; want it held", seat, ok)
				}
				w.ask(id, leave(w, offer))
				synctest.Wait()
				if seat, ok := w.seat(offer); ok {
					t.Errorf("seat %+v is still there", seat)
				}
				w.held(w.requested()) // the only place is free again
			})
		})
	}
}

func TestASeatIsTakenOnceTheSchoolHasThePupil(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare(2)
		stop := w.start(w.router(w.reactions()...))
		defer stop()
		id, offer := w.offered()
		w.now = w.now.AddDate(0, 0, 1)
		accepted := w.ask(id, casefile.AcceptOffer{Act: w.act(), Offer: offer, On: domain.DateOf(w.now)})
		enrolled, enrolment := uuid.New(), uuid.New()
		w.ask(enrolled, casefile.RecordAutonomousEnrolment{Act: w.act(), School: rozzano, Institution: institution, Enrolment: enrolment,
			On: domain.DateOf(w.now), FirstDay: domain.DateOf(w.now), Facts: facts(), Route: casefile.Route{Centre: "CTI-22", Policy: "p"}})
		synctest.Wait()

		if seat, ok := w.seat(offer); !ok || !seat.Taken || seat.Number != 1 || seat.Case != id {
			t.Errorf("accepted: seat %+v, %v", seat, ok)
		}
		if seat, ok := w.seat(enrolment); !ok || !seat.Taken || seat.Number != 2 || seat.Case != enrolled || seat.Over {
			t.Errorf("enrolled by the school itself: seat %+v, %v", seat, ok)
		}
		w.now = w.now.AddDate(0, 0, 30)
		w.ask(id, casefile.RecordFirstDay{Act: w.act(), On: domain.DateOf(w.now)})
		w.ask(id, casefile.EndAttendance{Act: w.act(), On: domain.DateOf(w.now), Reason: "moved-abroad"})
		synctest.Wait()
		if seat, ok := w.seat(offer); ok {
			t.Errorf("ended: seat %+v is still there", seat)
		}

		// What the policy wrote says why: the record it answered, the person's request behind it, and its time.
		var cause event.Record
		for r, err := range w.store.ReadStream(t.Context(), casefile.Stream(id), event.ReadStream{From: accepted.Last, Limit: 1}) {
			if cause = r; err != nil {
				t.Fatal(err)
			}
		}
		for r, err := range w.store.ReadStream(t.Context(), places.Stream(rozzano, year), event.ReadStream{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Type != "places.taken" || r.Meta.Causation != cause.ID {
				continue
			}
			if r.Meta.Actor != domain.System || r.Meta.Correlation != cause.Meta.Correlation || !r.Meta.At.Equal(cause.Meta.At) {
				t.Errorf("taken with %+v, because of %+v", r.Meta, cause.Meta)
			}
			return
		}
		t.Error("no seat was taken because of the acceptance")
	})
}

// Each merge was decided while the other case was still open, as two people do who press the button in the same instant.
func TestOfTwoCrossedMergesTheLaterIsUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start(w.router(w.reactions()...))
		defer stop()
		merge := func(from, into uuid.UUID) {
			w.ask(from, casefile.Merge{Act: w.act(), Into: into, IntoStatus: casefile.InCharge, Text: words()})
		}
		status := func(id uuid.UUID) casefile.Status {
			out, err := event.Load(t.Context(), w.store, w.codec, casefile.Decider, casefile.Stream(id))
			if err != nil {
				t.Fatal(err)
			}
			return out.State.Status
		}
		first, second := w.requested(), w.requested()
		merge(first, second)
		merge(second, first)
		over, late := w.requested(), w.requested()
		w.ask(over, casefile.Close{Act: w.act(), Reason: "moved-abroad"})
		merge(late, over)
		goesOn, third, fourth := w.requested(), w.requested(), w.requested()
		merge(third, fourth)
		merge(fourth, goesOn) // a chain is no cross: each was merged into an open case
		synctest.Wait()
		for id, want := range map[uuid.UUID]casefile.Status{first: casefile.Merged, second: casefile.InCharge, late: casefile.InCharge,
			third: casefile.Merged, fourth: casefile.Merged, goesOn: casefile.InCharge} {
			if got := status(id); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

func TestReplaysAreSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare(9)
		for i := range 6 {
			id, offer := w.offered()
			switch i % 3 {
			case 0:
				w.ask(id, casefile.DeclineOffer{Act: w.act(), Offer: offer, Reason: "over-ceiling"})
			case 1:
				w.ask(id, casefile.AcceptOffer{Act: w.act(), Offer: offer, On: domain.DateOf(w.now)})
				w.ask(id, casefile.Close{Act: w.act(), Reason: "moved-abroad"})
				w.erase(id)
			}
		}
		w.held(w.requested())
		before := w.head()
		w.runFor(2*policy.Grace, w.reactions()...)
		after := w.head()
		if after == before {
			t.Fatal("the policies did nothing")
		}
		for range 2 {
			w.checkpoints.at = map[string]event.Position{} // lost
			w.runFor(2*policy.Grace, w.reactions()...)
			if again := w.head(); again != after {
				t.Fatalf("a replay wrote %d events", again-after)
			}
		}
		if len(w.parking.parked) > 0 {
			t.Errorf("parked: %+v", w.parking.parked)
		}
	})
}

func TestAHoldWithoutItsOfferIsGivenBackAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare(9)
		stop := w.start(w.router(w.reactions()...))
		_, kept := w.offered()
		orphan := w.held(w.requested()) // and then the program ended
		time.Sleep(30 * time.Second)
		id := w.requested()
		late := w.held(id)
		time.Sleep(20 * time.Second)
		w.offer(id, late)

		time.Sleep(policy.Grace - 50*time.Second - time.Millisecond)
		synctest.Wait()
		if _, ok := w.seat(orphan); !ok {
			t.Error("given back before a minute had passed")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if seat, ok := w.seat(orphan); ok {
			t.Errorf("after a minute seat %+v is still held", seat)
		}
		if r := w.last(places.Stream(rozzano, year)); r.Type != "places.released" || !r.Meta.At.Equal(monday.Add(policy.Grace)) {
			t.Errorf("%s at %s, want a release a minute after the hold", r.Type, r.Meta.At)
		}
		time.Sleep(policy.Grace)
		synctest.Wait()
		for _, offer := range []uuid.UUID{kept, late} {
			if _, ok := w.seat(offer); !ok {
				t.Error("a seat whose offer stands was given back")
			}
		}

		// Waiting is no reason to keep the house open.
		w.held(w.requested())
		synctest.Wait()
		asked := time.Now()
		stop()
		if took := time.Since(asked); took > time.Second {
			t.Errorf("closing took %s", took)
		}
	})
}

// forgetful cannot destroy a key the first times it is asked.
type forgetful struct {
	policy.Forgetter
	failures int
}

func (f *forgetful) ForgetClass(ctx context.Context, class domain.Class, subjects ...uuid.UUID) error {
	if f.failures > 0 {
		f.failures--
		return errors.New("not now")
	}
	return f.Forgetter.ForgetClass(ctx, class, subjects...)
}

func TestAnErasedPupilsKeysAreDestroyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		box := func(id uuid.UUID) []byte {
			b, err := w.sealer.Seal(t.Context(), id, domain.ClassPersonal, "x", []byte("Oksana"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		erased, kept := w.requested(), w.requested()
		gone, stays := box(erased), box(kept)
		for _, id := range []uuid.UUID{erased, kept} {
			w.ask(id, casefile.Close{Act: w.act(), Reason: "returned-home"})
		}
		w.erase(erased)
		for range 2 {
			w.checkpoints.at = map[string]event.Position{}
			w.runFor(time.Minute, policy.Erasure(w.store, &forgetful{w.sealer, 2}))
		}
		if _, err := w.sealer.Open(t.Context(), erased, domain.ClassPersonal, "x", gone); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("the erased pupil: %v", err)
		}
		if _, err := w.sealer.Open(t.Context(), kept, domain.ClassPersonal, "x", stays); err != nil {
			t.Errorf("the other pupil: %v", err)
		}
		if len(w.parking.parked) > 0 {
			t.Errorf("parked: %+v", w.parking.parked)
		}
	})
}

// standing is a list of deadlines that is never brought up to date.
type standing []policy.Deadline

func (s standing) DueBefore(_ context.Context, now time.Time) ([]policy.Deadline, error) {
	var due []policy.Deadline
	for _, d := range s {
		if !d.Due.After(now) {
			due = append(due, d)
		}
	}
	return due, nil
}

func TestTermsRunOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare(9)
		silent, offer := w.offered()
		answered, accepted := w.offered()
		w.ask(answered, casefile.AcceptOffer{Act: w.act(), Offer: accepted, On: domain.DateOf(w.now)})
		slow := w.requested()
		due := w.now.AddDate(0, 0, 3) // of the offers
		firstOffer := calendar.Deadline(w.now, 5, "015189")
		list := standing{
			{Case: slow, Clock: casefile.ClockFirstOffer, Due: firstOffer},
			{Case: answered, Clock: policy.ClockSchoolAnswer, Due: due, Offer: accepted},
			{Case: silent, Clock: policy.ClockSchoolAnswer, Due: due, Offer: offer},
		}
		r := w.router(w.reactions()...)
		clocks := policy.NewClocks(w.store, w.codec, list, w.clock)
		r.Every(policy.NameClocks, time.Minute, clocks.Run)
		stop := w.start(r)
		defer stop()
		at := func(now time.Time) {
			w.goTo(now)
			time.Sleep(2 * time.Minute)
			synctest.Wait()
		}

		at(due.Add(-time.Second))
		if s := w.state(silent); s.Status != casefile.Offered {
			t.Errorf("before its term the offer is gone: %s", s.Status)
		}
		at(due)
		if s := w.state(silent); s.Status != casefile.InCharge {
			t.Errorf("when its term has run out the case is %s, want it back at the centre", s.Status)
		}
		if _, ok := w.seat(offer); ok {
			t.Error("the lapsed offer still has its seat")
		}
		if s := w.state(answered); s.Status != casefile.Accepted {
			t.Errorf("the offer that was answered: %s", s.Status)
		}
		at(firstOffer.Add(-time.Second))
		if s := w.state(slow); len(s.Expired) > 0 {
			t.Errorf("went up before the term: %v", s.Expired)
		}
		at(firstOffer)
		if s := w.state(slow); s.Expired[casefile.ClockFirstOffer] != domain.RoleCentre {
			t.Errorf("when the term has ended: %v, want the centre told", s.Expired)
		}
		at(calendar.Deadline(w.now, 4, "015189").Add(-time.Second)) // its last day
		if s := w.state(slow); s.Expired[casefile.ClockFirstOffer] != domain.RoleCentre {
			t.Errorf("before twice the term: %v", s.Expired)
		}
		at(w.now.Add(time.Second))
		if s := w.state(slow); s.Expired[casefile.ClockFirstOffer] != domain.RoleUST {
			t.Errorf("after twice the term: %v, want the UST told", s.Expired)
		}
		head := w.head()
		at(w.now.AddDate(0, 1, 0))
		if w.head() != head {
			t.Error("a list that is never brought up to date went on causing events")
		}
		if len(w.parking.parked) > 0 {
			t.Errorf("parked: %+v", w.parking.parked)
		}
	})
}

func TestOneCaseThatFailsDoesNotStopTheClocksOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.declare(1)
		silent, offer := w.offered()
		broken := uuid.New()
		_, err := w.store.Append(t.Context(), event.Append{Stream: casefile.Stream(broken), Expected: event.NoStream,
			Events: []event.Draft{{ID: uuid.New(), Type: "case.from-the-future", Schema: 1, Data: []byte("{}")}}})
		if err != nil {
			t.Fatal(err)
		}
		due := w.now.AddDate(0, 0, 3)
		list := standing{{Case: broken, Clock: policy.ClockSchoolAnswer, Due: due.Add(-time.Hour), Offer: uuid.New()},
			{Case: silent, Clock: policy.ClockSchoolAnswer, Due: due, Offer: offer}}
		err = policy.NewClocks(w.store, w.codec, list, func() time.Time { return due }).Run(t.Context())
		if !errors.Is(err, event.ErrUnknownEvent) {
			t.Errorf("error %v, want it to name the case that failed", err)
		}
		if s := w.state(silent); s.Status != casefile.InCharge {
			t.Errorf("the other case is %s", s.Status)
		}
	})
}
