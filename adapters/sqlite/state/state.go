// Package state is a small SQLite file for what is neither history nor view: credentials, links, sessions, tries to sign in,
// drafts, answers to be repeated. Its methods speak in plain types, so that the rooms that use it need not know it.
package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

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

// ErrUnavailable is what every method gives while the disk is full or failing.
var ErrUnavailable = &domain.Error{Kind: domain.KindUnavailable, Code: "state-unavailable"}

// readers is how many connections read beside the one that writes.
const readers = 4

// Store is the open file. It may be used by many goroutines.
type Store struct {
	writer  *sqlitex.Pool // of one
	readers *sqlitex.Pool
}

// Open opens the file and brings its schema up to date; a new file can be read by its owner alone.
// Every change is durable when its method returns, and what is deleted is overwritten.
func Open(path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite gives the files beside it the same mode
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	writer, err := sqlitex.NewPool(path, sqlitex.PoolOptions{PoolSize: 1, PrepareConn: func(c *sqlite.Conn) error {
		if err := pragmas(c, "synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF"); err != nil {
			return err
		}
		return migrations.Apply(c, "state")
	}})
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	s := &Store{writer: writer}
	if err := s.write(context.Background(), func(*sqlite.Conn) error { return nil }); err != nil { // migrates
		return nil, errors.Join(err, writer.Close())
	}
	s.readers, err = sqlitex.NewPool(path, sqlitex.PoolOptions{PoolSize: readers, PrepareConn: func(c *sqlite.Conn) error {
		return pragmas(c, "query_only = ON", "trusted_schema = OFF")
	}})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state: %w", err), writer.Close())
	}
	return s, nil
}

// Close interrupts what is under way: a transaction that has not committed leaves nothing.
func (s *Store) Close() error {
	return errors.Join(s.readers.Close(), s.writer.Close())
}

// Purge removes what has ended by an instant. It is for a ticker to call.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	err := s.write(ctx, func(c *sqlite.Conn) error {
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
			if err := exec(c, "DELETE FROM "+old.rows+" <= ?", ms(old.by)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// What was deleted also leaves the write-ahead log; readers at work put that off to the next time.
	return s.with(ctx, s.writer, func(c *sqlite.Conn) error { return pragmas(c, "wal_checkpoint(TRUNCATE)") })
}

// write runs fn in a transaction of its own, after those before it: all of it is durable afterwards, or none.
func (s *Store) write(ctx context.Context, fn func(*sqlite.Conn) error) error {
	return s.with(ctx, s.writer, func(c *sqlite.Conn) error {
		if err := exec(c, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := fn(c)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = exec(c, "COMMIT")
		}
		if err != nil && !c.AutocommitEnabled() {
			c.SetInterrupt(nil) // going back must work for a caller who has left, too
			err = errors.Join(err, exec(c, "ROLLBACK"))
		}
		return err
	})
}

func (s *Store) read(ctx context.Context, fn func(*sqlite.Conn) error) error {
	return s.with(ctx, s.readers, fn)
}

func (s *Store) with(ctx context.Context, pool *sqlitex.Pool, fn func(*sqlite.Conn) error) error {
	conn, err := pool.Take(ctx)
	if err != nil {
		return failed(ctx, err)
	}
	defer pool.Put(conn)
	return failed(ctx, fn(conn))
}

// failed tells a caller who left, a disk that takes nothing, and a refusal from a fault of ours.
func failed(ctx context.Context, err error) error {
	if _, refused := errors.AsType[*domain.Error](err); err == nil || refused {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("state: %w", ctx.Err())
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultReadOnly, sqlite.ResultCantOpen, sqlite.ResultBusy:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("state: %w", err)
}

func pragmas(c *sqlite.Conn, pragmas ...string) error {
	for _, p := range pragmas {
		if err := sqlitex.ExecuteTransient(c, "PRAGMA "+p, nil); err != nil {
			return err
		}
	}
	return nil
}

func exec(c *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args})
}

// rows calls each for every row.
func rows(c *sqlite.Conn, each func(*sqlite.Stmt) error, query string, args ...any) error {
	return sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args, ResultFunc: each})
}

func ms(t time.Time) int64 { return t.UnixMilli() }

func instant(s *sqlite.Stmt, column string) time.Time {
	return time.UnixMilli(s.GetInt64(column)).UTC()
}

func blob(s *sqlite.Stmt, column string) []byte {
	b := make([]byte, s.GetLen(column))
	s.GetBytes(column, b)
	return b
}

// id is the nil UUID unless the column holds the 16 bytes of one.
func id(s *sqlite.Stmt, column string) (u uuid.UUID) {
	s.GetBytes(column, u[:])
	return u
}
