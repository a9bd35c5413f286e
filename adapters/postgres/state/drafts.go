package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/domain"
)

// ErrNoDraft is also the answer for a draft of another account.
var ErrNoDraft = domain.NotFound("draft-not-found")

// SaveDraft keeps what an account has not sent yet, in the place of what it kept under the same id. Sealed MUST be closed: the
// database is not the place for anything personal.
func (s *Store) SaveDraft(ctx context.Context, account, draft uuid.UUID, kind string, sealed []byte, now time.Time) error {
	changed, err := s.exec(ctx, `INSERT INTO state.drafts AS kept (id, account, kind, updated, sealed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, updated = excluded.updated, sealed = excluded.sealed
		WHERE kept.account = excluded.account`, draft, account, kind, now, sealed)
	if err == nil && changed == 0 {
		return ErrNoDraft
	}
	return err
}

// Draft gives one draft of an account, or ErrNoDraft.
func (s *Store) Draft(ctx context.Context, account, draft uuid.UUID) (kind string, sealed []byte, updated time.Time, err error) {
	found, err := s.row(ctx, []any{&kind, &sealed, &updated},
		"SELECT kind, sealed, updated FROM state.drafts WHERE id = $1 AND account = $2", draft, account)
	if err == nil && !found {
		err = ErrNoDraft
	}
	return kind, sealed, updated.UTC(), err
}

// Drafts calls each for the drafts of one kind that an account keeps, the last changed first.
func (s *Store) Drafts(ctx context.Context, account uuid.UUID, kind string,
	each func(draft uuid.UUID, sealed []byte, updated time.Time) error,
) error {
	type draft struct {
		id      uuid.UUID
		sealed  []byte
		updated time.Time
	}
	found, err := rows(ctx, s, func(r pgx.CollectableRow) (d draft, err error) {
		return d, r.Scan(&d.id, &d.sealed, &d.updated)
	}, "SELECT id, sealed, updated FROM state.drafts WHERE account = $1 AND kind = $2 ORDER BY updated DESC, id", account, kind)
	if err != nil {
		return err
	}
	for _, d := range found {
		if err := each(d.id, d.sealed, d.updated.UTC()); err != nil {
			return err
		}
	}
	return nil
}

// DropDraft removes a draft of an account; none is no error.
func (s *Store) DropDraft(ctx context.Context, account, draft uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.drafts WHERE id = $1 AND account = $2", draft, account)
	return err
}
