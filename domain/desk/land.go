package desk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// land keeps the territory's state between commands and reads only what was added since.
type land struct {
	store  event.Store
	codec  *event.Codec
	stream string

	mu    sync.Mutex
	last  event.Revision // next revision to read
	since time.Time      // when the last of them was recorded
	kept  territory.State
	ok    bool
}

func (l *land) state(ctx context.Context) (territory.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ok {
		l.kept, l.ok = territory.Decider.Initial(), true
	}
	for r, err := range l.store.ReadStream(ctx, l.stream, event.ReadStream{From: l.last}) {
		e, err := l.event(r, err)
		if err != nil {
			return territory.State{}, err
		}
		l.kept, l.last, l.since = territory.Decider.Evolve(l.kept, e), r.Revision+1, r.Meta.At
	}
	return l.kept, nil
}

// asOf is the territory as it was known at an instant; the zero time is now.
func (l *land) asOf(ctx context.Context, at time.Time) (territory.State, error) {
	state, err := l.state(ctx)
	l.mu.Lock()
	since := l.since
	l.mu.Unlock()
	if err != nil || at.IsZero() || !since.After(at) {
		return state, err
	}
	state = territory.Decider.Initial()
	for r, err := range l.store.ReadStream(ctx, l.stream, event.ReadStream{}) {
		e, err := l.event(r, err)
		if err != nil {
			return territory.State{}, err
		}
		if r.Meta.At.After(at) {
			break
		}
		state = territory.Decider.Evolve(state, e)
	}
	return state, nil
}

func (l *land) event(r event.Record, err error) (territory.Event, error) {
	if err != nil {
		return nil, err
	}
	decoded, err := l.codec.Decode(r)
	if err != nil {
		return nil, err
	}
	e, ok := decoded.(territory.Event)
	if !ok {
		return nil, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, l.stream)
	}
	return e, nil
}

// route asks the policy in force which centre a case belongs to. The postal code counts where the municipio is not known.
func (d *Desk) route(ctx context.Context, comune domain.Comune, m domain.Municipio, postal string, o grade.Order, at time.Time) (casefile.Route, error) {
	state, err := d.land.state(ctx)
	if err != nil {
		return casefile.Route{}, err
	}
	on := domain.DateOf(at)
	r, err := state.Route(comune, m, postal, o, on)
	return casefile.Route{Centre: r.Centre, Policy: r.Policy, Provisional: r.Provisional, Assumed: r.Assumed,
		Terms: terms(state.ClocksOn(on), comune, at)}, err
}

// terms are when a case that begins at an instant is overdue (domain.md, "Clocks").
func terms(c territory.Clocks, comune domain.Comune, at time.Time) casefile.Terms {
	return casefile.Terms{
		TakeCharge: calendar.Deadline(at, c.TakeCharge, comune),
		FirstOffer: calendar.Deadline(at, c.FirstOffer, comune),
		FirstDay:   calendar.Register{}.SchoolDeadline(at, c.FirstDay, comune),
	}
}
