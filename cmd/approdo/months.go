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
		_, err = h.views.Rebuild(ctx, nil, readings.Name)
		return err
	}
	return policy.NewMonths(h.store, keep, h.keys, drop, h.clock)
}
