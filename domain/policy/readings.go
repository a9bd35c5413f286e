package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// Months are those of the access record whose time is over.
type Months struct {
	store event.Store
	keep  func(context.Context) (months int, err error) // how long the access record is kept
	// forgotten says of which subjects no key is left.
	forgotten func(context.Context) ([]uuid.UUID, error)
	// forget destroys the keys of subjects and drops from the views what they had opened.
	forget func(ctx context.Context, subjects ...uuid.UUID) error
	clock  domain.Clock
}

// NewMonths gives the policy that forgets the access record a month at a time: of what is kept for two years, the key of March goes in
// April two years later; the records stay in the journal, and its ledger holds.
func NewMonths(store event.Store, keep func(context.Context) (int, error), forgotten func(context.Context) ([]uuid.UUID, error),
	forget func(context.Context, ...uuid.UUID) error, clock domain.Clock) *Months {
	return &Months{store, keep, forgotten, forget, clock}
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
	gone, err := m.forgotten(ctx)
	if err != nil {
		return err
	}
	var due []uuid.UUID
	for n := count(first); n < count(domain.DateOf(m.clock()))-months; n++ {
		if s := reading.Subject(fmt.Sprintf("%04d-%02d", n/12, n%12+1)); !slices.Contains(gone, s) {
			due = append(due, s)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return m.forget(ctx, due...)
}

// count numbers the months of all years.
func count(d domain.Date) int { return d.Year*12 + int(d.Month) - 1 }

// first is the day of the oldest reading; zero where there is none.
func (m *Months) first(ctx context.Context) (domain.Date, error) {
	for page, err := range m.store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{reading.Category}}}) {
		if err != nil {
			return domain.Date{}, err
		}
		if len(page.Records) > 0 {
			return domain.DateOf(page.Records[0].Meta.At), nil
		}
	}
	return domain.Date{}, nil
}
