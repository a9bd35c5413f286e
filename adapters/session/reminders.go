package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/domain/returns"
)

// Reminders writes to a school that its Monday return waits. The errors are those of Letters. Nothing about a pupil is in it, not even
// how many there are.
type Reminders interface {
	Remind(ctx context.Context, to domain.Personal, monday domain.Date) error
}

// remindsFor is how long after the UST reminded it is still worth a message: whoever reads the journal anew writes to nobody.
const remindsFor = 2 * 24 * time.Hour

// RemindReturns writes to the active accounts of a school that was reminded of its return, once to each that has an address; nil for a
// service that has no mail, where the school's home page says it alone.
func (s *Service) RemindReturns(letters Reminders) policy.Reaction {
	return policy.Reaction{Name: policy.NameReminders, Category: returns.Category, Types: []string{"return.reminded"},
		React: func(ctx context.Context, r event.Record) error {
			i, monday, ok := returns.ParseStream(r.Stream)
			if !ok {
				return fmt.Errorf("session: %s is no return's stream", r.Stream)
			}
			if letters == nil || s.clock().Sub(r.Meta.At) > remindsFor {
				return nil
			}
			var lost []error
			for _, a := range s.directory.Accounts() {
				if a.Role == domain.RoleSchool && a.Body == string(i) && a.Status() == account.Active {
					lost = append(lost, s.remind(ctx, letters, r, a, monday))
				}
			}
			return errors.Join(lost...)
		}}
}

func (s *Service) remind(ctx context.Context, letters Reminders, r event.Record, a Account, monday domain.Date) error {
	letter := event.DeriveID(r.ID, "reminder to "+a.Account.String(), 0)
	if posted, err := s.storage.Posted(ctx, letter); err != nil || posted {
		return err
	}
	person, err := s.directory.Person(ctx, a.Account)
	if errors.Is(err, domain.ErrForgotten) || err == nil && person.Mail.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	if err := letters.Remind(ctx, person.Mail, monday); err != nil {
		return err
	}
	return s.storage.MarkPosted(ctx, letter, s.clock())
}
