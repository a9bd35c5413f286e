package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"approdo/domain"
	"approdo/domain/event"
)

// Runner keeps the views of all projections up to the journal: one reading and one decoding of each record feeds them all, and
// what a page changed is committed for all of them at once, with their checkpoints.
type Runner struct {
	store       event.Store
	codec       *event.Codec
	engine      Engine
	log         *slog.Logger
	shared      Shared // nil where no other node uses the engine
	projections []*Projection
	board       *board
	claimed     chan struct{} // holds one where this node has begun to apply
	untidy      chan struct{} // holds one where something lacks or is to be dropped

	hold int // rows

	builds sync.Mutex      // one at a time
	broken map[string]bool // projections whose rows the engine refused in a build: not tried again by themselves

	mu        sync.Mutex // held while a page is applied and committed, and while generations are swapped
	leading   bool       // this node applies the journal
	outdated  bool       // another node has views of a higher version
	loaded    bool
	journal   string         // the name of the journal, once it has a record
	units     []*unit        // those that serve
	founding  map[int64]bool // generations that are being built here
	garbage   []Generation   // to be dropped
	committed time.Time
	again     context.CancelFunc // begins the pass anew, from the least position
}

// NewRunner is given all projections of the program: tables of any other are dropped. It panics where two have the same name or
// share a table.
func NewRunner(store event.Store, codec *event.Codec, engine Engine, log *slog.Logger, ps ...Projection) *Runner {
	declared := declare(ps)
	shared, _ := engine.(Shared)
	return &Runner{
		store: store, codec: codec, engine: engine, log: log, shared: shared, leading: shared == nil, projections: declared,
		board: newBoard(declared), claimed: make(chan struct{}, 1), untidy: make(chan struct{}, 1), hold: heldBuilding,
		founding: map[int64]bool{}, broken: map[string]bool{}, again: func() {},
	}
}

// When a pass commits: as soon as no page is waiting, and before so many rows wait or so much time has passed.
const (
	commitRows  = 20_000
	commitEvery = 100 * time.Millisecond
)

// heldLive is how many rows of a projection stay in memory once it is live; about twice as many at most.
const heldLive = 8_192

// startOver is how long Run waits after the journal or the engine failed.
const startOver = 500 * time.Millisecond

// Run follows the journal until ctx ends, and gives its error. Projections that have no tables yet, or tables of another version,
// are built first, beside the others. Where the journal or the engine fails, Run starts over from what was committed. Of the nodes
// that share an engine one at a time applies the journal; the others look how far it has come, and one of them takes over when it
// ends.
func (r *Runner) Run(ctx context.Context) error {
	if r.shared != nil {
		return r.runShared(ctx)
	}
	r.persist(ctx, r.run)
	return ctx.Err()
}

