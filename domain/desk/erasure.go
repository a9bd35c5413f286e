package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// ProposeErasure is the first of the two persons an erasure takes. For casefile.GroundRetention the register says whether it is due.
func (d *Desk) ProposeErasure(ctx context.Context, t Ticket, a domain.Actor, id uuid.UUID, scope casefile.ErasureScope,
	g casefile.ErasureGround) (Receipt, error) {
	return d.Do(ctx, t, id, casefile.ProposeErasure{Act: d.Act(a), Proposal: event.DeriveID(t.ID, "erasure", 0), Scope: scope, Ground: g})
}

// Destroyed is when a pupil's keys were destroyed (UTC); zero where they are still there.
type Destroyed struct{ Personal, Special time.Time }

// DataClass is the class of the register of retention that a scope of erasure is for.
func DataClass(s casefile.ErasureScope) territory.DataClass {
	if s == casefile.EraseHealth {
		return territory.HealthData
	}
	return territory.PupilData
}

// dueErasure adds by which version of the register an erasure is due, and since when.
func (d *Desk) dueErasure(ctx context.Context, s casefile.State, c casefile.ProposeErasure) (casefile.Command, error) {
	if c.Ground != casefile.GroundRetention {
		return c, nil
	}
	land, err := d.land.state(ctx)
	if err != nil {
		return c, err
	}
	ended, err := d.endOf(ctx, s)
	if err != nil || ended.IsZero() {
		return c, err
	}
	register := land.RetentionOn(domain.DateOf(c.At))
	c.Register, c.Since = register.Version, register.Due(DataClass(c.Scope), ended)
	return c, nil
}

// endOf is the day a case ended; of one that goes on in another, the day that one did. It is zero where neither has.
func (d *Desk) endOf(ctx context.Context, s casefile.State) (domain.Date, error) {
	for range 8 { // no chain of merges is as long, and none is a circle
		if s.Status != casefile.Merged {
			return s.ClosedOn, nil
		}
		into, err := event.Load(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(s.MergedInto))
		if err != nil {
			return domain.Date{}, err
		}
		s = into.State
	}
	return domain.Date{}, nil
}
