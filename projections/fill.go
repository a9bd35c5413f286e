package projections

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Limits of a build, in rows.
const (
	looseRows = 4_096 // of logs that wait to be written
	chunk     = 4_096 // in one transaction, so that those who commit pages need not wait for long
)

// lead is how many pages the fastest projection of a build may be ahead of the slowest.
const lead = 8

// fill applies the journal as far as it goes, writes everything, and tells how many records there were. Projections know nothing of
// each other, so each goes through the pages on a goroutine of its own: while one writes, which only one can, the others apply.
func (b *build) fill(ctx context.Context) (records int64, err error) {
	after, active := least(b.units)
	if !active {
		return 0, nil
	}
	if b.progress.Head, err = b.r.store.Head(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turns := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)) // the journal is decoded, and the house goes on
	lanes := make([]chan *page, len(b.units))
	var work sync.WaitGroup
	for i, u := range b.units {
		lanes[i] = make(chan *page, lead)
		work.Go(func() {
			if err := b.drive(ctx, u, lanes[i], turns); err != nil {
				cancel(err)
			}
		})
	}
	for pg, err := range b.r.pages(ctx, after, b.r.readAll, projectionsOf(b.units)) {
		if err != nil {
			cancel(err)
			break
		}
		records += int64(len(pg.events))
		pg.left.Store(int32(len(lanes)))
		for _, lane := range lanes {
			select {
			case lane <- pg:
			case <-ctx.Done():
			}
		}
	}
	for _, lane := range lanes {
		close(lane)
	}
	work.Wait()
	if err := context.Cause(ctx); err != nil {
		return records, err
	}
	b.giveUp()
	return records, nil
}

func projectionsOf(units []*unit) (ps []*Projection) {
	for _, u := range units {
		ps = append(ps, u.Projection)
	}
	return ps
}

// drive takes a projection through the pages of its lane. No more of them apply at a time than there are turns: each reads from the
// engine meanwhile, and others want to read too.
func (b *build) drive(ctx context.Context, u *unit, lane <-chan *page, turns chan struct{}) error {
	for pg := range lane {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if u.follows(pg) {
			turns <- struct{}{}
			err := b.r.engine.Read(ctx, func(s Session) error { return b.apply(ctx, s, u, pg) })
			<-turns
			if err == nil {
				err = b.relieve(ctx, u)
			}
			if err != nil {
				return err
			}
		}
		b.passed(pg)
	}
	return b.write(ctx, u, false)
}

func (b *build) apply(ctx context.Context, s Session, u *unit, pg *page) error {
	err := u.take(ctx, s, pg)
	if stopped, ok := errors.AsType[*setback](err); ok && !b.strict {
		u.stop(stopped)
		b.r.log.Error("projection is built only so far", "projection", u.Name,
			"reason", stopped.reason, "position", stopped.at, "error", stopped.err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("projections: build %s: %w", u.Name, err)
	}
	return nil
}

// relieve writes rows before memory holds more than the share of a projection.
func (b *build) relieve(ctx context.Context, u *unit) error {
	t := u.tx.tally()
	switch {
	case t.held > b.r.hold/len(b.units)/2: // as many again may be held that were not used lately
		if err := b.write(ctx, u, false); err != nil {
			return err
		}
		u.tx.rotate()
	case t.loose > looseRows:
		return b.write(ctx, u, true)
	}
	return nil
}

// write writes the changed rows, in transactions of a bounded size: nobody reads these tables yet. Rows that the engine refuses it
// refuses again; a build that is not strict goes on without their projection.
func (b *build) write(ctx context.Context, u *unit, loose bool) error {
	for n := chunk; n == chunk && u.refused == nil; {
		err := b.r.engine.Write(ctx, func(batch Batch) (err error) {
			n, err = u.tx.flush(batch, u.gen, chunk, loose)
			return err
		})
		switch {
		case errors.Is(err, ErrRefused) && !b.strict:
			u.refused, u.resting = err, true
		case err != nil:
			return fmt.Errorf("projections: build %s: %w", u.Name, err)
		default:
			u.tx.settle()
		}
	}
	return nil
}

// reportEvery is how often a build tells how far it has come.
const reportEvery = 100 * time.Millisecond

// passed counts a page that one more projection is done with. Who is the last is behind every other, at this page and at those
// before.
func (b *build) passed(pg *page) {
	if pg.left.Add(-1) > 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Records += int64(len(pg.events))
	b.progress.Position = max(b.progress.Position, pg.checkpoint)
	if time.Since(b.told) >= reportEvery {
		b.report()
	}
}

func (b *build) report() {
	b.told = time.Now()
	b.progress.Head = max(b.progress.Head, b.progress.Position)
	b.progress.Elapsed = b.told.Sub(b.began)
	progress := b.progress
	b.r.board.building(b.units, &progress)
	if b.tell != nil {
		b.tell(progress)
	}
}
