package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/returns"
)

// Return carries a command to the Monday return of an institution. Of several institutions each has a ticket of its own.
func (d *Desk) Return(ctx context.Context, t Ticket, c returns.Command) (Receipt, error) {
	act := access.ValidateReturn
	if _, remind := c.(returns.Remind); remind {
		act = access.RemindReturns
	}
	if err := access.Large(c.Issued().By, act); err != nil {
		return Receipt{}, err
	}
	of := c.Of()
	out, err := event.Execute(ctx, d.store, d.codec, returns.Decider, returns.Stream(of.Institution, of.Monday), c, t.origin(c.Issued()))
	return receipt(uuid.Nil, out.Result), err
}
