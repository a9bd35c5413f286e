// Package account says who may act for which body. An account is one person's: invited by name, activated by that person alone,
// suspended, reinstated, closed. Passwords, links and sessions are no facts of history and never come near the journal.
package account

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// Prefix begins the name of every account's stream.
const Prefix = "account-"

// MaxInvitation is the longest an invitation may stand.
const MaxInvitation = 72 * time.Hour

// Stream is the stream of an account.
func Stream(id uuid.UUID) string { return Prefix + id.String() }

// Status is where an account stands.
type Status string

// The statuses. Only an active account signs in.
const (
	Unknown   Status = ""
	Invited   Status = "invited"
	Active    Status = "active"
	Suspended Status = "suspended"
	Closed    Status = "closed"
)

// Reason is why an account was suspended or closed.
type Reason string

// The reasons.
const (
	ReasonLeft        Reason = "left-the-office"
	ReasonCompromised Reason = "credentials-compromised"
	ReasonMisuse      Reason = "misuse"
	ReasonInactive    Reason = "inactive"
	ReasonMistake     Reason = "entered-in-error"
)

// Reasons lists them in the order they are shown.
func Reasons() []Reason {
	return []Reason{ReasonLeft, ReasonCompromised, ReasonMisuse, ReasonInactive, ReasonMistake}
}

// Delivery is how the link of an invitation reaches the person.
type Delivery string

// The deliveries. The link itself is made where it is shown or sent and is no fact of history.
const (
	Shown  Delivery = "shown"  // to the inviter, who hands it over
	Mailed Delivery = "mailed" // to the person's own address, by mail or PEC
)

// Event is what happens to an account. Who did it, and when, is in the record's Meta.
type Event interface{ accountEvent() }

// Events of package account.
type (
	// AccountInvited begins an account. The person's part is sealed under the account's own id.
	AccountInvited struct {
		Account uuid.UUID             `json:"account"`
		Role    domain.Role           `json:"role"`
		Body    string                `json:"body,omitzero"`
		Person  domain.Sealed[Person] `json:"person"`
		Expires time.Time             `json:"expires"` // UTC; from this instant on the invitation is void
		// Delivery is Shown in what schema 1 has recorded: there was no other.
		Delivery Delivery `json:"delivery"`
	}
	// InvitationRenewed makes every earlier link void. On an active account it lets the person choose a new password.
	InvitationRenewed struct {
		Expires  time.Time `json:"expires"`
		Delivery Delivery  `json:"delivery"` // as in AccountInvited
	}
	// AccountActivated uses the invitation up.
	AccountActivated struct{}
	// AccountSuspended keeps the person out until it is reinstated.
	AccountSuspended struct {
		Reason Reason `json:"reason"`
	}
	// AccountReinstated leads back to where it stood before.
	AccountReinstated struct{}
	// AccountClosed is the end.
	AccountClosed struct {
		Reason Reason `json:"reason"`
	}
)

func (AccountInvited) accountEvent()    {}
func (InvitationRenewed) accountEvent() {}
func (AccountActivated) accountEvent()  {}
func (AccountSuspended) accountEvent()  {}
func (AccountReinstated) accountEvent() {}
func (AccountClosed) accountEvent()     {}

// Events is the table of stored names.
var Events = event.Table{
	event.TypeOf[AccountInvited]("account.invited", delivered),
	event.TypeOf[InvitationRenewed]("account.invitation-renewed", delivered),
	event.TypeOf[AccountActivated]("account.activated"),
	event.TypeOf[AccountSuspended]("account.suspended"),
	event.TypeOf[AccountReinstated]("account.reinstated"),
	event.TypeOf[AccountClosed]("account.closed"),
	event.TypeOf[ApprovalAsked]("account.approval-asked"),
	event.TypeOf[InvitationApproved]("account.invitation-approved"),
	event.TypeOf[InvitationRefused]("account.invitation-refused"),
	event.TypeOf[ResetAsked]("account.reset-asked"),
	event.TypeOf[ResetRefused]("account.reset-refused"),
	event.TypeOf[FactorsReset]("account.factors-reset"),
}

