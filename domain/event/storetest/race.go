package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"approdo/domain/event"
)

// together does something n times at the same time, and reports what failed.
func (j *journal) together(n int, do func(i int) error) {
	j.Helper()
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		j.Fatal(err)
	}
}

var raceRules = []rule{
	{"of writers racing for one revision exactly one wins", func(j *journal) {
		const writers, rounds = 8, 25
		for revision := range rounds {
			var won atomic.Int64
			j.together(writers, func(int) error {
				_, err := j.Append(j.ctx, event.Append{Stream: "case-1", Expected: event.Expected(revision - 1), Events: drafts(1)})
				var conflict *event.ConflictError
				switch {
				case err == nil:
					won.Add(1)
				case errors.As(err, &conflict) && conflict.Actual == event.Revision(revision):
				default:
					return err
				}
				return nil
			})
			if won.Load() != 1 {
				j.Fatalf("%d writers won revision %d", won.Load(), revision)
			}
		}
		if n := len(j.stream("case-1", event.ReadStream{})); n != rounds {
			j.Errorf("%d records, want %d", n, rounds)
		}
	}},
	{"writers that retry after a conflict all get in, and no revision twice", func(j *journal) {
		const writers, each = 8, 10
		j.together(writers, func(int) error {
			for range each {
				expected := noStream
				for {
					_, err := j.Append(j.ctx, event.Append{Stream: "case-1", Expected: expected, Events: drafts(2)})
					var conflict *event.ConflictError
					if errors.As(err, &conflict) {
						expected = event.Expected(conflict.Actual)
						continue
					}
					if err != nil {
						return err
					}
					break
				}
			}
			return nil
		})
		for i, revision := range j.revisions("case-1", event.ReadStream{}) {
			if revision != event.Revision(i) {
				j.Fatalf("record %d has revision %d", i, revision)
			}
		}
		if n := len(j.stream("case-1", event.ReadStream{})); n != writers*each*2 {
			j.Errorf("%d records, want %d", n, writers*each*2)
		}
	}},
	{"writers on many streams do not meet", func(j *journal) {
		j.together(32, func(w int) error {
			for i := range 20 {
				res, err := j.Append(j.ctx, event.Append{Stream: fmt.Sprintf("case-%d", w), Expected: event.Expected(i - 1), Events: drafts(1)})
				if err != nil || res.Last != event.Revision(i) {
					return fmt.Errorf("case-%d at %d: %+v, %w", w, i, res, err)
				}
			}
			return nil
		})
		if n := len(j.all(0, event.ReadAll{})); n != 32*20 {
			j.Errorf("%d records, want %d", n, 32*20)
		}
	}},
	{"an append that conflicts does not spoil those beside it", func(j *journal) {
		j.add("taken", noStream, draft())
		var conflicts atomic.Int64
		j.together(64, func(w int) error {
			if w%4 > 0 {
				_, err := j.Append(j.ctx, event.Append{Stream: fmt.Sprintf("case-%d", w), Expected: noStream, Events: drafts(3)})
				return err
			}
			_, err := j.Append(j.ctx, event.Append{Stream: "taken", Expected: noStream, Events: drafts(3)})
			var conflict *event.ConflictError
			if !errors.As(err, &conflict) {
				return fmt.Errorf("no conflict but %w", err)
			}
			conflicts.Add(1)
			return nil
		})
		if n := len(j.all(0, event.ReadAll{})); n != 1+48*3 || conflicts.Load() != 16 {
			j.Errorf("%d records and %d conflicts", n, conflicts.Load())
		}
	}},
	{"positions told to writers are those that readers find", func(j *journal) {
		var mu sync.Mutex
		told := map[event.Position]string{}
		j.together(16, func(w int) error {
			for i := range 10 {
				stream := fmt.Sprintf("case-%d", w)
				res, err := j.Append(j.ctx, event.Append{Stream: stream, Expected: event.Expected(i - 1), Events: drafts(1)})
				if err != nil {
					return err
				}
				mu.Lock()
				told[res.Position] = fmt.Sprintf("%s@%d", stream, res.Last)
				mu.Unlock()
			}
			return nil
		})
		found := map[event.Position]string{}
		for _, r := range j.all(0, event.ReadAll{}) {
			found[r.Position] = fmt.Sprintf("%s@%d", r.Stream, r.Revision)
		}
		j.same(told, found)
	}},
	{"no reader sees half an append", func(j *journal) {
		ctx, cancel := context.WithCancel(j.ctx)
		defer cancel()
		var reader sync.WaitGroup
		reader.Go(func() {
			for ctx.Err() == nil {
				n := 0
				for _, err := range j.ReadStream(j.ctx, "case-1", event.ReadStream{}) {
					if err != nil {
						j.Error(err)
						return
					}
					n++
				}
				if n%5 != 0 {
					j.Errorf("%d records, appended five at a time", n)
					return
				}
			}
		})
		for range 60 {
			j.add("case-1", anyRevision, drafts(5)...)
		}
		cancel()
		reader.Wait()
	}},
	{"a subscriber beside 32 writers misses nothing and never goes back", func(j *journal) {
		subscribe := func(ctx context.Context, yield func(event.Page, error) bool) {
			j.Subscribe(ctx, 0, event.Subscribe{PageSize: 50})(yield)
		}
		if err := tail(j.ctx, j.Store, 32, 40, subscribe); err != nil {
			j.Error(err)
		}
	}},
	{"a reader that polls beside 32 writers misses nothing and never goes back", func(j *journal) {
		poll := func(ctx context.Context, yield func(event.Page, error) bool) {
			var after event.Position
			for ctx.Err() == nil {
				for p, err := range j.ReadAll(ctx, after, event.ReadAll{PageSize: 7}) {
					if !yield(p, err) {
						return
					}
					after = p.Checkpoint
				}
			}
			yield(event.Page{}, ctx.Err())
		}
		if err := tail(j.ctx, j.Store, 32, 40, poll); err != nil {
			j.Error(err)
		}
	}},
}

