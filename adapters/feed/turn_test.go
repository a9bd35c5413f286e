package feed_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"approdo/adapters/feed"
	"approdo/domain/event"
)

// lock is a turn that nodes have one after the other, and that the test can take away.
type lock struct {
	free chan struct{}
	mu   sync.Mutex
	lose context.CancelFunc
}

func (l *lock) turn(ctx context.Context, _ string, f func(context.Context) error) error {
	select {
	case <-l.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.free <- struct{}{} }()
	inner, lose := context.WithCancel(ctx)
	defer lose()
	l.mu.Lock()
	l.lose = lose
	l.mu.Unlock()
	return f(inner)
}

func (l *lock) takeAway() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose()
}

// everybody gives each node the turn: what the test below must notice.
func everybody(ctx context.Context, _ string, f func(context.Context) error) error { return f(ctx) }

// nodes runs three routers while records come and the turn goes from one to another, and tells how many records were done twice,
// and how many ticks there were at the same time at most.
func nodes(t *testing.T, w *world, turn feed.Turn, change func()) (repeated, together int) {
	t.Helper()
	d := newDiary(nil)
	var mu sync.Mutex
	ticking := 0
	for range 3 {
		r, err := feed.NewRouter(w.store, w.checkpoints, w.parking, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		r.Share(turn)
		r.React(d.reaction())
		r.Every("clocks", time.Second, func(ctx context.Context) error {
			mu.Lock()
			ticking++
			together = max(together, ticking)
			mu.Unlock()
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
			mu.Lock()
			ticking--
			mu.Unlock()
			return ctx.Err()
		})
		defer w.start(r)()
	}
	written := map[event.Position]bool{}
	for range 20 {
		for range 5 {
			written[w.write("note-1").Position] = true
			time.Sleep(300 * time.Millisecond)
		}
		change()
	}
	time.Sleep(10 * time.Second)
	synctest.Wait()
	for p := range written {
		if d.tries[p] == 0 {
			t.Errorf("nobody was given record %d", p)
		}
		repeated += max(0, d.tries[p]-1)
	}
	if together == 0 {
		t.Error("no clock ticked")
	}
	return repeated, together
}

func TestPoliciesRunOnOneNodeAtATimeAndOnAnotherWhenItDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lock{free: make(chan struct{}, 1)}
		l.free <- struct{}{}
		repeated, together := nodes(t, newWorld(t), l.turn, l.takeAway)
		if together != 1 {
			t.Errorf("clocks ticked on %d nodes at once", together)
		}
		if repeated > 0 { // each node that loses its turn in peace writes its checkpoint
			t.Errorf("%d records were done again", repeated)
		}
	})
}

func TestPoliciesWithoutATurnAreSeenToRunEverywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repeated, together := nodes(t, newWorld(t), everybody, func() {})
		if together < 2 || repeated == 0 {
			t.Errorf("%d clocks at once, %d records again: the test above could not fail", together, repeated)
		}
	})
}