// persist does something again and again, until ctx ends.
func (r *Runner) persist(ctx context.Context, do func(context.Context) error) {
	for {
		err := do(ctx)
		if ctx.Err() != nil {
			return
		}
		r.log.Error("projections start over", "error", err)
		select {
		case <-time.After(startOver):
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) run(ctx context.Context) error {
	if err := r.claim(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 2)
	go func() { done <- r.follow(ctx) }()
	go func() { done <- r.furnish(ctx) }()
	var first error
	for range 2 {
		if err := <-done; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

// CatchUp brings every projection to the head of the journal as it is found, building those that must be, and returns. A projection
// that halts is no error: see Status. Where another node applies the journal, CatchUp waits for it.
func (r *Runner) CatchUp(ctx context.Context) error {
	if r.shared != nil {
		return r.catchUpShared(ctx)
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	if err := r.furnish(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	after, active := least(r.units)
	r.mu.Unlock()
	if !active {
		return nil
	}
	return r.pass(ctx, r.pages(ctx, after, r.readAll, r.projections))
}

// furnish builds what lacks and drops what nobody reads.
func (r *Runner) furnish(ctx context.Context) error {
	if err := r.buildLacking(ctx); err != nil {
		return err
	}
	if r.shared != nil {
		if err := r.leftovers(ctx); err != nil {
			return err
		}
	}
	return r.sweep(ctx)
}

// sweep drops what nobody reads.
func (r *Runner) sweep(ctx context.Context) error {
	for {
		r.mu.Lock()
		if len(r.garbage) == 0 {
			r.mu.Unlock()
			return nil
		}
		g := r.garbage[0]
		r.garbage = r.garbage[1:]
		r.mu.Unlock()
		if err := r.engine.Drop(ctx, g); err != nil {
			r.mu.Lock()
			r.garbage = append(r.garbage, g)
			r.mu.Unlock()
			return fmt.Errorf("projections: drop old tables of %s: %w", g.Projection, err)
		}
	}
}

// load finds out what the engine has, unless it is known.
func (r *Runner) load(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loaded {
		return nil
	}
	return r.reload(ctx)
}

// reload finds out what the engine has. Whoever applies the journal retires what he cannot use.
func (r *Runner) reload(ctx context.Context) error {
	var all []Generation
	if err := r.engine.Read(ctx, func(s Session) (err error) {
		all, err = s.Generations()
		return err
	}); err != nil {
		return err
	}
	head, err := r.store.Head(ctx) // after the engine was read: no view is ahead of its journal
	if err != nil {
		return err
	}
	if err := r.identify(ctx); err != nil {
		return err
	}
	var units []*unit
	kept := map[int64]bool{}
	r.outdated = false
	for _, p := range r.projections {
		// Views that are ahead of the journal are of another one, perhaps of this before it was restored from a backup.
		if g, ok := p.serving(all); ok && g.Position <= head && (g.Journal == r.journal || g.Position == 0) {
			units = append(units, newUnit(p, g, false))
			kept[g.Number] = true
		}
		for _, g := range all {
			if r.shared != nil && g.Projection == p.Name && g.Version > p.Version && g.State != Retired && g.State != Building {
				kept[g.Number], r.outdated = true, true
			}
		}
	}
	garbage := slices.DeleteFunc(all, func(g Generation) bool {
		return kept[g.Number] || r.founding[g.Number] || r.shared != nil && g.State == Building // it may be another node's
	})
	if !r.leading || r.outdated {
		garbage = nil
	}
	if len(garbage) > 0 {
		if err := r.engine.Write(ctx, func(b Batch) error { return retire(b, garbage) }); err != nil {
			return err
		}
	}
	r.units, r.loaded = units, true
	r.discard(garbage)
	r.board.load(units)
	if len(garbage) > 0 || len(units) < len(r.projections) {
		r.tidy()
	}
	return nil
}

// identify finds out which journal it is.
func (r *Runner) identify(ctx context.Context) (err error) {
	if r.journal == "" {
		r.journal, err = event.Name(ctx, r.store)
	}
	return err
}

// discard remembers what is to be dropped.
func (r *Runner) discard(garbage []Generation) {
	known := map[int64]bool{}
	for _, g := range r.garbage {
		known[g.Number] = true
	}
	for _, g := range garbage {
		if !known[g.Number] {
			r.garbage = append(r.garbage, g)
		}
	}
}

// tidy lets furnish come by.
func (r *Runner) tidy() {
	select {
	case r.untidy <- struct{}{}:
	default:
	}
}

// retire keeps readers away from generations that are to be dropped. All nodes take them in the same order, so that none waits for
// another that waits for it.
func retire(b Batch, garbage []Generation) error {
	for _, g := range inOrder(garbage, func(g Generation) int64 { return g.Number }) {
		if g.State == Retired {
			continue
		}
		was := g.Position
		g.State = Retired
		if err := b.Save(g, was); err != nil {
			return err
		}
	}
	return nil
}

func inOrder[T any](list []T, number func(T) int64) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(number(a), number(b)) })
}

func (r *Runner) readAll(ctx context.Context, after event.Position) iter.Seq2[event.Page, error] {
	return r.store.ReadAll(ctx, after, event.ReadAll{})
}

func (r *Runner) subscribe(ctx context.Context, after event.Position) iter.Seq2[event.Page, error] {
	return r.store.Subscribe(ctx, after, event.Subscribe{})
}

// follow applies the journal as it grows. It begins anew where a projection joins or is to be tried again, and where another node
// was first.
func (r *Runner) follow(ctx context.Context) error {
	for {
		pass, again := context.WithCancel(ctx)
		r.mu.Lock()
		after, active := least(r.units)
		r.again = again
		outdated := r.outdated
		r.mu.Unlock()
		if outdated {
			again()
			return errOutdated
		}
		var err error
		if active {
			err = r.pass(ctx, r.pages(pass, after, r.subscribe, r.projections))
		} else {
			<-pass.Done()
		}
		ended := pass.Err() == nil || err != nil && !errors.Is(err, context.Canceled)
		again()
		if errors.Is(err, ErrMoved) {
			err = r.claim(ctx)
			ended = err != nil
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case ended:
			return err
		}
	}
}

func (r *Runner) pass(ctx context.Context, pages iter.Seq2[*page, error]) error {
	for pg, err := range pages {
		if err == nil {
			err = r.absorb(ctx, pg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absorb applies a page to every projection that it goes on from, and commits when it is time.
func (r *Runner) absorb(ctx context.Context, pg *page) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.engine.Read(ctx, func(s Session) error {
		for _, u := range r.units {
			if !u.follows(pg) {
				continue
			}
			if err := u.take(ctx, s, pg); err != nil {
				stopped, ok := errors.AsType[*setback](err)
				if !ok {
					return err
				}
				r.setBack(u, stopped)
			}
		}
		return nil
	})
	if err == nil && r.due(pg) {
		err = r.commit(ctx)
	}
	if err != nil {
		r.loaded = false // start over from what was committed
	}
	return err
}

func (r *Runner) due(pg *page) bool {
	changed := 0
	for _, u := range r.units {
		changed += u.tx.tally().changed
	}
	return !pg.more || changed >= commitRows || time.Since(r.committed) >= commitEvery
}

// A record that fails is tried again after a tenth of a second, then two, four …; then the projection counts as halted, and is
// tried once a minute. The others go on meanwhile.
const (
	firstRetry = 100 * time.Millisecond
	retries    = 5
	slowRetry  = time.Minute
)

// setBack sets a projection aside.
func (r *Runner) setBack(u *unit, s *setback) {
	if s.reason == ApplyFailed && u.tries < retries {
		u.resting = true
		r.retry(u, firstRetry<<u.tries)
		u.tries++
		return
	}
	u.stop(s)
	r.log.Error("projection halted", "projection", u.Name, "reason", s.reason, "position", s.at, "error", s.err)
	if s.reason == ApplyFailed {
		r.retry(u, slowRetry)
	}
}

func (r *Runner) retry(u *unit, after time.Duration) {
	time.AfterFunc(after, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		u.resting = false
		r.again()
	})
}

// commit writes what the projections have changed, and their checkpoints.
func (r *Runner) commit(ctx context.Context) error {
	for {
		moved := slices.DeleteFunc(slices.Clone(r.units), func(u *unit) bool { return !u.moved() })
		moved = inOrder(moved, func(u *unit) int64 { return u.gen.Number })
		if len(moved) == 0 {
			return nil
		}
		if err := r.identify(ctx); err != nil {
			return err
		}
		for _, u := range moved {
			u.next.Journal = r.journal
		}
		var at *unit
		err := r.engine.Write(ctx, func(b Batch) error {
			for _, at = range moved {
				if err := b.Save(at.next, at.gen.Position); err != nil { // first: rows are refused too where another node was first
					return err
				}
				if _, err := at.tx.flush(b, at.gen, math.MaxInt, false); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, ErrRefused) {
			reached := at.next.Position
			at.next = at.gen
			at.open(false)
			r.setBack(at, &setback{RowsRefused, reached, err})
			continue
		}
		if err != nil {
			return err
		}
		for _, u := range moved {
			u.tx.settle()
			u.gen = u.next
			if u.tx.tally().held > heldLive {
				u.tx.rotate()
			}
		}
		r.committed = time.Now()
		r.board.show(moved)
		return nil
	}
}

// Read implements Reader.
func (r *Runner) Read(ctx context.Context, f func(*Snapshot) error) error {
	return r.engine.Read(ctx, r.snapshot(f))
}

// ReadAs implements Reader.
func (r *Runner) ReadAs(ctx context.Context, a domain.Actor, f func(*Snapshot) error) error {
	if walled, ok := r.engine.(Walled); ok {
		return walled.ReadAs(ctx, a, r.snapshot(f))
	}
	return r.Read(ctx, f)
}

func (r *Runner) snapshot(f func(*Snapshot) error) func(Session) error {
	return func(s Session) error {
		snapshot, err := newSnapshot(s, r.projections)
		if err != nil {
			return err
		}
		return f(snapshot)
	}
}
