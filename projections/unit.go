package projections

import (
	"context"
	"fmt"

	"approdo/domain/event"
)

// unit is a projection at work on one generation of its tables.
type unit struct {
	*Projection
	gen     Generation // as the engine has it
	next    Generation // as the next commit will leave it; its position is what has been applied
	tx      *Tx
	resting bool  // stopped at next.Stuck, until it is tried again
	tries   int   // how often the record it is stuck at failed
	refused error // the engine's, of a row that was to be built
}

func newUnit(p *Projection, g Generation, whole bool) *unit {
	u := &unit{Projection: p, gen: g, next: g}
	u.open(whole)
	return u
}

// open forgets all rows in memory.
func (u *unit) open(whole bool) {
	u.tx = newTx(u.Projection, whole, func(table string) (string, error) { return u.gen.Physical(table), nil })
}

// setback is where and why a projection stopped.
type setback struct {
	reason Reason
	at     event.Position
	err    error
}

func (s *setback) Error() string {
	return fmt.Sprintf("projections: %s at %d: %v", s.reason, s.at, s.err)
}
func (s *setback) Unwrap() error { return s.err }

// follows tells whether a page goes on from where the unit stands. A page is applied only then: one that comes again does
// nothing, and none is left out.
func (u *unit) follows(pg *page) bool {
	return !u.resting && pg.after <= u.next.Position && u.next.Position < pg.checkpoint
}

// take applies a page, up to the record that stops it. The error is a setback, or else the engine's or that of ctx.
func (u *unit) take(ctx context.Context, s Session, pg *page) error {
	u.tx.session = s
	for i := range pg.events {
		e := &pg.events[i]
		if e.Position <= u.next.Position || !u.wants(e.Stream) {
			continue
		}
		if fault := pg.faults[i]; fault != nil {
			return &setback{reasonOf(fault), e.Position, fault}
		}
		err := u.tx.apply(ctx, *e)
		switch {
		case u.tx.err != nil:
			return u.tx.err
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return &setback{ApplyFailed, e.Position, err}
		}
		u.next.Position = e.Position
	}
	u.next.Position = pg.checkpoint
	if u.next.State == Halted && u.next.Position >= u.next.Stuck {
		u.next.State, u.next.Reason, u.next.Stuck = Live, "", 0
	}
	u.tries = 0
	return nil
}

// stop leaves the unit where it stands.
func (u *unit) stop(s *setback) {
	u.resting = true
	u.next.State, u.next.Reason, u.next.Stuck = Halted, s.reason, s.at
}

// moved tells whether there is something to commit.
func (u *unit) moved() bool {
	return u.next.Position != u.gen.Position || u.next.State != u.gen.State || u.next.Stuck != u.gen.Stuck
}

// least is the earliest position from which a unit must go on; false where all rest.
func least(units []*unit) (at event.Position, ok bool) {
	for _, u := range units {
		if !u.resting && (!ok || u.next.Position < at) {
			at, ok = u.next.Position, true
		}
	}
	return at, ok
}
