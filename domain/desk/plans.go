package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/planning"
)

// ErrNoPlan answers alike for a plan that is not there and one that is not the actor's.
var ErrNoPlan = domain.NotFound("plan-not-found")

// ErrNotPlanned refuses an offer that names a plan in which the pupil goes elsewhere, or nowhere.
var ErrNotPlanned = domain.Refused("offer-not-planned")

// KeepPlan keeps a plan that was drawn. The receipt's ID is the plan's, which follows from the ticket: the same request again keeps nothing more.
func (d *Desk) KeepPlan(ctx context.Context, t Ticket, c planning.Draw) (Receipt, error) {
	if err := access.Large(c.By, access.Plan); err != nil {
		return Receipt{}, err
	}
	id := event.DeriveID(t.ID, "plan", 0)
	out, err := event.Execute(ctx, d.store, d.codec, planning.Decider, planning.Stream(id), c, t.origin(c.Act))
	return receipt(id, out.Result), err
}

// Plan reads a plan: the UST any, a centre its own. ErrNoPlan otherwise.
func (d *Desk) Plan(ctx context.Context, a domain.Actor, id uuid.UUID) (planning.Drawn, error) {
	if err := access.Large(a, access.Plan); err != nil {
		return planning.Drawn{}, err
	}
	out, err := event.Load(ctx, d.store, d.codec, planning.Decider, planning.Stream(id))
	if err != nil {
		return planning.Drawn{}, err
	}
	p := out.State.Drawn
	if p == nil || a.Role == domain.RoleCentre && p.Scope != (planning.Scope{Centre: domain.Centre(a.Body)}) {
		return planning.Drawn{}, ErrNoPlan
	}
	return *p, nil
}

// planned checks that an offer is what the plan says that it names.
func (d *Desk) planned(ctx context.Context, a domain.Actor, id uuid.UUID, p Placement) error {
	if p.Plan == uuid.Nil {
		return nil
	}
	plan, err := d.Plan(ctx, a, p.Plan)
	if err != nil {
		return err
	}
	if plan.Supposes() {
		return planning.ErrSupposed
	}
	if seat, ok := plan.Seat(id); !ok || seat.School != p.School || seat.Level != p.Level {
		return ErrNotPlanned
	}
	return nil
}
