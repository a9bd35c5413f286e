package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/centre"
)

// benchLiveCmd appends one event after the other while the views follow: first when there is nothing else to do, and then while all
// views are rebuilt and somebody reads.
type benchLiveCmd struct {
	JSON    bool   `name:"json" help:"Un oggetto JSON per riga."`
	Events  int    `help:"Quanti eventi ha il giornale." default:"1000000"`
	Appends int    `help:"Quanti accodamenti si misurano a riposo." default:"500"`
	Dir     string `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// Between two appends, and between two reads.
const (
	appendsEvery = 10 * time.Millisecond
	readsEvery   = 20 * time.Millisecond
)

// Run measures and prints two figures, both 99th percentiles: from the acknowledgement of an append to its view, beside the append
// itself; and an append during a rebuild, beside one at rest. An append or a read that fails is an error.
func (c *benchLiveCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return err
	}
	if err := crowd.fill(ctx, c.Events); err != nil {
		return err
	}
	if err := h.views.CatchUp(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return unlessStopped(h.views.Run(ctx)) })
	g.Go(func() error {
		defer stop()
		return c.measure(ctx, h, out)
	})
	return g.Wait()
}

func (c *benchLiveCmd) measure(ctx context.Context, h *house, out io.Writer) error {
	first, err := h.note(ctx)
	if err == nil {
		err = h.views.Await(ctx, first) // the views have begun to follow
	}
	if err != nil {
		return err
	}
	var appends, views sample
	for range max(1, c.Appends) {
		began := time.Now()
		at, err := h.note(ctx)
		if err != nil {
			return err
		}
		acknowledged := time.Now()
		if err := h.views.Await(ctx, at); err != nil {
			return err
		}
		appends.latencies = append(appends.latencies, acknowledged.Sub(began))
		views.latencies = append(views.latencies, time.Since(acknowledged))
		time.Sleep(appendsEvery)
	}
	idle := compare("view.sqlite.idle", views, appends)
	if err := idle.print(out, c.JSON); err != nil {
		return err
	}
	busy, records, err := duringRebuild(ctx, h)
	if err != nil {
		return err
	}
	return compare(fmt.Sprintf("append.sqlite.rebuilding%d", records), busy, appends).print(out, c.JSON)
}

// compare makes a figure of 99th percentiles, in microseconds.
func compare(name string, s, baseline sample) figure {
	slices.Sort(s.latencies)
	slices.Sort(baseline.latencies)
	f := figure{Figure: name, Value: s.quantile(0.99) * 1000, Unit: "µs", Baseline: baseline.quantile(0.99) * 1000, P50: s.quantile(0.5), P99: s.quantile(0.99)}
	f.Ratio = f.Value / f.Baseline
	return f
}

// duringRebuild appends and reads for as long as a rebuild takes, and gives the appends.
func duringRebuild(ctx context.Context, h *house) (appends sample, records int64, err error) {
	g, ctx := errgroup.WithContext(ctx)
	rebuilding, done := context.WithCancel(ctx)
	g.Go(func() error {
		defer done()
		progress, err := h.views.Rebuild(ctx, nil)
		records = progress.Records
		return err
	})
	g.Go(func() error {
		for rebuilding.Err() == nil {
			began := time.Now()
			if _, err := h.note(ctx); err != nil {
				return err
			}
			appends.latencies = append(appends.latencies, time.Since(began))
			time.Sleep(appendsEvery)
		}
		return nil
	})
	g.Go(func() error {
		for rebuilding.Err() == nil {
			if err := h.views.Read(ctx, func(s *projections.Snapshot) error {
				_, _, err := centre.All(s, caseline.Filter{}, "", 50)
				return err
			}); err != nil {
				return err
			}
			time.Sleep(readsEvery)
		}
		return nil
	})
	err = g.Wait()
	done()
	return appends, records, err
}

// note appends one event to a case of its own.
func (h *house) note(ctx context.Context) (event.Position, error) {
	id, at := uuid.Must(uuid.NewV7()), h.clock().UTC()
	meta := event.Meta{Actor: domain.System, At: at, Command: uuid.Must(uuid.NewV7())}
	draft, err := h.codec.Encode(ctx, casefile.Stream(id), 0, uuid.Must(uuid.NewV7()), casefile.ChargeTaken{Centre: "CTI-23", At: at}, meta)
	if err != nil {
		return 0, err
	}
	result, err := h.store.Append(ctx, event.Append{Stream: casefile.Stream(id), Expected: event.NoStream, Events: []event.Draft{draft}})
	return result.Position, err
}
