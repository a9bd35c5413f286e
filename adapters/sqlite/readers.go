package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"approdo/domain/event"
)

var readerPragmas = []string{
	"query_only = ON",
	"cache_size = -8192",
	"busy_timeout = 5000",
	"trusted_schema = OFF",
}

// readers are the connections that read. One is held for a page at a time and never while the caller looks at it: a slow caller
// keeps nobody waiting, and the log can begin anew.
type readers chan *reader

func openReaders(path string, flags sqlite.OpenFlags) (readers, error) {
	n := max(4, runtime.GOMAXPROCS(0))
	r := make(readers, n)
	for range n {
		conn, err := openConn(path, flags, readerPragmas...)
		if err != nil {
			return nil, errors.Join(err, r.close(len(r)))
		}
		r <- &reader{conn: conn, types: map[string]string{}}
	}
	return r, nil
}

// close closes n connections, each when its page is read.
func (r readers) close(n int) (err error) {
	for range n {
		err = errors.Join(err, (<-r).conn.Close())
	}
	return err
}

// reader is a connection and what it reads into, so that a row costs few allocations.
type reader struct {
	conn  *sqlite.Conn
	types map[string]string // every type it met, by itself
	chunk []byte            // what is left for payloads to be cut from
	text  []byte            // for what is decoded at once
}

const chunkSize = 64 << 10

// record reads the row a statement of columns stands on, but for the name of its stream.
func (c *reader) record(stmt *sqlite.Stmt) (event.Record, error) {
	r := event.Record{
		Draft: event.Draft{
			ID:     columnID(stmt, 2),
			Type:   c.typeName(stmt, 3),
			Schema: uint16(stmt.ColumnInt64(4)),
			Data:   c.payload(stmt, 6),
		},
		Position: event.Position(stmt.ColumnInt64(0)),
		Revision: event.Revision(stmt.ColumnInt64(1)),
		At:       time.UnixMicro(stmt.ColumnInt64(5)).UTC(),
	}
	var err error
	if r.Meta, err = event.DecodeMeta(c.passing(stmt, 7)); err != nil {
		return event.Record{}, fmt.Errorf("metadata at %d: %w", r.Position, err)
	}
	return r, nil
}

// typeName gives the one string there is of a type.
func (c *reader) typeName(stmt *sqlite.Stmt, col int) string {
	b := c.passing(stmt, col)
	name, ok := c.types[string(b)]
	if !ok {
		name = string(b)
		c.types[name] = name
	}
	return name
}

// passing reads a column into a buffer that the next call overwrites.
func (c *reader) passing(stmt *sqlite.Stmt, col int) []byte {
	n := stmt.ColumnLen(col)
	c.text = slices.Grow(c.text[:0], n)[:n]
	stmt.ColumnBytes(col, c.text)
	return c.text
}

// payload reads a column into bytes of its own, cut from a larger piece.
func (c *reader) payload(stmt *sqlite.Stmt, col int) []byte {
	n := stmt.ColumnLen(col)
	if n > len(c.chunk) {
		c.chunk = make([]byte, max(n, chunkSize))
	}
	b := c.chunk[:n:n]
	c.chunk = c.chunk[n:]
	stmt.ColumnBytes(col, b)
	return b
}

// read lends a connection.
func (s *Store) read(ctx context.Context, with func(*reader) error) error {
	var c *reader
	select {
	case <-s.closing:
		return event.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c = <-s.readers:
	case <-s.closing:
		return event.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	if err := with(c); err != nil {
		return fmt.Errorf("sqlite: read journal: %w", err)
	}
	return nil
}

// names keeps the names of streams by their number; neither ever changes.
type names struct {
	mu    sync.RWMutex
	bySID map[int64]string
}

// of looks a name up, in the database the first time.
func (n *names) of(conn *sqlite.Conn, sid int64) (string, error) {
	n.mu.RLock()
	name, ok := n.bySID[sid]
	n.mu.RUnlock()
	if ok {
		return name, nil
	}
	stmt, err := conn.Prepare(`SELECT name FROM streams WHERE sid = ?`)
	if err != nil {
		return "", err
	}
	stmt.BindInt64(1, sid)
	if _, err := stmt.Step(); err != nil {
		return "", err
	}
	name = stmt.ColumnText(0)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bySID == nil || len(n.bySID) >= knownStreams {
		n.bySID = map[int64]string{}
	}
	n.bySID[sid] = name
	return name, stmt.Reset()
}

// pollEvery is how often a process that only reads looks whether another has written.
const pollEvery = 250 * time.Millisecond

// watch rings when another process has committed: PRAGMA data_version then changes. A process that writes needs none of this,
// since it is the only one.
func (s *Store) watch(conn *sqlite.Conn) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var seen int64
	for {
		version, err := dataVersion(conn)
		if err != nil || version != seen {
			s.news.ring() // with an error too: who reads will meet it and tell
		}
		seen = version
		select {
		case <-s.closing:
			s.err = conn.Close()
			return
		case <-tick.C:
		}
	}
}

func dataVersion(conn *sqlite.Conn) (int64, error) {
	stmt, err := conn.Prepare("PRAGMA data_version")
	if err != nil {
		return 0, err
	}
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	return stmt.ColumnInt64(0), stmt.Reset()
}
