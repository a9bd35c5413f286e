package feed_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/feed"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// write appends an event to a stream of notes.
func (w *world) write(stream string) event.Record {
	w.t.Helper()
	d := event.Draft{ID: uuid.New(), Type: "note.written", Schema: 1, Data: []byte("{}")}
	res, err := w.store.Append(w.t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: []event.Draft{d}})
	if err != nil {
		w.t.Fatal(err)
	}
	return event.Record{Draft: d, Stream: stream, Revision: res.Last, Position: res.Position}
}

// diary is a policy that notes what it was given, and fails where it is told to.
type diary struct {
	mu    sync.Mutex
	done  []event.Position
	tries map[event.Position]int
	fail  func(r event.Record) error
}

func newDiary(fail func(r event.Record) error) *diary {
	return &diary{tries: map[event.Position]int{}, fail: fail}
}

func (d *diary) reaction() policy.Reaction {
	react := func(_ context.Context, r event.Record) error {
		d.mu.Lock()
		d.tries[r.Position]++
		fail := d.fail
		d.mu.Unlock()
		if fail != nil {
			if err := fail(r); err != nil {
				return err
			}
		}
		d.mu.Lock()
		d.done = append(d.done, r.Position)
		d.mu.Unlock()
		return nil
	}
	return policy.Reaction{Name: "diary", Category: "note-", Types: []string{"note.written"}, React: react}
}

func (d *diary) heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = nil
}

func (d *diary) pages() []event.Position {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

func (w *world) parkedNow() []policy.Parked {
	all, err := w.parking.All(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

var errPoison = domain.Refused("poison")

func poisonAt(p event.Position) func(event.Record) error {
	return func(r event.Record) error {
		if r.Position == p {
			return fmt.Errorf("reading it: %w", errPoison)
		}
		return nil
	}
}

func TestPoisonBlocksItsStreamAndNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad := w.write("note-a")
		d := newDiary(poisonAt(bad.Position))
		r := w.router(d.reaction())
		defer w.start(r)()
		other, behind, other2, behind2 := w.write("note-b"), w.write("note-a"), w.write("note-b"), w.write("note-a")
		started := time.Now().UTC()
		time.Sleep(time.Minute)
		synctest.Wait()

		if got, want := d.pages(), []event.Position{other.Position, other2.Position}; !slices.Equal(got, want) {
			t.Errorf("done: %v, want the other stream's %v", got, want)
		}
		if d.tries[bad.Position] != 5 || d.tries[behind.Position]+d.tries[behind2.Position] != 0 {
			t.Errorf("tries: %v, want 5 of the first and none behind it", d.tries)
		}
		parked := w.parkedNow()
		if len(parked) != 3 {
			t.Fatalf("parked: %+v", parked)
		}
		for i, p := range parked {
			r := []event.Record{bad, behind, behind2}[i]
			code, attempts := policy.CodeBehind, 0
			if i == 0 {
				code, attempts = "poison", 5
			}
			if p.Policy != "diary" || p.Event != r.ID || p.Type != "note.written" || p.Stream != "note-a" || p.Revision != r.Revision ||
				p.Position != r.Position || p.Code != code || p.Attempts != attempts || p.First.Before(started) || p.Last != p.First {
				t.Errorf("parked %d: %+v", i, p)
			}
		}

		// While it still fails a release changes nothing but the count, whichever of the three is named.
		if err := r.Release(t.Context(), parked[2].ID); !errors.Is(err, policy.ErrStillFails) {
			t.Errorf("release: %v", err)
		}
		if again := w.parkedNow(); len(again) != 3 || again[0].Attempts != 6 || again[0].First != parked[0].First ||
			!again[0].Last.After(parked[0].Last) {
			t.Errorf("after a release in vain: %+v", again)
		}

		d.heal()
		if err := r.Release(t.Context(), parked[1].ID); err != nil {
			t.Fatal(err)
		}
		want := []event.Position{other.Position, other2.Position, bad.Position, behind.Position, behind2.Position}
		if got := d.pages(); !slices.Equal(got, want) {
			t.Errorf("done: %v, want %v", got, want)
		}
		if rest := w.parkedNow(); len(rest) > 0 {
			t.Errorf("still parked: %+v", rest)
		}
		if err := r.Release(t.Context(), parked[0].ID); !errors.Is(err, policy.ErrNotParked) {
			t.Errorf("released again: %v", err)
		}
		after := w.write("note-a")
		synctest.Wait()
		if got := d.pages(); got[len(got)-1] != after.Position {
			t.Error("the stream does not go on after the release")
		}
	})
}

