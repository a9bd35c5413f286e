package casefile

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// ErasureScope is how much of a pupil is to be forgotten.
type ErasureScope string

// The scopes. Health is what GDPR art. 9 calls special; it has a key of its own and may go before the rest.
const (
	ErasePupil  ErasureScope = "pupil"
	EraseHealth ErasureScope = "health"
)

// ErasureScopes lists them.
func ErasureScopes() []ErasureScope { return []ErasureScope{ErasePupil, EraseHealth} }

// Class is the class of data whose keys go; empty where all of them do.
func (s ErasureScope) Class() domain.Class {
	if s == EraseHealth {
		return domain.ClassSpecial
	}
	return ""
}

// ErasureGround is why a pupil may be forgotten. Older records have "rectification" as well.
type ErasureGround string

// The grounds. The last is never a person's: the pupil was erased already, in a journal that an older copy has taken the place of.
const (
	GroundRetention ErasureGround = "retention" // the time is over, by a version of the register
	GroundRequest   ErasureGround = "request"   // the family asks for it, GDPR art. 17
	GroundError     ErasureGround = "error"     // entered in error
	GroundOrder     ErasureGround = "order"     // an authority orders it
	GroundRestored  ErasureGround = "restored"
)

// ErasureGrounds lists those a person may give.
func ErasureGrounds() []ErasureGround {
	return []ErasureGround{GroundRetention, GroundRequest, GroundError, GroundOrder}
}

// ErasureRejection is why a second person says no.
type ErasureRejection string

// ErasureRejections lists them.
func ErasureRejections() []ErasureRejection {
	return []ErasureRejection{"still-needed", "ground-not-met", "wrong-case"}
}

// RestrictionReason is why the reading of a pupil's data is restricted (GDPR art. 18(1) a to d).
type RestrictionReason string

// RestrictionReasons lists them in the order of the law.
func RestrictionReasons() []RestrictionReason {
	return []RestrictionReason{"accuracy-contested", "unlawful", "legal-claim", "objection"}
}

// Commands about forgetting, and about who may read meanwhile.
type (
	// ProposeErasure is the first of the two persons an erasure takes. Register and Since are for GroundRetention: the version that makes
	// it due, and since when.
	ProposeErasure struct {
		domain.Act
		Proposal uuid.UUID
		Scope    ErasureScope
		Ground   ErasureGround
		Register string
		Since    domain.Date
	}
	// WithdrawErasure is the proposer's, who has thought again.
	WithdrawErasure struct {
		domain.Act
		Proposal uuid.UUID
	}
	// RejectErasure is the second person's no.
	RejectErasure struct {
		domain.Act
		Proposal uuid.UUID
		Reason   ErasureRejection
	}
	// ApproveErasure is the second person's yes: what follows cannot be undone.
	ApproveErasure struct {
		domain.Act
		Proposal uuid.UUID
	}
	// RestoreErasure is the program's: the keys are gone already, and this journal does not know it.
	RestoreErasure struct {
		domain.Act
		Scope ErasureScope
	}
	// Restrict leaves the pupil's data to the present holder and the UST. The case goes on.
	Restrict struct {
		domain.Act
		Reason RestrictionReason
	}
	// LiftRestriction ends it.
	LiftRestriction struct{ domain.Act }
)

func (ProposeErasure) caseCommand()  {}
func (WithdrawErasure) caseCommand() {}
func (RejectErasure) caseCommand()   {}
func (ApproveErasure) caseCommand()  {}
func (RestoreErasure) caseCommand()  {}
func (Restrict) caseCommand()        {}
func (LiftRestriction) caseCommand() {}

// Events about forgetting.
type (
	// ErasureProposed waits for a second person.
	ErasureProposed struct {
		Proposal uuid.UUID     `json:"proposal"`
		Scope    ErasureScope  `json:"scope"`
		Ground   ErasureGround `json:"ground"`
		Register string        `json:"register,omitzero"` // version of the retention register that makes it due
		Since    domain.Date   `json:"since,omitzero"`    // due since
		By       uuid.UUID     `json:"by"`                // the account that cannot approve
		At       time.Time     `json:"at"`
	}
	// ErasureRejected ends a proposal, by another person or, withdrawn, by the proposer; a withdrawal has no reason.
	ErasureRejected struct {
		Proposal  uuid.UUID        `json:"proposal"`
		Reason    ErasureRejection `json:"reason,omitzero"`
		Withdrawn bool             `json:"withdrawn,omitzero"`
	}
	// PupilErased comes before the pupil's keys are destroyed; the facts stay countable.
	PupilErased struct {
		Ground ErasureGround `json:"ground"`
	}
	// HealthErased comes before the key of the pupil's health data is destroyed.
	HealthErased struct {
		Ground ErasureGround `json:"ground"`
	}
	// CaseRestricted leaves the pupil's data to the holder and the UST.
	CaseRestricted struct {
		Reason RestrictionReason `json:"reason"`
	}
	// RestrictionLifted ends that.
	RestrictionLifted struct{}
)

func (ErasureProposed) caseEvent()   {}
func (ErasureRejected) caseEvent()   {}
func (PupilErased) caseEvent()       {}
func (HealthErased) caseEvent()      {}
func (CaseRestricted) caseEvent()    {}
func (RestrictionLifted) caseEvent() {}

// ErasureProposal waits for a second person.
type ErasureProposal struct {
	ID     uuid.UUID
	Scope  ErasureScope
	Ground ErasureGround
	By     uuid.UUID
}

