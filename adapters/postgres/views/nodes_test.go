package views_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/postgres/views"
	"approdo/domain/event"
	"approdo/projections"
	"approdo/projections/enginetest"
)

// leader is the connection that holds the turn to apply; 0 where none does.
const leader = `SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND (classid::bigint << 32) + objid::bigint = hashtextextended('approdo views', 0)`

// control is a connection of the test's own.
type control struct {
	t    *testing.T
	conn *pgx.Conn
}

func controlling(t *testing.T, url string) control {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return control{t, conn}
}

func (c control) number(sql string, args ...any) (n int64) {
	c.t.Helper()
	if err := c.conn.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// until waits until a query gives what is wanted.
func (c control) until(sql string, wanted func(int64) bool) int64 {
	c.t.Helper()
	for {
		if n := c.number(sql); wanted(n) {
			return n
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// node is a program of its own on the views of others.
func node(t *testing.T, j *enginetest.Journal, url string, wrap func(projections.Shared) projections.Engine) *projections.Runner {
	t.Helper()
	r := enginetest.NewRunner(j, wrap(opened(t, url)), enginetest.Toys()...)
	r.Hold(50)
	return r
}

func plain(e projections.Shared) projections.Engine { return e }

// awaited waits as long as it takes.
func awaited(t *testing.T, rs []*projections.Runner, j *enginetest.Journal) {
	t.Helper()
	head, err := j.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		if err := errors.Join(r.Ready(ctx), r.Await(ctx, head)); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
}

func TestThreeNodesApplyEachRecordOnceWhoeverDies(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	j := enginetest.NewJournal()
	var nodes []*projections.Runner
	for range 3 {
		nodes = append(nodes, node(t, j, url, plain))
	}
	for _, r := range nodes {
		enginetest.Follow(t, r)
	}
	c := controlling(t, url)
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var written atomic.Int64
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			j.Add(enginetest.Stream(enginetest.Nth(i)), enginetest.Sent{Depot: enginetest.Depots[i%4], Weight: int64(i)},
				enginetest.Carried{Depot: enginetest.Depots[(i+1)%4]})
			written.Add(2)
			time.Sleep(time.Millisecond)
		}
	})
	var last int64
	for range 20 {
		pid := c.until(leader, func(pid int64) bool { return pid != 0 && pid != last })
		last = pid
		before := c.number("SELECT coalesce(max(position), 0) FROM views.generation")
		c.until("SELECT coalesce(max(position), 0) FROM views.generation", func(at int64) bool { return at > before })
		c.number("SELECT count(*) FROM (SELECT pg_terminate_backend($1::int)) t", pid)
	}
	stop()
	writer.Wait()
	awaited(t, nodes, j)
	t.Logf("%d records", written.Load())
	grown := enginetest.Dump(t, nodes[0])
	enginetest.WantFolded(t, nodes[0], j)
	for _, r := range nodes[1:] {
		if enginetest.Dump(t, r) != grown {
			t.Error("the nodes show different views")
		}
	}
	if _, err := nodes[2].Rebuild(t.Context(), nil); err != nil { // whether it is its turn or not
		t.Fatal(err)
	}
	if enginetest.Dump(t, nodes[0]) != grown {
		t.Error("what grew differs from a rebuild")
	}
	j.Add(enginetest.Stream(enginetest.Nth(1)), enginetest.Delivered{})
	awaited(t, nodes, j) // and whoever applies goes on with the new tables
	enginetest.WantFolded(t, nodes[0], j)
}

// Connections that write are killed too: what they were about to commit is done again.
func TestWritersThatDieLeaveNothingHalfDone(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	j := enginetest.NewJournal()
	nodes := []*projections.Runner{node(t, j, url, plain), node(t, j, url, plain)}
	for _, r := range nodes {
		enginetest.Follow(t, r)
	}
	c := controlling(t, url)
	chance := rand.New(rand.NewPCG(3, 5))
	for i := range 60 {
		j.Add(enginetest.Stream(enginetest.Nth(i)), enginetest.Sent{Depot: "Bra", Weight: int64(i)}, enginetest.Carried{Depot: "Cles"})
		time.Sleep(time.Duration(chance.IntN(20)) * time.Millisecond)
		c.number(`SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2) t`)
	}
	awaited(t, nodes, j)
	enginetest.WantFolded(t, nodes[1], j)
}

// careless is an engine that believes every node.
type careless struct{ projections.Shared }

func (c careless) Write(ctx context.Context, f func(projections.Batch) error) error {
	return c.Shared.Write(ctx, func(b projections.Batch) error { return f(carelessBatch{b, c, ctx}) })
}

// Turn gives everybody the turn.
func (c careless) Turn(ctx context.Context, name string, f func(context.Context) error) error {
	return f(ctx)
}

type carelessBatch struct {
	projections.Batch
	engine careless
	ctx    context.Context
}

// Save saves from wherever the generation is.
func (b carelessBatch) Save(g projections.Generation, was event.Position) error {
	var now event.Position
	if err := b.engine.Read(b.ctx, func(s projections.Session) error {
		all, err := s.Generations()
		for _, known := range all {
			if known.Number == g.Number {
				now = known.Position
			}
		}
		return err
	}); err != nil {
		return err
	}
	return b.Batch.Save(g, now)
}

// What the test above shows it could not show if no engine were able to fail it.
func TestNodesThatTrustEachOtherAreCaught(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	j := enginetest.NewJournal()
	enginetest.CatchUp(t, node(t, j, url, plain))
	var nodes []*projections.Runner
	for range 2 {
		nodes = append(nodes, node(t, j, url, func(e projections.Shared) projections.Engine { return careless{e} }))
	}
	for _, r := range nodes {
		enginetest.Follow(t, r)
	}
	at := enginetest.Fill(j, 40)
	deadline := time.Now().Add(time.Minute)
	for {
		caught := &witness{}
		if s := enginetest.StatusOf(t, nodes[0], "history"); s.State == projections.Halted {
			return // a line that was there already
		}
		func() {
			defer func() { _ = recover() }()
			enginetest.WantFolded(caught, nodes[0], j)
		}()
		if s := enginetest.StatusOf(t, nodes[0], "burden"); caught.failed != "" && s.Position >= at {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("two nodes applied everything without a checkpoint, and nobody noticed")
		}
		at = enginetest.Fill(j, 5)
		time.Sleep(20 * time.Millisecond)
	}
}

// witness is a test that may fail.
type witness struct{ failed string }

func (w *witness) Helper() {}

func (w *witness) Fatal(args ...any) {
	w.failed = fmt.Sprint(args...)
	panic(w)
}

func (w *witness) Fatalf(format string, args ...any) {
	w.Fatal(strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func TestATurnIsOneNodesAtATimeAndEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	a, b := opened(t, url), opened(t, url)
	c := controlling(t, url)
	var inside, most atomic.Int64
	lost := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		lost <- a.Turn(t.Context(), "views", func(ctx context.Context) error {
			most.Store(max(most.Load(), inside.Add(1)))
			<-ctx.Done()
			inside.Add(-1)
			close(ended)
			return ctx.Err()
		})
	}()
	pid := c.until(leader, func(pid int64) bool { return pid != 0 })
	got := make(chan error, 1)
	go func() {
		got <- b.Turn(t.Context(), "views", func(context.Context) error { return nil })
	}()
	select {
	case err := <-got:
		t.Fatalf("two have the turn: %v", err)
	case <-time.After(2 * time.Second):
	}
	c.number("SELECT count(*) FROM (SELECT pg_terminate_backend($1::int)) t", pid)
	<-ended
	if err := <-lost; !errors.Is(err, views.ErrTurnLost) {
		t.Errorf("who lost it: %v", err)
	}
	if err := <-got; err != nil {
		t.Errorf("who got it: %v", err)
	}
}
