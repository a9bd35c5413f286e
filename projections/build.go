package projections

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"approdo/domain"
)

// heldBuilding is how many rows are in memory, of all projections that are built together: a row of a case's line takes more than a
// kilobyte, and the collector wants as much again.
const heldBuilding = 60_000

// Hold bounds the rows that a build keeps in memory; without it they are 60,000. A build that needs more writes what it has and
// goes on.
func (r *Runner) Hold(rows int) { r.hold = rows }

// A build reads on, so many times at most, until it finds no more than so many records: those that came since are read while the
// others stand still for the swap.
const (
	stretches   = 20
	lastStretch = 500
)

// cleaning bounds the time that an abandoned build takes to clean up.
const cleaning = 2 * time.Second

// ErrUnknownProjection is a name that no projection has.
var ErrUnknownProjection = domain.NotFound("projection-unknown")

// Rebuild builds projections anew from the whole journal, in tables of their own beside those that serve and go on being kept up;
// then it swaps, all at once, and drops the old tables. No name means all. It calls progress now and then, which may be nil and
// must not wait for the Runner, and gives the last of it. Where ctx ends or a projection would halt, nothing has changed.
func (r *Runner) Rebuild(ctx context.Context, progress func(Progress), names ...string) (Progress, error) {
	ps := slices.Clone(r.projections)
	if len(names) > 0 {
		ps = slices.DeleteFunc(ps, func(p *Projection) bool { return !slices.Contains(names, p.Name) })
	}
	if len(ps) == 0 || len(names) > 0 && len(ps) < len(names) {
		return Progress{}, ErrUnknownProjection
	}
	if err := r.load(ctx); err != nil {
		return Progress{}, err
	}
	b := &build{r: r, tell: progress, strict: true}
	err := r.building(ctx, func(ctx context.Context) error { return b.run(ctx, ps) })
	return b.progress, err
}

// buildLacking builds the projections that have no tables of their version.
func (r *Runner) buildLacking(ctx context.Context) error {
	r.builds.Lock()
	lacking, err := r.lacking(ctx)
	r.builds.Unlock()
	if err != nil || len(lacking) == 0 {
		return err
	}
	return r.building(ctx, func(ctx context.Context) error {
		lacking, err := r.lacking(ctx) // another node may have built it meanwhile
		if err != nil || len(lacking) == 0 {
			return err
		}
		return (&build{r: r}).run(ctx, lacking)
	})
}

func (r *Runner) unit(p *Projection) *unit {
	for _, u := range r.units {
		if u.Projection == p {
			return u
		}
	}
	return nil
}

// build makes new generations of some projections, in one reading of the journal.
type build struct {
	r        *Runner
	strict   bool // a projection that would halt fails the build; else it is built as far as it goes
	units    []*unit
	unused   []Generation // to be dropped in the end: the new ones, until they serve, and then the old
	began    time.Time
	mu       sync.Mutex // of what follows
	progress Progress
	told     time.Time
	tell     func(Progress)
}

func (b *build) run(ctx context.Context, ps []*Projection) error {
	b.began = time.Now()
	if err := b.found(ctx, ps); err != nil {
		return err
	}
	units := b.units
	err := b.rise(ctx)
	b.r.release(units, b.unused)
	if err == nil {
		b.report()
	}
	b.r.board.building(units, nil)
	if err == nil {
		return b.r.sweep(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	if err := b.r.sweep(ctx); err != nil {
		b.r.log.Warn("an abandoned build is dropped later", "error", err)
	}
	return err
}

// release lets go of generations that were being built, and gives away those that are not used.
func (r *Runner) release(units []*unit, unused []Generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range units {
		delete(r.founding, u.gen.Number)
	}
	r.garbage = append(r.garbage, unused...)
}

// found makes the tables.
func (b *build) found(ctx context.Context, ps []*Projection) error {
	b.r.mu.Lock()
	defer b.r.mu.Unlock()
	err := b.r.engine.Write(ctx, func(batch Batch) error {
		for _, p := range ps {
			g := Generation{Projection: p.Name, Version: p.Version, Shape: p.shape, State: Building}
			var schemas []*Schema
			for _, t := range p.Tables {
				g.Tables = append(g.Tables, t.Schema().Name)
				schemas = append(schemas, t.Schema())
			}
			g, err := batch.Create(g, schemas)
			if err != nil {
				return err
			}
			b.units = append(b.units, newUnit(p, g, true))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, u := range b.units {
		b.r.founding[u.gen.Number] = true
		b.unused = append(b.unused, u.gen)
	}
	return nil
}

// rise fills the tables, and puts them in the place of the old.
func (b *build) rise(ctx context.Context) error {
	records, err := b.fill(ctx)
	if err == nil {
		err = b.index(ctx)
	}
	for try := 0; err == nil && records > lastStretch && try < stretches; try++ {
		records, err = b.fill(ctx)
	}
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		if err := b.swap(ctx); !errors.Is(err, ErrMoved) || try == stretches {
			return err
		}
	}
}

// giveUp leaves projections whose rows were refused without tables that serve.
func (b *build) giveUp() {
	b.units = slices.DeleteFunc(slices.Clone(b.units), func(u *unit) bool {
		if u.refused == nil {
			return false
		}
		b.r.log.Error("projection cannot be built", "projection", u.Name, "error", u.refused)
		b.r.broken[u.Name] = true
		b.r.board.refuse(u)
		return true
	})
}

func (b *build) index(ctx context.Context) error {
	for _, u := range b.units {
		for _, t := range u.Tables {
			if err := b.r.engine.Write(ctx, func(batch Batch) error { return batch.Index(u.gen, t.Schema()) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// swap reads the last stretch while the others stand still, and makes the new generations serve.
func (b *build) swap(ctx context.Context) error {
	r := b.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := b.fill(ctx); err != nil {
		return err
	}
	if err := r.lookAgain(ctx); err != nil {
		return err
	}
	if err := r.identify(ctx); err != nil {
		return err
	}
	var old []Generation
	risen := b.units[:0:0]
	for _, u := range b.units {
		if before := r.unit(u.Projection); before != nil {
			if u.resting {
				continue // the old tables have come further
			}
			if u.next.Position < before.gen.Position {
				return ErrMoved // by another node, meanwhile
			}
			old = append(old, before.gen)
		}
		if u.next.State == Building {
			u.next.State = Live
		}
		if u.next.Position > 0 {
			u.next.Journal = r.journal
		}
		risen = append(risen, u)
	}
	if err := r.engine.Write(ctx, func(batch Batch) error {
		if err := retire(batch, old); err != nil { // first: another node may be about to move them on
			return err
		}
		for _, u := range risen {
			if err := batch.Save(u.next, u.gen.Position); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		r.loaded = r.loaded && !errors.Is(err, ErrMoved)
		return err
	}
	for _, u := range risen {
		b.unused = slices.DeleteFunc(b.unused, func(g Generation) bool { return g.Number == u.gen.Number })
		r.units = slices.DeleteFunc(r.units, func(o *unit) bool { return o.Projection == u.Projection })
		r.units = append(r.units, u)
		u.gen, u.resting = u.next, false
		u.open(false)
	}
	b.unused = append(b.unused, old...)
	r.board.show(r.units)
	r.again()
	return nil
}
