// Package spec is how the rules of an aggregate are written down as tests: given what happened, when a command comes, then
// these events follow, or that refusal. A test package gives Given the events of its own aggregate:
//
//	given := func(past ...places.Event) spec.Past[places.State, places.Command, places.Event] {
//		return spec.Given(t, places.Decider, past...)
//	}
//	given(declared).When(places.Hold{...}).Then(held)
//	given(declared, held).When(places.Hold{...}).ThenRefused(places.ErrTaken)
package spec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"approdo/domain/event"
)

// Past is what happened before the command.
type Past[S, C, E any] struct {
	t       testing.TB
	decider event.Decider[S, C, E]
	events  []E
}

// Given starts from the events of one stream, oldest first; none is a stream nobody wrote to.
func Given[S, C, E any](t testing.TB, d event.Decider[S, C, E], past ...E) Past[S, C, E] {
	return Past[S, C, E]{t, d, past}
}

// And adds to the past.
func (p Past[S, C, E]) And(more ...E) Past[S, C, E] {
	p.events = append(append([]E(nil), p.events...), more...)
	return p
}

// State is what the past comes to.
func (p Past[S, C, E]) State() S {
	s := p.decider.Initial()
	for _, e := range p.events {
		s = p.decider.Evolve(s, e)
	}
	return s
}

// When lets a command meet the past. It also checks that the decision left the state as it was and is the same when it is taken
// again: a decision that reads a clock or a random source, or writes into a map of the state, fails here.
func (p Past[S, C, E]) When(c C) Decision[S, C, E] {
	p.t.Helper()
	state := p.State()
	events, err := p.decider.Decide(state, c)
	if !reflect.DeepEqual(state, p.State()) {
		p.t.Errorf("%T: the decision changed the state it was given", c)
	}
	again, errAgain := p.decider.Decide(p.State(), c)
	if !same(events, again) || !sameError(err, errAgain) {
		p.t.Errorf("%T: decided twice on the same past:\n%s(%v) and\n%s(%v)", c, list(events), err, list(again), errAgain)
	}
	return Decision[S, C, E]{p, c, events, err}
}

// Decision is what came of a command.
type Decision[S, C, E any] struct {
	past    Past[S, C, E]
	command C
	events  []E
	err     error
}

// Then wants exactly these events, and that the same command, coming once more, causes nothing or is refused.
// It gives the past with the events added, for the next step of a longer story.
func (d Decision[S, C, E]) Then(want ...E) Past[S, C, E] {
	t := d.past.t
	t.Helper()
	switch {
	case len(want) == 0:
		t.Errorf("%T: say ThenNothing or ThenRefused", d.command)
	case d.err != nil:
		t.Errorf("%T: refused: %v\nwant:\n%s", d.command, d.err, list(want))
	case !same(d.events, want):
		t.Errorf("%T: got\n%swant\n%s%s", d.command, list(d.events), list(want), hint(d.events, want))
	}
	next := d.past.And(d.events...)
	if d.err == nil {
		again, err := d.past.decider.Decide(next.State(), d.command)
		if err == nil && len(again) > 0 {
			t.Errorf("%T: repeated, it caused\n%sand should cause nothing or be refused", d.command, list(again))
		}
	}
	return next
}

// ThenRefused wants the refusal of this rule (errors.Is) and no events.
func (d Decision[S, C, E]) ThenRefused(want error) {
	t := d.past.t
	t.Helper()
	switch {
	case d.err == nil:
		t.Errorf("%T: got\n%swant the refusal %v", d.command, list(d.events), want)
	case !errors.Is(d.err, want):
		t.Errorf("%T: refused with %v, want %v", d.command, d.err, want)
	case len(d.events) > 0:
		t.Errorf("%T: refused and yet caused\n%s", d.command, list(d.events))
	}
}

// ThenNothing wants silence: it is already so.
func (d Decision[S, C, E]) ThenNothing() {
	t := d.past.t
	t.Helper()
	switch {
	case d.err != nil:
		t.Errorf("%T: refused: %v, want silence", d.command, d.err)
	case len(d.events) > 0:
		t.Errorf("%T: got\n%swant silence", d.command, list(d.events))
	}
}

func same[E any](a, b []E) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Error() == b.Error()
}

func list[E any](events []E) string {
	if len(events) == 0 {
		return "  (nothing)\n"
	}
	var s strings.Builder
	for _, e := range events {
		fmt.Fprintf(&s, "  %T%+v\n", e, e)
	}
	return s.String()
}

// hint helps where both sides print alike: sealed and personal parts never show.
func hint[E any](a, b []E) string {
	if list(a) == list(b) {
		return "they differ only in what is sealed, personal, or behind a pointer\n"
	}
	return ""
}
