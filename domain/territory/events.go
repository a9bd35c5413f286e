package territory

import (
	"time"

	"approdo/domain"
	"approdo/domain/event"
)

// Event is what happens to a territory. Who did it, and when, is in the record's Meta.
type Event interface{ territoryEvent() }

// Events of a territory.
type (
	// Founded begins a territory with a whole register.
	Founded struct {
		Province string   `json:"province"`
		Register Register `json:"register"`
	}
	// ComuneAmended says what a comune is from a day on.
	ComuneAmended struct {
		Comune Comune `json:"comune"`
	}
	// CentreAmended says what a centre is from a day on; it may be a new one.
	CentreAmended struct {
		Centre Centre `json:"centre"`
	}
	// CAPAssigned says in which municipio of Milano a postal code lies; 0 takes it back.
	CAPAssigned struct {
		CAP       string           `json:"cap"`
		Municipio domain.Municipio `json:"municipio"`
	}
	// Confirmed makes what was provisional certain, as it stands.
	Confirmed struct {
		Comuni  []domain.Comune `json:"comuni,omitzero"`
		Centres []domain.Centre `json:"centres,omitzero"`
		Policy  string          `json:"policy,omitzero"` // its version
	}
	// PolicyAdopted is a new version of the routing rules.
	PolicyAdopted struct {
		Policy Policy `json:"policy"`
	}
	// ClocksSet are new terms.
	ClocksSet struct {
		Clocks Clocks `json:"clocks"`
	}
	// CeilingSet is a new ceiling.
	CeilingSet struct {
		Ceiling Ceiling `json:"ceiling"`
	}
	// RetentionSet is a new version of the register of retention.
	RetentionSet struct {
		Retention Retention `json:"retention"`
	}
	// Suspended stops the intake or the placement of a scope from an instant on. Number names it within the territory.
	Suspended struct {
		Number int         `json:"number"`
		Kind   Kind        `json:"kind"`
		Scope  Scope       `json:"scope,omitzero"`
		Role   domain.Role `json:"role"`
		Reason string      `json:"reason"`
		From   time.Time   `json:"from"`
	}
	// Resumed lifts a suspension, for a part of its scope or for all of it.
	Resumed struct {
		Number int         `json:"number"`
		Scope  Scope       `json:"scope,omitzero"`
		Role   domain.Role `json:"role"`
		Reason string      `json:"reason"`
		From   time.Time   `json:"from"`
	}
)

func (Founded) territoryEvent()       {}
func (ComuneAmended) territoryEvent() {}
func (CentreAmended) territoryEvent() {}
func (CAPAssigned) territoryEvent()   {}
func (Confirmed) territoryEvent()     {}
func (PolicyAdopted) territoryEvent() {}
func (ClocksSet) territoryEvent()     {}
func (CeilingSet) territoryEvent()    {}
func (RetentionSet) territoryEvent()  {}
func (Suspended) territoryEvent()     {}
func (Resumed) territoryEvent()       {}

// Events are the stored names of a territory.
var Events = event.Table{
	event.TypeOf[Founded]("territory.founded"),
	event.TypeOf[ComuneAmended]("territory.comune-amended"),
	event.TypeOf[CentreAmended]("territory.centre-amended"),
	event.TypeOf[CAPAssigned]("territory.cap-assigned"),
	event.TypeOf[Confirmed]("territory.confirmed"),
	event.TypeOf[PolicyAdopted]("territory.policy-adopted"),
	event.TypeOf[ClocksSet]("territory.clocks-set"),
	event.TypeOf[CeilingSet]("territory.ceiling-set"),
	event.TypeOf[RetentionSet]("territory.retention-set"),
	event.TypeOf[BoundariesSet]("territory.boundaries-set"),
	event.TypeOf[RemindersSet]("territory.reminders-set"),
	event.TypeOf[WeightsSet]("territory.weights-set"),
	event.TypeOf[Suspended]("territory.suspended"),
	event.TypeOf[Resumed]("territory.resumed"),
}
