package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// DeclareServices records all that a site offers besides lessons. Whoever may declare its places may say so (access.DeclarePlaces).
func (d *Desk) DeclareServices(ctx context.Context, t Ticket, site domain.School, c territory.DeclareServices) (Receipt, error) {
	if err := access.Large(c.By, access.DeclarePlaces); err != nil {
		return Receipt{}, err
	}
	out, err := event.Execute(ctx, d.store, d.codec, territory.SchoolDecider, territory.SchoolStream(site), territory.SchoolCommand(c), t.origin(c.Act))
	return receipt(uuid.Nil, out.Result), err
}
