package state

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"approdo/domain/ledger"
)

// Ledger keeps the signed checkpoints, and to whom they were sent.
type Ledger struct{ s *Store }

// Ledger is kept in the same file.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// Keep adds a checkpoint. It is ledger.ErrShrunk where one of this size or a larger one is there already.
func (l Ledger) Keep(ctx context.Context, c ledger.Signed) error {
	return l.s.write(ctx, func(conn *sqlite.Conn) error {
		err := exec(conn, `INSERT INTO ledger_checkpoints (size, note, at) SELECT ?1, ?2, ?3
			WHERE NOT EXISTS (SELECT 1 FROM ledger_checkpoints WHERE size >= ?1)`, c.Size, c.Note, ms(c.At))
		if err == nil && conn.Changes() == 0 {
			return ledger.ErrShrunk
		}
		return err
	})
}

// Newest lists checkpoints with fewer records than below, the largest first.
func (l Ledger) Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error) {
	return l.list(ctx, "WHERE size < ? ORDER BY size DESC LIMIT ?", below, limit)
}

// Oldest lists checkpoints with more records than above, the smallest first.
func (l Ledger) Oldest(ctx context.Context, above int64, limit int) ([]ledger.Signed, error) {
	return l.list(ctx, "WHERE size > ? ORDER BY size LIMIT ?", above, limit)
}

func (l Ledger) list(ctx context.Context, which string, args ...any) (found []ledger.Signed, err error) {
	err = l.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			found = append(found, ledger.Signed{Size: r.GetInt64("size"), Note: blob(r, "note"), At: instant(r, "at")})
			return nil
		}, "SELECT size, note, at FROM ledger_checkpoints "+which, args...)
	})
	return found, err
}

// Refused is why nothing is signed, and since when; no code while there is nothing to refuse.
func (l Ledger) Refused(ctx context.Context) (code string, since time.Time, err error) {
	err = l.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			code, since = r.GetText("code"), instant(r, "since")
			return nil
		}, "SELECT code, since FROM ledger_refusal")
	})
	return code, since, err
}

// Refuse says that nothing is signed and why, or, without a code, that there is nothing to refuse. The instant of the first refusal stays.
func (l Ledger) Refuse(ctx context.Context, code string, at time.Time) error {
	return l.s.write(ctx, func(c *sqlite.Conn) error {
		if code == "" {
			return exec(c, "DELETE FROM ledger_refusal")
		}
		return exec(c, `INSERT INTO ledger_refusal (one, code, since) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET code = excluded.code`,
			code, ms(at))
	})
}

// Sent is the size of the checkpoint that a destination was last sent, and when; 0 where it was sent none.
func (l Ledger) Sent(ctx context.Context, destination string) (size int64, at time.Time, err error) {
	err = l.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			size, at = r.GetInt64("size"), instant(r, "at")
			return nil
		}, "SELECT size, at FROM ledger_sent WHERE destination = ?", destination)
	})
	return size, at, err
}

// MarkSent remembers what a destination was sent.
func (l Ledger) MarkSent(ctx context.Context, destination string, size int64, at time.Time) error {
	return l.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, `INSERT INTO ledger_sent (destination, size, at) VALUES (?, ?, ?)
			ON CONFLICT (destination) DO UPDATE SET size = excluded.size, at = excluded.at`, destination, size, ms(at))
	})
}
