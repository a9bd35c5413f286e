package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"approdo/domain/event"
)

// defaultPage is how many records a page looks at where the caller does not say.
const defaultPage = 1000

const (
	columns     = `SELECT pos, stream, rev, id, type, ver, ts, data, meta FROM journal.events `
	forwardSQL  = columns + `WHERE stream = $1 AND rev >= $2 ORDER BY rev LIMIT $3`
	backwardSQL = columns + `WHERE stream = $1 AND rev <= $2 ORDER BY rev DESC LIMIT $3`
	allSQL      = columns + `WHERE pos > $1 ORDER BY pos LIMIT $2`
	headSQL     = `SELECT coalesce(max(pos), 0) FROM journal.events`
)

// ReadStream implements event.Store.
func (s *Store) ReadStream(ctx context.Context, stream string, o event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		from, left := int64(o.From), o.Limit
		if o.Backward && from == 0 {
			from = math.MaxInt64
		}
		for {
			size := defaultPage
			if o.Limit > 0 {
				size = min(size, left)
			}
			records, err := s.streamPage(ctx, stream, from, o.Backward, size)
			if err != nil {
				yield(event.Record{}, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
			left -= len(records)
			if len(records) < size || left == 0 {
				return
			}
			from = int64(records[len(records)-1].Revision) + 1
			if o.Backward {
				if from -= 2; from < 0 {
					return
				}
			}
		}
	}
}

func (s *Store) streamPage(ctx context.Context, stream string, from int64, backward bool, size int) (records []event.Record, err error) {
	query := forwardSQL
	if backward {
		query = backwardSQL
	}
	err = s.rows(ctx, func(rows pgx.Rows) error {
		records = nil
		d := decoder{types: map[string]string{}}
		for rows.Next() {
			r, err := d.record(rows.RawValues())
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	}, query, stream, from, size)
	return records, err
}

// ReadAll implements event.Store. While the caller looks at a page, the next one is read.
func (s *Store) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		page, err := s.page(ctx, after, o.Filter, o.PageSize, 0)
		for err == nil && page.Checkpoint > after {
			next := make(chan func() (event.Page, error), 1)
			if !page.CaughtUp {
				go func() {
					p, err := s.page(ctx, page.Checkpoint, o.Filter, o.PageSize, len(page.Records))
					next <- func() (event.Page, error) { return p, err }
				}()
			}
			if !yield(page, nil) || page.CaughtUp {
				return
			}
			after = page.Checkpoint
			page, err = (<-next)()
		}
		if err != nil {
			yield(event.Page{}, err)
		}
	}
}

// Subscribe implements event.Store. It outlives a server that is gone for a while; the watcher tells of that.
func (s *Store) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		size := 0
		for first := true; ; {
			news := s.news.heard()
			var again <-chan time.Time
			page, err := s.page(ctx, after, o.Filter, o.PageSize, size)
			switch {
			case errors.Is(err, event.ErrUnavailable):
				page.CaughtUp, again = true, time.After(lookEvery)
			case err != nil:
				yield(event.Page{}, err)
				return
			case (first || page.Checkpoint > after) && !yield(page, nil):
				return
			default:
				after, size, first = page.Checkpoint, len(page.Records), false
			}
			if !page.CaughtUp {
				continue
			}
			select {
			case <-news:
			case <-again:
			case <-s.closing:
			case <-ctx.Done():
			}
		}
	}
}

// page reads the records behind a position; guess is how many there may be.
func (s *Store) page(ctx context.Context, after event.Position, f event.Filter, size, guess int) (page event.Page, err error) {
	if size <= 0 {
		size = defaultPage
	}
	err = s.rows(ctx, func(rows pgx.Rows) error {
		page = event.Page{Checkpoint: after, CaughtUp: true, Records: make([]event.Record, 0, guess)}
		d := decoder{types: map[string]string{}}
		for looked := 0; rows.Next(); looked++ {
			if looked == size { // one more tells that there is something behind the page
				page.CaughtUp = false
				return nil
			}
			row := rows.RawValues()
			page.Checkpoint = event.Position(binary.BigEndian.Uint64(row[0]))
			if !keeps(f, row[1]) {
				continue
			}
			r, err := d.record(row)
			if err != nil {
				return err
			}
			page.Records = append(page.Records, r)
		}
		return nil
	}, allSQL, int64(min(after, math.MaxInt64)), int64(size)+1)
	return page, err
}

func keeps(f event.Filter, stream []byte) bool {
	return len(f.Prefixes) == 0 || slices.ContainsFunc(f.Prefixes, func(p string) bool { return strings.HasPrefix(string(stream), p) })
}

