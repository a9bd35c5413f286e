package storetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"approdo/domain/event"
)

// sequence is a journal with the flaw that the rules about tailing readers are for: like a database that draws positions from a
// sequence and commits later, it makes events visible out of order. It has nothing but what tail needs.
type sequence struct {
	event.Store
	mu      sync.Mutex
	drawn   event.Position
	streams map[string]event.Revision
	visible []event.Record // by position
	honest  bool           // make them visible in order
}

func (s *sequence) Append(_ context.Context, a event.Append) (event.Result, error) {
	s.mu.Lock()
	s.drawn++
	r := event.Record{Draft: a.Events[0], Stream: a.Stream, Position: s.drawn, Revision: s.streams[a.Stream]}
	s.streams[a.Stream]++
	if !s.honest {
		s.mu.Unlock()
		time.Sleep(rand.N(300 * time.Microsecond))
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.visible, r.Position, func(r event.Record, p event.Position) int { return int(r.Position) - int(p) })
	s.visible = slices.Insert(s.visible, i, r)
	return event.Result{Last: r.Revision, Position: r.Position}, nil
}

// follow yields what is visible behind the last position, over and over.
func (s *sequence) follow(ctx context.Context, yield func(event.Page, error) bool) {
	var after event.Position
	for ctx.Err() == nil {
		s.mu.Lock()
		var page event.Page
		for _, r := range s.visible {
			if r.Position > after {
				page.Records = append(page.Records, r)
			}
		}
		s.mu.Unlock()
		if n := len(page.Records); n > 0 {
			after = page.Records[n-1].Position
		}
		if !yield(page, nil) {
			return
		}
	}
	yield(event.Page{}, ctx.Err())
}

func TestTheTailingReaderFindsOutASequence(t *testing.T) {
	t.Parallel()
	for _, honest := range []bool{false, true} {
		s := &sequence{streams: map[string]event.Revision{}, honest: honest}
		err := tail(t.Context(), s, 32, 40, s.follow)
		if found := err != nil; found == honest {
			t.Errorf("honest %t: %v", honest, err)
		}
	}
}
