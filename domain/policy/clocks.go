package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// ClockSchoolAnswer is the term of an offer. When it has run out the offer lapses, which gives the case back to its centre.
const ClockSchoolAnswer casefile.ClockName = "school-answer"

// Deadline is a term that runs on a case.
type Deadline struct {
	Case  uuid.UUID
	Clock casefile.ClockName
	Due   time.Time // UTC: the first instant that is too late, as the case's events say
	Offer uuid.UUID // the one that lapses; only of ClockSchoolAnswer
}

// Standing knows the deadlines of all cases.
type Standing interface {
	// DueBefore lists those with Due not after now. It MAY be behind the journal and list what has been dealt with, and SHOULD leave
	// out what the UST was told already.
	DueBefore(ctx context.Context, now time.Time) ([]Deadline, error)
}

// Escalation is when a term of a case that ended at due goes up to the UST: when it is over by as many days again as it had. They
// are school days for the first day and working days for the others, counted from the request, or for taking charge from when the
// case came to its centre.
func Escalation(clock casefile.ClockName, s casefile.State, due time.Time) time.Time {
	from := s.RequestedAt
	next := func(d domain.Date) domain.Date { return calendar.AddWorkingDays(d, 1, s.Comune) }
	switch clock {
	case casefile.ClockTakeCharge:
		from = s.ChargeDue
	case casefile.ClockFirstDay:
		next = func(d domain.Date) domain.Date { return calendar.Register(nil).AddSchoolDays(d, 1, s.Comune) }
	}
	last := domain.DateOf(due).AddDays(-1)
	end := last
	for d := next(domain.DateOf(from)); !last.Before(d); d = next(d) {
		end = next(end)
	}
	return end.AddDays(1).Start()
}

// Clocks lets terms run out: an offer lapses; a case that is overdue goes up, to its centre when the term has ended and to the UST
// at its Escalation (domain.md, "Clocks").
type Clocks struct {
	store    event.Store
	codec    *event.Codec
	standing Standing
	now      domain.Clock
}

// NewClocks makes Clocks that run on the desk's clock, so that terms are measured by the time they were set with.
func NewClocks(store event.Store, codec *event.Codec, standing Standing, now domain.Clock) *Clocks {
	return &Clocks{store, codec, standing, now}
}

// Run deals with every deadline that has passed, oldest first; it is for a ticker to call. A case that has moved on is left alone.
// One that fails does not stop the others, and is found again the next time; the error joins what failed. While storage takes
// no writes it goes no further.
func (c *Clocks) Run(ctx context.Context) error {
	now := c.now().UTC()
	due, err := c.standing.DueBefore(ctx, now)
	if err != nil {
		return err
	}
	slices.SortStableFunc(due, func(a, b Deadline) int { return a.Due.Compare(b.Due) })
	var failed []error
	for _, d := range due {
		err := c.pass(ctx, d, domain.Act{By: domain.System, At: now})
		if err == nil {
			continue
		}
		failed = append(failed, fmt.Errorf("policy: %s of %s: %w", d.Clock, casefile.Stream(d.Case), err))
		if ctx.Err() != nil || errors.Is(err, domain.KindUnavailable) || errors.Is(err, domain.KindOverloaded) {
			break
		}
	}
	return errors.Join(failed...)
}

// pass carries out what follows from a deadline that has passed. The same deadline is the same command, whenever it is found.
func (c *Clocks) pass(ctx context.Context, d Deadline, act domain.Act) error {
	if d.Clock == ClockSchoolAnswer {
		return c.ask(ctx, d.Case, casefile.LapseOffer{Act: act, Offer: d.Offer}, event.DeriveID(d.Offer, string(d.Clock), 0))
	}
	now, err := event.Load(ctx, c.store, c.codec, casefile.Decider, casefile.Stream(d.Case))
	if err != nil {
		return err
	}
	to := domain.RoleCentre
	switch now.State.Expired[d.Clock] {
	case domain.RoleUST:
		return nil
	case domain.RoleCentre:
		if act.At.Before(Escalation(d.Clock, now.State, d.Due)) {
			return nil
		}
		to = domain.RoleUST
	}
	id := event.DeriveID(d.Case, fmt.Sprintf("%s/%s/%d", d.Clock, to, d.Due.Unix()), 0)
	return c.ask(ctx, d.Case, casefile.ExpireClock{Act: act, Clock: d.Clock, Due: d.Due, To: to}, id)
}

func (c *Clocks) ask(ctx context.Context, id uuid.UUID, command casefile.Command, as uuid.UUID) error {
	by := command.Issued()
	_, err := event.Execute(ctx, c.store, c.codec, casefile.Decider, casefile.Stream(id), command, event.Origin{ID: as, By: by.By, At: by.At})
	return err
}
