package projections

import (
	"context"
	"sync"
	"time"

	"approdo/domain"
	"approdo/domain/event"
)

// Status is how a projection is doing.
type Status struct {
	Projection string
	Version    int
	State      State // Building: nothing serves yet
	Position   event.Position
	Head       event.Position // of the journal
	Reason     Reason         // why it halted, and at which record
	Stuck      event.Position
	Build      *Progress // of new tables beside those that serve, or of the first
}

// Lag is how far behind the journal it is, in positions. An engine whose positions have holes counts them too.
func (s Status) Lag() uint64 { return uint64(max(s.Head, s.Position) - s.Position) }

// Progress is how far a build has come.
type Progress struct {
	Position, Head event.Position
	Records        int64 // read and decoded
	Elapsed        time.Duration
}

// Rate is in records a second.
func (p Progress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Records) / p.Elapsed.Seconds()
}

// ErrBehind is a view that has not come so far in time.
var ErrBehind = &domain.Error{Kind: domain.KindUnavailable, Code: "views-behind"}

// board is what the projections have committed, for those who wait and those who look.
type board struct {
	mu    sync.Mutex
	known bool // the engine was asked
	state map[string]Status
	news  chan struct{} // closed at every change
	waits int           // how many wait
	asked chan struct{} // holds one where somebody has begun to wait
}

func newBoard(ps []*Projection) *board {
	b := &board{state: map[string]Status{}, news: make(chan struct{}), asked: make(chan struct{}, 1)}
	for _, p := range ps {
		b.state[p.Name] = Status{Projection: p.Name, Version: p.Version, State: Building}
	}
	return b
}

// show publishes what units have committed.
func (b *board) show(units []*unit) { b.change(func() { b.set(units) }) }

// load publishes what the engine was found to have.
func (b *board) load(units []*unit) {
	b.change(func() {
		b.known = true
		for name, s := range b.state {
			if s.Reason != RowsRefused { // that stays so with this program
				b.state[name] = Status{Projection: name, Version: s.Version, State: Building, Build: s.Build}
			}
		}
		b.set(units)
	})
}

func (b *board) set(units []*unit) {
	for _, u := range units {
		s := b.state[u.Name]
		s.State, s.Position, s.Reason, s.Stuck = u.gen.State, u.gen.Position, u.gen.Reason, u.gen.Stuck
		b.state[u.Name] = s
	}
}

// halted tells whether a projection is.
func (b *board) halted(p *Projection) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state[p.Name].State == Halted
}

// building publishes how far a build has come; nil when it is over.
func (b *board) building(units []*unit, p *Progress) {
	b.change(func() {
		for _, u := range units {
			s := b.state[u.Name]
			s.Build = p
			b.state[u.Name] = s
		}
	})
}

// refuse publishes that a projection without tables could not be given any.
func (b *board) refuse(u *unit) {
	b.change(func() {
		if s := b.state[u.Name]; s.State == Building {
			s.State, s.Reason, s.Stuck = Halted, RowsRefused, u.next.Position
			b.state[u.Name] = s
		}
	})
}

func (b *board) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	close(b.news)
	b.news = make(chan struct{})
}

// awaited tells whether somebody waits.
func (b *board) awaited() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waits > 0
}

// count counts somebody who waits in, or out.
func (b *board) count(by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits += by; by > 0 {
		select {
		case b.asked <- struct{}{}:
		default:
		}
	}
}

// wait returns once every projection is as wanted.
func (b *board) wait(ctx context.Context, wanted func(Status) bool) error {
	b.count(1)
	defer b.count(-1)
	for {
		b.mu.Lock()
		ok, news := b.known, b.news
		for _, s := range b.state {
			ok = ok && wanted(s)
		}
		b.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ErrBehind
		}
	}
}

// Await waits until every live projection has committed a position, so that who wrote there reads it: ErrBehind when ctx ends
// before. Projections that halted, or are being built for the first time, keep nobody waiting.
func (r *Runner) Await(ctx context.Context, at event.Position) error {
	return r.board.wait(ctx, func(s Status) bool { return s.State != Live || s.Position >= at })
}

// Ready waits until no projection is without tables that serve: ErrBehind when ctx ends before.
func (r *Runner) Ready(ctx context.Context) error {
	return r.board.wait(ctx, func(s Status) bool { return s.State != Building })
}

// Status tells how the projections are doing, in the order in which they were declared.
func (r *Runner) Status(ctx context.Context) ([]Status, error) {
	head, err := r.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	all := make([]Status, len(r.projections))
	for i, p := range r.projections {
		all[i] = r.board.state[p.Name]
		all[i].Head = head
	}
	return all, nil
}
