package sqlite

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	checkpointEvery  = time.Second
	checkpointEvents = 10_000 // or after so many events, about 40 MiB of log
	longLog          = 10_240 // pages, 40 MiB: from here on the writer is asked to let the log begin anew
	idleTicks        = 10     // without a commit: then the log gives its space back
)

// checkpointer copies the write-ahead log into the database file beside the writer, which then never pays for it in an append.
//
// The log begins anew only when all of it was copied and the writer then writes. Under steady load a copy beside the writer never
// gets there, so when the log has grown long the writer is asked to copy the small rest itself, between two batches.
//
// SQLite before 3.51.3 can lose pages when a checkpoint starts on a log that is wholly copied at the very moment the writer begins
// it anew (the "WAL-reset bug"). That cannot be here: one checkpoint runs at a time (mu), and it starts only when a commit has
// ended since the log was last wholly copied, for such a log cannot begin anew before it is copied again.
type checkpointer struct {
	path string
	log  *slog.Logger
	conn *sqlite.Conn
	wake chan struct{}

	mu      sync.Mutex    // held by whoever copies
	copied  uint64        // commits when the log was last found wholly copied, or a few later; guarded by mu
	commits atomic.Uint64 // transactions that wrote
	pending atomic.Int64  // events since the last copy
	long    atomic.Bool   // the log is long: the writer is to copy the rest
}

// checkpointerPragmas: an append must not wait long behind a truncation that waits for readers.
var checkpointerPragmas = append(slices.Clone(writerPragmas), "busy_timeout = 100")

func newCheckpointer(path string, log *slog.Logger) *checkpointer {
	return &checkpointer{path: path, log: log, wake: make(chan struct{}, 1)}
}

func (c *checkpointer) open() (err error) {
	c.conn, err = openConn(c.path, sqlite.OpenReadWrite, checkpointerPragmas...)
	return err
}

func (c *checkpointer) close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

// committed is told of every commit, after it.
func (c *checkpointer) committed(events int) {
	c.commits.Add(1)
	if c.pending.Add(int64(events)) >= checkpointEvents {
		select {
		case c.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

func (c *checkpointer) run(stop <-chan struct{}) {
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	var seen uint64
	idle := 0
	for {
		select {
		case <-stop:
			return
		case <-c.wake:
		case <-tick.C:
		}
		if now := c.commits.Load(); now != seen {
			seen, idle = now, 0
		} else {
			idle++
		}
		var err error
		switch {
		case idle < idleTicks:
			err = c.copy()
		case idle == idleTicks:
			err = c.truncate()
		}
		if err != nil {
			c.log.Warn("journal: checkpoint", "err", err)
		}
	}
}

// copy brings over what can be brought over beside readers and writer.
func (c *checkpointer) copy() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	inLog, err := c.passive(c.conn)
	c.long.Store(inLog > longLog)
	return err
}

// finish copies the rest on the writer's own connection, if the log has grown long. Nothing is added meanwhile, so the next batch
// begins the log anew, unless a reader still looks at an older state.
func (c *checkpointer) finish(conn *sqlite.Conn) {
	if !c.long.Load() || !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	c.long.Store(false)
	if _, err := c.passive(conn); err != nil {
		c.log.Warn("journal: checkpoint", "err", err)
	}
}

// passive copies what nobody holds, and gives the length of the log in pages.
func (c *checkpointer) passive(conn *sqlite.Conn) (inLog int, err error) {
	if c.commits.Load() == c.copied {
		return 0, nil
	}
	c.pending.Store(0)
	inLog, copied, err := checkpoint(conn, "PASSIVE")
	if err == nil && copied == inLog {
		c.copied = c.commits.Load()
	}
	return inLog, err
}

// truncate gives the log's space back. It holds the write lock while it works, so it waits for a quiet time.
func (c *checkpointer) truncate() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _, err := checkpoint(c.conn, "TRUNCATE")
	return err
}

var errBusy = errors.New("sqlite: readers hold the log")

func checkpoint(conn *sqlite.Conn, mode string) (inLog, copied int, err error) {
	stmt, err := conn.Prepare("PRAGMA wal_checkpoint(" + mode + ")")
	if err != nil {
		return 0, 0, err
	}
	if _, err := stmt.Step(); err != nil {
		return 0, 0, fmt.Errorf("sqlite: checkpoint: %w", err)
	}
	if stmt.ColumnInt(0) != 0 {
		err = errBusy
	}
	return stmt.ColumnInt(1), stmt.ColumnInt(2), errors.Join(err, stmt.Reset())
}
