package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/domain/event"
)

const (
	queueSize = 4096    // appends that may wait; one more is event.ErrOverloaded
	setSize   = 512     // appends committed together at most
	setBytes  = 1 << 20 // and bytes, give or take the last append

	connectPatience = 5 * time.Second
	tellEvery       = 5 * time.Millisecond // other nodes are told at once, but not more often
	writePatience   = 30 * time.Second     // for an answer to a set; the lock itself is waited for two seconds (journal.begin_append)
)

// What the server calls its errors.
const (
	lockNotAvailable = "55P03"
	uniqueViolation  = "23505"
	noJSON           = "22P02"
	noUTF8           = "22021"
	tooLong          = "54000" // a name, for an index
	tooDeep          = "54001" // JSON, for the stack
)

// request is an append on its way, with copies of all it needs: whoever gave up waiting may do as he likes with his own.
type request struct {
	stream   string
	expected event.Expected
	rows     []row
	bytes    int
	done     chan answer // takes one without waiting
}

type row struct {
	id         pgtype.UUID
	name       string
	schema     uint16
	data, meta string
}

type answer struct {
	res     event.Result
	err     error
	refused bool           // nothing was written, for a reason that the server did not look for
	cur     event.Revision // where refused: the stream's last
}

func newRequest(a event.Append) (*request, error) {
	r := &request{stream: a.Stream, expected: a.Expected, rows: make([]row, len(a.Events)), done: make(chan answer, 1)}
	for i, d := range a.Events {
		d.Meta.At = d.Meta.At.UTC()
		meta, err := d.Meta.Encode()
		if err != nil {
			return nil, fmt.Errorf("postgres: metadata of %s: %w", d.Type, err)
		}
		r.rows[i] = row{id: pgtype.UUID{Bytes: d.ID, Valid: true}, name: d.Type, schema: d.Schema, data: string(d.Data), meta: string(meta)}
		r.bytes += len(d.Data) + len(meta)
	}
	return r, nil
}

// writer owns the one connection of this node that appends. It keeps no knowledge of the journal that another node could outdate.
type writer struct {
	config *pgx.ConnConfig
	pool   *pgxpool.Pool // for telling other nodes later
	queue  chan *request
	news   *bell
	log    *slog.Logger

	conn    *pgx.Conn           // nil after it was lost, until the next set
	rest    []*request          // taken from the queue and not yet in a set, in their order
	streams map[string]struct{} // of the set being gathered
	last    event.Position      // of what was acknowledged
	down    bool                // the connection was lost and that was told
	telling bool                // the call under way tells other nodes
	told    time.Time           // when a call last did
	owed    atomic.Bool         // they will be told of what was written since
}

func newWriter(config *pgx.ConnConfig, pool *pgxpool.Pool, news *bell, log *slog.Logger) *writer {
	return &writer{config: config, pool: pool, queue: make(chan *request, queueSize), news: news, log: log, streams: map[string]struct{}{}}
}

func (w *writer) open(ctx context.Context) (err error) {
	w.conn, err = connect(ctx, w.config)
	return err
}

