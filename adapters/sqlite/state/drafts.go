package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/domain"
)

// ErrNoDraft is also the answer for a draft of another account.
var ErrNoDraft = domain.NotFound("draft-not-found")

// SaveDraft keeps what an account has not sent yet, in the place of what it kept under the same id. Sealed MUST be closed: the
// file is not the place for anything personal.
func (s *Store) SaveDraft(ctx context.Context, account, draft uuid.UUID, kind string, sealed []byte, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, `INSERT INTO drafts (id, account, kind, updated, sealed) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, updated = excluded.updated, sealed = excluded.sealed
			WHERE account = excluded.account`, draft[:], account[:], kind, ms(now), sealed)
		if err == nil && c.Changes() == 0 {
			return ErrNoDraft
		}
		return err
	})
}

// Draft gives one draft of an account, or ErrNoDraft.
func (s *Store) Draft(ctx context.Context, account, draft uuid.UUID) (kind string, sealed []byte, updated time.Time, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		found := false
		err := rows(c, func(r *sqlite.Stmt) error {
			found, kind, sealed, updated = true, r.GetText("kind"), blob(r, "sealed"), instant(r, "updated")
			return nil
		}, "SELECT kind, sealed, updated FROM drafts WHERE id = ? AND account = ?", draft[:], account[:])
		if err == nil && !found {
			return ErrNoDraft
		}
		return err
	})
	return kind, sealed, updated, err
}

// Drafts calls each for the drafts of one kind that an account keeps, the last changed first.
func (s *Store) Drafts(ctx context.Context, account uuid.UUID, kind string,
	each func(draft uuid.UUID, sealed []byte, updated time.Time) error,
) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error { return each(id(r, "id"), blob(r, "sealed"), instant(r, "updated")) },
			"SELECT id, sealed, updated FROM drafts WHERE account = ? AND kind = ? ORDER BY updated DESC, id", account[:], kind)
	})
}

// DropDraft removes a draft of an account; none is no error.
func (s *Store) DropDraft(ctx context.Context, account, draft uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "DELETE FROM drafts WHERE id = ? AND account = ?", draft[:], account[:])
	})
}
