// Package views keeps the tables of projections in a SQLite file of their own, apart from the journal: they can be thrown away,
// and are, when the file is broken or of another format.
package views

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// DB is a file of views. It is a projections.Engine.
type DB struct {
	path    string
	turn    chan *writer // holds the one connection that writes, while nobody does
	readers chan *reader
	closed  chan struct{}
}

// The mark of our files, and the format this program reads and writes.
const (
	application = 0x41766965 // "Avie"
	format      = 2
)

// Commits need not reach the disk at once: what a power cut takes is applied again, since the checkpoint goes with it.
// What was deleted is overwritten with zeros.
var writerPragmas = []string{
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = NORMAL",
	"PRAGMA secure_delete = ON",
	"PRAGMA journal_size_limit = 67108864",
	"PRAGMA wal_autocheckpoint = 8192", // pages; each time the disk is waited for
	"PRAGMA cache_size = -16384",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA trusted_schema = OFF",
}

var readerPragmas = []string{
	"PRAGMA query_only = ON",
	"PRAGMA cache_size = -2048",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA trusted_schema = OFF",
}

// A file that turned out to be broken while it was in use is marked by a file beside it, and not opened again.
const brokenSuffix = "-broken"

// Open opens a file of views, or makes it. A file that is broken, or that a newer program made, is removed and made anew: the
// projections then build their tables. A database that is none of views is left alone; the error is ErrForeign.
func Open(ctx context.Context, path string) (*DB, error) {
	_, err := os.Stat(path + brokenSuffix)
	if err == nil {
		if err := remove(path); err != nil {
			return nil, err
		}
	}
	d, err := open(ctx, path)
	if errors.Is(err, errFormat) || corrupt(err) {
		if err := remove(path); err != nil {
			return nil, err
		}
		d, err = open(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("views: open: %w", err)
	}
	return d, nil
}

// ErrForeign is a database that holds something else.
var ErrForeign = errors.New("views: not a file of views")

// errFormat is a file of views that this program does not understand.
var errFormat = errors.New("views: file of another format")

func corrupt(err error) bool {
	code := sqlite.ErrCode(err).ToPrimary()
	return code == sqlite.ResultCorrupt || code == sqlite.ResultNotADB
}

func remove(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", brokenSuffix} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("views: remove: %w", err)
		}
	}
	return nil
}

func open(ctx context.Context, path string) (_ *DB, err error) {
	d := &DB{path: path, turn: make(chan *writer, 1), closed: make(chan struct{})}
	d.readers = make(chan *reader, max(8, 4*runtime.GOMAXPROCS(0)))
	defer func() {
		if err != nil {
			err = errors.Join(err, d.release(len(d.turn), len(d.readers)))
		}
	}()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite gives its log the same mode
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	conn, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	d.turn <- &writer{conn: conn, tables: map[string]*table{}}
	if err := furnish(conn); err != nil {
		return nil, err
	}
	conn.SetInterrupt(nil)
	for range cap(d.readers) {
		d.readers <- &reader{statements: map[string]*statement{}}
	}
	return d, nil
}

// connect opens a connection. It can be interrupted by ctx until its interrupt is set anew.
func connect(ctx context.Context, path string, pragmas ...string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetInterrupt(ctx.Done())
	if err := run(conn, pragmas...); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// run executes statements without parameters.
func run(conn *sqlite.Conn, statements ...string) error {
	for _, sql := range statements {
		if err := sqlitex.ExecuteTransient(conn, sql, nil); err != nil {
			return err
		}
	}
	return nil
}

const catalogue = `
CREATE TABLE generation (
	number     INTEGER PRIMARY KEY AUTOINCREMENT,
	projection TEXT NOT NULL,
	version    INTEGER NOT NULL,
	shape      TEXT NOT NULL,
	tables     TEXT NOT NULL,
	state      TEXT NOT NULL,
	position   INTEGER NOT NULL,
	reason     TEXT NOT NULL,
	stuck      INTEGER NOT NULL,
	journal    TEXT NOT NULL
) STRICT`

// furnish makes the catalogue in an empty file. It changes nothing in a file that is not ours.
func furnish(conn *sqlite.Conn) (err error) {
	mark, err := number(conn, "PRAGMA application_id")
	if err != nil {
		return err
	}
	version, err := number(conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	objects, err := number(conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case mark != application && (mark != 0 || objects > 0):
		return ErrForeign
	case mark == application && version != format:
		return errFormat
	}
	if err := run(conn, writerPragmas...); err != nil || mark == application {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return run(conn, catalogue,
		fmt.Sprintf("PRAGMA application_id = %d", application), fmt.Sprintf("PRAGMA user_version = %d", format))
}

func number(conn *sqlite.Conn, sql string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}

// Close waits for those who read and write, and closes the file.
func (d *DB) Close() error {
	close(d.closed)
	return d.release(1, cap(d.readers))
}

func (d *DB) release(writers, readers int) (err error) {
	for range readers {
		err = errors.Join(err, (<-d.readers).close())
	}
	for range writers { // last, so that it leaves no log behind
		err = errors.Join(err, (<-d.turn).close())
	}
	return err
}

// errClosed is what calls after Close get.
var errClosed = errors.New("views: closed")

// take waits for a connection.
func take[C any](ctx context.Context, d *DB, from chan C) (c C, err error) {
	select {
	case <-d.closed:
		return c, errClosed
	case <-ctx.Done():
		return c, ctx.Err()
	default:
	}
	select {
	case c = <-from:
		return c, nil
	case <-d.closed:
		return c, errClosed
	case <-ctx.Done():
		return c, ctx.Err()
	}
}

// judge marks the file where an error says that it is broken, and gives the error of ctx where that is the cause.
func (d *DB) judge(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case corrupt(err):
		return errors.Join(fmt.Errorf("views: the file is broken and will be made anew at the next start: %w", err),
			os.WriteFile(d.path+brokenSuffix, nil, 0o600))
	case sqlite.ErrCode(err) == sqlite.ResultInterrupt && ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}
