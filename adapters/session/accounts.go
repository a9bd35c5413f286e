package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

// Invitation is for whom an account is to be.
type Invitation struct {
	Role  domain.Role
	Body  string
	Login domain.Personal
	Name  domain.Personal
	Mail  domain.Personal // where links can be sent; optional
	Lasts time.Duration   // 0: as long as an invitation may
	// ByMail has the link sent there; it is then not given to who invites.
	ByMail bool
}

// Link is what the invited person is to be given, by a way the inviter trusts. Whoever has the token can choose the password,
// once, until it expires.
type Link struct {
	Account uuid.UUID
	Token   string
	Expires time.Time
}

// Invite begins an account. The account's id comes from the command's: carried out again with the same origin it gives the same
// account a new link, while that one stands as it was: ErrFormUsed otherwise. The errors are those of account.Invite, domain.Errors with
// every field at fault, and ErrLoginTaken.
func (s *Service) Invite(ctx context.Context, o event.Origin, inv Invitation) (Link, error) {
	person, err := account.NewPerson(inv.Login.Reveal(), inv.Name.Reveal(), inv.Mail.Reveal())
	if _, bodyErr := account.ParseBody(inv.Role, inv.Body); bodyErr != nil || err != nil {
		return Link{}, everyField(err, bodyErr)
	}
	link := Link{Account: event.DeriveID(o.ID, "account", 0), Expires: o.At.Add(lasts(inv.Lasts))}
	c := account.Invite{Act: act(o), Account: link.Account, Role: inv.Role, Body: inv.Body, Expires: link.Expires,
		Person: domain.Open(link.Account, domain.ClassPersonal, person)}
	if inv.ByMail {
		c.Delivery = account.Mailed
	}
	if before, err := s.latest(ctx, link.Account); err == nil {
		return s.inviteAgain(ctx, before, inv.ByMail)
	} else if !errors.Is(err, domain.KindNotFound) {
		return Link{}, err
	}
	// Nothing is reserved for an invitation the rules forbid.
	if _, err := account.Decide(account.State{}, c); err != nil {
		return Link{}, err
	}
	if link.Token, err = s.reserve(ctx, link, person); err != nil {
		return Link{}, err
	}
	if _, err := s.execute(ctx, o, link.Account, c); err != nil {
		if !errors.Is(err, event.ErrUnknownOutcome) {
			err = errors.Join(err, s.storage.Withdraw(ctx, link.Account))
		}
		return Link{}, err
	}
	if inv.ByMail {
		link.Token = "" // it has reserved the login; another is made when the message is sent
	}
	return link, nil
}

// inviteAgain is for whoever sends an invitation again that the journal has. A link that goes by mail is never shown instead.
func (s *Service) inviteAgain(ctx context.Context, who Account, byMail bool) (Link, error) {
	link := Link{Account: who.Account, Expires: who.Expires}
	switch {
	case who.Status() != account.Invited, (who.Delivery == account.Mailed) != byMail, !s.clock().Before(who.Expires):
		return Link{}, ErrFormUsed
	case byMail:
		return link, nil
	}
	person, err := s.directory.Person(ctx, who.Account)
	if err != nil {
		return Link{}, err
	}
	link.Token, err = s.reserve(ctx, link, person)
	return link, err
}

// Renew makes the account's earlier link void and gives a new one: nobody used the first in time, or the password was forgotten.
// An old password keeps working until the new link is used. ErrFormUsed is for a command that was carried out already and whose link was
// used, has expired or went by mail.
func (s *Service) Renew(ctx context.Context, o event.Origin, id uuid.UUID, last time.Duration) (Link, error) {
	link := Link{Account: id, Expires: o.At.Add(lasts(last))}
	out, err := s.execute(ctx, o, id, account.Renew{Act: act(o), Expires: link.Expires})
	if err == nil && (out.State.Delivery != account.Shown || !s.clock().Before(out.State.Expires)) {
		err = ErrFormUsed
	}
	if err != nil {
		return Link{}, err
	}
	link.Expires = out.State.Expires
	person, err := s.directory.Person(ctx, id)
	if err != nil {
		return Link{}, err
	}
	link.Token, err = s.reserve(ctx, link, person)
	if err != nil {
		return Link{}, err
	}
	return link, nil
}

