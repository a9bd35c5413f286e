package desk

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// TellApart remembers that two cases are of two children, in whatever order they are named. It changes neither case. The error is
// access.ErrAbsent where one of them does not exist, apart.ErrOneCase where both are the same.
func (d *Desk) TellApart(ctx context.Context, t Ticket, a domain.Actor, one, other uuid.UUID, why apart.Reason) (Receipt, error) {
	return d.pair(ctx, t, apart.TellApart{Act: d.Act(a), Reason: why}, one, other)
}

// DoubtAgain takes back that two cases are of two children.
func (d *Desk) DoubtAgain(ctx context.Context, t Ticket, a domain.Actor, one, other uuid.UUID) (Receipt, error) {
	return d.pair(ctx, t, apart.DoubtAgain{Act: d.Act(a)}, one, other)
}

func (d *Desk) pair(ctx context.Context, t Ticket, c apart.Command, one, other uuid.UUID) (Receipt, error) {
	if err := access.Large(c.Issued().By, access.ReviewPairs); err != nil {
		return Receipt{}, err
	}
	if one == other {
		return Receipt{}, apart.ErrOneCase
	}
	for _, id := range []uuid.UUID{one, other} {
		found, err := event.Load(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id))
		if err != nil {
			return Receipt{}, err
		}
		if found.State.Status == "" {
			return Receipt{}, access.ErrAbsent
		}
	}
	out, err := event.Execute(ctx, d.store, d.codec, apart.Decider, apart.Of(one, other).Stream(), c, t.origin(c.Issued()))
	return receipt(uuid.Nil, out.Result), err
}