// Another node releases the first of a stream between the look at what waits and the parking of the next.
func TestARecordDoesNotWaitForWhatWasReleasedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad := w.write("note-a")
		d := newDiary(poisonAt(bad.Position))
		defer w.start(w.router(d.reaction()))()
		time.Sleep(time.Minute)
		synctest.Wait()
		if parked := w.parkedNow(); len(parked) != 1 {
			t.Fatalf("parked: %+v", parked)
		}
		first := w.parkedNow()[0].ID
		w.parking.meets = func(p policy.Parked) {
			if p.Code == policy.CodeBehind {
				if err := w.parking.Unpark(t.Context(), first); err != nil {
					t.Error(err)
				}
			}
		}
		next := w.write("note-a")
		synctest.Wait()
		if got := d.pages(); !slices.Equal(got, []event.Position{next.Position}) || len(w.parkedNow()) > 0 {
			t.Errorf("done: %v; parked: %+v", got, w.parkedNow())
		}
	})
}

func TestAPersonIsNotKeptWaitingByAPolicyThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad := w.write("note-a")
		d := newDiary(func(r event.Record) error {
			if r.Position == bad.Position {
				return errPoison
			}
			return domain.KindUnavailable // a receiver that is away
		})
		r := w.router(d.reaction())
		defer w.start(r)()
		time.Sleep(time.Minute)
		synctest.Wait()
		parked := w.parkedNow()
		if len(parked) != 1 {
			t.Fatalf("parked: %+v", parked)
		}
		w.write("note-b")
		time.Sleep(time.Minute)
		began := time.Now()
		for what, err := range map[string]error{"release": r.Release(t.Context(), parked[0].ID),
			"drop": r.Drop(t.Context(), parked[0].ID, ust, policy.DropReasons()[0])} {
			if !errors.Is(err, policy.ErrBusy) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if waited := time.Since(began); waited > 10*time.Second {
			t.Errorf("it waited %s", waited)
		}
	})
}

func TestAPersonDropsWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad, behind := w.write("note-a"), w.write("note-a")
		d := newDiary(poisonAt(bad.Position))
		r := w.router(d.reaction())
		defer w.start(r)()
		time.Sleep(time.Minute)
		synctest.Wait()
		parked := w.parkedNow()
		for _, c := range []struct {
			id     uuid.UUID
			reason policy.DropReason
			want   error
		}{
			{parked[0].ID, "", policy.ErrDropReason},
			{parked[0].ID, "Oksana's mother called", policy.ErrDropReason},
			{parked[1].ID, "done-by-hand", policy.ErrNotFirst},
			{uuid.New(), "done-by-hand", policy.ErrNotParked},
			{parked[0].ID, "done-by-hand", nil},
		} {
			if err := r.Drop(t.Context(), c.id, ust, c.reason); !errors.Is(err, c.want) {
				t.Errorf("drop for %q: %v, want %v", c.reason, err, c.want)
			}
		}
		if got := d.pages(); !slices.Equal(got, []event.Position{behind.Position}) {
			t.Errorf("done: %v, want the one that waited behind", got)
		}
		if len(w.parkedNow()) > 0 || !slices.Equal(w.parking.dropped, []policy.DropReason{"done-by-hand"}) {
			t.Errorf("parked %+v, dropped %v", w.parkedNow(), w.parking.dropped)
		}
	})
}

func TestDroppingGoesOnToTheNextThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, second := w.write("note-a"), w.write("note-a")
		d := newDiary(func(event.Record) error { return errPoison })
		r := w.router(d.reaction())
		defer w.start(r)()
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := r.Drop(t.Context(), w.parkedNow()[0].ID, ust, "fault-in-record"); err != nil {
			t.Fatal(err)
		}
		if rest := w.parkedNow(); len(rest) != 1 || rest[0].Event != second.ID || rest[0].Code != "poison" || rest[0].Attempts != 1 {
			t.Errorf("parked: %+v, want the second, in its own right", rest)
		}
	})
}