func (s *Service) reserve(ctx context.Context, l Link, p account.Person) (token string, err error) {
	token, hash := newToken()
	reserved, err := s.storage.Reserve(ctx, l.Account, s.loginKey(p.Login.Reveal()), hash, s.clock(), l.Expires)
	if err == nil && !reserved {
		err = ErrLoginTaken
	}
	return token, err
}

// Activate chooses the password of the account a link leads to, and uses the link up. It ends the sessions that an older password
// opened. The errors are ErrNoInvitation, those of a new password, and those of account.Activate.
func (s *Service) Activate(ctx context.Context, token, password string) error {
	hash, who, err := s.invited(ctx, token)
	if err != nil {
		return err
	}
	phc, err := s.newPassword(ctx, who.Account, password)
	if err != nil {
		return err
	}
	return s.activate(ctx, hash, who, func(now time.Time) (bool, error) { return s.storage.Accept(ctx, hash, phc, now) })
}

// invited says whose a link is that can still be used, and what is kept of it.
func (s *Service) invited(ctx context.Context, token string) ([]byte, Account, error) {
	hash, ok := hashOf(token)
	if !ok {
		return nil, Account{}, ErrNoInvitation
	}
	who, err := s.invitedBy(ctx, hash)
	return hash, who, err
}

func (s *Service) invitedBy(ctx context.Context, hash []byte) (Account, error) {
	id, expires, used, err := s.storage.Invitation(ctx, hash)
	if err != nil {
		return Account{}, err
	}
	if id == uuid.Nil || used || !s.clock().Before(expires) {
		return Account{}, ErrNoInvitation
	}
	return s.account(ctx, id)
}

// activate has the journal say first that the account is active, under an id that comes from the link: whoever is interrupted in between
// tries the link again, and the link itself, used up by accept, decides between two who come with it at once.
func (s *Service) activate(ctx context.Context, hash []byte, who Account, accept func(now time.Time) (bool, error)) error {
	now := s.clock()
	o := event.Origin{ID: event.DeriveID(who.Account, hex.EncodeToString(hash), 0), By: who.Actor(), At: now}
	out, err := s.execute(ctx, o, who.Account, account.Activate{Act: act(o)})
	if err != nil {
		return err
	}
	if out.State.Status() != account.Active {
		return ErrNoInvitation
	}
	accepted, err := accept(now)
	if err == nil && !accepted {
		err = ErrNoInvitation
	}
	return err
}

// ActivateFrom is Activate for whoever comes by the network: those who come from one address with codes that are none wait longer each
// time.
func (s *Service) ActivateFrom(ctx context.Context, token, password, remote string) error {
	tries := s.blind("activation-remote:" + network(remote))
	if err := s.try(ctx, tries, tolerantOfOffices); err != nil {
		return err
	}
	err := s.Activate(ctx, token, password)
	if errors.Is(err, ErrNoInvitation) {
		return err
	}
	return errors.Join(err, s.storage.TakeBack(ctx, tries))
}

