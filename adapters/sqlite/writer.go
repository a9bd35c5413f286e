package sqlite

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain/event"
	"approdo/migrations"
)

const (
	queueSize    = 4096    // appends that may wait; one more is event.ErrOverloaded
	batchSize    = 512     // appends committed together at most
	batchBytes   = 1 << 20 // and bytes, give or take the last append
	knownStreams = 1 << 17 // heads kept in memory
)

// writerPragmas: the log is copied by the checkpointer and kept at its size between, since writing into space that is there
// makes an fsync cheaper.
var writerPragmas = []string{
	"journal_mode = WAL",
	"synchronous = FULL",
	"wal_autocheckpoint = 0",
	"journal_size_limit = 67108864",
	"cache_size = -65536",
	"busy_timeout = 5000",
	"foreign_keys = ON",
	"trusted_schema = OFF",
	"recursive_triggers = ON", // without it INSERT OR REPLACE deletes and no trigger sees it
}

// request is an append on its way, with copies of all it needs: whoever gave up waiting may do as he likes with his own.
type request struct {
	stream   string
	expected event.Expected
	rows     []row
	bytes    int
	parts    []*request  // an import is nothing but these, in their order
	done     chan answer // takes one without waiting
}

type row struct {
	id         uuid.UUID
	name       string
	schema     uint16
	at         int64 // microseconds; 0: when it is written
	data, meta string
}

type answer struct {
	res event.Result
	err error
}

func newRequest(a event.Append) (*request, error) {
	r := &request{stream: a.Stream, expected: a.Expected, rows: make([]row, len(a.Events)), done: make(chan answer, 1)}
	for i, d := range a.Events {
		d.Meta.At = d.Meta.At.UTC()
		meta, err := d.Meta.Encode()
		if err != nil {
			return nil, fmt.Errorf("sqlite: metadata of %s: %w", d.Type, err)
		}
		r.rows[i] = row{id: d.ID, name: d.Type, schema: d.Schema, data: string(d.Data), meta: string(meta)}
		r.bytes += len(d.Data) + len(meta)
	}
	return r, nil
}

func newImport(records []event.Record) (*request, error) {
	whole := &request{done: make(chan answer, 1)}
	for _, rec := range records {
		part, err := newRequest(event.Append{Stream: rec.Stream, Expected: event.Expected(rec.Revision - 1), Events: []event.Draft{rec.Draft}})
		if err != nil {
			return nil, err
		}
		part.rows[0].at = rec.At.UnixMicro()
		whole.parts = append(whole.parts, part)
		whole.bytes += part.bytes
	}
	return whole, nil
}

// head is the end of a stream: revision -1 and no sid where there is none.
type head struct {
	sid int64
	rev event.Revision
}

// writer owns the one connection that writes. What it knows of heads stays true because nobody else writes: the lock file sees
// to that, and a transaction that failed clears it.
type writer struct {
	path  string
	queue chan *request
	news  *bell
	ckpt  *checkpointer
	log   *slog.Logger

	conn  *sqlite.Conn // nil after an I/O error, until reopened and checked
	heads map[string]head
	last  event.Position // of what was acknowledged
	hurt  bool           // an I/O error was seen since the last check
}

func newWriter(path string, news *bell, ckpt *checkpointer, log *slog.Logger) *writer {
	return &writer{path: path, queue: make(chan *request, queueSize), news: news, ckpt: ckpt, log: log}
}

// open connects, brings the schema up to date and finds the end of the journal. After an I/O error it also has SQLite check the
// whole file, and wants to find all that was acknowledged.
func (w *writer) open() error {
	conn, err := openConn(w.path, sqlite.OpenReadWrite|sqlite.OpenCreate, writerPragmas...)
	if err != nil {
		return err
	}
	last, err := w.check(conn)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	w.conn, w.last, w.hurt, w.heads = conn, last, false, map[string]head{}
	w.news.ring() // a commit whose answer was lost may have come through
	return nil
}

func (w *writer) check(conn *sqlite.Conn) (event.Position, error) {
	if err := migrations.Apply(conn, "journal"); err != nil {
		return 0, err
	}
	if w.hurt {
		if err := quickCheck(conn); err != nil {
			return 0, err
		}
	}
	last, err := headOf(conn)
	if err == nil && last < w.last {
		err = fmt.Errorf("sqlite: journal ends at %d, %d was acknowledged", last, w.last)
	}
	return last, err
}

