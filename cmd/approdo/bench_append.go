package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// benchAppendCmd has writers append one event at a time, each to a stream of its own, durably: to the journal, and in turn to the
// baseline of its engine.
type benchAppendCmd struct {
	JSON    bool    `name:"json" help:"Un oggetto JSON per riga."`
	Store   string  `help:"Su che cosa si misura: sqlite o postgres." enum:"sqlite,postgres" default:"sqlite"`
	URL     string  `name:"url" help:"Con postgres: una base di dati del server da misurare; le prove se ne creano di proprie." placeholder:"URL"`
	Writers []int   `help:"Quanti scrivono insieme." default:"32,256"`
	Seconds float64 `help:"Quanti secondi dura una misura." default:"2"`
	Rounds  int     `help:"Quante volte si misura; vale la mediana." default:"3"`
	Dir     string  `help:"Con sqlite: cartella sul disco da misurare." default:"." type:"existingdir"`
}

// benchEngine makes what is measured, each time in an empty place.
type benchEngine interface {
	place(ctx context.Context) (where string, remove func(context.Context) error, err error)
	journal(ctx context.Context, where string) (event.Store, error)
	baseline(ctx context.Context, where string, writers int) (appender, error)
}

// appender is what is measured: it appends one event at a revision of a stream.
type appender interface {
	append(ctx context.Context, stream string, expected event.Expected, d event.Draft) error
	close(ctx context.Context) error
}

// Run measures and prints a figure for each number of writers.
func (c *benchAppendCmd) Run(ctx context.Context, out io.Writer) error {
	var engine benchEngine = onFiles{c.Dir}
	if c.Store == "postgres" {
		if !hasScheme(c.URL, postgresSchemes) {
			return errors.New("--store postgres: --url deve cominciare con postgres://")
		}
		engine = onServer{c.URL}
	}
	for _, writers := range c.Writers {
		f, err := c.measure(ctx, engine, writers)
		if err != nil {
			return err
		}
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

// measure takes journal and baseline in turn, so that both see the same moods of the disk.
func (c *benchAppendCmd) measure(ctx context.Context, engine benchEngine, writers int) (figure, error) {
	var rates, baselines, p50s, p99s []float64
	baseline := func(where string) (appender, error) { return engine.baseline(ctx, where, writers) }
	journal := func(where string) (appender, error) {
		s, err := engine.journal(ctx, where)
		return grouped{s}, err
	}
	for range max(1, c.Rounds) {
		one, err := c.round(ctx, engine, writers, baseline)
		if err != nil {
			return figure{}, err
		}
		many, err := c.round(ctx, engine, writers, journal)
		if err != nil {
			return figure{}, err
		}
		baselines, rates = append(baselines, one.rate), append(rates, many.rate)
		p50s, p99s = append(p50s, many.quantile(0.5)), append(p99s, many.quantile(0.99))
	}
	f := figure{
		Figure: fmt.Sprintf("append.%s.writers%d", c.Store, writers), Unit: "events/s",
		Value: math.Round(median(rates)), Baseline: math.Round(median(baselines)),
		Seconds: c.Seconds * float64(len(rates)), P50: median(p50s), P99: median(p99s),
	}
	f.Ratio = math.Round(100*f.Value/f.Baseline) / 100
	return f, nil
}

// sample is what one round gave.
type sample struct {
	rate      float64         // events a second
	latencies []time.Duration // ascending
}

// quantile is in milliseconds, to the microsecond.
func (s sample) quantile(q float64) float64 {
	return float64(s.latencies[int(q*float64(len(s.latencies)-1))].Microseconds()) / 1000
}

func (c *benchAppendCmd) round(ctx context.Context, engine benchEngine, writers int, open func(where string) (appender, error)) (_ sample, err error) {
	where, remove, err := engine.place(ctx)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	a, err := open(where)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, a.close(context.WithoutCancel(ctx))) }()

	latencies, errs := make([][]time.Duration, writers), make([]error, writers)
	start := time.Now()
	end := start.Add(time.Duration(c.Seconds * float64(time.Second)))
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { latencies[w], errs[w] = write(ctx, a, end) })
	}
	all.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return sample{}, err
	}
	s := sample{latencies: slices.Concat(latencies...)}
	slices.Sort(s.latencies)
	s.rate = float64(len(s.latencies)) / took.Seconds()
	return s, nil
}

// payload is of the size of an offer with its sealed part.
var payload = []byte(`{"school":"MIIC8FW00A","sealed":"` + strings.Repeat("x", 432) + `"}`)

// write appends to a new stream until the end, and gives how long each append took.
func write(ctx context.Context, a appender, end time.Time) (latencies []time.Duration, err error) {
	stream := "case-" + uuid.NewString()
	for revision := event.NoStream; ; revision++ {
		begun := time.Now()
		if !begun.Before(end) && len(latencies) > 0 {
			return latencies, nil
		}
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		d := event.Draft{ID: id, Type: "case.place-offered", Schema: 1, Data: payload,
			Meta: event.Meta{Actor: domain.System, At: begun.UTC(), Command: id}}
		if err := a.append(ctx, stream, revision, d); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(begun))
	}
}

// grouped is the journal.
type grouped struct{ store event.Store }

func (g grouped) append(ctx context.Context, stream string, expected event.Expected, d event.Draft) error {
	_, err := g.store.Append(ctx, event.Append{Stream: stream, Expected: expected, Events: []event.Draft{d}})
	return err
}

func (g grouped) close(ctx context.Context) error { return g.store.Close(ctx) }