// delivered leads to schema 2.
func delivered(data []byte) ([]byte, error) {
	var e struct {
		Old      jsontext.Value `json:",embed"`
		Delivery Delivery       `json:"delivery"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	e.Delivery = Shown
	return json.Marshal(e)
}

// Command is what somebody asks of an account.
type Command interface{ accountCommand() }

// Commands of package account.
type (
	// Invite begins an account for a person. Whether the body is in the register is for the caller to know.
	Invite struct {
		domain.Act
		Account uuid.UUID
		Role    domain.Role
		Body    string
		Person  domain.Sealed[Person]
		Expires time.Time
		// Delivery is Shown where nothing is said. To be Mailed the person needs an address.
		Delivery Delivery
	}
	// Renew invites again: the first link was not used in time, or the password was forgotten. Whether the person has an address for
	// Mailed is for the caller to know: it is sealed.
	Renew struct {
		domain.Act
		Expires  time.Time
		Delivery Delivery
	}
	// Recover is what the system does for whoever says at the door that the password of an active account is forgotten: a link is sent
	// to the account's own address, whoever asked for it.
	Recover struct {
		domain.Act
		Expires time.Time
	}
	// Activate is the invited person's own act.
	Activate struct{ domain.Act }
	// Suspend keeps the person out.
	Suspend struct {
		domain.Act
		Reason Reason
	}
	// Reinstate ends a suspension.
	Reinstate struct{ domain.Act }
	// Close ends the account for good.
	Close struct {
		domain.Act
		Reason Reason
	}
)

func (Invite) accountCommand()    {}
func (Renew) accountCommand()     {}
func (Recover) accountCommand()   {}
func (Activate) accountCommand()  {}
func (Suspend) accountCommand()   {}
func (Reinstate) accountCommand() {}
func (Close) accountCommand()     {}

// State is what the rules read. The zero State is an account nobody was invited to.
type State struct {
	Account   uuid.UUID
	Role      domain.Role
	Body      string
	Expires   time.Time // of the invitation that stands; zero when it was used
	Delivery  Delivery  // of the last invitation
	Inviter   uuid.UUID // who waits for a second person to approve the invitation; nil when nobody does
	Resetter  uuid.UUID // who waits for a second person to reset the second factors; nil when nobody does
	Reset     uuid.UUID // the last of its second factors that was done
	activated bool
	suspended bool
	closed    bool
}

// Status is where the account stands.
func (s State) Status() Status {
	switch {
	case s.Account == uuid.Nil:
		return Unknown
	case s.closed:
		return Closed
	case s.suspended:
		return Suspended
	case s.activated:
		return Active
	default:
		return Invited
	}
}

// Actor is the account as it acts.
func (s State) Actor() domain.Actor {
	return domain.Actor{Account: s.Account, Role: s.Role, Body: s.Body}
}

// The rules that refuse.
var (
	ErrNoAccount         = domain.NotFound("account-not-found")
	ErrExists            = domain.Refused("account-exists")
	ErrNotYours          = domain.Forbidden("account-not-yours-to-manage")
	ErrOwnAccount        = domain.Forbidden("account-is-your-own")
	ErrNotTheInvited     = domain.Forbidden("account-of-another")
	ErrClosed            = domain.Refused("account-closed")
	ErrSuspended         = domain.Refused("account-suspended")
	ErrInvitationUsed    = domain.Refused("invitation-used")
	ErrInvitationExpired = domain.Refused("invitation-expired")
	ErrInvitationTooLong = domain.Invalid("invitation-too-long").On("expires")
	ErrAlreadyExpired    = domain.Invalid("invitation-ends-before-it-begins").On("expires")
	ErrNoPerson          = domain.Invalid("person-missing")
	ErrNotActive         = domain.Refused("account-not-active")
	ErrNoMail            = domain.Invalid("mail-missing").On("mail")
	ErrDelivery          = domain.Invalid("delivery-unknown").On("delivery")
	ErrReason            = domain.Invalid("reason-unknown").On("reason")
)

// MayManage says whose accounts a role invites, renews, suspends, reinstates and closes: the UST those of comuni, centres and
// schools, administrators any. The system does what an operator asks at the machine itself, such as the first administrator.
func MayManage(by, of domain.Role) bool {
	switch by {
	case domain.RoleAdmin, domain.RoleSystem:
		return true
	case domain.RoleUST:
		return of == domain.RoleComune || of == domain.RoleCentre || of == domain.RoleSchool
	default:
		return false
	}
}

// Decider is the aggregate.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}
