// Package places keeps the places of one site for one school year, by grade. A place is held here before it is offered in a
// case, taken when the school accepts, and released by a policy when the case has moved on: so two pupils never have the same.
package places

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// Event is what happens to the places of a site.
type Event interface{ placesEvent() }

// Events of package places. Instants are UTC.
type (
	// PlacesDeclared is the school's word on one grade. Free counts those it could still take in, beyond the places held and
	// taken at that instant; Capacity is both together. Pupils and Foreign describe the class, where the school gave them.
	PlacesDeclared struct {
		Level    grade.Level `json:"level"`
		Free     int         `json:"free"`
		Capacity int         `json:"capacity"`
		Pupils   int         `json:"pupils,omitzero"`
		Foreign  int         `json:"foreign,omitzero"`
		At       time.Time   `json:"at"`
	}
	// PlaceHeld keeps a seat for an offer. Seats of a grade are numbered from 1.
	PlaceHeld struct {
		Offer uuid.UUID   `json:"offer"`
		Case  uuid.UUID   `json:"case"`
		Level grade.Level `json:"level"`
		Seat  int         `json:"seat"`
		Over  bool        `json:"over,omitzero"` // beyond what was declared: an override, or an enrolment by the school itself
		At    time.Time   `json:"at"`
	}
	// PlaceTaken says that the pupil has the seat.
	PlaceTaken struct {
		Offer uuid.UUID   `json:"offer"`
		Case  uuid.UUID   `json:"case"`
		Level grade.Level `json:"level"`
		Seat  int         `json:"seat"`
		Held  bool        `json:"held,omitzero"` // it was held for the same offer before
		Over  bool        `json:"over,omitzero"`
		At    time.Time   `json:"at"`
	}
	// PlaceReleased gives the seat back.
	PlaceReleased struct {
		Offer uuid.UUID   `json:"offer"`
		Case  uuid.UUID   `json:"case"`
		Level grade.Level `json:"level"`
		Seat  int         `json:"seat"`
		Taken bool        `json:"taken,omitzero"` // it was taken, and not only held
		At    time.Time   `json:"at"`
	}
)

func (PlacesDeclared) placesEvent() {}
func (PlaceHeld) placesEvent()      {}
func (PlaceTaken) placesEvent()     {}
func (PlaceReleased) placesEvent()  {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{
	event.TypeOf[PlacesDeclared]("places.declared"),
	event.TypeOf[PlaceHeld]("places.held"),
	event.TypeOf[PlaceTaken]("places.taken"),
	event.TypeOf[PlaceReleased]("places.released"),
}

// Category is the prefix of the streams of places.
const Category = "places-"

// Stream names the stream of a site's places in a school year.
func Stream(school domain.School, y domain.SchoolYear) string {
	return fmt.Sprintf("%s%s-%d", Category, school, int(y))
}

// ParseStream is the inverse of Stream; false for any other stream.
func ParseStream(stream string) (domain.School, domain.SchoolYear, bool) {
	code, year, ok := strings.Cut(strings.TrimPrefix(stream, Category), "-")
	school, err := domain.ParseSchool(code)
	y, errYear := strconv.Atoi(year)
	if !ok || err != nil || errYear != nil || Stream(school, domain.SchoolYear(y)) != stream {
		return "", 0, false
	}
	return school, domain.SchoolYear(y), true
}

// Command is what somebody asks of the places of a site.
type Command interface {
	Issued() domain.Act
	placesCommand()
}

// Commands of package places.
type (
	// Declare is the school's. Pupils and Foreign may be 0: not given.
	Declare struct {
		domain.Act
		Institution domain.Institution // the site's, from the register
		Level       grade.Level
		Free        int
		Pupils      int
		Foreign     int
	}
	// Hold keeps a seat for an offer that is about to be made. Override lets the UST go beyond what was declared.
	Hold struct {
		domain.Act
		Offer    uuid.UUID
		Case     uuid.UUID
		Level    grade.Level
		Override bool
	}
	// Take gives the seat to the pupil: the held one, or, where the school enrolled on its own, the next.
	Take struct {
		domain.Act
		Offer uuid.UUID
		Case  uuid.UUID
		Level grade.Level
	}
	// Release gives back whatever the offer has.
	Release struct {
		domain.Act
		Offer uuid.UUID
	}
)

func (Declare) placesCommand() {}
func (Hold) placesCommand()    {}
func (Take) placesCommand()    {}
func (Release) placesCommand() {}

// Seat is a place that belongs to an offer.
type Seat struct {
	Case   uuid.UUID
	Level  grade.Level
	Number int
	Taken  bool
	Over   bool
}

// Declared is what the school last said of a grade.
type Declared struct {
	Capacity        int
	Pupils, Foreign int
	At              time.Time
}

// State is what the rules read.
type State struct {
	Declared map[grade.Level]Declared
	Seats    map[uuid.UUID]Seat // by offer
}

// Used counts the seats held and taken in a grade.
func (s State) Used(l grade.Level) int {
	n := 0
	for _, seat := range s.Seats {
		if seat.Level == l {
			n++
		}
	}
	return n
}

// Free is what is left of a grade; negative where more were taken in than declared.
func (s State) Free(l grade.Level) int { return s.Declared[l].Capacity - s.Used(l) }

// next is the lowest seat number nobody has, and whether one more pupil is beyond what was declared.
func (s State) next(l grade.Level) (int, bool) {
	used := map[int]bool{}
	for _, seat := range s.Seats {
		if seat.Level == l {
			used[seat.Number] = true
		}
	}
	n := 1
	for used[n] {
		n++
	}
	return n, s.Free(l) <= 0
}

// MaxPlaces bounds a declaration for one grade: more is a typing error.
const MaxPlaces = 99

// The rules that refuse.
var (
	ErrNoPlace      = domain.Refused("no-place-declared")
	ErrNotYours     = domain.Refused("not-for-your-role")
	ErrHeldByOther  = domain.Refused("held-by-another")
	ErrPlacesNumber = domain.Invalid("places-number").On("free")
	ErrClassNumber  = domain.Invalid("class-number").On("foreign")
)

// Decider is the aggregate.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}

// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Declare:
		return decideDeclaration(s, c)
	case Hold:
		return decideHold(s, c)
	case Take:
		return decideTake(s, c)
	case Release:
		seat, ok := s.Seats[c.Offer]
		if !ok {
			return nil, nil
		}
		return []Event{PlaceReleased{Offer: c.Offer, Case: seat.Case, Level: seat.Level, Seat: seat.Number, Taken: seat.Taken,
			At: c.At}}, nil
	}
	return nil, ErrNotYours
}

