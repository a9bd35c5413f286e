// Package sqlite is the journal in one SQLite file, the embedded default.
//
// One goroutine writes: it takes what waits, up to 512 appends, checks each on its own and commits them together, so that one
// fsync serves many (writer.go). Readers have connections of their own and never wait for it (read.go). A third connection copies
// the write-ahead log into the file (checkpoint.go). An append is acknowledged after the fsync (synchronous=FULL) and never before.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain/event"
)

// ErrInUse says that another process, or another Store of this one, has the journal open for writing.
var ErrInUse = errors.New("sqlite: the journal is open for writing elsewhere")

// errReadOnly is the answer to an append where the journal was opened for reading.
var errReadOnly = fmt.Errorf("%w: opened read-only", event.ErrUnavailable)

// Options of Open. The zero value is good.
type Options struct {
	Log *slog.Logger // what the background has to tell, never about people; nil: slog.Default()
}

// Store is a journal in a SQLite file. Positions are dense, from 1.
type Store struct {
	path    string
	readers readers
	names   names
	news    *bell
	lock    *os.File      // nil where read-only
	writer  *writer       // nil where read-only
	closing chan struct{} // closed by the first Close
	closed  chan struct{} // closed once everything is freed
	err     error         // what went wrong in between; read after closed

	mu   sync.RWMutex // guards shut, so that nobody sends on a closed queue
	shut bool

	background sync.WaitGroup
}

var _ event.Importer = (*Store)(nil)

// Open opens the journal at a path for reading and writing, and creates it where there is none. The error is ErrInUse while
// somebody else writes to it.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	lock, err := lockFile(path + ".writer")
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s := newStore(path)
	s.lock = lock
	ckpt := newCheckpointer(path, o.Log)
	s.writer = newWriter(path, s.news, ckpt, o.Log)
	err = s.writer.open()
	if err == nil {
		err = ckpt.open()
	}
	if err == nil {
		s.readers, err = openReaders(path, sqlite.OpenReadWrite)
	}
	if err != nil {
		return nil, errors.Join(err, ckpt.close(), s.writer.close(), lock.Close())
	}
	s.background.Go(s.writer.run)
	s.background.Go(func() { ckpt.run(s.closing) })
	return s, nil
}

// create makes an empty file that only its owner reads; SQLite gives the files beside it the same rights.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // and not opened, for closing it would drop the locks of a reader in this process
	}
	if err != nil {
		return fmt.Errorf("sqlite: create journal: %w", err)
	}
	return f.Close()
}

// OpenReadOnly opens the journal at a path for reading, beside the process that writes it or alone. It creates no journal and
// writes no record; Append gives event.ErrUnavailable. The folder MUST be writable even so: SQLite puts its -shm file there.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := newStore(path)
	var err error
	if s.readers, err = openReaders(path, sqlite.OpenReadOnly); err != nil {
		return nil, err
	}
	watched, err := openConn(path, sqlite.OpenReadOnly, readerPragmas...)
	if err != nil {
		return nil, errors.Join(err, s.readers.close(len(s.readers)))
	}
	s.background.Go(func() { s.watch(watched) })
	return s, nil
}

func newStore(path string) *Store {
	return &Store{path: path, news: newBell(), closing: make(chan struct{}), closed: make(chan struct{})}
}

// openConn opens a connection and tunes it.
func openConn(path string, flags sqlite.OpenFlags, pragmas ...string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open journal: %w", err)
	}
	for _, p := range pragmas {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+p, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("sqlite: PRAGMA %s: %w", p, err), conn.Close())
		}
	}
	return conn, nil
}

// Append implements event.Store. An id that is already elsewhere in the journal is event.ErrCorruptIdempotency.
func (s *Store) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if err := a.Check(); err != nil {
		return event.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return event.Result{}, err
	}
	r, err := newRequest(a)
	if err != nil {
		return event.Result{}, err
	}
	return s.submit(ctx, r)
}

// Import implements event.Importer. Its records are written in one transaction.
func (s *Store) Import(ctx context.Context, records []event.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := newImport(records)
	if err != nil {
		return err
	}
	_, err = s.submit(ctx, r)
	return err
}

// submit hands a request to the writer and waits for what becomes of it.
func (s *Store) submit(ctx context.Context, r *request) (event.Result, error) {
	if err := s.enqueue(r); err != nil {
		return event.Result{}, err
	}
	select {
	case ans := <-r.done:
		return ans.res, ans.err
	case <-ctx.Done():
		return event.Result{}, fmt.Errorf("%w: %w", event.ErrUnknownOutcome, ctx.Err())
	}
}

func (s *Store) enqueue(r *request) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.shut:
		return event.ErrClosed
	case s.writer == nil:
		return errReadOnly
	}
	select {
	case s.writer.queue <- r:
		return nil
	default:
		return event.ErrOverloaded
	}
}

// Close implements event.Store. When ctx ends first it gives that error, and the closing goes on. A second Close waits as the
// first did and gives event.ErrClosed.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	first := !s.shut
	if first {
		s.shut = true
		close(s.closing)
		if s.writer != nil {
			close(s.writer.queue)
		}
		go s.free()
	}
	s.mu.Unlock()
	select {
	case <-s.closed:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !first {
		return event.ErrClosed
	}
	return s.err
}

// free waits for the background to finish what was taken, then gives everything back, the lock last.
func (s *Store) free() {
	defer close(s.closed)
	s.background.Wait()
	s.err = errors.Join(s.err, s.readers.close(cap(s.readers)))
	if s.writer != nil {
		s.err = errors.Join(s.err, s.writer.ckpt.close(), s.writer.close(), s.lock.Close())
	}
}
