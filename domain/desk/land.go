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

	mu   sync.Mutex
	last event.Revision // next revision to read
	kept territory.State
	ok   bool
}

func (l *land) state(ctx context.Context) (territory.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ok {
		l.kept, l.ok = territory.Decider.Initial(), true
	}
	for r, err := range l.store.ReadStream(ctx, l.stream, event.ReadStream{From: l.last}) {
		if err != nil {
			return territory.State{}, err
		}
		decoded, err := l.codec.Decode(r)
		if err != nil {
			return territory.State{}, err
		}
		e, ok := decoded.(territory.Event)
		if !ok {
			return territory.State{}, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, l.stream)
		}
		l.kept, l.last = territory.Decider.Evolve(l.kept, e), r.Revision+1
	}
	return l.kept, nil
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