func TestAPanicIsParkedAndItsValueStaysInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write("note-a")
		other := w.write("note-b")
		d := newDiary(func(r event.Record) error {
			if r.Stream == "note-a" {
				panic("Oksana Ivanenko")
			}
			return nil
		})
		r := w.router(d.reaction())
		stop := w.start(r)
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if got := d.pages(); !slices.Equal(got, []event.Position{other.Position}) {
			t.Errorf("done: %v, want %d", got, other.Position)
		}
		if parked := w.parkedNow(); len(parked) != 1 || parked[0].Code != policy.CodePanic {
			t.Errorf("parked: %+v", parked)
		}
		if log := w.log.String(); strings.Contains(log, "Oksana") || !strings.Contains(log, "panic of type string") ||
			!strings.Contains(log, "router_test.go") {
			t.Errorf("the log should say where it happened and not what was thrown:\n%s", log)
		}
		if err := r.Release(t.Context(), w.parkedNow()[0].ID); !errors.Is(err, policy.ErrStillFails) {
			t.Errorf("release: %v", err)
		}
	})
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		policy.CodeFault:    errors.New("disk on fire"),
		policy.CodeUnknown:  fmt.Errorf("case: %w", event.ErrUnknownEvent),
		policy.CodeConflict: &event.ConflictError{Stream: "note-a"},
		policy.CodeTimeout:  fmt.Errorf("asking: %w", context.DeadlineExceeded),
		"no-place-declared": errors.Join(errors.New("other"), domain.Refused("no-place-declared")),
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.write("note-a")
				w.runFor(time.Minute, newDiary(func(event.Record) error { return err }).reaction())
				if parked := w.parkedNow(); len(parked) != 1 || parked[0].Code != want {
					t.Errorf("parked: %+v", parked)
				}
			})
		})
	}
}

func TestAPolicyThatHangsIsParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write("note-a")
		hang := policy.Reaction{Name: "hang", Category: "note-", React: func(ctx context.Context, _ event.Record) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		w.runFor(time.Hour, hang)
		if parked := w.parkedNow(); len(parked) != 1 || parked[0].Code != policy.CodeTimeout || parked[0].Attempts != 5 {
			t.Errorf("parked: %+v", parked)
		}
	})
}

func TestWhileStorageTakesNoWritesNothingIsParked(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{"full": event.ErrUnavailable, "busy": event.ErrOverloaded, "unknown": event.ErrUnknownOutcome,
		"closing": event.ErrClosed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				first, second := w.write("note-a"), w.write("note-a")
				d := newDiary(func(event.Record) error { return fmt.Errorf("append: %w", trouble) })
				defer w.start(w.router(d.reaction()))()
				time.Sleep(time.Hour)
				synctest.Wait()
				if parked := w.parkedNow(); len(parked) > 0 {
					t.Fatalf("parked: %+v", parked)
				}
				if n := d.tries[first.Position]; n < 20 || n > 500 {
					t.Errorf("%d tries in an hour, want it patient and awake", n)
				}
				d.heal()
				time.Sleep(time.Minute)
				synctest.Wait()
				if got, want := d.pages(), []event.Position{first.Position, second.Position}; !slices.Equal(got, want) {
					t.Errorf("done: %v, want %v", got, want)
				}
			})
		})
	}
}

func TestARecordThatCannotBeParkedComesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad := w.write("note-a")
		d := newDiary(poisonAt(bad.Position))
		defer w.start(w.router(d.reaction()))()
		w.parking.fail(errors.New("disk full"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if p := w.checkpoints.at["diary"]; p >= bad.Position {
			t.Errorf("checkpoint %d has passed the record at %d", p, bad.Position)
		}
		w.parking.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if parked := w.parkedNow(); len(parked) != 1 || parked[0].Event != bad.ID {
			t.Errorf("parked: %+v", parked)
		}
	})
}

func TestWhatIsParkedIsNotParkedTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		early, bad, behind := w.write("note-a"), w.write("note-a"), w.write("note-a")
		d := newDiary(poisonAt(bad.Position))
		w.runFor(time.Minute, d.reaction())
		before := w.parkedNow()
		w.checkpoints.at = map[string]event.Position{} // a crash before it was written
		w.runFor(time.Minute, d.reaction())
		if after := w.parkedNow(); len(before) != 2 || !slices.Equal(before, after) {
			t.Errorf("parked %+v, and the second time %+v", before, after)
		}
		if d.tries[bad.Position] != 5 || d.tries[behind.Position] != 0 || d.tries[early.Position] != 2 {
			t.Errorf("tries: %v", d.tries)
		}
	})
}

func TestPoliciesGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var written []event.Position
		for range 3000 {
			written = append(written, w.write("note-"+strconv.Itoa(len(written)%7)).Position)
			w.write("other-a")
		}
		d := newDiary(nil)
		w.runFor(time.Minute, d.reaction())
		first := w.checkpoints.saves
		for range 50 {
			written = append(written, w.write("note-a").Position)
		}
		w.runFor(time.Minute, d.reaction())
		if got := d.pages(); !slices.Equal(got, written) {
			t.Errorf("%d records done, want each of %d once and in order", len(got), len(written))
		}
		if at := w.checkpoints.at["diary"]; at != w.head() {
			t.Errorf("checkpoint %d, want the head %d", at, w.head())
		}
		if first > 10 || w.checkpoints.saves > first+2 {
			t.Errorf("%d saves for 6000 records, %d for 50: a disk would suffer", first, w.checkpoints.saves-first)
		}
	})
}

func TestACheckpointIsWrittenSoonAfterTheLastRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.start(w.router(newDiary(nil).reaction()))()
		w.checkpoints.err = errors.New("disk full")
		w.write("note-a")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.checkpoints.err = nil
		last := w.write("note-a") // an older one failed: this one makes up for it
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if at := w.checkpoints.at["diary"]; at != last.Position {
			t.Errorf("checkpoint %d, want %d", at, last.Position)
		}
		saves := w.checkpoints.saves
		time.Sleep(time.Hour)
		synctest.Wait()
		if w.checkpoints.saves != saves {
			t.Error("saved with nothing new")
		}
	})
}

func TestACheckpointBeyondTheJournalBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.write("note-a")
		w.checkpoints.at["diary"] = 100 // of the journal before an older one was restored
		d := newDiary(nil)
		w.runFor(time.Minute, d.reaction())
		if got := d.pages(); !slices.Equal(got, []event.Position{r.Position}) {
			t.Errorf("done: %v", got)
		}
	})
}

func TestOrderUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := newDiary(func(r event.Record) error {
			time.Sleep(rand.N(20 * time.Millisecond)) // whoever overtakes is seen
			if rand.N(20) == 0 {
				return errors.New("a stumble")
			}
			return nil
		})
		r := w.router(d.reaction())
		stop := w.start(r)
		var mu sync.Mutex
		var written []event.Position
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				for range 100 {
					r := w.write("note-" + strconv.Itoa(i))
					mu.Lock()
					written = append(written, r.Position)
					mu.Unlock()
					time.Sleep(rand.N(30 * time.Millisecond))
				}
			})
		}
		writers.Wait()
		if err := r.Await(t.Context(), "diary", w.head()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(written)
		if got := d.pages(); !slices.Equal(got, written) {
			t.Errorf("%d records done, want %d in the journal's order", len(got), len(written))
		}
		if at := r.Positions()["diary"]; at != w.head() {
			t.Errorf("position %d, want %d", at, w.head())
		}
		stop()
	})
}

func TestClosingInterruptsAndRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		bad := w.write("note-a")
		var tries int
		slow := policy.Reaction{Name: "slow", Category: "note-", React: func(ctx context.Context, _ event.Record) error {
			if tries++; tries == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		stop := w.start(w.router(slow))
		asked := time.Now()
		stop()
		if took := time.Since(asked); took > time.Second {
			t.Errorf("closing took %s", took)
		}
		if p := w.checkpoints.at["slow"]; p >= bad.Position || len(w.parkedNow()) > 0 {
			t.Errorf("checkpoint %d, parked %+v: want the record to come again", p, w.parkedNow())
		}
		w.runFor(time.Minute, slow)
		if p := w.checkpoints.at["slow"]; tries != 2 || p != bad.Position {
			t.Errorf("%d tries, checkpoint %d", tries, p)
		}
	})
}

func TestATickThatFailsIsSeenUntilItSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var mu sync.Mutex
		ticks, broken := 0, true
		r := w.router()
		r.Every("clocks", time.Minute, func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			ticks++
			if broken {
				return errPoison
			}
			return nil
		})
		defer w.start(r)()
		time.Sleep(3*time.Minute + 30*time.Second)
		synctest.Wait()
		parked := w.parkedNow()
		if len(parked) != 1 || parked[0].Policy != "clocks" || parked[0].Code != "poison" || parked[0].Event != uuid.Nil ||
			parked[0].Attempts != 20 {
			t.Fatalf("parked: %+v, want one row for four ticks of five tries", parked)
		}
		if err := r.Release(t.Context(), parked[0].ID); !errors.Is(err, policy.ErrStillFails) {
			t.Errorf("release: %v", err)
		}
		mu.Lock()
		broken, ticks = false, 0
		mu.Unlock()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if rest := w.parkedNow(); len(rest) > 0 || ticks != 10 {
			t.Errorf("%d ticks in ten minutes, parked %+v", ticks, rest)
		}
	})
}