// Head implements event.Store.
func (s *Store) Head(ctx context.Context) (head event.Position, err error) {
	err = s.row(ctx, []any{&head}, headSQL)
	return head, err
}

// readPatience bounds the reading of a page: a server that is gone without a word is not waited for.
const readPatience = 30 * time.Second

// row reads one row.
func (s *Store) row(ctx context.Context, into []any, query string, args ...any) error {
	return s.lend(ctx, func() error {
		within, cancel := context.WithTimeout(ctx, readPatience)
		defer cancel()
		return s.readers.QueryRow(within, query, args...).Scan(into...)
	})
}

// rows reads the rows of columns, in binary. What is done with them may be done again from the beginning.
func (s *Store) rows(ctx context.Context, with func(pgx.Rows) error, query string, args ...any) error {
	return s.lend(ctx, func() error {
		within, cancel := context.WithTimeout(ctx, readPatience)
		defer cancel()
		rows, err := s.readers.Query(within, query, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		if err := with(rows); err != nil {
			return &decodeError{err}
		}
		rows.Close()
		return rows.Err()
	})
}

// decodeError is the error of a row that was read and makes no sense.
type decodeError struct{ error }

// lend lets somebody use the readers' connections, and lets him begin again on new ones where his broke. A connection is held for a
// page at a time and never while the caller looks at it: a slow caller keeps nobody waiting.
func (s *Store) lend(ctx context.Context, read func() error) error {
	if s.isClosing() {
		return event.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := read()
	if broken(err) && ctx.Err() == nil && !s.isClosing() {
		s.readers.Reset() // the server was restarted, and the others are as broken
		err = read()
	}
	var wrong *decodeError
	var conflict *event.ConflictError
	switch {
	case err == nil, errors.As(err, &conflict), errors.Is(err, event.ErrCorruptIdempotency):
		return err
	case errors.As(err, &wrong):
		return fmt.Errorf("postgres: read journal: %w", wrong.error)
	case ctx.Err() != nil:
		return ctx.Err()
	case s.isClosing(): // the pool was closed under it
		return event.ErrClosed
	default:
		return fmt.Errorf("%w: read journal: %w", event.ErrUnavailable, err)
	}
}

func (s *Store) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// broken reports whether an error is of the connection and not of what was asked over it.
func broken(err error) bool {
	var told *pgconn.PgError
	var cannot *pgconn.ConnectError
	var wrong *decodeError
	var conflict *event.ConflictError
	switch {
	case err == nil, errors.As(err, &wrong), errors.As(err, &conflict), errors.As(err, &cannot):
		return false
	case errors.As(err, &told):
		return told.Severity != "ERROR"
	default:
		return true
	}
}

// decoder turns rows into records at the cost of few allocations.
type decoder struct {
	types map[string]string // every type it met, by itself
	chunk []byte            // what is left for payloads to be cut from
	size  int               // of the next chunk: a stream is short, a page of the journal is not
}

// The sizes of a decoder's first chunk and of its largest, unless a payload is larger still.
const (
	firstChunk = 4 << 10
	lastChunk  = 64 << 10
)

// epoch is where PostgreSQL counts its microseconds from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// record reads a row of columns, each as the server's own type has it in binary.
func (d *decoder) record(row [][]byte) (event.Record, error) {
	r := event.Record{
		Draft: event.Draft{
			ID:     [16]byte(row[3]),
			Type:   d.typeName(row[4]),
			Schema: uint16(binary.BigEndian.Uint32(row[5])),
			Data:   d.payload(row[7]),
		},
		Stream:   string(row[1]),
		Position: event.Position(binary.BigEndian.Uint64(row[0])),
		Revision: event.Revision(binary.BigEndian.Uint64(row[2])),
		At:       time.UnixMicro(epoch + int64(binary.BigEndian.Uint64(row[6]))).UTC(),
	}
	var err error
	if r.Meta, err = event.DecodeMeta(row[8]); err != nil {
		return event.Record{}, fmt.Errorf("metadata at %d: %w", r.Position, err)
	}
	return r, nil
}

// typeName gives the one string there is of a type.
func (d *decoder) typeName(b []byte) string {
	name, ok := d.types[string(b)]
	if !ok {
		name = string(b)
		d.types[name] = name
	}
	return name
}

// payload copies bytes into a place of their own, cut from a larger piece.
func (d *decoder) payload(b []byte) []byte {
	n := len(b)
	if n > len(d.chunk) {
		d.size = min(max(2*d.size, firstChunk), lastChunk)
		d.chunk = make([]byte, max(n, d.size))
	}
	own := d.chunk[:n:n]
	d.chunk = d.chunk[n:]
	copy(own, b)
	return own
}
