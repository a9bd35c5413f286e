package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/domain/event"
)

func connect(t *testing.T, url string) *pgx.Conn {
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
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func closed(t *testing.T, s event.Store) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func note() event.Draft {
	return event.Draft{ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: []byte(`{}`),
		Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: uuid.New()}}
}

func add(ctx context.Context, s event.Store, stream string, expected event.Expected, ds ...event.Draft) (event.Result, error) {
	return s.Append(ctx, event.Append{Stream: stream, Expected: expected, Events: ds})
}

// ordering is an append-only table under test, and what two connections do with it.
type ordering struct {
	lower  func(tx pgx.Tx) error                       // writes in a transaction that stays open
	higher func(ctx context.Context) error             // writes beside it, and commits
	read   func(after event.Position) []event.Position // as a reader does that goes on from what it has seen
}

// readerMisses lets a lower position be written and not committed while a higher one is asked for, reads in between, lets the lower
// one be committed, and reads on. It gives what the reader has met, and an error if that is not both in their order.
func readerMisses(t *testing.T, url string, o ordering) error {
	t.Helper()
	tx, err := connect(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := o.lower(tx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- o.higher(t.Context()) }()
	watch := connect(t, url)
	for waiting := 0; waiting == 0 && len(done) == 0; { // until it has committed, or waits for the other
		if err := watch.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).
			Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	met := o.read(0)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	after := event.Position(0)
	if len(met) > 0 {
		after = met[len(met)-1]
	}
	met = append(met, o.read(after)...)
	if len(met) != 2 || met[0] >= met[1] {
		return fmt.Errorf("two events were written, the reader met %d", met)
	}
	return nil
}

const appendOne = `SELECT journal.append_one($1, -1, gen_random_uuid(), 'case.noted', 1, '{}', $2, true)`

func TestAReaderNeverSeesAHigherPositionFirst(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := open(t, url)
	defer closed(t, s)
	meta, err := note().Meta.Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = readerMisses(t, url, ordering{
		lower: func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), appendOne, "case-1", meta)
			return err
		},
		higher: func(ctx context.Context) error {
			_, err := add(ctx, s, "case-2", event.NoStream, note())
			return err
		},
		read: func(after event.Position) (met []event.Position) {
			for p, err := range s.ReadAll(t.Context(), after, event.ReadAll{}) {
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range p.Records {
					met = append(met, r.Position)
				}
			}
			return met
		},
	})
	if err != nil {
		t.Error(err)
	}
}

// What the journal would be with positions from a sequence and no lock: the reader of it loses an event, and the test above would say so.
func TestAPlainSequenceLosesEvents(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	conn, reader := connect(t, url), connect(t, url)
	exec(t, conn, "CREATE TABLE plain (pos bigserial PRIMARY KEY)")
	err := readerMisses(t, url, ordering{
		lower: func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO plain DEFAULT VALUES")
			return err
		},
		higher: func(ctx context.Context) error {
			_, err := conn.Exec(ctx, "INSERT INTO plain DEFAULT VALUES")
			return err
		},
		read: func(after event.Position) []event.Position {
			rows, err := reader.Query(t.Context(), "SELECT pos FROM plain WHERE pos > $1 ORDER BY pos", after)
			if err != nil {
				t.Fatal(err)
			}
			met, err := pgx.CollectRows(rows, pgx.RowTo[event.Position])
			if err != nil {
				t.Fatal(err)
			}
			return met
		},
	})
	if err == nil {
		t.Error("it lost nothing, so this harness finds nothing")
	}
}

// Three nodes on one database: two append, some of it to the same stream, and the third follows.
func TestNodesOnOneDatabase(t *testing.T) {
	t.Parallel()
	const writers, rivals, each = 32, 4, 25
	url := pgtest.Database(t)
	nodes := []*postgres.Store{open(t, url), open(t, url)}
	reader := open(t, url)
	for _, s := range append(nodes, reader) {
		defer closed(t, s)
	}
	var all sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		all.Go(func() { errs[w] = appendBeside(t.Context(), nodes[w%2], fmt.Sprintf("case-%d", w), each, w < rivals) })
	}
	seen := map[uuid.UUID]bool{}
	revisions := map[string]event.Revision{}
	for p, err := range reader.Subscribe(t.Context(), 0, event.Subscribe{PageSize: 20}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Records {
			if seen[r.ID] || r.Revision != revisions[r.Stream] || r.Position != event.Position(len(seen)+1) {
				t.Fatalf("%s@%d at %d, after %d events and %d of its stream; seen before: %t",
					r.Stream, r.Revision, r.Position, len(seen), revisions[r.Stream], seen[r.ID])
			}
			seen[r.ID] = true
			revisions[r.Stream]++
		}
		if len(seen) == (writers+rivals)*each {
			break
		}
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := revisions["shared"]; got != rivals*each {
		t.Errorf("%d events in the stream of the rivals, want %d", got, rivals*each)
	}
}

// appendBeside writes to a stream of its own and, as a rival, each time to one that others write to as well.
func appendBeside(ctx context.Context, s event.Store, stream string, n int, rival bool) error {
	shared := event.NoStream
	for i := range n {
		if _, err := add(ctx, s, stream, event.Expected(i-1), note()); err != nil {
			return err
		}
		d := note()
		for rival {
			res, err := add(ctx, s, "shared", shared, d)
			var conflict *event.ConflictError
			if errors.As(err, &conflict) {
				shared = event.Expected(conflict.Actual)
				continue
			}
			if err != nil {
				return err
			}
			shared = event.Expected(res.Last)
			break
		}
	}
	return nil
}
