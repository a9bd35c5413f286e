package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// ErrNoPost is what parks a link that is to be sent while nothing is set up to send it with.
var ErrNoPost = domain.Refused("mail-not-configured")

// Letters sends people the links that are for them. The errors are of KindUnavailable while the mail server takes nothing, and another
// domain.Error where it does not want this message; none holds the address or the token. Renewed says that the person has had an
// account already, and chooses another password.
type Letters interface {
	Link(ctx context.Context, to domain.Personal, token string, expires time.Time, renewed bool) error
}

// PostStorage is what is kept of messages that are to be sent, and of those that were.
type PostStorage interface {
	AskRecovery(ctx context.Context, id uuid.UUID, login []byte, now time.Time) error
	// Recoveries may be given up from within each, and asked for more.
	Recoveries(ctx context.Context, each func(id uuid.UUID, login []byte, at time.Time) error) error
	DropRecovery(ctx context.Context, id uuid.UUID) error
	MarkPosted(ctx context.Context, invitation uuid.UUID, now time.Time) error
	Posted(ctx context.Context, invitation uuid.UUID) (bool, error)
}

// Post has links sent by letters, nil for a service that has no mail. The reaction makes a link when it is about to send it, so that no
// token is ever written down: what is tried again has a new link, which ends the one before, and a person who used the first gets no
// second. Post is to be called before anybody is served.
func (s *Service) Post(letters Letters) policy.Reaction {
	s.posts = letters != nil
	return policy.Reaction{Name: policy.NameInvitations, Category: account.Prefix,
		Types: []string{"account.invited", "account.invitation-renewed", "account.invitation-approved", "account.reinstated"},
		React: func(ctx context.Context, r event.Record) error {
			id, err := uuid.Parse(strings.TrimPrefix(r.Stream, account.Prefix))
			if err != nil {
				return fmt.Errorf("session: %s is no account's stream", r.Stream)
			}
			return s.post(ctx, letters, id)
		}}
}

// Posts tells whether links can be sent.
func (s *Service) Posts() bool { return s.posts }

func (s *Service) post(ctx context.Context, letters Letters, id uuid.UUID) error {
	who, err := s.latest(ctx, id)
	if err != nil {
		return err
	}
	now := s.clock()
	st := who.Status()
	switch {
	case who.Delivery != account.Mailed, who.Inviter != uuid.Nil: // handed over, or waits for a second person
		return nil
	case st != account.Invited && st != account.Active, !now.Before(who.Expires): // kept out, used, or too late
		return nil
	case letters == nil:
		return ErrNoPost
	}
	invitation := event.DeriveID(id, "invitation until "+who.Expires.Format(time.RFC3339Nano), 0)
	if posted, err := s.storage.Posted(ctx, invitation); err != nil || posted {
		return err
	}
	person, err := s.directory.Person(ctx, id)
	if errors.Is(err, domain.ErrForgotten) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := s.reserve(ctx, Link{Account: id, Expires: who.Expires}, person)
	if err != nil {
		return err
	}
	if err := letters.Link(ctx, person.Mail, token, who.Expires, st == account.Active); err != nil {
		return err
	}
	return s.storage.MarkPosted(ctx, invitation, now)
}

// RenewByMail is Renew, with the link sent to the person. The errors are those of account.Renew, account.ErrNoMail and ErrFormUsed.
func (s *Service) RenewByMail(ctx context.Context, o event.Origin, id uuid.UUID) error {
	person, err := s.directory.Person(ctx, id)
	if err != nil {
		return err
	}
	if person.Mail.IsZero() {
		return account.ErrNoMail
	}
	out, err := s.execute(ctx, o, id, account.Renew{Act: act(o), Expires: o.At.Add(account.MaxInvitation), Delivery: account.Mailed})
	if err == nil && out.State.Delivery != account.Mailed {
		err = ErrFormUsed
	}
	return err
}

// RecoveryEvery is how often to look who has forgotten a password.
const RecoveryEvery = 5 * time.Second

// lastsRecovery is how long a link lasts that anybody could ask for.
const lastsRecovery = time.Hour

// rare is how often a link is worth sending to one login: two at once and then some twenty a day, whoever asks.
var rare = backoff{free: 2, most: time.Hour, decay: time.Hour}

// Forgot takes note that somebody says to have forgotten the password of a login. What it does and says is the same whether or not
// anybody has the login: whether there is a link to send is found out by Recover, later and elsewhere. The errors are ErrTooManyTries
// and storage's.
func (s *Service) Forgot(ctx context.Context, login, remote string) error {
	byLogin := s.loginKey(login)
	if err := s.try(ctx, s.blind("forgot-remote:"+network(remote)), tolerantOfOffices); err != nil {
		return err
	}
	if err := s.try(ctx, s.blind("forgot:"+string(byLogin)), rare); err != nil {
		return err
	}
	return s.storage.AskRecovery(ctx, uuid.Must(uuid.NewV7()), byLogin, s.clock())
}

// Recover looks at what was noted by Forgot, and renews the links of active accounts that have an address. Others are passed over, and so is
// what was noted so long ago that its link would have expired: it would only end the one there is.
func (s *Service) Recover(ctx context.Context) error {
	return s.storage.Recoveries(ctx, func(id uuid.UUID, login []byte, at time.Time) error {
		if s.clock().Before(at.Add(lastsRecovery)) {
			if err := s.recover(ctx, id, login, at); err != nil {
				return err
			}
		}
		return s.storage.DropRecovery(ctx, id)
	})
}

func (s *Service) recover(ctx context.Context, asked uuid.UUID, login []byte, at time.Time) error {
	id, hash, err := s.storage.Credential(ctx, login)
	if err != nil || hash == "" {
		return err
	}
	if _, err := s.latest(ctx, id); err != nil && !errors.Is(err, domain.KindNotFound) {
		return err
	}
	person, err := s.directory.Person(ctx, id)
	switch {
	case errors.Is(err, domain.KindNotFound): // erased, or of an account the journal does not know
		return nil
	case err != nil:
		return err
	case person.Mail.IsZero():
		return nil
	}
	// The origin comes from what was asked: looked at twice, it is done once.
	o := event.Origin{ID: event.DeriveID(asked, "recovery", 0), By: domain.System, At: at}
	_, err = s.execute(ctx, o, id, account.Recover{Act: act(o), Expires: at.Add(lastsRecovery)})
	if errors.Is(err, domain.KindRefused) { // suspended, closed
		return nil
	}
	return err
}
