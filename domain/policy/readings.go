package policy

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// Months are those of the access record whose time is over.
type Months struct {
	store event.Store
	keep  func(context.Context) (months int, err error) // how long the access record is kept
	keys  Forgetter
	// drop removes from the views what is of a day before another.
	drop   func(ctx context.Context, before domain.Date) error
	clock  domain.Clock
	oldest domain.Date // day of the oldest reading, once it is known
}

// NewMonths gives the policy that forgets the access record a month at a time: of what is kept for two years, the key of March goes in
// April two years later; the records stay in the journal, and its ledger holds.
func NewMonths(store event.Store, keep func(context.Context) (int, error), keys Forgetter, drop func(context.Context, domain.Date) error,
	clock domain.Clock) *Months {
	return &Months{store: store, keep: keep, keys: keys, drop: drop, clock: clock}
}

// Run forgets what is due.
func (m *Months) Run(ctx context.Context) error {
	months, err := m.keep(ctx)
	if err != nil {
		return err
	}
	first, err := m.first(ctx)
	if err != nil || first.IsZero() {
		return err
	}
	var due []uuid.UUID
	kept := count(domain.DateOf(m.clock())) - months
	for n := count(first); n < kept; n++ {
		due = append(due, reading.Subject(fmt.Sprintf("%04d-%02d", n/12, n%12+1)))
	}
	if due, err = m.keys.Unforgotten(ctx, "", due...); err != nil {
		return err
	}
	if len(due) > 0 {
		if err := m.keys.ForgetClass(ctx, "", due...); err != nil {
			return err
		}
	}
	return m.drop(ctx, domain.Date{Year: kept / 12, Month: time.Month(kept%12 + 1), Day: 1})
}

// count numbers the months of all years.
func count(d domain.Date) int { return d.Year*12 + int(d.Month) - 1 }

// first is the day of the oldest reading; zero where there is none.
func (m *Months) first(ctx context.Context) (domain.Date, error) {
	if !m.oldest.IsZero() {
		return m.oldest, nil
	}
	for page, err := range m.store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{reading.Category}}}) {
		if err != nil {
			return domain.Date{}, err
		}
		if len(page.Records) > 0 {
			m.oldest = domain.DateOf(page.Records[0].Meta.At)
			return m.oldest, nil
		}
	}
	return domain.Date{}, nil
}
