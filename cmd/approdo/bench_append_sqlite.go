package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/sqlite"
	"approdo/domain/event"
	"approdo/migrations"
)

// onFiles measures SQLite against the same schema with one transaction an event, through the same driver and with synchronous=FULL
// too.
type onFiles struct{ dir string }

func (e onFiles) place(context.Context) (string, func(context.Context) error, error) {
	dir, err := os.MkdirTemp(e.dir, "approdo-bench-")
	return filepath.Join(dir, "journal.db"), func(context.Context) error { return os.RemoveAll(dir) }, err
}

func (onFiles) journal(ctx context.Context, path string) (event.Store, error) {
	return sqlite.Open(ctx, path, sqlite.Options{})
}

// single is the baseline: one connection, one transaction an event, waiting in turn. A connection for each writer would be slower
// still, for they would wait for the database's lock by polling it.
type single struct {
	mu   sync.Mutex
	conn *zombiezen.Conn
	last int64
}

func (onFiles) baseline(_ context.Context, path string, _ int) (appender, error) {
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
