package state

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"approdo/domain/ledger"
)

// Ledger keeps the signed checkpoints, and to whom they were sent.
type Ledger struct{ s *Store }

// Ledger is kept in the same database.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// Keep adds a checkpoint. It is ledger.ErrShrunk where one of this size or a larger one is there already.
func (l Ledger) Keep(ctx context.Context, c ledger.Signed) error {
	changed := int64(0)
	err := l.s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE state.ledger_checkpoints IN EXCLUSIVE MODE"); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO state.ledger_checkpoints (size, note, at) SELECT $1::bigint, $2::bytea, $3::timestamptz
			WHERE NOT EXISTS (SELECT 1 FROM state.ledger_checkpoints WHERE size >= $1)`, c.Size, c.Note, c.At)
		changed = tag.RowsAffected()
		return err
	})
	if err == nil && changed == 0 {
		return ledger.ErrShrunk
	}
	return err
}

// Newest lists checkpoints with fewer records than below, the largest first.
func (l Ledger) Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error) {
	return l.list(ctx, "WHERE size < $1 ORDER BY size DESC LIMIT $2", below, limit)
}

// Oldest lists checkpoints with more records than above, the smallest first.
func (l Ledger) Oldest(ctx context.Context, above int64, limit int) ([]ledger.Signed, error) {
	return l.list(ctx, "WHERE size > $1 ORDER BY size LIMIT $2", above, limit)
}

func (l Ledger) list(ctx context.Context, which string, args ...any) ([]ledger.Signed, error) {
	return rows(ctx, l.s, func(r pgx.CollectableRow) (c ledger.Signed, err error) {
		err = r.Scan(&c.Size, &c.Note, &c.At)
		c.At = c.At.UTC()
		return c, err
	}, "SELECT size, note, at FROM state.ledger_checkpoints "+which, args...)
}

// Refused is why nothing is signed, and since when; no code while there is nothing to refuse.
func (l Ledger) Refused(ctx context.Context) (code string, since time.Time, err error) {
	_, err = l.s.row(ctx, []any{&code, &since}, "SELECT code, since FROM state.ledger_refusal")
	return code, since.UTC(), err
}

// Refuse says that nothing is signed and why, or, without a code, that there is nothing to refuse. The instant of the first refusal stays.
func (l Ledger) Refuse(ctx context.Context, code string, at time.Time) error {
	if code == "" {
		_, err := l.s.exec(ctx, "DELETE FROM state.ledger_refusal")
		return err
	}
	_, err := l.s.exec(ctx, `INSERT INTO state.ledger_refusal (one, code, since) VALUES (1, $1, $2)
		ON CONFLICT (one) DO UPDATE SET code = excluded.code`, code, at)
	return err
}

// Sent is the size of the checkpoint that a destination was last sent, and when; 0 where it was sent none.
func (l Ledger) Sent(ctx context.Context, destination string) (size int64, at time.Time, err error) {
	_, err = l.s.row(ctx, []any{&size, &at}, "SELECT size, at FROM state.ledger_sent WHERE destination = $1", destination)
	return size, at.UTC(), err
}

// MarkSent remembers what a destination was sent.
func (l Ledger) MarkSent(ctx context.Context, destination string, size int64, at time.Time) error {
	_, err := l.s.exec(ctx, `INSERT INTO state.ledger_sent (destination, size, at) VALUES ($1, $2, $3)
		ON CONFLICT (destination) DO UPDATE SET size = excluded.size, at = excluded.at`, destination, size, at)
	return err
}