// The rules of forgetting.
var (
	ErrErasureProposed   = domain.Refused("erasure-proposed")
	ErrNoErasure         = domain.Refused("erasure-not-proposed")
	ErrErasureOwn        = domain.Refused("erasure-own-proposal")
	ErrErasureNotOwn     = domain.Refused("erasure-not-own-proposal")
	ErrErasureNotDue     = domain.Refused("erasure-not-due")
	ErrErasureRestricted = domain.Refused("erasure-while-restricted")
	ErrRestricted        = domain.Refused("case-restricted")
	ErrHealthErased      = domain.Refused("health-erased")
)

// decides reports whether an actor is one of the persons an erasure takes: somebody of the UST, who can be told from another.
func decides(a domain.Actor) bool { return a.Role == domain.RoleUST && a.Account != uuid.Nil }

func decideErasureProposal(s State, c ProposeErasure) ([]Event, error) {
	switch {
	case !decides(c.By):
		return nil, ErrNotYours
	case c.Proposal == s.rejected || c.Proposal == s.approved, s.Erasure != nil && s.Erasure.ID == c.Proposal:
		return nil, nil
	case !slices.Contains(ErasureScopes(), c.Scope):
		return nil, ErrChoiceUnknown.On("scope")
	case !slices.Contains(ErasureGrounds(), c.Ground):
		return nil, ErrReasonMissing.On("ground")
	case c.Scope == EraseHealth && s.HealthErased:
		return nil, ErrHealthErased
	case s.Status.Open():
		return nil, ErrNotClosed
	case s.Restriction != "":
		return nil, ErrErasureRestricted
	case s.Erasure != nil:
		return nil, ErrErasureProposed
	case c.Ground == GroundRetention && (c.Since.IsZero() || domain.DateOf(c.At).Before(c.Since)):
		return nil, ErrErasureNotDue
	}
	e := ErasureProposed{Proposal: c.Proposal, Scope: c.Scope, Ground: c.Ground, By: c.By.Account, At: c.At}
	if c.Ground == GroundRetention {
		e.Register, e.Since = c.Register, c.Since
	}
	return []Event{e}, nil
}

func decideErasureWithdrawal(s State, c WithdrawErasure) ([]Event, error) {
	switch {
	case !decides(c.By):
		return nil, ErrNotYours
	case c.Proposal == s.rejected && c.Proposal != uuid.Nil:
		return nil, nil
	case s.Erasure == nil || s.Erasure.ID != c.Proposal:
		return nil, ErrNoErasure
	case s.Erasure.By != c.By.Account:
		return nil, ErrErasureNotOwn
	}
	return []Event{ErasureRejected{Proposal: c.Proposal, Withdrawn: true}}, nil
}

func decideErasureRejection(s State, c RejectErasure) ([]Event, error) {
	switch {
	case !decides(c.By):
		return nil, ErrNotYours
	case c.Proposal == s.rejected && c.Proposal != uuid.Nil:
		return nil, nil
	case s.Erasure == nil || s.Erasure.ID != c.Proposal:
		return nil, ErrNoErasure
	case s.Erasure.By == c.By.Account:
		return nil, ErrErasureOwn
	case !slices.Contains(ErasureRejections(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	}
	return []Event{ErasureRejected{Proposal: c.Proposal, Reason: c.Reason}}, nil
}

func decideErasureApproval(s State, c ApproveErasure) ([]Event, error) {
	switch {
	case !decides(c.By):
		return nil, ErrNotYours
	case c.Proposal == s.approved && c.Proposal != uuid.Nil:
		return nil, nil
	case s.Erasure == nil || s.Erasure.ID != c.Proposal:
		return nil, ErrNoErasure
	case s.Erasure.By == c.By.Account:
		return nil, ErrErasureOwn
	case s.Restriction != "":
		return nil, ErrErasureRestricted
	}
	return []Event{erasureOf(s.Erasure.Scope, s.Erasure.Ground)}, nil
}

func erasureOf(scope ErasureScope, g ErasureGround) Event {
	if scope == EraseHealth {
		return HealthErased{Ground: g}
	}
	return PupilErased{Ground: g}
}

// An older journal may have the case open. Of a pupil nobody can name any more nobody can look for a school either: the case ends first,
// and stands in no queue.
func decideErasureRestoration(s State, c RestoreErasure) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleSystem:
		return nil, ErrNotYours
	case c.Scope == EraseHealth && s.HealthErased:
		return nil, nil
	case c.Scope == EraseHealth:
		return []Event{HealthErased{Ground: GroundRestored}}, nil
	}
	var events []Event
	if s.Status.Open() {
		today := domain.DateOf(c.At)
		if s.Status == Attending {
			events = append(events, AttendanceEnded{On: today})
		}
		events = append(append(events, leave(s, leftByClosure, c.At)...), CaseClosed{Reason: closedByErasure, On: today})
	}
	return append(events, PupilErased{Ground: GroundRestored}), nil
}

func decideRestriction(s State, c Restrict) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleUST:
		return nil, ErrNotYours
	case !slices.Contains(RestrictionReasons(), c.Reason):
		return nil, ErrReasonMissing.On("reason")
	case s.Restriction == c.Reason:
		return nil, nil
	case s.Restriction != "":
		return nil, ErrRestricted
	}
	return []Event{CaseRestricted{Reason: c.Reason}}, nil
}

func decideRestrictionLifting(s State, c LiftRestriction) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleUST:
		return nil, ErrNotYours
	case s.Restriction == "":
		return nil, nil
	}
	return []Event{RestrictionLifted{}}, nil
}

// settle ends a proposal, which also goes when the case is taken up again.
func (s *State) settle(approved, rejected bool) {
	if s.Erasure == nil {
		return
	}
	if approved {
		s.approved = s.Erasure.ID
	}
	if rejected {
		s.rejected = s.Erasure.ID
	}
	s.Erasure = nil
}
