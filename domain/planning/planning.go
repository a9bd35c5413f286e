// Package planning keeps the plans that were drawn: for whom, by which registers and wishes of the officer, where each pupil would go, and what
// proves that no plan is better. A plan never touches a case: somebody confirms it, and each place becomes an ordinary offer that
// names the plan.
package planning

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/matching"
)

// Scope is whose waiting pupils a plan is for: a centre's, those who live in an ambito, or, where both are empty, all.
type Scope struct {
	Centre domain.Centre `json:"centre,omitzero"`
	Ambito domain.Ambito `json:"ambito,omitzero"`
}

// Lock is the officer's word on a pupil and a school: there, or never there.
type Lock struct {
	Case   uuid.UUID     `json:"case"`
	School domain.School `json:"school"`
	Never  bool          `json:"never,omitzero"`
}

// ChangeKind is something that is not so, and that a scenario supposes.
type ChangeKind string

// The changes, with what each of them needs.
const (
	Reserve ChangeKind = "reserve" // School, Level, Number: so many free places fewer
	Add     ChangeKind = "add"     // School, Level, Number: so many more
	Shut    ChangeKind = "close"   // School: it takes nobody
	Ceiling ChangeKind = "ceiling" // Percent, School: another ceiling there, everywhere where School is empty
	Arrive  ChangeKind = "arrive"  // Comune, Levels, Number: so many families come, each with a child for each of these grades
	Move    ChangeKind = "move"    // Comune, Centre: the comune is another centre's
)

// ChangeKinds lists them.
func ChangeKinds() []ChangeKind { return []ChangeKind{Reserve, Add, Shut, Ceiling, Arrive, Move} }

// Change is one thing that a scenario supposes.
type Change struct {
	Kind    ChangeKind    `json:"kind"`
	School  domain.School `json:"school,omitzero"`
	Level   grade.Level   `json:"level,omitzero"`
	Levels  []grade.Level `json:"levels,omitzero"`
	Comune  domain.Comune `json:"comune,omitzero"`
	Centre  domain.Centre `json:"centre,omitzero"`
	Number  int           `json:"number,omitzero"`
	Percent int           `json:"percent,omitzero"`
}

// Terms are what an officer asks of a plan.
type Terms struct {
	Scope       Scope             `json:"scope"`
	Year        domain.SchoolYear `json:"year"`
	Locks       []Lock            `json:"locks,omitzero"`
	Derogations []domain.School   `json:"derogations,omitzero"` // where the ceiling is no bound, by the UST's exception
	Changes     []Change          `json:"changes,omitzero"`
	Last        uuid.UUID         `json:"last,omitzero"` // the plan that this one follows and disturbs least
}

// Supposes reports whether a plan is a scenario: something in it is not so, and it cannot be confirmed.
func (t Terms) Supposes() bool { return len(t.Changes) > 0 }

// Kind is a kind of places: of a grade at a site.
type Kind struct {
	School domain.School `json:"school"`
	Level  grade.Level   `json:"level"`
}

// ID names places in the instance of a plan.
func (k Kind) ID() string { return string(k.School) + "/" + k.Level.String() }

// Seat is where a pupil would go. A pupil whom a scenario supposes has no case, and a name like "new-01-2". A pupil who is left out has no
// school. Urgency is 1, 2 or 4: how many pupils the pupil counts for where not all can be placed.
type Seat struct {
	Case      uuid.UUID     `json:"case,omitzero"`
	Supposed  string        `json:"supposed,omitzero"`
	Household string        `json:"household,omitzero"`
	Centre    domain.Centre `json:"centre,omitzero"` // that has the case
	Comune    domain.Comune `json:"comune"`
	Level     grade.Level   `json:"level"`
	Urgency   int           `json:"urgency"`
	School    domain.School `json:"school,omitzero"`
	Metres    int           `json:"metres,omitzero"` // of the way
	Far       bool          `json:"far,omitzero"`    // the way is longer than the register thinks fit
}

