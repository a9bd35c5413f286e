package projections

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"approdo/domain/event"
)

// page is a page of the journal, decoded.
type page struct {
	after, checkpoint event.Position
	events            []Event
	faults            map[int]error // what does not decode, by its place among the events
	more              bool          // another page is ready
	left              atomic.Int32  // how many projections of a build still need it
}

// reading reads the journal after a position.
type reading func(ctx context.Context, after event.Position) iter.Seq2[event.Page, error]

// ahead is how many pages may be decoded before they are applied.
const ahead = 4

// pages reads and decodes the journal once for all of ps, in a goroutine of its own while the caller is at an earlier page.
// No filter is passed on to the journal: a position that somebody awaits is reached whatever stands there.
func (r *Runner) pages(ctx context.Context, after event.Position, read reading, ps []*Projection) iter.Seq2[*page, error] {
	return func(yield func(*page, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		ready := make(chan *page, ahead)
		var failed error
		go func() {
			defer close(ready)
			for p, err := range read(ctx, after) {
				if err != nil {
					failed = err
					return
				}
				select {
				case ready <- r.decode(after, p, ps):
					after = p.Checkpoint
				case <-ctx.Done():
					failed = ctx.Err()
					return
				}
			}
		}()
		defer func() {
			stop()
			for range ready { // until the goroutine has ended
			}
		}()
		for pg := range ready {
			pg.more = len(ready) > 0
			if !yield(pg, nil) {
				return
			}
		}
		if failed != nil && ctx.Err() != nil {
			failed = ctx.Err() // journals tell of it in words of their own
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

func (r *Runner) decode(after event.Position, p event.Page, ps []*Projection) *page {
	pg := &page{after: after, checkpoint: p.Checkpoint, events: make([]Event, len(p.Records))}
	for i, record := range p.Records {
		pg.events[i].Record = record
		if !wanted(ps, record.Stream) {
			continue
		}
		payload, err := r.codec.Decode(record)
		if err != nil {
			if pg.faults == nil {
				pg.faults = map[int]error{}
			}
			pg.faults[i] = err
		}
		pg.events[i].Payload = payload
	}
	return pg
}

func wanted(ps []*Projection, stream string) bool {
	for _, p := range ps {
		if p.wants(stream) {
			return true
		}
	}
	return false
}

// reasonOf tells why an event that does not decode halts a projection.
func reasonOf(fault error) Reason {
	if errors.Is(fault, event.ErrUnknownEvent) {
		return UnknownEvent
	}
	return Undecodable
}
