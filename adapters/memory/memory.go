// Package memory is the journal in memory: the contract of event.Store in its plainest form, for tests and throwaway runs.
// It starts no goroutine and waits on nothing but channels, so that it also lives inside testing/synctest.
package memory

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain/event"
)

// defaultPage is how many records a page looks at where the caller does not say.
const defaultPage = 1000

// Store is a journal that ends with the process. Positions are dense, from 1.
type Store struct {
	mu      sync.Mutex
	closed  bool
	records []event.Record // records[i] stands at position i+1
	streams map[string][]event.Position
	byID    map[uuid.UUID]event.Position
	news    chan struct{} // closed, and replaced, when anything changes
}

var _ event.Importer = (*Store)(nil)

// New gives an empty journal.
func New() *Store {
	return &Store{
		streams: map[string][]event.Position{},
		byID:    map[uuid.UUID]event.Position{},
		news:    make(chan struct{}),
	}
}

// Append implements event.Store. An id that is already elsewhere in the journal is event.ErrCorruptIdempotency.
func (s *Store) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if err := a.Check(); err != nil {
		return event.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return event.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(a, time.Now().UTC().Truncate(time.Microsecond))
}

// Import implements event.Importer.
func (s *Store) Import(ctx context.Context, records []event.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		a := event.Append{Stream: r.Stream, Expected: event.Expected(r.Revision - 1), Events: []event.Draft{r.Draft}}
		if _, err := s.append(a, r.At); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) append(a event.Append, at time.Time) (event.Result, error) {
	if s.closed {
		return event.Result{}, event.ErrClosed
	}
	stream := s.streams[a.Stream]
	last := event.Revision(len(stream) - 1)
	conflict := &event.ConflictError{Stream: a.Stream, Expected: a.Expected, Actual: last}
	switch {
	case a.Expected == event.Any, a.Expected == event.StreamExists && last >= 0:
		if found := s.found(a, func(r event.Record, _ int) bool { return r.Stream == a.Stream }); found > 0 {
			return s.repeated(a, found)
		}
	case a.Expected == event.Expected(last):
	case a.Expected == event.StreamExists:
		return event.Result{}, conflict
	default:
		found := s.found(a, func(r event.Record, i int) bool {
			return r.Stream == a.Stream && r.Revision == event.Revision(a.Expected)+1+event.Revision(i)
		})
		if found == 0 {
			return event.Result{}, conflict
		}
		return s.repeated(a, found)
	}
	return s.write(a, last, at)
}

// found counts the events of an append that are in the journal at a place that will do.
func (s *Store) found(a event.Append, at func(r event.Record, i int) bool) int {
	n := 0
	for i, d := range a.Events {
		if p, ok := s.byID[d.ID]; ok && at(s.records[p-1], i) {
			n++
		}
	}
	return n
}

// repeated is the answer to an append of which some events were found.
func (s *Store) repeated(a event.Append, found int) (event.Result, error) {
	if found < len(a.Events) {
		return event.Result{}, event.ErrCorruptIdempotency
	}
	last := s.records[s.byID[a.Events[found-1].ID]-1]
	return event.Result{Last: last.Revision, Position: last.Position, Duplicate: true}, nil
}

func (s *Store) write(a event.Append, last event.Revision, at time.Time) (event.Result, error) {
	fresh := map[uuid.UUID]bool{}
	for _, d := range a.Events {
		if _, there := s.byID[d.ID]; there || fresh[d.ID] {
			return event.Result{}, event.ErrCorruptIdempotency
		}
		fresh[d.ID] = true
	}
	res := event.Result{Last: last}
	for _, d := range a.Events {
		d.Data = slices.Clone(d.Data)
		d.Meta.At = d.Meta.At.Round(0).UTC()
		res.Last++
		res.Position = event.Position(len(s.records) + 1)
		s.records = append(s.records, event.Record{Draft: d, Stream: a.Stream, Revision: res.Last, Position: res.Position, At: at})
		s.streams[a.Stream] = append(s.streams[a.Stream], res.Position)
		s.byID[d.ID] = res.Position
	}
	if len(a.Events) > 0 {
		s.ring()
	}
	return res, nil
}

// ring wakes every subscriber.
func (s *Store) ring() {
	close(s.news)
	s.news = make(chan struct{})
}

// ReadStream implements event.Store.
func (s *Store) ReadStream(ctx context.Context, stream string, o event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		records, err := s.stream(ctx, stream, o)
		if err != nil {
			yield(event.Record{}, err)
			return
		}
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				yield(event.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *Store) stream(ctx context.Context, stream string, o event.ReadStream) ([]event.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, event.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []event.Record
	for _, p := range s.streams[stream] {
		r := s.records[p-1]
		if !o.Backward && r.Revision >= o.From || o.Backward && (o.From == 0 || r.Revision <= o.From) {
			out = append(out, handOut(r))
		}
	}
	if o.Backward {
		slices.Reverse(out)
	}
	if o.Limit > 0 && len(out) > o.Limit {
		out = out[:o.Limit]
	}
	return out, nil
}

// handOut copies what a reader could otherwise change for everybody.
func handOut(r event.Record) event.Record {
	r.Data = slices.Clone(r.Data)
	return r
}

// ReadAll implements event.Store.
func (s *Store) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for {
			page, _, err := s.page(ctx, after, o.Filter, o.PageSize)
			if err != nil {
				yield(event.Page{}, err)
				return
			}
			if page.Checkpoint == after || !yield(page, nil) || page.CaughtUp {
				return
			}
			after = page.Checkpoint
		}
	}
}

// Subscribe implements event.Store.
func (s *Store) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for first := true; ; first = false {
			page, news, err := s.page(ctx, after, o.Filter, o.PageSize)
			if err != nil {
				yield(event.Page{}, err)
				return
			}
			if (first || page.Checkpoint > after) && !yield(page, nil) {
				return
			}
			after = page.Checkpoint
			if !page.CaughtUp {
				continue
			}
			select {
			case <-news:
			case <-ctx.Done():
				yield(event.Page{}, ctx.Err())
				return
			}
		}
	}
}

// page reads what is behind a position, and gives the channel that closes when there is more.
func (s *Store) page(ctx context.Context, after event.Position, f event.Filter, size int) (event.Page, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return event.Page{}, nil, event.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return event.Page{}, nil, err
	}
	if size <= 0 {
		size = defaultPage
	}
	head := event.Position(len(s.records))
	page := event.Page{Checkpoint: max(after, min(head, after+event.Position(size)))}
	for p := after; p < page.Checkpoint; p++ {
		if r := s.records[p]; keeps(f, r.Stream) {
			page.Records = append(page.Records, handOut(r))
		}
	}
	page.CaughtUp = page.Checkpoint >= head
	return page, s.news, nil
}

func keeps(f event.Filter, stream string) bool {
	return len(f.Prefixes) == 0 || slices.ContainsFunc(f.Prefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
}

// Head implements event.Store.
func (s *Store) Head(ctx context.Context) (event.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, event.ErrClosed
	}
	return event.Position(len(s.records)), ctx.Err()
}

// Close implements event.Store. A second Close is event.ErrClosed.
func (s *Store) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return event.ErrClosed
	}
	s.closed = true
	s.ring()
	return nil
}
