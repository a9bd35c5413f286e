package sqlite

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"approdo/domain/event"
)

// defaultPage is how many records a page looks at where the caller does not say.
const defaultPage = 1000

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

const (
	columns     = `SELECT pos, rev, id, type, ver, ts, data, meta, sid FROM events `
	forwardSQL  = columns + `WHERE sid = (SELECT sid FROM streams WHERE name = ?) AND rev >= ? ORDER BY rev LIMIT ?`
	backwardSQL = columns + `WHERE sid = (SELECT sid FROM streams WHERE name = ?) AND rev <= ? ORDER BY rev DESC LIMIT ?`
	allSQL      = columns + `WHERE pos > ? ORDER BY pos LIMIT ?`
)

func (s *Store) streamPage(ctx context.Context, stream string, from int64, backward bool, size int) (records []event.Record, err error) {
	err = s.read(ctx, func(c *reader) error {
		query := forwardSQL
		if backward {
			query = backwardSQL
		}
		stmt, err := c.conn.Prepare(query)
		if err != nil {
			return err
		}
		stmt.BindText(1, stream)
		stmt.BindInt64(2, from)
		stmt.BindInt64(3, int64(size))
		for {
			there, err := stmt.Step()
			if err != nil || !there {
				return err
			}
			r, err := c.record(stmt)
			if err != nil {
				return errors.Join(err, stmt.Reset())
			}
			r.Stream = stream
			records = append(records, r)
		}
	})
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

// Subscribe implements event.Store.
func (s *Store) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		var page event.Page
		for first := true; ; first = false {
			news := s.news.heard()
			var err error
			page, err = s.page(ctx, after, o.Filter, o.PageSize, len(page.Records))
			if err != nil {
				yield(event.Page{}, err)
				return
			}
			if (first || page.Checkpoint > after) && !yield(page, nil) {
				return
			}
			after = page.Checkpoint
			if !page.CaughtUp {
				continue
			}
			select {
			case <-news:
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
	page.Checkpoint = after
	page.Records = make([]event.Record, 0, guess)
	err = s.read(ctx, func(c *reader) error {
		stmt, err := c.conn.Prepare(allSQL)
		if err != nil {
			return err
		}
		stmt.BindInt64(1, int64(min(after, math.MaxInt64)))
		stmt.BindInt64(2, int64(size)+1) // one more tells whether anything is behind the page
		for range size {
			there, err := stmt.Step()
			if err != nil {
				return err
			}
			if !there {
				page.CaughtUp = true
				return nil
			}
			page.Checkpoint = event.Position(stmt.ColumnInt64(0))
			stream, err := s.names.of(c.conn, stmt.ColumnInt64(8))
			if err != nil {
				return errors.Join(err, stmt.Reset())
			}
			if !keeps(f, stream) {
				continue
			}
			r, err := c.record(stmt)
			if err != nil {
				return errors.Join(err, stmt.Reset())
			}
			r.Stream = stream
			page.Records = append(page.Records, r)
		}
		more, err := stmt.Step()
		page.CaughtUp = !more
		return errors.Join(err, stmt.Reset())
	})
	return page, err
}

func keeps(f event.Filter, stream string) bool {
	return len(f.Prefixes) == 0 || slices.ContainsFunc(f.Prefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
}

// Head implements event.Store.
func (s *Store) Head(ctx context.Context) (head event.Position, err error) {
	err = s.read(ctx, func(c *reader) error {
		head, err = headOf(c.conn)
		return err
	})
	return head, err
}

func headOf(conn *sqlite.Conn) (event.Position, error) {
	stmt, err := conn.Prepare(`SELECT coalesce(max(pos), 0) FROM events`)
	if err != nil {
		return 0, err
	}
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	return event.Position(stmt.ColumnInt64(0)), stmt.Reset()
}