func TestASlowTickLeavesOutThoseItMisses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ticks, at := 0, 0
		r := w.router()
		r.Every("clocks", time.Second, func(ctx context.Context) error {
			if at++; at > 1 {
				t.Error("two ticks at once")
			}
			select {
			case <-time.After(10 * time.Second):
			case <-ctx.Done():
			}
			at--
			ticks++
			return nil
		})
		stop := w.start(r)
		time.Sleep(time.Minute)
		stop()
		if ticks > 7 {
			t.Errorf("%d ticks of ten seconds in a minute", ticks)
		}
	})
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.router(newDiary(nil).reaction())
		defer w.start(r)()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Await(ctx, "diary", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("await: %v", err)
		}
		if err := r.Await(ctx, "nobody", 1); !errors.Is(err, policy.ErrNotRunning) {
			t.Errorf("await of nobody: %v", err)
		}
	})
}

// faulty is a journal whose every page is followed by an error.
type faulty struct{ event.Store }

func (f faulty) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		o.PageSize = 2
		for page, err := range f.Store.Subscribe(ctx, after, o) {
			if yield(page, err) {
				yield(event.Page{}, event.ErrUnavailable)
			}
			return
		}
	}
}

func TestAJournalThatCannotBeReadForAWhileLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var written []event.Position
		for range 9 {
			written = append(written, w.write("note-a").Position)
		}
		d := newDiary(nil)
		r, err := feed.NewRouter(faulty{w.store}, w.checkpoints, w.parking, slogTo(w))
		if err != nil {
			t.Fatal(err)
		}
		r.React(d.reaction())
		stop := w.start(r)
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if got := d.pages(); !slices.Equal(got, written) {
			t.Errorf("done: %v, want %v", got, written)
		}
	})
}

func TestNobodyIsAtWorkOnceRunHasReturned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 200 {
		w.write("note-a")
	}
	for range 20 {
		var closed atomic.Bool
		var began atomic.Int64
		w.checkpoints.at = map[string]event.Position{}
		r := w.router(policy.Reaction{Name: "busy", Category: "note-", React: func(ctx context.Context, _ event.Record) error {
			began.Add(1)
			if closed.Load() {
				t.Error("a policy began after Run had returned")
			}
			return nil
		}})
		r.Every("ticks", time.Millisecond, func(context.Context) error {
			if closed.Load() {
				t.Error("a tick began after Run had returned")
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		for began.Load() < 20 {
			runtime.Gosched()
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		closed.Store(true)
	}
}

// No bubble here: a Watermill router that could not start leaves a goroutine of its own behind.
func TestAStartThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkpoints.err = errors.New("no such file")
	if err := w.router(newDiary(nil).reaction()).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("Run: %v", err)
	}
}

func TestSubscriberSpeaksWatermill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.write("note-a")
		w.write("other-a")
		next := w.write("note-b")
		s := feed.NewSubscriber(w.store, w.checkpoints, feed.Consumer{Name: "x"}, slogTo(w))
		messages, err := s.Subscribe(t.Context(), "note-")
		if err != nil {
			t.Fatal(err)
		}
		msg := <-messages
		if msg.UUID != r.ID.String() || string(msg.Payload) != "{}" || msg.Metadata[feed.MetaStream] != "note-a" ||
			msg.Metadata[feed.MetaType] != "note.written" ||
			msg.Metadata[feed.MetaPosition] != "1" || msg.Metadata[feed.MetaRevision] != "0" {
			t.Errorf("message %s %s %v", msg.UUID, msg.Payload, msg.Metadata)
		}
		if got, ok := feed.RecordOf(msg.Context()); !ok || got.ID != r.ID || got.Stream != "note-a" {
			t.Errorf("record %+v, %v", got, ok)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case early := <-messages:
			t.Errorf("%s came before the ack", early.UUID)
		default:
		}
		msg.Nack()
		if msg = <-messages; msg.UUID != r.ID.String() {
			t.Errorf("after a nack came %s", msg.UUID)
		}
		msg.Ack()
		if msg = <-messages; msg.UUID != next.ID.String() {
			t.Errorf("after the ack came %s", msg.UUID)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, open := <-messages; open {
			t.Error("still open after Close")
		}
		if at := w.checkpoints.at["x"]; at != 1 {
			t.Errorf("checkpoint %d, want that of the last acknowledged", at)
		}
		if _, err := s.Subscribe(t.Context(), "note-"); err == nil {
			t.Error("a closed subscriber subscribed")
		}
	})
}