// find looks for the end of the journal and wants all that was acknowledged. A server that took over without having it would give
// its positions away a second time.
func (w *writer) find(ctx context.Context) error {
	head := event.Position(0)
	if err := w.conn.QueryRow(ctx, headSQL).Scan(&head); err != nil {
		return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	if head < w.last {
		return fmt.Errorf("%w: the journal ends at %d, %d was acknowledged", event.ErrUnavailable, head, w.last)
	}
	w.news.ring() // a commit whose answer was lost may have come through
	return nil
}

// run commits what comes until the queue is closed and empty. It never lingers for more: while one set is on its way to the disk
// the next one gathers.
func (w *writer) run() {
	for set := w.gather(); len(set) > 0; set = w.gather() {
		w.commit(set)
		runtime.Gosched() // whoever was just answered may have more at once: then the set holds a third more, and costs no more
	}
	w.tellNow()
	if err := w.close(); err != nil {
		w.log.Debug("journal: closing the writing connection", "err", err)
	}
}

// gather waits for an append and takes what waits behind it. A stream stands in a set once: a second append to it waits for the
// next, and so does all that comes after it to this stream.
func (w *writer) gather() []*request {
	if len(w.rest) == 0 {
		r, open := <-w.queue
		if !open {
			return nil
		}
		w.rest = append(w.rest, r)
	}
	for waiting := true; waiting && len(w.rest) < setSize; {
		select {
		case r, open := <-w.queue:
			if waiting = open; open {
				w.rest = append(w.rest, r)
			}
		default:
			waiting = false
		}
	}
	clear(w.streams)
	set, bytes, put := make([]*request, 0, len(w.rest)), 0, 0
	for _, r := range w.rest {
		if _, there := w.streams[r.stream]; there || bytes >= setBytes {
			w.rest[put] = r
			put++
			continue
		}
		w.streams[r.stream] = struct{}{}
		set, bytes = append(set, r), bytes+r.bytes
	}
	clear(w.rest[put:])
	w.rest = w.rest[:put]
	return set
}

// commit writes a set and answers it. Where the set as a whole is refused, each append is tried again by itself, so that one cannot
// spoil the others. Where the connection broke, each is tried again on a new one: its ids make that harmless and tell what became of
// it. While there is no connection nobody waits for a second attempt.
func (w *writer) commit(set []*request) {
	connected := w.conn != nil
	answers, whole := w.transact(set)
	if whole == nil {
		for i, r := range set {
			r.done <- answers[i]
		}
		return
	}
	broken := connected && w.conn == nil
	again := broken || len(set) > 1 && refused(whole)
	for _, r := range set {
		ans := answer{err: whole}
		if again {
			answers, err := w.transact([]*request{r})
			again = err == nil || refused(err)
			switch {
			case err == nil:
				ans = answers[0]
			case broken && !again:
				ans.err = fmt.Errorf("%w; then: %w", whole, err)
			default:
				ans.err = err
			}
		}
		r.done <- ans
	}
}

// refused reports whether an error is about what was to be written, and not about the server.
func refused(err error) bool {
	return errors.Is(err, event.ErrCorruptIdempotency) || errors.Is(err, event.ErrMalformed)
}

// transact writes appends in one transaction. The answers hold once it returns without error; with an error nothing was written,
// or, where it is event.ErrUnknownOutcome, perhaps all.
func (w *writer) transact(set []*request) ([]answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), writePatience)
	defer cancel()
	if w.conn == nil {
		err := w.open(ctx)
		if err == nil {
			err = w.find(ctx)
		}
		if err != nil {
			w.lose("opening", err)
			return nil, err
		}
		w.log.Info("journal: the writing connection is back")
		w.down = false
	}
	// A notification wakes a process of the server and one of each node, this one's too: to a lone writer that is a third of his time.
	w.telling = time.Since(w.told) >= tellEvery
	answers, err := w.write(ctx, set)
	if err != nil {
		return nil, w.fail(err)
	}
	before := w.last
	for _, a := range answers {
		w.last = max(w.last, a.res.Position)
	}
	if w.last > before {
		w.news.ring()
		w.tell()
	}
	return answers, nil
}

// tell sees to it that other nodes hear of what was just written, if the call did not tell them.
func (w *writer) tell() {
	if w.telling {
		w.told = time.Now()
		return
	}
	if !w.owed.Swap(true) {
		time.AfterFunc(tellEvery, w.tellNow)
	}
}

// tellNow tells what is owed. Should it fail, other nodes look by themselves within a second.
func (w *writer) tellNow() {
	if !w.owed.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	if _, err := w.pool.Exec(ctx, "SELECT pg_notify('journal', '')"); err != nil {
		w.log.Debug("journal: telling other nodes", "err", err)
	}
}

// fail says what the failure of a call means for the appends in it.
func (w *writer) fail(err error) error {
	if w.conn.IsClosed() && !pgconn.SafeToRetry(err) {
		w.lose("writing", err)
		return fmt.Errorf("%w: %w", event.ErrUnknownOutcome, err)
	}
	var told *pgconn.PgError
	if errors.As(err, &told) && !w.conn.IsClosed() {
		switch told.Code {
		case lockNotAvailable:
			return fmt.Errorf("%w: %w", event.ErrOverloaded, err)
		case uniqueViolation:
			return fmt.Errorf("%w: %w", event.ErrCorruptIdempotency, err)
		case noJSON, noUTF8, tooLong, tooDeep:
			return fmt.Errorf("%w: %w", event.ErrMalformed, err)
		}
	}
	w.lose("writing", err)
	return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
}

// lose gives the connection up, and tells it once.
func (w *writer) lose(doing string, err error) {
	err = errors.Join(err, w.close())
	if !w.down {
		w.log.Error("journal: lost the writing connection", "while", doing, "err", err)
	}
	w.down = true
}

// close gives the connection back.
func (w *writer) close() error {
	if w.conn == nil || w.conn.IsClosed() {
		w.conn = nil
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	conn := w.conn
	w.conn = nil
	return conn.Close(ctx)
}
