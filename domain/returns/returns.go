// Package returns is the Monday return (rilevazione del lunedì): how many pupils an institution has taken in, by the four orders, as of
// Monday 15:00 in Rome. The journal counts, the school validates what it sees and may undo it, and the UST reminds those who have not
// answered. A school may validate other figures than the journal's, since it knows best who is there; the difference then stands.
package returns

import (
	"slices"
	"strings"
	"time"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// Figures are pupils by order.
type Figures struct {
	Infanzia     int `json:"infanzia"`
	Primaria     int `json:"primaria"`
	SecondariaI  int `json:"secondaria_1"`
	SecondariaII int `json:"secondaria_2"`
}

// Of is the figure of an order; 0 for what is no order.
func (f Figures) Of(o grade.Order) int {
	if p := f.of(o); p != nil {
		return *p
	}
	return 0
}

// With gives the figures with n more pupils of an order.
func (f Figures) With(o grade.Order, n int) Figures {
	if p := f.of(o); p != nil {
		*p += n
	}
	return f
}

func (f *Figures) of(o grade.Order) *int {
	switch o {
	case grade.Infanzia:
		return &f.Infanzia
	case grade.Primaria:
		return &f.Primaria
	case grade.SecondariaI:
		return &f.SecondariaI
	case grade.SecondariaII:
		return &f.SecondariaII
	}
	return nil
}

// And adds figures order by order.
func (f Figures) And(g Figures) Figures {
	for _, o := range grade.Orders() {
		f = f.With(o, g.Of(o))
	}
	return f
}

// Total is all pupils.
func (f Figures) Total() int { return f.Infanzia + f.Primaria + f.SecondariaI + f.SecondariaII }

// Hour is when the ministry counted, by the clock in Rome.
const Hour = 15

// Due is the instant of a Monday's return in UTC: 15:00 in Rome, in summer and in winter. A Monday that is a holiday has its return too:
// the ministry asked for every Monday, and pupils do not leave a school on Easter Monday.
func Due(monday domain.Date) time.Time {
	return time.Date(monday.Year, monday.Month, monday.Day, Hour, 0, 0, 0, domain.Rome).UTC()
}

// Last is the Monday whose return was last due at an instant.
func Last(at time.Time) domain.Date {
	d := domain.DateOf(at)
	d = d.AddDays(-(int(d.Weekday()) + 6) % 7)
	if at.Before(Due(d)) {
		d = d.AddDays(-7)
	}
	return d
}

// ParseMonday reads 2022-03-14. The error is ErrNotMonday, also for what is no day.
func ParseMonday(s string) (domain.Date, error) {
	d, err := domain.ParseDate(s)
	if err != nil || d.Weekday() != time.Monday {
		return domain.Date{}, ErrNotMonday
	}
	return d, nil
}

// UndoReason is why a school takes a validation back.
type UndoReason string

// UndoReasons lists them. They are codes: words about a child have no place here.
func UndoReasons() []UndoReason {
	return []UndoReason{"pupil-missing", "pupil-left", "wrong-order", "typing-error", "validated-too-early"}
}

// Event is what happens to the return of an institution for a Monday.
type Event interface{ returnEvent() }

// Events of package returns. Instants are UTC.
type (
	// Validated is the school's word. Computed is what the journal had counted as of AsOf, which the school saw.
	Validated struct {
		Figures  Figures   `json:"figures"`
		Computed Figures   `json:"computed"`
		AsOf     time.Time `json:"as_of"`
		At       time.Time `json:"at"`
	}
	// Withdrawn takes the validation back: the return waits for an answer again.
	Withdrawn struct {
		Reason UndoReason `json:"reason,omitzero"`
		At     time.Time  `json:"at"`
	}
	// Reminded says that the UST asked for the answer, or the program in its name.
	Reminded struct {
		At time.Time `json:"at"`
	}
)

func (Validated) returnEvent() {}
func (Withdrawn) returnEvent() {}
func (Reminded) returnEvent()  {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{
	event.TypeOf[Validated]("return.validated"),
	event.TypeOf[Withdrawn]("return.withdrawn"),
	event.TypeOf[Reminded]("return.reminded"),
}

// Category is the prefix of the streams of returns.
const Category = "return-"

// Stream names the return of an institution for a Monday.
func Stream(i domain.Institution, monday domain.Date) string {
	return Category + string(i) + "-" + monday.String()
}

// ParseStream is the inverse of Stream; false for any other stream.
func ParseStream(stream string) (domain.Institution, domain.Date, bool) {
	code, day, ok := strings.Cut(strings.TrimPrefix(stream, Category), "-")
	monday, err := domain.ParseDate(day)
	if !ok || err != nil || Stream(domain.Institution(code), monday) != stream {
		return "", domain.Date{}, false
	}
	return domain.Institution(code), monday, true
}

// Command is what somebody asks of a return.
type Command interface {
	Issued() domain.Act
	Of() Subject
}

// Subject is whose return a command is about, and of which Monday. It is embedded in every command.
type Subject struct {
	Institution domain.Institution
	Monday      domain.Date
}

// Of lets a command be asked what it is about.
func (s Subject) Of() Subject { return s }

// Commands of package returns.
type (
	// Validate is the school's own, and nobody else's. AsOf is the instant as of which the school saw Computed: Monday 15:00 or later.
	Validate struct {
		domain.Act
		Subject
		Figures  Figures
		Computed Figures
		AsOf     time.Time
	}
	// Undo takes a validation back. The reason may be empty.
	Undo struct {
		domain.Act
		Subject
		Reason UndoReason
	}
	// Remind is the UST's, and the program's at the hours the UST has set.
	Remind struct {
		domain.Act
		Subject
	}
)

// State is what the rules read.
type State struct {
	Validated  bool
	Figures    Figures
	RemindedOn domain.Date
}

// MaxPupils bounds one figure: more is a typing error.
const MaxPupils = 999

// The rules that refuse.
var (
	ErrNotYours     = domain.Refused("not-for-your-role")
	ErrHeldByOther  = domain.Refused("held-by-another")
	ErrNotMonday    = domain.NotFound("return-not-monday")
	ErrNotYet       = domain.Refused("return-not-yet")
	ErrAsOf         = domain.Invalid("return-as-of").On("as_of")
	ErrFigure       = domain.Invalid("return-figure")
	ErrUndoReason   = domain.Invalid("choice-unknown").On("reason")
	ErrNotValidated = domain.Refused("return-not-validated")
)

// Decider is the aggregate.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide:  Decide,
	Evolve:  Evolve,
}

// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func Decide(s State, c Command) ([]Event, error) {
	if c.Of().Monday.Weekday() != time.Monday {
		return nil, ErrNotMonday
	}
	switch c := c.(type) {
	case Validate:
		return decideValidation(s, c)
	case Undo:
		if err := own(c.By, c.Institution); err != nil {
			return nil, err
		}
		if c.Reason != "" && !slices.Contains(UndoReasons(), c.Reason) {
			return nil, ErrUndoReason
		}
		if !s.Validated {
			return nil, nil
		}
		return []Event{Withdrawn{Reason: c.Reason, At: c.At}}, nil
	case Remind:
		return decideReminder(s, c)
	}
	return nil, ErrNotYours
}

