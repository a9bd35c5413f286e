// Package state keeps in PostgreSQL what is neither history nor view: credentials, links, sessions, tries to sign in, drafts,
// answers to be repeated, checkpoints and parked records of policies. It is the sister of the SQLite file for several nodes: each
// method acts as a whole whatever other nodes do at the same time. Its methods speak in plain types, so that the rooms that use it
// need not know it.
package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/domain"
	"approdo/migrations"
)

// How long things are kept that have no end of their own.
const (
	AnswersKept = 24 * time.Hour
	TriesKept   = 24 * time.Hour
	DraftsKept  = 366 * 24 * time.Hour // since the last change, at most: the register of retention has the say
	PostedKept  = 7 * 24 * time.Hour   // longer than any link is good for
	ImportsKept = 7 * 24 * time.Hour   // since the last change: time to look at a report again
	NoticesKept = 30 * 24 * time.Hour  // much longer than anything is told after it happened: nothing is told twice
)

// ErrUnavailable is what every method gives while the server is away, failing or taking no writes.
var ErrUnavailable = &domain.Error{Kind: domain.KindUnavailable, Code: "state-unavailable"}

const (
	// patience is how long a server that says nothing is waited for.
	patience = 10 * time.Second
	// turns is how often a transaction is begun again that the server gave up for the sake of another.
	turns = 5
)

// Store is a pool of connections. It may be used by many goroutines.
type Store struct{ pool *pgxpool.Pool }

// Open connects to the database a URL names and brings the schema "state" up to date; several nodes may do so at once. Every change
// is durable when its method returns, whatever the server's own default for synchronous_commit.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	config.ConnConfig.ConnectTimeout = patience
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	migrate := func(conn *pgxpool.Conn) error { return migrations.Postgres(ctx, conn.Conn(), "state") }
	if err := pool.AcquireFunc(ctx, migrate); err != nil {
		pool.Close()
		return nil, fmt.Errorf("state: %w", err)
	}
	return &Store{pool}, nil
}

// Close waits for what is under way and frees the connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Purge removes what has ended by an instant. It is for a ticker to call, on every node. What is removed leaves the disk when the
// server's autovacuum and later rows have gone over it.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	for _, old := range []struct {
		rows string
		by   time.Time
	}{
		{"credentials WHERE hash IS NULL AND reserved_until", now},
		{"invitations WHERE expires", now},
		{"sessions WHERE expires", now},
		{"questions WHERE expires", now},
		{"tries WHERE last", now.Add(-TriesKept)},
		{"drafts WHERE updated", now.Add(-DraftsKept)},
		{"idempotency WHERE at", now.Add(-AnswersKept)},
		{"errands WHERE expires", now},
		{"recoveries WHERE at", now.Add(-AnswersKept)}, // the mail was away all day
		{"posted WHERE at", now.Add(-PostedKept)},
		{"imports WHERE updated", now.Add(-ImportsKept)},
		{"notices WHERE status IN ('recorded', 'failed') AND at", now.Add(-NoticesKept)},
	} {
		if _, err := s.exec(ctx, "DELETE FROM state."+old.rows+" <= $1", old.by); err != nil {
			return err
		}
	}
	return nil
}

// exec runs one statement, which is a transaction of its own, and gives the number of rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, query, args...)
		changed = tag.RowsAffected()
		return err
	})
	return changed, err
}

// write runs fn in a transaction: all of it is durable afterwards, or none. Fn may run more than once. Each statement in it sees what
// was committed before that statement began (READ COMMITTED); whoever reads in order to write locks the row first.
func (s *Store) write(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	return s.try(ctx, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			if err := fn(ctx, tx); err != nil {
				return err
			}
			return ctx.Err()
		})
	})
}

// row reads one row into what to points at, and leaves that alone where there is none.
func (s *Store) row(ctx context.Context, to []any, query string, args ...any) (found bool, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		err := s.pool.QueryRow(ctx, query, args...).Scan(to...)
		found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return found, err
}

// rows reads all rows of a query.
func rows[T any](ctx context.Context, s *Store, each pgx.RowToFunc[T], query string, args ...any) (all []T, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		found, err := s.pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(found, each)
		return err
	})
	return all, err
}

// try runs what may be begun again from its start when the server ended it in favour of another.
func (s *Store) try(ctx context.Context, fn func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	for range turns {
		err = fn(within)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != deadlock && pg.Code != serialization {
			break
		}
	}
	return failed(ctx, err)
}

// SQLSTATEs, https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	serialization = "40001"
	deadlock      = "40P01"
)

// away are the classes and codes that say that the server cannot do now what it can at other times: the connection, what it has too
// little of, what an operator does, its disk, a standby, too many deadlocks, a lock that was not to be had.
var away = []string{"08", "53", "57", "58", "25006", "40", "55P03"}

// fault is a reason of ours to end a transaction.
type fault string

func (f fault) Error() string { return string(f) }

// failed tells a caller who left, a server that is away, and a refusal from a fault of ours.
func failed(ctx context.Context, err error) error {
	if _, refused := errors.AsType[*domain.Error](err); err == nil || refused {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("state: %w", ctx.Err())
	}
	if isAway(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("state: %w", err)
}

// isAway takes what neither the server has said nor we for a connection that failed.
func isAway(err error) bool {
	if _, ours := errors.AsType[fault](err); ours {
		return false
	}
	if _, ours := errors.AsType[pgx.ScanArgError](err); ours {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true
	}
	return slices.ContainsFunc(away, func(a string) bool { return strings.HasPrefix(pg.Code, a) })
}
