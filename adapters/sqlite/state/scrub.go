package state

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// EachDraft calls each for the drafts of one kind, whoever keeps them.
func (s *Store) EachDraft(ctx context.Context, kind string, each func(account, draft uuid.UUID, sealed []byte) error) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error { return each(id(r, "account"), id(r, "id"), blob(r, "sealed")) },
			"SELECT id, account, sealed FROM drafts WHERE kind = ? ORDER BY id", kind)
	})
}

// DropDraftsBefore removes the drafts last changed by an instant.
func (s *Store) DropDraftsBefore(ctx context.Context, last time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM drafts WHERE updated <= ?", ms(last)) })
}

// DropAnswersAbout removes the answers to be repeated that lead to a case. A request that comes again is answered anew, and its command's
// id keeps it from acting twice.
func (s *Store) DropAnswersAbout(ctx context.Context, of uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "DELETE FROM idempotency WHERE location LIKE ?", "%/cases/"+of.String()+"%")
	})
}

// Scrub leaves nothing of deleted rows on the disk, neither in the file, which is written anew, nor in its log. It is ErrUnavailable while
// others read an older state.
func (s *Store) Scrub(ctx context.Context) error {
	return s.with(ctx, s.writer, func(c *sqlite.Conn) error {
		if err := exec(c, "VACUUM"); err != nil {
			return err
		}
		busy := 0
		err := rows(c, func(r *sqlite.Stmt) error { busy = r.ColumnInt(0); return nil }, "PRAGMA wal_checkpoint(TRUNCATE)")
		if err == nil && busy != 0 {
			return fmt.Errorf("the log is in use: %w", sqlite.ResultBusy.ToError())
		}
		return err
	})
}
