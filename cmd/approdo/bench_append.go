package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/sqlite"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/migrations"
)

// benchAppendCmd has writers append one event at a time, each to a stream of its own, durably: to the journal, and in turn to the
// same schema with one transaction an event, through the same driver and with synchronous=FULL too.
type benchAppendCmd struct {
	JSON    bool    `name:"json" help:"Un oggetto JSON per riga."`
	Writers []int   `help:"Quanti scrivono insieme." default:"32,256"`
	Seconds float64 `help:"Quanti secondi dura una misura." default:"2"`
	Rounds  int     `help:"Quante volte si misura; vale la mediana." default:"3"`
	Dir     string  `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// appender is what is measured: it appends one event at a revision of a stream.
type appender interface {
	append(ctx context.Context, stream string, expected event.Expected, d event.Draft) error
	close(ctx context.Context) error
}

// Run measures and prints a figure for each number of writers.
func (c *benchAppendCmd) Run(ctx context.Context, out io.Writer) error {
	for _, writers := range c.Writers {
		f, err := c.measure(ctx, writers)
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
func (c *benchAppendCmd) measure(ctx context.Context, writers int) (figure, error) {
	var rates, baselines, p50s, p99s []float64
	for range max(1, c.Rounds) {
		one, err := c.round(ctx, writers, openSingle)
		if err != nil {
			return figure{}, err
		}
		many, err := c.round(ctx, writers, openGrouped)
		if err != nil {
			return figure{}, err
		}
		baselines, rates = append(baselines, one.rate), append(rates, many.rate)
		p50s, p99s = append(p50s, many.quantile(0.5)), append(p99s, many.quantile(0.99))
	}
	f := figure{
		Figure: fmt.Sprintf("append.sqlite.writers%d", writers), Unit: "events/s",
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

func (c *benchAppendCmd) round(ctx context.Context, writers int, open func(ctx context.Context, path string) (appender, error)) (_ sample, err error) {
	dir, err := os.MkdirTemp(c.Dir, "approdo-bench-")
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	a, err := open(ctx, filepath.Join(dir, "journal.db"))
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
type grouped struct{ store *sqlite.Store }

func openGrouped(ctx context.Context, path string) (appender, error) {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	return grouped{s}, err
}

func (g grouped) append(ctx context.Context, stream string, expected event.Expected, d event.Draft) error {
	_, err := g.store.Append(ctx, event.Append{Stream: stream, Expected: expected, Events: []event.Draft{d}})
	return err
}

func (g grouped) close(ctx context.Context) error { return g.store.Close(ctx) }

// single is the baseline: one connection, one transaction an event, waiting in turn. A connection for each writer would be slower
// still, for they would wait for the database's lock by polling it.
type single struct {
	mu   sync.Mutex
	conn *zombiezen.Conn
	last int64
}

func openSingle(_ context.Context, path string) (appender, error) {
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite, zombiezen.OpenCreate, zombiezen.OpenWAL)
	if err != nil {
		return nil, err
	}
	for _, p := range []string{"synchronous = FULL", "wal_autocheckpoint = 10000", "cache_size = -65536", "foreign_keys = ON"} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+p, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if err := migrations.Apply(conn, "journal"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &single{conn: conn}, nil
}

func (s *single) append(_ context.Context, stream string, expected event.Expected, d event.Draft) (err error) {
	meta, err := d.Meta.Encode()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end, err := sqlitex.ImmediateTransaction(s.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	sid, revision := int64(0), int64(-1)
	err = s.exec(`SELECT sid, (SELECT max(rev) FROM events e WHERE e.sid = s.sid) FROM streams s WHERE name = ?`, func(row *zombiezen.Stmt) error {
		sid, revision = row.ColumnInt64(0), row.ColumnInt64(1)
		return nil
	}, stream)
	if err != nil {
		return err
	}
	if revision != int64(expected) {
		return &event.ConflictError{Stream: stream, Expected: expected, Actual: event.Revision(revision)}
	}
	if sid == 0 {
		if err := s.exec(`INSERT INTO streams (name) VALUES (?)`, nil, stream); err != nil {
			return err
		}
		sid = s.conn.LastInsertRowID()
	}
	s.last++
	return s.exec(`INSERT INTO events (pos, sid, rev, id, type, ver, ts, data, meta) VALUES (?,?,?,?,?,?,?,?,?)`, nil,
		s.last, sid, revision+1, d.ID[:], d.Type, int64(d.Schema), time.Now().UnixMicro(), string(d.Data), string(meta))
}

func (s *single) exec(query string, row func(*zombiezen.Stmt) error, args ...any) error {
	return sqlitex.Execute(s.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

func (s *single) close(context.Context) error { return s.conn.Close() }
