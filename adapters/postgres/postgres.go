// Package postgres is the journal in a PostgreSQL database, for several nodes.
//
// An identity column becomes visible out of order, so that a reader that follows it loses records. Here every append takes one lock
// for the whole journal, held until it is on disk and visible (journal.begin_append in the migrations), and positions follow each
// other without a hole. What the lock costs is paid once for many: one goroutine a node writes, takes what waits, up to 512 appends,
// has the server check each on its own, and commits them together in one call (writer.go). No node remembers what another could
// change. LISTEN wakes subscribers on every node (watch.go).
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/domain/event"
	"approdo/migrations"
)

// Options of Open. The zero value is good.
type Options struct {
	Log *slog.Logger // what the background has to tell, never about people; nil: slog.Default()
}

// Store is a journal in a PostgreSQL database. Positions are dense, from 1. It survives a server that is restarted: what cannot be
// answered meanwhile is event.ErrUnavailable or event.ErrUnknownOutcome, and subscriptions wait.
type Store struct {
	readers *pgxpool.Pool
	writer  *writer
	watcher *watcher
	news    *bell
	closing chan struct{} // closed by the first Close
	closed  chan struct{} // closed once everything is freed

	mu   sync.RWMutex // guards shut, so that nobody sends on a closed queue
	shut bool

	background sync.WaitGroup
}

var _ event.Importer = (*Store)(nil)

// Open opens the journal in the database that a connection string names, and creates its schema where there is none. The string is
// as pgx reads it, so pool_max_conns bounds the connections that read; two more write and listen. Behind PgBouncer, which hands a
// session on after each transaction, everything works but that subscribers are woken each second instead of at once; one older than
// 1.21 also wants default_query_exec_mode=cache_describe.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err) // it hides a password
	}
	if mode := config.ConnConfig.DefaultQueryExecMode; mode == pgx.QueryExecModeExec || mode == pgx.QueryExecModeSimpleProtocol {
		return nil, fmt.Errorf("postgres: default_query_exec_mode=%s gives rows as text; cache_describe does without prepared statements too", mode)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectPatience
	}
	s := &Store{news: newBell(), closing: make(chan struct{}), closed: make(chan struct{})}
	if s.readers, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	s.writer = newWriter(config.ConnConfig, s.readers, s.news, o.Log)
	s.watcher = &watcher{config: config.ConnConfig, news: s.news, log: o.Log}
	if err := s.writer.open(ctx); err != nil {
		s.readers.Close()
		return nil, err
	}
	err = migrations.Postgres(ctx, s.writer.conn, "journal")
	if err == nil {
		err = s.writer.find(ctx)
	}
	if err != nil {
		s.readers.Close()
		return nil, errors.Join(err, s.writer.close())
	}
	s.background.Go(s.writer.run)
	s.background.Go(func() { s.watcher.run(s.closing) })
	return s, nil
}

// connect opens a connection of its own, beside the pool.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	return conn, nil
}

// Append implements event.Store. An id that is already elsewhere in the journal is event.ErrCorruptIdempotency. Where the connection
// broke on the way, it was tried once more before the answer, so that Duplicate may also mean this very call.
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
	if err := s.enqueue(r); err != nil {
		return event.Result{}, err
	}
	select {
	case ans := <-r.done:
		if ans.refused {
			return s.explain(ctx, a, ans.cur)
		}
		return ans.res, ans.err
	case <-ctx.Done():
		return event.Result{}, fmt.Errorf("%w: %w", event.ErrUnknownOutcome, ctx.Err())
	}
}

func (s *Store) enqueue(r *request) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.shut {
		return event.ErrClosed
	}
	select {
	case s.writer.queue <- r:
		return nil
	default:
		return event.ErrOverloaded
	}
}

// explain says why nothing was written for an append: its events are there already, or the stream was not as expected, its last
// revision being cur. What it looks for never changes, so it needs no lock.
func (s *Store) explain(ctx context.Context, a event.Append, cur event.Revision) (event.Result, error) {
	conflict := &event.ConflictError{Stream: a.Stream, Expected: a.Expected, Actual: cur}
	byID := a.Expected == event.Any || a.Expected == event.StreamExists
	if byID && cur < 0 && a.Expected == event.StreamExists || len(a.Events) == 0 {
		return event.Result{}, conflict
	}
	ids := make([]pgtype.UUID, len(a.Events))
	for i, d := range a.Events {
		ids[i] = pgtype.UUID{Bytes: d.ID, Valid: true}
	}
	const found = `SELECT count(*), coalesce(max(e.rev), 0), coalesce(max(e.pos), 0) FROM unnest($2::uuid[]) WITH ORDINALITY AS n (id, i)
		JOIN journal.events e ON e.id = n.id AND e.stream = $1`
	var n int
	var res event.Result
	var err error
	if byID {
		err = s.row(ctx, []any{&n, &res.Last, &res.Position}, found, a.Stream, ids)
	} else {
		err = s.row(ctx, []any{&n, &res.Last, &res.Position}, found+` AND e.rev = $3 + n.i`, a.Stream, ids, int64(a.Expected))
	}
	switch {
	case err != nil:
		return event.Result{}, err
	case n == len(a.Events):
		res.Duplicate = true
		return res, nil
	case n == 0 && !byID:
		return event.Result{}, conflict
	default:
		return event.Result{}, event.ErrCorruptIdempotency
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
		close(s.writer.queue)
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
	return nil
}

// free waits for the background to finish what was taken, then for readers to finish their pages.
func (s *Store) free() {
	defer close(s.closed)
	s.background.Wait()
	s.readers.Close()
}
