package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"approdo/domain/event"
)

// Import implements event.Importer. Its records are written in one transaction, past the queue: nobody else appends meanwhile.
func (s *Store) Import(ctx context.Context, records []event.Record) error {
	var fresh []event.Record
	err := s.lend(ctx, func() error {
		err := pgx.BeginFunc(ctx, s.readers, func(tx pgx.Tx) (err error) {
			var head int64
			if err = tx.QueryRow(ctx, "SELECT journal.begin_append()").Scan(&head); err != nil {
				return err
			}
			if fresh, err = missing(ctx, tx, records); err != nil || len(fresh) == 0 {
				return err
			}
			return copyIn(ctx, tx, head, fresh)
		})
		var told *pgconn.PgError
		if errors.As(err, &told) && told.Code == uniqueViolation {
			return fmt.Errorf("%w: %w", event.ErrCorruptIdempotency, err)
		}
		return err
	})
	if err == nil && len(fresh) > 0 {
		s.news.ring()
	}
	return err
}

// missing gives the records that are not there yet. Each MUST be the next of its stream.
func missing(ctx context.Context, tx pgx.Tx, records []event.Record) (fresh []event.Record, err error) {
	var streams []string
	heads := map[string]event.Revision{}
	for _, r := range records {
		if _, there := heads[r.Stream]; !there {
			heads[r.Stream] = event.Revision(event.NoStream)
			streams = append(streams, r.Stream)
		}
	}
	rows, err := tx.Query(ctx, `SELECT s, h.rev FROM unnest($1::text[]) AS s, LATERAL (SELECT max(rev) AS rev FROM journal.events WHERE stream = s) h
		WHERE h.rev IS NOT NULL`, streams)
	if err != nil {
		return nil, err
	}
	var stream string
	var rev event.Revision
	if _, err := pgx.ForEachRow(rows, []any{&stream, &rev}, func() error { heads[stream] = rev; return nil }); err != nil {
		return nil, err
	}
	for _, r := range records {
		head := heads[r.Stream]
		conflict := &event.ConflictError{Stream: r.Stream, Expected: event.Expected(r.Revision) - 1, Actual: head}
		switch {
		case r.Revision == head+1:
			heads[r.Stream] = r.Revision
			fresh = append(fresh, r)
		case r.Revision > head:
			return nil, conflict
		default:
			var there bool
			err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM journal.events WHERE stream = $1 AND rev = $2 AND id = $3)`,
				r.Stream, int64(r.Revision), pgtype.UUID{Bytes: r.ID, Valid: true}).Scan(&there)
			if err != nil {
				return nil, err
			}
			if !there {
				return nil, conflict
			}
		}
	}
	return fresh, nil
}

// copyIn writes records behind the head.
func copyIn(ctx context.Context, tx pgx.Tx, head int64, records []event.Record) error {
	rows := pgx.CopyFromSlice(len(records), func(i int) ([]any, error) {
		r := records[i]
		r.Meta.At = r.Meta.At.UTC()
		meta, err := r.Meta.Encode()
		return []any{head + int64(i) + 1, r.Stream, int64(r.Revision), pgtype.UUID{Bytes: r.ID, Valid: true}, r.Type, int32(r.Schema),
			r.At.Truncate(time.Microsecond), r.Data, meta}, err
	})
	columns := []string{"pos", "stream", "rev", "id", "type", "ver", "ts", "data", "meta"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"journal", "events"}, columns, rows); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "SELECT pg_notify('journal', '')")
	return err
}
