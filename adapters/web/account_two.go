package web

import (
	"context"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain/account"
	"approdo/domain/event"
)

// unapproved is an invitation that a second person is to approve.
func unapproved(x session.Account) bool { return x.Inviter != uuid.Nil && x.Status() != account.Closed }

func approveInvitation(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
	return s.Accounts.Approve(ctx, o, id)
}

func refuseInvitation(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
	return s.Accounts.Refuse(ctx, o, id)
}

func resetFactors(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
	_, err := s.Accounts.ResetFactors(ctx, o, id)
	return err
}

func keepFactors(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
	return s.Accounts.KeepFactors(ctx, o, id)
}

// noticeOf says what an act came to: a reset that waits for a second person has reset nothing yet.
func (s *site) noticeOf(act accountAct, id uuid.UUID) string {
	if x, err := s.Directory.Account(id); act.path == "fattore" && err == nil && x.Resetter != uuid.Nil {
		return "factors-reset-asked"
	}
	return act.notice
}

// waitingFor tells whoever reads an account's page what waits for a second person, and whether that may be them.
func waitingFor(x session.Account, reader uuid.UUID) (all []Callout) {
	tell := func(key string, first uuid.UUID) {
		more := key + "-text"
		if first == reader {
			more = key + "-own"
		}
		all = append(all, Callout{Tone: Warning, Title: text("account-waits." + key), Text: text("account-waits." + more)})
	}
	if unapproved(x) {
		tell("invitation", x.Inviter)
	}
	if x.Resetter != uuid.Nil && x.Status() != account.Closed {
		tell("reset", x.Resetter)
	}
	return all
}