// ID names the pupil in the instance of a plan.
func (s Seat) ID() string {
	if s.Case == uuid.Nil {
		return s.Supposed
	}
	return s.Case.String()
}

// Seated is a brother or sister who has a place already, and to whom the household wants to come.
type Seated struct {
	Case        uuid.UUID          `json:"case"`
	Household   string             `json:"household"`
	Institution domain.Institution `json:"institution"`
}

// Price is what places cost beside their own cost, so that no plan is better; all that are not named are free of it.
type Price struct {
	Kind
	Cost matching.Cost `json:"cost"`
}

// Want is pupils who may only go to these places, and are more than they hold.
type Want struct {
	Pupils []int  `json:"pupils"` // by index of the seats
	Places []Kind `json:"places"`
	Room   int    `json:"room"`
}

// Figures sum a plan up.
type Figures struct {
	Pupils   int `json:"pupils"`
	Placed   int `json:"placed"`
	Together int `json:"together"` // households of several at one institution
	Apart    int `json:"apart"`    // and at more than one
	Far      int `json:"far"`
	Metres   int `json:"metres"`            // of all ways
	Crossing int `json:"crossing,omitzero"` // proposed to another centre, since the zone of their own is full
}

// Unit says how the last part of a cost is to be read: Way of it are Step metres of the sum by which schools are ranked, Fill is one quarter of a
// grade's places filled once more, and 1 a pupil who goes elsewhere than in the last plan. In the part before, Split is a household that is
// split, and 1 a way too long. The first part counts pupils who are left out, by their urgency.
type Unit struct {
	Split int64 `json:"split"`
	Step  int   `json:"step"`
	Way   int64 `json:"way"`
	Fill  int64 `json:"fill"`
}

// Metres are those of the way in a cost, or 0 where it only counts how evenly places fill.
func (u Unit) Metres(c matching.Cost) int {
	if u.Way == 0 {
		return 0
	}
	return int(c[2] / u.Way * int64(u.Step))
}

// Apart are the households in a cost that are split.
func (u Unit) Apart(c matching.Cost) int {
	if u.Split == 0 {
		return 0
	}
	return int(c[1] / u.Split)
}

// Drawn is a plan as it was drawn. Instants are UTC.
type Drawn struct {
	Terms
	Known   time.Time      `json:"known"`   // by what the journal had taken then
	Weights string         `json:"weights"` // version in force
	Percent int            `json:"percent"` // the ceiling in force
	Seats   []Seat         `json:"seats"`
	Seated  []Seated       `json:"seated,omitzero"`
	Figures Figures        `json:"figures"`
	Unit    Unit           `json:"unit"`
	Value   matching.Cost  `json:"value"`
	Bound   matching.Cost  `json:"bound"` // no plan costs less
	Prices  []Price        `json:"prices,omitzero"`
	Tree    *matching.Tree `json:"tree,omitzero"`  // that shows more of the bound, by the order of the instance's pupils and places
	Worth   []Price        `json:"worth,omitzero"` // what one more place would save, households not counted; the most worth first
	Wants   []Want         `json:"wants,omitzero"`
	Digest  string         `json:"digest"` // of the file that proves it
	At      time.Time      `json:"at"`
}

// Gap says how far the plan may be from the best, as matching.Plan.Gap does.
func (d Drawn) Gap() (part int, by int64) { return matching.Plan{Value: d.Value, Bound: d.Bound}.Gap() }

// Seat finds a pupil; false where the plan is not about the case.
func (d Drawn) Seat(id uuid.UUID) (Seat, bool) {
	if i := slices.IndexFunc(d.Seats, func(s Seat) bool { return s.Case == id }); i >= 0 && id != uuid.Nil {
		return d.Seats[i], true
	}
	return Seat{}, false
}

// Event is what happens to a plan.
type Event interface{ planEvent() }

