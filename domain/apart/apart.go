// Package apart remembers which cases are not of one child, though they look it.
//
// What the UST decided of two cases stands in a stream of the pair, not in either case: a comune that follows its own case learns
// nothing of the other, not even that somebody compared them. It says no word about a child, so it needs no key and outlives none.
package apart

import (
	"bytes"
	"slices"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// Pair is two cases in the order of their ids.
type Pair struct{ First, Second uuid.UUID }

// Of is the pair of two cases, in whatever order they come.
func Of(a, b uuid.UUID) Pair {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return Pair{a, b}
}

// Category is the prefix of the streams of pairs.
const Category = "apart-"

// between stands between the ids of a pair in the name of its stream.
const between = "."

// Stream names the stream of a pair.
func (p Pair) Stream() string { return Category + p.First.String() + between + p.Second.String() }

// ParseStream is the inverse of Stream; false for any other stream.
func ParseStream(stream string) (Pair, bool) {
	first, second, _ := strings.Cut(strings.TrimPrefix(stream, Category), between)
	a, errA := uuid.Parse(first)
	b, errB := uuid.Parse(second)
	p := Pair{a, b}
	return p, errA == nil && errB == nil && p.Stream() == stream
}

// Reason is how somebody knows that two cases are of two children.
type Reason string

// Reasons lists them. They are codes: words about a child have no place here.
func Reasons() []Reason {
	return []Reason{"siblings", "namesakes", "papers-differ", "family-asked", "office-asked"}
}

// Event is what happens to a pair.
type Event interface{ pairEvent() }

// Events of package apart.
type (
	// ToldApart says that the two cases are of two children.
	ToldApart struct {
		Reason Reason `json:"reason"`
	}
	// DoubtedAgain takes that back: the two may be of one child after all.
	DoubtedAgain struct{}
)

func (ToldApart) pairEvent()    {}
func (DoubtedAgain) pairEvent() {}

// Events ties the stored names to the types. A name once stored never changes.
var Events = event.Table{
	event.TypeOf[ToldApart]("pair.told-apart"),
	event.TypeOf[DoubtedAgain]("pair.doubted-again"),
}

// Command is what the UST asks of a pair.
type Command interface{ Issued() domain.Act }

// Commands of package apart. Whether both cases exist is for whoever brings the command to see.
type (
	// TellApart says that two cases are of two children.
	TellApart struct {
		domain.Act
		Reason Reason
	}
	// DoubtAgain takes it back.
	DoubtAgain struct{ domain.Act }
)

// State is the reason for which a pair is told apart, empty where it is not.
type State struct{ Reason Reason }

// The rules that refuse.
var (
	ErrReason  = domain.Invalid("reason-missing").On("reason")
	ErrOneCase = domain.Refused("same-case")
)

// Decider is the aggregate. What is known already is no news.
var Decider = event.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Decide: func(s State, c Command) ([]Event, error) {
		switch c := c.(type) {
		case TellApart:
			switch {
			case !slices.Contains(Reasons(), c.Reason):
				return nil, ErrReason
			case s.Reason != "":
				return nil, nil
			}
			return []Event{ToldApart{c.Reason}}, nil
		case DoubtAgain:
			if s.Reason != "" {
				return []Event{DoubtedAgain{}}, nil
			}
		}
		return nil, nil
	},
	Evolve: func(s State, e Event) State {
		switch e := e.(type) {
		case ToldApart:
			s.Reason = e.Reason
		case DoubtedAgain:
			s.Reason = ""
		}
		return s
	},
}
