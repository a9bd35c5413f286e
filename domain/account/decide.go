package account

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Invite:
		return invite(s, c)
	case Renew:
		return renew(s, c)
	case Recover:
		return recoverAccess(s, c)
	case Activate:
		return activate(s, c)
	case Suspend:
		return suspend(s, c)
	case Reinstate:
		return reinstate(s, c)
	case Close:
		return closeAccount(s, c)
	case Approve:
		return approve(s, c)
	case Refuse:
		return refuse(s, c)
	case ResetFactors:
		return resetFactors(s, c)
	case KeepFactors:
		return keepFactors(s, c)
	default:
		return nil, domain.Invalid("command-unknown")
	}
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case AccountInvited:
		return State{Account: e.Account, Role: e.Role, Body: e.Body, Expires: e.Expires, Delivery: e.Delivery}
	case InvitationRenewed:
		s.Expires, s.Delivery = e.Expires, e.Delivery
	case AccountActivated:
		s.activated, s.Expires = true, time.Time{}
	case AccountSuspended:
		s.suspended = true
	case AccountReinstated:
		s.suspended = false
	case AccountClosed:
		s.closed, s.Expires = true, time.Time{}
	case ApprovalAsked:
		s.Inviter = e.By
	case InvitationApproved:
		s.Inviter = uuid.Nil
	case InvitationRefused:
		s.closed, s.Expires, s.Inviter = true, time.Time{}, uuid.Nil
	case ResetAsked:
		s.Resetter = e.By
	case ResetRefused:
		s.Resetter = uuid.Nil
	case FactorsReset:
		s.Resetter, s.Reset = uuid.Nil, e.Reset
	}
	return s
}

func invite(s State, c Invite) ([]Event, error) {
	if s.Status() != Unknown {
		return nil, ErrExists
	}
	if !MayManage(c.By.Role, c.Role) {
		return nil, ErrNotYours
	}
	body, err := ParseBody(c.Role, c.Body)
	if err != nil {
		return nil, err
	}
	if c.Account == uuid.Nil || c.Person.IsZero() {
		return nil, ErrNoPerson
	}
	if err := lasting(c.At, c.Expires); err != nil {
		return nil, err
	}
	delivery, err := c.Delivery.known()
	if err != nil {
		return nil, err
	}
	if who, open := c.Person.Value(); delivery == Mailed && open && who.Mail.IsZero() {
		return nil, ErrNoMail
	}
	out := []Event{AccountInvited{Account: c.Account, Role: c.Role, Body: body, Person: c.Person, Expires: c.Expires.UTC(), Delivery: delivery}}
	if NeedsTwo(c.Role) && c.By.Role != domain.RoleSystem {
		out = append(out, ApprovalAsked{By: c.By.Account})
	}
	return out, nil
}

func renew(s State, c Renew) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	if s.suspended {
		return nil, ErrSuspended
	}
	if err := lasting(c.At, c.Expires); err != nil {
		return nil, err
	}
	delivery, err := c.Delivery.known()
	if err != nil {
		return nil, err
	}
	if s.Expires.Equal(c.Expires) && s.Delivery == delivery {
		return nil, nil
	}
	if delivery == Shown && s.Delivery == Mailed && NeedsTwo(s.Role) && c.By.Role != domain.RoleSystem {
		return nil, ErrByMailOnly
	}
	return []Event{InvitationRenewed{Expires: c.Expires.UTC(), Delivery: delivery}}, nil
}

// known is how the link is delivered, Shown where nothing is said.
func (d Delivery) known() (Delivery, error) {
	switch d {
	case "":
		return Shown, nil
	case Shown, Mailed:
		return d, nil
	}
	return d, ErrDelivery
}

func recoverAccess(s State, c Recover) ([]Event, error) {
	if c.By.Role != domain.RoleSystem {
		return nil, ErrNotYours
	}
	switch s.Status() {
	case Unknown:
		return nil, ErrNoAccount
	case Closed:
		return nil, ErrClosed
	case Suspended:
		return nil, ErrSuspended
	case Invited:
		return nil, ErrNotActive
	}
	if err := lasting(c.At, c.Expires); err != nil {
		return nil, err
	}
	if s.Expires.Equal(c.Expires) && s.Delivery == Mailed {
		return nil, nil
	}
	return []Event{InvitationRenewed{Expires: c.Expires.UTC(), Delivery: Mailed}}, nil
}

// activate refuses a second use rather than pass over it: whoever comes with a used link must not believe that the password
// just chosen is the account's.
func activate(s State, c Activate) ([]Event, error) {
	switch s.Status() {
	case Unknown:
		return nil, ErrNoAccount
	case Closed:
		return nil, ErrClosed
	case Suspended:
		return nil, ErrSuspended
	}
	switch {
	case c.By != s.Actor():
		return nil, ErrNotTheInvited
	case s.Inviter != uuid.Nil:
		return nil, ErrNotApproved
	case s.Expires.IsZero():
		return nil, ErrInvitationUsed
	case !c.At.Before(s.Expires):
		return nil, ErrInvitationExpired
	}
	return []Event{AccountActivated{}}, nil
}

func suspend(s State, c Suspend) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	if !slices.Contains(Reasons(), c.Reason) {
		return nil, ErrReason
	}
	if s.suspended {
		return nil, nil
	}
	return []Event{AccountSuspended{Reason: c.Reason}}, nil
}

func reinstate(s State, c Reinstate) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	if !s.suspended {
		return nil, nil
	}
	return []Event{AccountReinstated{}}, nil
}

func closeAccount(s State, c Close) ([]Event, error) {
	err := s.managedBy(c.By)
	if err == ErrClosed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Reasons(), c.Reason) {
		return nil, ErrReason
	}
	return []Event{AccountClosed{Reason: c.Reason}}, nil
}

// managedBy holds what is common to all that is done to an account by others: it exists, is theirs to manage, is not their own
// and is not closed, asked in this order.
func (s State) managedBy(by domain.Actor) error {
	switch {
	case s.Status() == Unknown:
		return ErrNoAccount
	case !MayManage(by.Role, s.Role):
		return ErrNotYours
	case by.Account == s.Account:
		return ErrOwnAccount
	case s.closed:
		return ErrClosed
	}
	return nil
}

func lasting(from, to time.Time) error {
	switch {
	case !to.After(from):
		return ErrAlreadyExpired
	case to.Sub(from) > MaxInvitation:
		return ErrInvitationTooLong
	}
	return nil
}
