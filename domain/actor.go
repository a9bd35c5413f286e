package domain

import (
	"time"

	"github.com/google/uuid"
)

// Role says on whose behalf somebody acts. What each may do and see is one table, in package access.
type Role string

// The roles of domain.go's glossary. RoleSystem is nobody's account: policies and importers act with it.
const (
	RoleComune     Role = "comune"
	RoleCentre     Role = "centre"
	RoleSchool     Role = "school"
	RoleUST        Role = "ust"
	RolePrefettura Role = "prefettura"
	RoleAdmin      Role = "administrator"
	RoleSystem     Role = "system"
)

// Roles lists the roles a person can be given, in the order they are shown.
func Roles() []Role {
	return []Role{RoleComune, RoleCentre, RoleSchool, RoleUST, RolePrefettura, RoleAdmin}
}

// Actor is who acts: an account, in one role, for one body. The body is the ISTAT code of a comune, the code of a centre,
// the code of an institution (for a paritaria its own code), and empty for the roles that have none.
type Actor struct {
	Account uuid.UUID `json:"account,omitzero"`
	Role    Role      `json:"role"`
	Body    string    `json:"body,omitzero"`
}

// System is the actor of policies, clocks and importers.
var System = Actor{Role: RoleSystem}

// Act is embedded in every command: by whom, and at which instant (UTC, by the clock of the node that took the command).
// A decision never reads a clock of its own.
type Act struct {
	By Actor     `json:"-"`
	At time.Time `json:"-"`
}

// Issued lets a command be asked who issued it, and when.
func (a Act) Issued() Act { return a }

// Clock gives the present instant. The demo and the tests bring their own.
type Clock func() time.Time
