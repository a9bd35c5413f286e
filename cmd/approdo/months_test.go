package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/reading"
	"approdo/projections"
	"approdo/projections/readings"
)

func TestTheHouseForgetsWhoReadWhatAfterTwoYears(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	h, err := openHouse(t.Context(), storage{Data: filepath.Join(t.TempDir(), "data")}, seal.NewMasterKey(), func() time.Time { return now }, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.shut(context.Background()) })
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	who := domain.Actor{Account: uuid.New(), Role: domain.RoleUST}
	read := func() {
		ctx, sheet := reading.NewContext(t.Context())
		reading.Note(ctx, uuid.New(), access.Oversees, "015189", access.Name)
		check(h.readings.Keep(ctx, who, "r", "GET /", sheet))
	}
	months := h.months()
	look := func(want domain.Date, renewed bool) {
		t.Helper()
		check(months.Run(t.Context()))
		select {
		case <-h.stale:
			if !renewed {
				t.Error("the view is made anew for nothing")
			}
			_, err := h.views.Rebuild(t.Context(), nil, readings.Name)
			check(err)
		default:
			if renewed {
				t.Error("the view is not made anew")
			}
		}
		check(h.views.Read(t.Context(), func(v *projections.Snapshot) error {
			got, err := readings.Oldest(v)
			if got != want {
				t.Errorf("the oldest reading is of %v, want %v", got, want)
			}
			return err
		}))
	}
	check(h.catchUp(t.Context()))
	look(domain.Date{}, false)
	read()
	march := domain.DateOf(now)
	now = now.AddDate(0, 1, 0)
	read()
	check(h.catchUp(t.Context()))
	look(march, false)
	now = time.Date(2024, time.April, 1, 9, 0, 0, 0, time.UTC)
	look(march.AddDays(31), true)
	look(march.AddDays(31), false)

	report, err := reportBreach(t.Context(), h.store, h.codec, who.Account, march, march.AddDays(60))
	check(err)
	if report.Forgotten != 1 || report.Answers != 1 || len(report.Cases) != 1 {
		t.Errorf("the report has %d answers and says that %d are forgotten", report.Answers, report.Forgotten)
	}
}