// A declaration repeated is news: it confirms the figure and its date.
func decideDeclaration(s State, c Declare) ([]Event, error) {
	switch {
	case c.By.Role == domain.RoleSchool && c.By.Body != string(c.Institution):
		return nil, ErrHeldByOther
	case c.By.Role != domain.RoleSchool && c.By.Role != domain.RoleUST:
		return nil, ErrNotYours
	case c.Free < 0 || c.Free > MaxPlaces:
		return nil, ErrPlacesNumber
	case c.Pupils < 0 || c.Foreign < 0 || c.Foreign > c.Pupils:
		return nil, ErrClassNumber
	}
	e := PlacesDeclared{Level: c.Level, Free: c.Free, Capacity: s.Used(c.Level) + c.Free, Pupils: c.Pupils,
		Foreign: c.Foreign, At: c.At}
	if d, ok := s.Declared[c.Level]; ok && d == declared(e) {
		return nil, nil
	}
	return []Event{e}, nil
}

// Seats that the same case has here under other offers stay as they are: of two offers made at once one will stand in the case,
// and only the case knows which.
func decideHold(s State, c Hold) ([]Event, error) {
	if c.By.Role != domain.RoleCentre && c.By.Role != domain.RoleUST || c.Override && c.By.Role != domain.RoleUST {
		return nil, ErrNotYours
	}
	if _, ok := s.Seats[c.Offer]; ok {
		return nil, nil
	}
	n, over := s.next(c.Level)
	if over && !c.Override {
		return nil, ErrNoPlace
	}
	return []Event{PlaceHeld{Offer: c.Offer, Case: c.Case, Level: c.Level, Seat: n, Over: over, At: c.At}}, nil
}

// A pupil who is there already is never without a seat: what was not declared is recorded as beyond it.
func decideTake(s State, c Take) ([]Event, error) {
	if seat, ok := s.Seats[c.Offer]; ok {
		if seat.Taken {
			return nil, nil
		}
		return []Event{PlaceTaken{Offer: c.Offer, Case: seat.Case, Level: seat.Level, Seat: seat.Number,
			Held: true, Over: seat.Over, At: c.At}}, nil
	}
	n, over := s.next(c.Level)
	return []Event{PlaceTaken{Offer: c.Offer, Case: c.Case, Level: c.Level, Seat: n, Over: over, At: c.At}}, nil
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case PlacesDeclared:
		s.Declared = maps.Clone(s.Declared)
		if s.Declared == nil {
			s.Declared = map[grade.Level]Declared{}
		}
		s.Declared[e.Level] = declared(e)
	case PlaceHeld:
		s.Seats = with(s.Seats, e.Offer, Seat{Case: e.Case, Level: e.Level, Number: e.Seat, Over: e.Over})
	case PlaceTaken:
		s.Seats = with(s.Seats, e.Offer, Seat{Case: e.Case, Level: e.Level, Number: e.Seat, Taken: true, Over: e.Over})
	case PlaceReleased:
		s.Seats = maps.Clone(s.Seats)
		delete(s.Seats, e.Offer)
	}
	return s
}

func declared(e PlacesDeclared) Declared {
	return Declared{Capacity: e.Capacity, Pupils: e.Pupils, Foreign: e.Foreign, At: e.At.UTC()}
}

func with(seats map[uuid.UUID]Seat, offer uuid.UUID, seat Seat) map[uuid.UUID]Seat {
	seats = maps.Clone(seats)
	if seats == nil {
		seats = map[uuid.UUID]Seat{}
	}
	seats[offer] = seat
	return seats
}

// CeilingRoom is how many pupils without Italian citizenship may still join a class of n pupils, f of them counted, before
// their share passes a ceiling in percent: x ≤ ⌊(c·n − f) / (1 − c)⌋, 30 by CM 2/2010. Negative where it is passed already, and
// math.MaxInt where the ceiling is the whole class. The ceiling ranks and warns; it never blocks.
func CeilingRoom(n, f, percent int) int {
	if percent >= 100 {
		return math.MaxInt
	}
	num, den := percent*n-100*f, 100-percent
	if num < 0 {
		return -((-num + den - 1) / den)
	}
	return num / den
}
