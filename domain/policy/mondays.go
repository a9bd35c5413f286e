package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/event"
	"approdo/domain/returns"
	"approdo/domain/territory"
)

// Unanswered knows who has not answered.
type Unanswered interface {
	// Unanswered lists the institutions that had pupils at the hour of a Monday's return and have not validated it. It MAY be behind the
	// journal, and SHOULD leave out those that were reminded on a day.
	Unanswered(ctx context.Context, monday, remindedOn domain.Date) ([]domain.Institution, error)
}

// Mondays remind schools of their Monday return at the hours the territory's register gives. Whoever has not answered within an hour from
// then is left alone until the next: a node that comes back at night wakes nobody, nor does a school that takes its return back in the
// evening, or an hour that the UST has set to one that is long past.
type Mondays struct {
	store   event.Store
	codec   *event.Codec
	land    func(context.Context) (territory.State, error)
	schools Unanswered
	now     domain.Clock
}

// NewMondays makes Mondays that run on the desk's clock.
func NewMondays(store event.Store, codec *event.Codec, land func(context.Context) (territory.State, error), schools Unanswered, now domain.Clock) *Mondays {
	return &Mondays{store, codec, land, schools, now}
}

// Run reminds those who are to be reminded by now; it is for a ticker to call. A return takes one reminder a day, whoever asks, so nobody
// is reminded twice by a second node, by one that was started again, or after the UST has pressed the button. One that fails does not
// stop the others; the error joins what failed.
func (m *Mondays) Run(ctx context.Context) error {
	now := m.now().UTC()
	today := domain.DateOf(now)
	if day := today.Weekday(); day != time.Monday && day != time.Tuesday || !calendar.IsWorkingDay(today, "") {
		return nil
	}
	land, err := m.land(ctx)
	if err != nil || !land.IsFounded() {
		return err
	}
	at, wanted := land.RemindersOn(today).At(today)
	monday := returns.Last(now)
	if !wanted || now.Before(at) || now.Sub(at) > remindFor || monday.DaysUntil(today) > 1 {
		return nil
	}
	schools, err := m.schools.Unanswered(ctx, monday, today)
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range schools {
		if err := m.remind(ctx, i, monday, domain.Act{By: domain.System, At: now}); err != nil {
			failed = append(failed, fmt.Errorf("policy: reminder of %s: %w", returns.Stream(i, monday), err))
			if ctx.Err() != nil || errors.Is(err, domain.KindUnavailable) || errors.Is(err, domain.KindOverloaded) {
				break
			}
		}
	}
	return errors.Join(failed...)
}

// remindFor is how long after its hour a reminder may still leave.
const remindFor = time.Hour

// remind asks for the same command whoever asks for it on a day.
func (m *Mondays) remind(ctx context.Context, i domain.Institution, monday domain.Date, act domain.Act) error {
	stream := returns.Stream(i, monday)
	o := event.Origin{ID: event.DeriveID(mondaysSpace, stream+"/"+domain.DateOf(act.At).String(), 0), By: act.By, At: act.At}
	c := returns.Command(returns.Remind{Act: act, Subject: returns.Subject{Institution: i, Monday: monday}})
	_, err := event.Execute(ctx, m.store, m.codec, returns.Decider, stream, c, o)
	return err
}

// mondaysSpace is where the ids of these commands begin.
var mondaysSpace = uuid.MustParse("0193a1c0-6f0e-7b52-8d4e-6d6f6e646179")
