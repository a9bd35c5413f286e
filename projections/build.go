package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"approdo/domain"
	"approdo/domain/event"
)

// Limits of a build, all in rows.
const (
	heldBuilding = 300_000 // in memory, of all projections that are built together
	looseRows    = 4_096   // of logs that wait to be written
	chunk        = 4_096   // in one transaction, so that those who commit pages need not wait for long
)

// Hold bounds the rows that a build keeps in memory; without it they are 300,000. A build that needs more writes what it has and
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
	r.builds.Lock()
	defer r.builds.Unlock()
	b := &build{r: r, tell: progress, strict: true}
	err := b.run(ctx, ps)
	return b.progress, err
}

// buildLacking builds the projections that have no tables of their version.
func (r *Runner) buildLacking(ctx context.Context) error {
	r.builds.Lock()
	defer r.builds.Unlock()
	r.mu.Lock()
	lacking := slices.DeleteFunc(slices.Clone(r.projections), func(p *Projection) bool {
		u := r.unit(p)
		return r.broken[p.Name] || u != nil && u.gen.Version == p.Version
	})
	r.mu.Unlock()
	if len(lacking) == 0 {
		return nil
	}
	return (&build{r: r}).run(ctx, lacking)
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
	progress Progress
	began    time.Time
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
		b.report(b.progress.Position)
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
	return b.swap(ctx)
}

// fill applies the journal as far as it goes, writes everything, and tells how many records there were.
func (b *build) fill(ctx context.Context) (records int64, err error) {
	r := b.r
	after, active := least(b.units)
	if !active {
		return 0, nil
	}
	if b.progress.Head, err = r.store.Head(ctx); err != nil {
		return 0, err
	}
	for pg, err := range r.pages(ctx, after, r.readAll, projectionsOf(b.units)) {
		if err == nil {
			err = r.engine.Read(ctx, func(s Session) error { return b.apply(ctx, s, pg) })
		}
		if err == nil {
			err = b.relieve(ctx)
		}
		if err != nil {
			return records, err
		}
		records += int64(len(pg.events))
		b.progress.Records += int64(len(pg.events))
		if !pg.more || time.Since(b.told) >= reportEvery {
			b.report(pg.checkpoint)
		}
	}
	return records, b.write(ctx, false)
}

func projectionsOf(units []*unit) (ps []*Projection) {
	for _, u := range units {
		ps = append(ps, u.Projection)
	}
	return ps
}

func (b *build) apply(ctx context.Context, s Session, pg *page) error {
	for _, u := range b.units {
		if !u.follows(pg) {
			continue
		}
		err := u.take(ctx, s, pg)
		if stopped, ok := errors.AsType[*setback](err); ok && !b.strict {
			u.stop(stopped)
			b.r.log.Error("projection is built only so far", "projection", u.Name,
				"reason", stopped.reason, "position", stopped.at, "error", stopped.err)
		} else if err != nil {
			return fmt.Errorf("projections: build %s: %w", u.Name, err)
		}
	}
	return nil
}

// relieve writes rows before memory holds too many.
func (b *build) relieve(ctx context.Context) error {
	var sum tally
	for _, u := range b.units {
		t := u.tx.tally()
		sum.held, sum.loose = sum.held+t.held, sum.loose+t.loose
	}
	switch {
	case sum.held > b.r.hold/2: // as many again may be held that were not used lately
		if err := b.write(ctx, false); err != nil {
			return err
		}
		for _, u := range b.units {
			u.tx.rotate()
		}
	case sum.loose > looseRows:
		return b.write(ctx, true)
	}
	return nil
}

// write writes the changed rows, in transactions of a bounded size: nobody reads these tables yet.
func (b *build) write(ctx context.Context, loose bool) error {
	for _, u := range b.units {
		for n := chunk; n == chunk; {
			err := b.r.engine.Write(ctx, func(batch Batch) (err error) {
				n, err = u.tx.flush(batch, u.gen, chunk, loose)
				return err
			})
			if errors.Is(err, ErrRefused) && !b.strict {
				b.giveUp(u, err)
				break
			}
			if err != nil {
				return fmt.Errorf("projections: build %s: %w", u.Name, err)
			}
			u.tx.settle()
		}
	}
	return nil
}

// giveUp leaves a projection without tables that serve: rows that an engine refuses once it refuses again.
func (b *build) giveUp(u *unit, err error) {
	b.r.log.Error("projection cannot be built", "projection", u.Name, "error", err)
	b.units = slices.DeleteFunc(slices.Clone(b.units), func(o *unit) bool { return o == u })
	b.r.broken[u.Name] = true
	b.r.board.refuse(u)
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
	var old []Generation
	risen := b.units[:0:0]
	for _, u := range b.units {
		if before := r.unit(u.Projection); before != nil {
			if u.resting {
				continue // the old tables have come further
			}
			old = append(old, before.gen)
		}
		if u.next.State == Building {
			u.next.State = Live
		}
		risen = append(risen, u)
	}
	if err := r.engine.Write(ctx, func(batch Batch) error {
		for _, u := range risen {
			if err := batch.Save(u.next, u.gen.Position); err != nil {
				return err
			}
		}
		return retire(batch, old)
	}); err != nil {
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

// reportEvery is how often a build tells how far it has come.
const reportEvery = 100 * time.Millisecond

func (b *build) report(at event.Position) {
	b.told = time.Now()
	b.progress.Position = at
	b.progress.Head = max(b.progress.Head, at)
	b.progress.Elapsed = b.told.Sub(b.began)
	progress := b.progress
	b.r.board.building(b.units, &progress)
	if b.tell != nil {
		b.tell(progress)
	}
}
