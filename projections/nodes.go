package projections

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"approdo/domain/event"
)

// The turns that nodes take: at applying the journal, and at building tables beside those that serve.
const (
	turnToApply = "views"
	turnToBuild = "views-build"
)

// A node that does not apply the journal looks so often how far the one that does has come: often while somebody waits to read what
// he wrote.
const (
	lookAwaited = 20 * time.Millisecond
	lookIdle    = 500 * time.Millisecond
)

// lookPatience bounds a look: an engine or a journal that is gone without a word must not hold up who could go on.
const lookPatience = 15 * time.Second

// settle is how long CatchUp lets a node try for a turn that may be free.
const settle = time.Second

// rest is how long a node that is behind the others in its version leaves the turn to them.
const rest = 30 * time.Second

// errOutdated is a program that would apply the journal to views of a higher version.
var errOutdated = errors.New("projections: another node has views of a higher version")

func (r *Runner) runShared(ctx context.Context) error {
	var parts sync.WaitGroup
	for _, part := range []func(context.Context) error{r.lead, r.watch, r.housekeep} {
		parts.Go(func() { r.persist(ctx, part) })
	}
	parts.Wait()
	return ctx.Err()
}

// catchUpShared takes part until everything has come so far.
func (r *Runner) catchUpShared(ctx context.Context) error {
	head, err := r.store.Head(ctx)
	if err != nil {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	for _, part := range []func(context.Context) error{r.lead, r.watch} {
		parts.Go(func() { r.persist(inner, part) })
	}
	if err = r.furnish(ctx); err == nil {
		err = r.reach(ctx, head)
	}
	if err == nil {
		err = r.furnish(ctx) // what was found since
	}
	stop()
	parts.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// reach waits until every projection has come to a position or cannot go on, by this node or by another.
func (r *Runner) reach(ctx context.Context, head event.Position) error {
	select {
	case <-r.claimed:
	case <-time.After(settle):
	case <-ctx.Done():
	}
	r.board.count(1)
	defer r.board.count(-1)
	for !r.reached(head) {
		select {
		case <-time.After(lookAwaited):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *Runner) reached(head event.Position) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.projections {
		u := r.unit(p)
		switch {
		case u == nil && !r.board.halted(p):
			return false
		case u == nil || u.gen.Position >= head:
		case r.leading && !u.resting || !r.leading && u.gen.State != Halted:
			return false
		}
	}
	return r.loaded
}

// lead applies the journal while it is this node's turn.
func (r *Runner) lead(ctx context.Context) error {
	err := r.shared.Turn(ctx, turnToApply, func(ctx context.Context) error {
		r.turn(true)
		defer r.turn(false)
		if err := r.claim(ctx); err != nil {
			return err
		}
		select {
		case r.claimed <- struct{}{}:
		default:
		}
		r.log.Info("this node applies the journal to the views")
		return r.follow(ctx)
	})
	if errors.Is(err, errOutdated) {
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
	}
	return err
}

// turn says whether it is this node's. What it knew of the engine may be old.
func (r *Runner) turn(mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leading, r.loaded = mine, false
}

// claim finds out what the engine has, for whoever is to apply the journal to it.
func (r *Runner) claim(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		if err := r.reload(ctx); err != nil {
			return err
		}
	}
	if r.outdated {
		return errOutdated
	}
	return nil
}

// watch follows what another node commits.
func (r *Runner) watch(ctx context.Context) error {
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		pause := lookIdle
		if r.board.awaited() {
			pause = lookAwaited
		}
		select {
		case <-r.board.asked:
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *Runner) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leading && r.loaded {
		known, err := r.known(ctx)
		if err != nil {
			return err
		}
		r.loaded = known
	}
	return r.lookAgain(ctx)
}

// known tells whether the generations that serve are still those that this node applies the journal to: another may have built some.
func (r *Runner) known(ctx context.Context) (same bool, err error) {
	err = r.engine.Read(ctx, func(s Session) error {
		all, err := s.Generations()
		same = true
		for _, p := range r.projections {
			g, serves := p.serving(all)
			u := r.unit(p)
			same = same && serves == (u != nil) && (!serves || g.Number == u.gen.Number)
		}
		return err
	})
	return same, err
}

// lookAgain finds out how far another node has come. Whoever applies the journal knows.
func (r *Runner) lookAgain(ctx context.Context) error {
	if r.leading && r.loaded {
		return nil
	}
	if err := r.reload(ctx); err != nil {
		return err
	}
	r.again()
	return nil
}

// leftovers finds what some node retired and did not come to drop.
func (r *Runner) leftovers(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.engine.Read(ctx, func(s Session) error {
		all, err := s.Generations()
		r.discard(slices.DeleteFunc(all, func(g Generation) bool { return g.State != Retired }))
		return err
	})
}

// housekeep builds what lacks and drops what nobody reads, now and whenever there is something.
func (r *Runner) housekeep(ctx context.Context) error {
	for {
		if err := r.furnish(ctx); err != nil {
			return err
		}
		select {
		case <-r.untidy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// building runs f while nobody else builds, here or on another node.
func (r *Runner) building(ctx context.Context, f func(context.Context) error) error {
	r.builds.Lock()
	defer r.builds.Unlock()
	if r.shared == nil {
		return f(ctx)
	}
	return r.shared.Turn(ctx, turnToBuild, func(ctx context.Context) error {
		if err := r.clear(ctx); err != nil {
			return err
		}
		return f(ctx)
	})
}

// clear retires what was being built by a node that has died: nobody builds now.
func (r *Runner) clear(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var abandoned []Generation
	if err := r.engine.Read(ctx, func(s Session) error {
		all, err := s.Generations()
		for _, g := range all {
			if g.State == Building {
				abandoned = append(abandoned, g)
			}
		}
		return err
	}); err != nil || len(abandoned) == 0 {
		return err
	}
	if err := r.engine.Write(ctx, func(b Batch) error { return retire(b, abandoned) }); err != nil {
		return err
	}
	r.discard(abandoned)
	return nil
}

// lacking gives the projections that have no tables of their version, or of a higher one.
func (r *Runner) lacking(ctx context.Context) (ps []*Projection, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.lookAgain(ctx); err != nil || r.outdated {
		return nil, err
	}
	for _, p := range r.projections {
		if u := r.unit(p); !r.broken[p.Name] && (u == nil || u.gen.Version != p.Version) {
			ps = append(ps, p)
		}
	}
	return ps, nil
}
