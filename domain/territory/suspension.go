package territory

import (
	"slices"
	"time"

	"approdo/domain"
)

// Kind is what a suspension stops. Requests are recorded while either lasts.
type Kind string

// Intake is the taking in charge of cases, placement the offering of places.
const (
	Intake    Kind = "intake"
	Placement Kind = "placement"
)

// Scope is a part of a territory: comuni, ambiti, or both together. The empty Scope is all of it.
type Scope struct {
	Comuni []domain.Comune `json:"comuni,omitzero"`
	Ambiti []domain.Ambito `json:"ambiti,omitzero"`
}

// All reports whether it is the whole territory.
func (s Scope) All() bool { return len(s.Comuni) == 0 && len(s.Ambiti) == 0 }

// Holds reports whether a comune lies in it.
func (s Scope) Holds(c Comune) bool {
	return s.All() || slices.Contains(s.Comuni, c.Code) || slices.ContainsFunc(s.Ambiti, c.In)
}

// tidy sorts a scope and drops what is said twice, so that equal scopes are equal.
func (s Scope) tidy() Scope {
	return Scope{sorted(s.Comuni), sorted(s.Ambiti)}
}

func (s Scope) equal(o Scope) bool {
	return slices.Equal(s.Comuni, o.Comuni) && slices.Equal(s.Ambiti, o.Ambiti)
}

// Suspension is one order of the Prefettura or the UST. Role is whose. Lifted are the parts, or the whole, that were resumed.
type Suspension struct {
	Number int
	Kind   Kind
	Scope  Scope
	Role   domain.Role
	Reason string
	From   time.Time
	Lifted []Lift
}

// Lift resumes a part of a suspension's scope from an instant on.
type Lift struct {
	Scope  Scope
	Role   domain.Role
	Reason string
	From   time.Time
}

// Over reports whether the whole of it is lifted at an instant by one resumption.
func (s Suspension) Over(at time.Time) bool { return s.liftedFor(s.Scope, at) }

// liftedFor reports whether a scope, or the whole, was lifted by an instant.
func (s Suspension) liftedFor(scope Scope, at time.Time) bool {
	return slices.ContainsFunc(s.Lifted, func(l Lift) bool {
		return !at.Before(l.From) && (l.Scope.All() || l.Scope.equal(scope) || l.Scope.equal(s.Scope))
	})
}

// stops reports whether it holds for a comune at an instant.
func (s Suspension) stops(c Comune, at time.Time) bool {
	return !at.Before(s.From) && s.Scope.Holds(c) &&
		!slices.ContainsFunc(s.Lifted, func(l Lift) bool { return !at.Before(l.From) && l.Scope.Holds(c) })
}
