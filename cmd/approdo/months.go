package main

import (
	"context"
	"time"

	"approdo/domain"
	"approdo/domain/policy"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/readings"
)

// monthsEvery is how often the access record is looked at for months whose time is over.
const monthsEvery = time.Hour

// renewReadings rebuilds the view of readings each time rows in it are too old, until ctx ends. A rebuild may take longer than a policy
// may.
func (h *house) renewReadings(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.stale:
			if _, err := h.views.Rebuild(ctx, nil, readings.Name); err != nil && ctx.Err() == nil {
				h.log.Error("rebuild of readings", "error", err) // the next look finds the rows again
			}
		}
	}
}

// months forgets the access record a month at a time, as the register of retention says. Rows that a key had opened go with a rebuild,
// which finds nothing to make them of any more.
func (h *house) months() *policy.Months {
	keep := func(ctx context.Context) (int, error) {
		land, err := h.desk.Territory(ctx)
		return land.RetentionOn(domain.DateOf(h.clock())).Months(territory.ReadingData), err
	}
	drop := func(ctx context.Context, before domain.Date) error {
		var oldest domain.Date
		err := h.views.Read(ctx, func(v *projections.Snapshot) (err error) {
			oldest, err = readings.Oldest(v)
			return err
		})
		if err != nil || oldest.IsZero() || !oldest.Before(before) {
			return err
		}
		select {
		case h.stale <- struct{}{}:
		default: // it is known already
		}
		return nil
	}
	return policy.NewMonths(h.store, keep, h.keys, drop, h.clock)
}