// own lets a school answer for itself. The UST reminds, and never answers in a school's place.
func own(a domain.Actor, i domain.Institution) error {
	switch {
	case a.Role != domain.RoleSchool:
		return ErrNotYours
	case a.Body != string(i):
		return ErrHeldByOther
	}
	return nil
}

// What is validated already stays as it is, whatever the journal says by now: the difference is what there is to show.
func decideValidation(s State, c Validate) ([]Event, error) {
	if err := own(c.By, c.Institution); err != nil {
		return nil, err
	}
	if c.At.Before(Due(c.Monday)) {
		return nil, ErrNotYet
	}
	if c.AsOf.Before(Due(c.Monday)) || c.AsOf.After(c.At) {
		return nil, ErrAsOf
	}
	var wrong domain.Errors
	for _, o := range grade.Orders() {
		if n := c.Figures.Of(o); n < 0 || n > MaxPupils {
			wrong = append(wrong, ErrFigure.On(string(o)))
		}
	}
	switch {
	case len(wrong) > 0:
		return nil, wrong
	case s.Validated && s.Figures == c.Figures:
		return nil, nil
	}
	return []Event{Validated{Figures: c.Figures, Computed: c.Computed, AsOf: c.AsOf.UTC(), At: c.At}}, nil
}

// A school is reminded once a day at most, and not once it has answered.
func decideReminder(s State, c Remind) ([]Event, error) {
	switch {
	case c.By.Role != domain.RoleUST && c.By.Role != domain.RoleSystem:
		return nil, ErrNotYours
	case c.At.Before(Due(c.Monday)):
		return nil, ErrNotYet
	case s.Validated || s.RemindedOn == domain.DateOf(c.At):
		return nil, nil
	}
	return []Event{Reminded{At: c.At}}, nil
}

// Evolve is total: what is in the journal has happened.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Validated:
		s.Validated, s.Figures = true, e.Figures
	case Withdrawn:
		s.Validated, s.Figures = false, Figures{}
	case Reminded:
		s.RemindedOn = domain.DateOf(e.At)
	}
	return s
}
