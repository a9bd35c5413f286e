// Package returns is the Monday return as the journal has it: who was taken in by which institution as known at any instant, and what
// each school answered. It holds no name; whoever is behind a figure is found in the lists of cases.
package returns

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/returns"
	"approdo/projections"
)

// Kind is what was done to a return.
type Kind string

// The kinds.
const (
	Validation Kind = "validated"
	Withdrawal Kind = "withdrawn"
	Reminder   Kind = "reminded"
)

// Act is something done to the return of an institution for a Monday. Instants are UTC.
type Act struct {
	Position    event.Position     `col:"position,key"`
	Institution domain.Institution `col:"institution"`
	Monday      domain.Date        `col:"monday"`
	Kind        Kind               `col:"kind"`
	At          time.Time          `col:"done_at"`
	Account     uuid.UUID          `col:"account"`
	Figures     returns.Figures    `col:"figures,json"`  // of a validation
	Computed    returns.Figures    `col:"computed,json"` // what the school saw
	AsOf        time.Time          `col:"as_of"`
	Reason      returns.UndoReason `col:"reason"` // of a withdrawal
}

// Acts on a return are few; how it stood at an instant is what the acts by then come to.
var acts = projections.LogOf[Act]("returns_acts",
	projections.Index{"institution", "monday", "position"},
	projections.Index{"monday", "position"}).Behind(wall)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "returns", Version: 1, Streams: []string{casefile.Category, returns.Category},
		Tables: []projections.Relation{stays, cases, acts},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case casefile.Event:
				applyCase(tx, r, e)
			case returns.Event:
				return applyReturn(tx, r, e)
			default:
				return fmt.Errorf("returns: %s is none of its events", r.Type)
			}
			return nil
		},
	}
}

func applyReturn(tx *projections.Tx, r projections.Event, e returns.Event) error {
	i, monday, ok := returns.ParseStream(r.Stream)
	if !ok {
		return fmt.Errorf("returns: %s names no return", r.Stream)
	}
	a := Act{Position: r.Position, Institution: i, Monday: monday, At: r.Meta.At, Account: r.Meta.Actor.Account}
	switch e := e.(type) {
	case returns.Validated:
		a.Kind, a.Figures, a.Computed, a.AsOf = Validation, e.Figures, e.Computed, e.AsOf
	case returns.Withdrawn:
		a.Kind, a.Reason = Withdrawal, e.Reason
	case returns.Reminded:
		a.Kind = Reminder
	default:
		return fmt.Errorf("returns: %s is none of its events", r.Type)
	}
	acts.Append(tx, a)
	return nil
}

// Answer is how the return of an institution for a Monday stands.
type Answer struct {
	Validated bool
	Figures   returns.Figures // that the school validated
	Computed  returns.Figures // that it saw then
	AsOf      time.Time       // as of when it saw them
	At        time.Time       // when it validated
	Account   uuid.UUID       // who did
	Withdrawn time.Time       // zero: the last validation was not taken back
	Reason    returns.UndoReason
	Reminded  time.Time // last; zero: never
	Reminders int
}

// With adds what was done next.
func (a Answer) With(x Act) Answer {
	switch x.Kind {
	case Validation:
		return Answer{Validated: true, Figures: x.Figures, Computed: x.Computed, AsOf: x.AsOf, At: x.At, Account: x.Account,
			Reminded: a.Reminded, Reminders: a.Reminders}
	case Withdrawal:
		return Answer{Withdrawn: x.At, Reason: x.Reason, Reminded: a.Reminded, Reminders: a.Reminders}
	case Reminder:
		a.Reminded, a.Reminders = x.At, a.Reminders+1
	}
	return a
}

// Answers gives how the returns for a Monday stood at an instant, by institution; who is not in it was neither reminded nor answered.
func Answers(s *projections.Snapshot, monday domain.Date, at time.Time) (map[domain.Institution]Answer, error) {
	out := map[domain.Institution]Answer{}
	for x, err := range acts.Where(s, "monday = $1 AND done_at <= $2 ORDER BY position", monday, at) {
		if err != nil {
			return nil, err
		}
		out[x.Institution] = out[x.Institution].With(x)
	}
	return out, nil
}

// ActsOf lists what was done to an institution's return for a Monday until an instant, oldest first.
func ActsOf(s *projections.Snapshot, i domain.Institution, monday domain.Date, at time.Time) iter.Seq2[Act, error] {
	return acts.Where(s, "institution = $1 AND monday = $2 AND done_at <= $3 ORDER BY position", i, monday, at)
}

// AnswersOf gives how an institution's returns stand, by Monday, from one Monday on.
func AnswersOf(s *projections.Snapshot, i domain.Institution, from domain.Date) (map[domain.Date]Answer, error) {
	out := map[domain.Date]Answer{}
	for x, err := range acts.Where(s, "institution = $1 AND monday >= $2 ORDER BY position", i, from) {
		if err != nil {
			return nil, err
		}
		out[x.Monday] = out[x.Monday].With(x)
	}
	return out, nil
}