func (Drawn) planEvent() {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{event.TypeOf[Drawn]("plan.drawn")}

// Category is the prefix of the streams of plans.
const Category = "plan-"

// Stream names the stream of a plan.
func Stream(id uuid.UUID) string { return Category + id.String() }

// ParseStream is the inverse of Stream; false for any other stream.
func ParseStream(stream string) (uuid.UUID, bool) {
	id, err := uuid.Parse(strings.TrimPrefix(stream, Category))
	return id, err == nil && Stream(id) == stream
}

// Draw keeps a plan that was drawn.
type Draw struct {
	domain.Act
	Plan Drawn
}

// State is what the rules read.
type State struct {
	Drawn *Drawn // nil: there is no plan
}

// MostPupils is how many pupils a plan may be for, and Largest how many bytes a plan may have, so that it can be kept as one event.
const (
	MostPupils = 2_500
	Largest    = event.MaxBytes - 4096 // less what is around it
)

// The most that a change can suppose.
const (
	mostNumber  = 500
	mostChanges = 50
)

// The rules that refuse.
var (
	ErrNotYours   = domain.Refused("not-for-your-role")
	ErrTooMany    = domain.Refused("plan-too-many")
	ErrNobody     = domain.Refused("plan-for-nobody")
	ErrLocks      = domain.Invalid("plan-locks-contradict").On("locks")
	ErrChange     = domain.Invalid("plan-change-malformed").On("changes")
	ErrDerogation = domain.Refused("plan-derogation-not-yours").On("derogations")
	ErrSupposed   = domain.Refused("plan-only-supposed")
)

// Decider is the aggregate.
var Decider = event.Decider[State, Draw, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}

// Decide answers with the event of a new plan, with none where the plan is kept already, or with the rule that forbids it.
func Decide(s State, c Draw) ([]Event, error) {
	if s.Drawn != nil {
		return nil, nil
	}
	if err := May(c.By, c.Plan.Terms); err != nil {
		return nil, err
	}
	switch n := len(c.Plan.Seats); {
	case n == 0:
		return nil, ErrNobody
	case n > MostPupils:
		return nil, ErrTooMany
	}
	c.Plan.At = c.At
	return []Event{c.Plan}, nil
}

// May checks terms before a plan is drawn: a centre plans for its own pupils, and an exception from the ceiling is the UST's (CM 2/2010).
func May(a domain.Actor, t Terms) error {
	switch {
	case a.Role != domain.RoleUST && (a.Role != domain.RoleCentre || t.Scope != Scope{Centre: domain.Centre(a.Body)} || a.Body == ""):
		return ErrNotYours
	case a.Role != domain.RoleUST && len(t.Derogations) > 0:
		return ErrDerogation
	case len(t.Changes) > mostChanges:
		return ErrChange
	}
	arriving := 0
	for _, c := range t.Changes {
		if !c.valid() || a.Role == domain.RoleCentre && c.Kind == Move && c.Centre == domain.Centre(a.Body) {
			return ErrChange // a centre does not see whose cases would come
		}
		if arriving += c.Number * len(c.Levels); arriving > MostPupils {
			return ErrTooMany
		}
	}
	there := map[uuid.UUID]domain.School{}
	for _, l := range t.Locks {
		if l.Never {
			continue
		}
		if other, twice := there[l.Case]; twice && other != l.School {
			return ErrLocks
		}
		there[l.Case] = l.School
	}
	for _, l := range t.Locks {
		if l.Never && there[l.Case] == l.School {
			return ErrLocks
		}
	}
	return nil
}

func (c Change) valid() bool {
	counted := c.Number > 0 && c.Number <= mostNumber
	switch c.Kind {
	case Reserve, Add:
		return counted && c.School != "" && c.Level.Validate() == nil
	case Shut:
		return c.School != ""
	case Ceiling:
		return c.Percent >= 1 && c.Percent <= 100
	case Arrive:
		return counted && c.Comune != "" && len(c.Levels) > 0 && len(c.Levels) <= 6 && !slices.ContainsFunc(c.Levels, func(l grade.Level) bool { return l.Validate() != nil })
	case Move:
		return c.Comune != "" && c.Centre != ""
	}
	return false
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	if d, ok := e.(Drawn); ok {
		s.Drawn = &d
	}
	return s
}
