package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"approdo/adapters/postgres"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain/event"
)

// kills is how often PostgreSQL is killed under load.
func kills() int {
	if os.Getenv("CI") == "true" {
		return 50
	}
	return 10
}

// persistent writes appends to one stream, each of one to three events, and tries each again with the same ids for as long as it
// does not know what became of it. It gives the ids it had acknowledged, in their order.
type persistent struct {
	store        event.Store
	stream       string
	acknowledged []event.Draft
	unknown      int // appends whose outcome was unknown at first
	settled      int // of these, those that had been written
}

func (p *persistent) run(ctx context.Context, pace func()) error {
	for ctx.Err() == nil {
		pace()
		ds := make([]event.Draft, 1+rand.IntN(3))
		for i := range ds {
			ds[i] = note()
		}
		if err := p.write(ctx, ds); err != nil {
			return err
		}
	}
	return nil
}

func (p *persistent) write(ctx context.Context, ds []event.Draft) error {
	unsure := false
	for {
		res, err := add(context.WithoutCancel(ctx), p.store, p.stream, event.Expected(len(p.acknowledged)-1), ds...)
		switch {
		case err == nil:
			if unsure && res.Duplicate {
				p.settled++
			}
			p.acknowledged = append(p.acknowledged, ds...)
			if res.Last != event.Revision(len(p.acknowledged)-1) {
				return fmt.Errorf("%s is at %d after %d events were acknowledged", p.stream, res.Last, len(p.acknowledged))
			}
			return nil
		case errors.Is(err, event.ErrUnknownOutcome):
			if !unsure {
				p.unknown++
			}
			unsure = true
		case errors.Is(err, event.ErrUnavailable), errors.Is(err, event.ErrOverloaded):
		default:
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// survives kills a server under load so many times, and gives an error if afterwards the journal is not what was acknowledged, each
// event once, in its place, at positions without a hole, and if a subscriber that was there all the time met anything else.
func survives(t *testing.T, cycles int, through func(event.Store) event.Store) error {
	t.Helper()
	c := pgtest.Start(t)
	s := open(t, c.URL())
	defer closed(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const writers = 8
	var acknowledged atomic.Int64
	var all sync.WaitGroup
	ps, errs := make([]*persistent, writers), make([]error, writers)
	for w := range ps {
		ps[w] = &persistent{store: through(s), stream: fmt.Sprintf("case-%d", w)}
		all.Go(func() { errs[w] = ps[w].run(ctx, func() { acknowledged.Add(1) }) })
	}
	followed := make(chan error, 1)
	seen := map[event.Position]event.Record{}
	go func() { followed <- collect(t.Context(), s, seen) }()
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()

	start := time.Now()
	for range cycles {
		for before := acknowledged.Load(); acknowledged.Load() < before+20; { // it works again
			select {
			case <-done:
				return errors.Join(errs...)
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		c.Kill(t)
		c.Restart(t)
	}
	took := time.Since(start)
	cancel()
	<-done
	if err := errors.Join(errs...); err != nil {
		return err
	}
	end := &persistent{store: s, stream: lastStream}
	if err := end.write(t.Context(), []event.Draft{note()}); err != nil {
		return err
	}
	if err := <-followed; err != nil {
		return err
	}
	ps = append(ps, end)
	events, unknown, settled := 0, 0, 0
	for _, p := range ps {
		events, unknown, settled = events+len(p.acknowledged), unknown+p.unknown, settled+p.settled
	}
	t.Logf("%d kills in %v: %d events acknowledged, %d outcomes unknown at first, %d of them had been written", cycles, took, events, unknown, settled)
	return verify(t.Context(), s, ps, seen)
}

// lastStream takes the event that ends a subscription of these tests.
const lastStream = "zz-last"

// collect follows the journal until its last event.
func collect(ctx context.Context, s *postgres.Store, seen map[event.Position]event.Record) error {
	at := event.Position(0)
	for p, err := range s.Subscribe(ctx, 0, event.Subscribe{}) {
		if err != nil {
			return err
		}
		for _, r := range p.Records {
			if r.Position <= at {
				return fmt.Errorf("the subscriber met %d after %d", r.Position, at)
			}
			at = r.Position
			seen[at] = r
			if r.Stream == lastStream {
				return nil
			}
		}
	}
	return nil
}

func verify(ctx context.Context, s event.Store, ps []*persistent, seen map[event.Position]event.Record) error {
	want := map[string][]event.Draft{}
	total := 0
	for _, p := range ps {
		want[p.stream] = p.acknowledged
		total += len(p.acknowledged)
	}
	n := 0
	for page, err := range s.ReadAll(ctx, 0, event.ReadAll{}) {
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if n++; r.Position != event.Position(n) {
				return fmt.Errorf("record %d stands at %d", n, r.Position)
			}
			ds := want[r.Stream]
			if int(r.Revision) >= len(ds) || ds[r.Revision].ID != r.ID {
				return fmt.Errorf("%s@%d is not what was acknowledged there", r.Stream, r.Revision)
			}
			if seen[r.Position].ID != r.ID {
				return fmt.Errorf("the subscriber did not meet %s@%d at %d", r.Stream, r.Revision, r.Position)
			}
		}
	}
	if n != total || len(seen) != n {
		return fmt.Errorf("%d events were acknowledged, %d are there, the subscriber met %d", total, n, len(seen))
	}
	return nil
}

func TestAcknowledgedEventsSurviveTheServersDeath(t *testing.T) {
	t.Parallel()
	if err := survives(t, kills(), func(s event.Store) event.Store { return s }); err != nil {
		t.Error(err)
	}
}

// hasty takes an append whose outcome it does not know for written.
type hasty struct{ event.Store }

func (h hasty) Append(ctx context.Context, a event.Append) (event.Result, error) {
	res, err := h.Store.Append(ctx, a)
	if errors.Is(err, event.ErrUnknownOutcome) || errors.Is(err, event.ErrUnavailable) {
		return event.Result{Last: event.Revision(a.Expected) + event.Revision(len(a.Events))}, nil
	}
	return res, err
}

// forgetful tries an append again as if it were another one.
type forgetful struct{ event.Store }

func (f forgetful) Append(ctx context.Context, a event.Append) (event.Result, error) {
	fresh := make([]event.Draft, len(a.Events))
	for i := range fresh {
		fresh[i] = note()
	}
	res, err := f.Store.Append(ctx, event.Append{Stream: a.Stream, Expected: event.Any, Events: fresh})
	if err == nil {
		copy(a.Events, fresh)
	}
	return res, err
}

func TestTheKillHarnessFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(event.Store) event.Store{
		"an event acknowledged and lost": func(s event.Store) event.Store { return hasty{s} },
		"an event written a second time": func(s event.Store) event.Store { return forgetful{s} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				if err := survives(t, 1, through); err != nil {
					t.Log("found:", err)
					return
				}
			}
			t.Error("it was not found in 20 kills")
		})
	}
}