func quickCheck(conn *sqlite.Conn) error {
	return sqlitex.ExecuteTransient(conn, "PRAGMA quick_check(1)", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		if found := stmt.ColumnText(0); found != "ok" {
			return fmt.Errorf("sqlite: journal is damaged: %s", found)
		}
		return nil
	}})
}

// close gives the connection back.
func (w *writer) close() error {
	if w.conn == nil {
		return nil
	}
	conn := w.conn
	w.conn = nil
	return conn.Close()
}

// run commits what comes until the queue is closed and empty. It never lingers for more: while one batch is on its way to the
// disk the next one gathers.
func (w *writer) run() {
	for first := range w.queue {
		w.commit(w.drain(first))
		if w.conn != nil {
			w.ckpt.finish(w.conn)
		}
	}
}

func (w *writer) drain(first *request) []*request {
	batch, bytes := []*request{first}, first.bytes
	for len(batch) < batchSize && bytes < batchBytes {
		select {
		case r, open := <-w.queue:
			if !open {
				return batch
			}
			batch, bytes = append(batch, r), bytes+r.bytes
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch and answers it. Where the batch as a whole fails, each append is tried again by itself, so that one
// cannot spoil the others; the ids make that harmless even if the first try did come through.
func (w *writer) commit(batch []*request) {
	answers, whole := w.transact(batch)
	if whole == nil {
		for i, r := range batch {
			r.done <- answers[i]
		}
		return
	}
	for _, r := range batch {
		answers, err := w.transact([]*request{r})
		switch {
		case err == nil:
			r.done <- answers[0]
		case errors.Is(whole, event.ErrUnknownOutcome):
			r.done <- answer{err: fmt.Errorf("%w; then: %w", whole, err)}
		default:
			r.done <- answer{err: err}
		}
	}
}

// transact writes appends in one transaction. The answers hold once it returns without error; with an error nothing was written,
// or, where it is event.ErrUnknownOutcome, perhaps all.
func (w *writer) transact(batch []*request) ([]answer, error) {
	if w.conn == nil {
		if err := w.open(); err != nil {
			return nil, fmt.Errorf("%w: %w", event.ErrUnavailable, err)
		}
	}
	answers, last, err := w.write(batch)
	if err != nil {
		return nil, w.fail(err)
	}
	if last == w.last {
		return answers, nil
	}
	w.ckpt.committed(int(last - w.last))
	w.last = last
	w.news.ring()
	return answers, nil
}

func (w *writer) write(batch []*request) (_ []answer, last event.Position, err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, 0, err
	}
	t := transaction{conn: w.conn, heads: w.heads, last: w.last, at: time.Now().UnixMicro()}
	answers := make([]answer, len(batch))
	for i, r := range batch {
		if answers[i], err = t.append(r); err != nil {
			return nil, 0, err
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		return nil, 0, &commitError{err}
	}
	return answers, t.last, nil
}

// commitError marks an error of COMMIT itself.
type commitError struct{ error }

func (e *commitError) Unwrap() error { return e.error }

// fail undoes a transaction and says what its failure means for the appends in it.
func (w *writer) fail(err error) error {
	clear(w.heads)
	code := sqlite.ErrCode(err)
	var atCommit *commitError
	switch code.ToPrimary() {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultCantOpen, sqlite.ResultReadOnly:
		w.hurt = true
		w.log.Error("journal: lost the writing connection", "err", errors.Join(err, w.close()))
		if errors.As(err, &atCommit) {
			return fmt.Errorf("%w: %w", event.ErrUnknownOutcome, err)
		}
		return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	if !w.conn.AutocommitEnabled() {
		if undo := w.exec("ROLLBACK"); undo != nil {
			w.hurt = true
			w.log.Error("journal: lost the writing connection", "err", errors.Join(undo, w.close()))
		}
	}
	if code == sqlite.ResultConstraintUnique {
		return fmt.Errorf("%w: %w", event.ErrCorruptIdempotency, err)
	}
	return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
}

func (w *writer) exec(query string) error { return run(w.conn, query) }

// run executes a statement without rows.
func run(conn *sqlite.Conn, query string) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	return err
}
