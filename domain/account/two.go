package account

import (
	"github.com/google/uuid"

	"approdo/domain"
)

// NeedsTwo says for which roles one person's word is not enough: those that see the whole province or manage accounts. Two agree to
// such an invitation, and to taking such an account's second factors away. The operator at the machine is enough alone, as the first
// administrators have nobody beside them.
func NeedsTwo(of domain.Role) bool {
	return of == domain.RoleUST || of == domain.RolePrefettura || of == domain.RoleAdmin
}

// Events of what two persons do. By is the account that cannot be the second.
type (
	// ApprovalAsked keeps an invitation from being used until a second person agrees to it.
	ApprovalAsked struct {
		By uuid.UUID `json:"by"`
	}
	// InvitationApproved is the second person's word.
	InvitationApproved struct{}
	// InvitationRefused is the end of an account that nobody ever used.
	InvitationRefused struct{}
	// ResetAsked is the first of two persons' words that an account's second factors are lost.
	ResetAsked struct {
		By uuid.UUID `json:"by"`
	}
	// ResetRefused leaves the second factors as they are.
	ResetRefused struct{}
	// FactorsReset takes all second factors and recovery codes away.
	FactorsReset struct {
		Reset uuid.UUID `json:"reset"`
	}
)

func (ApprovalAsked) accountEvent()      {}
func (InvitationApproved) accountEvent() {}
func (InvitationRefused) accountEvent()  {}
func (ResetAsked) accountEvent()         {}
func (ResetRefused) accountEvent()       {}
func (FactorsReset) accountEvent()       {}

// Commands of what two persons do.
type (
	// Approve agrees to an invitation that waits for a second person.
	Approve struct{ domain.Act }
	// Refuse does not, and ends it.
	Refuse struct{ domain.Act }
	// ResetFactors takes the second factors of an account away, or asks a second person to agree.
	ResetFactors struct {
		domain.Act
		Reset uuid.UUID // names it, so that what was done is not done again
	}
	// KeepFactors refuses what somebody asked with ResetFactors.
	KeepFactors struct{ domain.Act }
)

func (Approve) accountCommand()      {}
func (Refuse) accountCommand()       {}
func (ResetFactors) accountCommand() {}
func (KeepFactors) accountCommand()  {}

// The rules that two persons come under.
var (
	ErrNotApproved = domain.Refused("invitation-waits-for-approval")
	ErrSamePerson  = domain.Refused("second-person-needed")
	// ErrByMailOnly keeps the link to a great role's account from who manages it, once links are known to reach the person by mail:
	// whoever is shown the link chooses the password.
	ErrByMailOnly = domain.Refused("link-by-mail-only")
)

func approve(s State, c Approve) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	switch s.Inviter {
	case uuid.Nil:
		return nil, nil
	case c.By.Account:
		return nil, ErrSamePerson
	}
	return []Event{InvitationApproved{}}, nil
}

// refuse is open to the inviter too, who may have erred.
func refuse(s State, c Refuse) ([]Event, error) {
	err := s.managedBy(c.By)
	if err == ErrClosed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if s.Inviter == uuid.Nil {
		return nil, ErrInvitationUsed
	}
	return []Event{InvitationRefused{}}, nil
}

// resetFactors does not know whether there are any: they are no facts of history. Nobody resets their own.
func resetFactors(s State, c ResetFactors) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	switch {
	case s.Reset == c.Reset:
		return nil, nil
	case !NeedsTwo(s.Role), c.By.Role == domain.RoleSystem:
		return []Event{FactorsReset{Reset: c.Reset}}, nil
	case s.Resetter == uuid.Nil:
		return []Event{ResetAsked{By: c.By.Account}}, nil
	case s.Resetter == c.By.Account:
		return nil, ErrSamePerson
	}
	return []Event{FactorsReset{Reset: c.Reset}}, nil
}

func keepFactors(s State, c KeepFactors) ([]Event, error) {
	if err := s.managedBy(c.By); err != nil {
		return nil, err
	}
	if s.Resetter == uuid.Nil {
		return nil, nil
	}
	return []Event{ResetRefused{}}, nil
}