// tail lets writers append, each event one of a stream of its own, while a reader follows; then it sees that the reader met every
// event once, every stream in its order, and no position at or before one it had met. The reader ends at an event that is written
// when the writers are done: whatever it has not met by then it never will.
func tail(ctx context.Context, s event.Store, writers, each int, follow func(context.Context, func(event.Page, error) bool)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := make(chan error, 1)
	go func() { read <- meetAll(ctx, writers, each, follow) }()

	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				_, err := s.Append(ctx, event.Append{Stream: fmt.Sprintf("case-%d", w), Expected: event.Expected(i - 1), Events: drafts(1)})
				if err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	all.Wait()
	_, err := s.Append(ctx, event.Append{Stream: last, Expected: event.NoStream, Events: drafts(1)})
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	return <-read
}

func meetAll(ctx context.Context, writers, each int, follow func(context.Context, func(event.Page, error) bool)) error {
	revisions := map[string]event.Revision{}
	var before event.Position
	n, ended := 0, false
	var wrong error
	follow(ctx, func(p event.Page, err error) bool {
		if err != nil {
			wrong = err
			return false
		}
		for _, r := range p.Records {
			switch {
			case r.Position <= before:
				wrong = fmt.Errorf("position %d after %d", r.Position, before)
			case r.Revision != revisions[r.Stream]:
				wrong = fmt.Errorf("%s@%d at %d, want revision %d", r.Stream, r.Revision, r.Position, revisions[r.Stream])
			}
			if wrong != nil {
				return false
			}
			before = r.Position
			revisions[r.Stream]++
			n++
			ended = ended || r.Stream == last
		}
		return !ended
	})
	if wrong == nil && n != writers*each+1 {
		wrong = fmt.Errorf("%d of %d events met", n, writers*each+1)
	}
	return wrong
}
