package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/notice"
	"approdo/domain/policy"
	"approdo/domain/returns"
)

// Returns queues what schools are to be told of their Monday returns, and takes back what waits still once a school has answered: whoever
// is told once a day is not asked for what was done in between.
func (n *Notices) Returns() policy.Reaction {
	return policy.Reaction{Name: policy.NameReminders, Category: returns.Category, Types: notice.ReturnTypes(),
		React: func(ctx context.Context, r event.Record) error {
			i, monday, ok := returns.ParseStream(r.Stream)
			if !ok {
				return fmt.Errorf("notify: %s is no return's stream", r.Stream)
			}
			asked, answered, err := n.asked(ctx, r.Stream)
			if err != nil {
				return err
			}
			if !answered {
				if r.Type == "return.reminded" {
					return n.Queue(ctx, notice.OfReturn(r, i, monday), uuid.Nil)
				}
				return nil // taken back since
			}
			var failed []error
			for _, past := range asked {
				told := notice.OfReturn(past, i, monday)
				for _, id := range n.People.Of(domain.RoleSchool, string(i)) {
					failed = append(failed, n.Storage.Drop(ctx, told.ID(id)))
				}
			}
			return errors.Join(failed...)
		}}
}

// asked are the reminders of a return, and whether it is validated by now.
func (n *Notices) asked(ctx context.Context, stream string) (asked []event.Record, answered bool, err error) {
	s := returns.Decider.Initial()
	for r, err := range n.Journal.ReadStream(ctx, stream, event.ReadStream{}) {
		if err != nil {
			return nil, false, err
		}
		decoded, err := n.Codec.Decode(r)
		if err != nil {
			return nil, false, err
		}
		e, ok := decoded.(returns.Event)
		if !ok {
			return nil, false, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		if _, reminder := e.(returns.Reminded); reminder {
			asked = append(asked, r)
		}
		s = returns.Evolve(s, e)
	}
	return asked, s.Validated, nil
}