// ChangePassword takes the present password and a new one, ends every session of the account, this one too, and opens another. Whoever
// has a second factor proves it first.
func (s *Service) ChangePassword(ctx context.Context, token, current, password string) (string, Session, error) {
	sess, err := s.Lookup(ctx, token)
	if err == nil && sess.Lacks == LacksFactor {
		err = ErrFactorMissing.With("lacks", string(sess.Lacks))
	}
	if err != nil {
		return "", Session{}, err
	}
	id := sess.Actor.Account
	tries := s.blind("password:" + id.String())
	if err := s.try(ctx, tries, strict); err != nil {
		return "", Session{}, err
	}
	old, err := s.storage.Password(ctx, id)
	if err != nil {
		return "", Session{}, err
	}
	right, err := s.hasher.verify(ctx, old, current)
	if err != nil {
		return "", Session{}, err
	}
	if !right {
		return "", Session{}, ErrWrongPassword
	}
	if err := s.storage.ForgetTries(ctx, tries); err != nil {
		return "", Session{}, err
	}
	phc, err := s.newPassword(ctx, id, password)
	if err != nil {
		return "", Session{}, err
	}
	replaced, err := s.storage.ReplacePassword(ctx, id, old, phc)
	if err == nil && !replaced {
		err = ErrOtherWasFaster
	}
	if err != nil {
		return "", Session{}, err
	}
	proved := sess.Proof
	if proved == ByPassword || proved == ByShortPassword {
		proved = byPassword(password)
	}
	token, sess, err = s.beginByPassword(ctx, id, phc, proved)
	if errors.Is(err, errReplaced) {
		err = ErrOtherWasFaster
	}
	return token, sess, err
}

func (s *Service) newPassword(ctx context.Context, id uuid.UUID, password string) (phc string, err error) {
	person, err := s.directory.Person(ctx, id)
	if err != nil {
		return "", err
	}
	factors, err := s.factors(ctx, id)
	if err != nil {
		return "", err
	}
	if err := checkPassword(password, person.Login.Reveal(), len(factors) > 0); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// Suspend keeps an account out and ends its sessions before it returns.
func (s *Service) Suspend(ctx context.Context, o event.Origin, id uuid.UUID, r account.Reason) error {
	if _, err := s.execute(ctx, o, id, account.Suspend{Act: act(o), Reason: r}); err != nil {
		return err
	}
	return s.storage.EndSessions(ctx, id)
}

// Reinstate ends a suspension. A session that slipped in while it began does not come back with it.
func (s *Service) Reinstate(ctx context.Context, o event.Origin, id uuid.UUID) error {
	out, err := s.execute(ctx, o, id, account.Reinstate{Act: act(o)})
	if err != nil || len(out.Events) == 0 {
		return err
	}
	return s.storage.EndSessions(ctx, id)
}

// Close ends an account for good and forgets its password, links, sessions and drafts.
func (s *Service) Close(ctx context.Context, o event.Origin, id uuid.UUID, r account.Reason) error {
	out, err := s.execute(ctx, o, id, account.Close{Act: act(o), Reason: r})
	if err != nil || out.State.Status() != account.Closed {
		return err
	}
	return s.storage.Drop(ctx, id)
}

type outcome = event.Outcome[account.State, account.Event]

// execute returns when the directory knows, so that the very next look-up does too. One origin may come with several commands, since a
// form's key is chosen where it is filled in: each is a command of its own, and none passes for another.
func (s *Service) execute(ctx context.Context, o event.Origin, id uuid.UUID, c account.Command) (outcome, error) {
	if o.Correlation == uuid.Nil {
		o.Correlation = o.ID
	}
	o.ID = event.DeriveID(o.ID, fmt.Sprintf("%T", c), 0)
	out, err := event.Execute(ctx, s.directory.journal, s.directory.codec, account.Decider, account.Stream(id), c, o)
	if err != nil {
		return out, err
	}
	return out, s.directory.CatchUp(ctx)
}

func act(o event.Origin) domain.Act { return domain.Act{By: o.By, At: o.At} }

func lasts(d time.Duration) time.Duration {
	if d == 0 {
		return account.MaxInvitation
	}
	return d
}

// everyField joins refusals, so that a form names all its fields at fault at once.
func everyField(errs ...error) error {
	var all domain.Errors
	for _, err := range errs {
		if many, ok := errors.AsType[domain.Errors](err); ok {
			all = append(all, many...)
		} else if one, ok := errors.AsType[*domain.Error](err); ok {
			all = append(all, one)
		}
	}
	return all
}
