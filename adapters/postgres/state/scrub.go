package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// EachDraft calls each for the drafts of one kind, whoever keeps them.
func (s *Store) EachDraft(ctx context.Context, kind string, each func(account, draft uuid.UUID, sealed []byte) error) error {
	type draft struct {
		account, id uuid.UUID
		sealed      []byte
	}
	found, err := rows(ctx, s, func(r pgx.CollectableRow) (d draft, err error) {
		return d, r.Scan(&d.account, &d.id, &d.sealed)
	}, "SELECT account, id, sealed FROM state.drafts WHERE kind = $1 ORDER BY id", kind)
	if err != nil {
		return err
	}
	for _, d := range found {
		if err := each(d.account, d.id, d.sealed); err != nil {
			return err
		}
	}
	return nil
}

// DropDraftsBefore removes the drafts last changed by an instant.
func (s *Store) DropDraftsBefore(ctx context.Context, last time.Time) error {
	_, err := s.exec(ctx, "DELETE FROM state.drafts WHERE updated <= $1", last)
	return err
}

// DropAnswersAbout removes the answers to be repeated that lead to a case. A request that comes again is answered anew, and its command's
// id keeps it from acting twice.
func (s *Store) DropAnswersAbout(ctx context.Context, of uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.idempotency WHERE location LIKE $1", "%/cases/"+of.String()+"%")
	return err
}

// scrubWait is how long Scrub waits for those who use a table, and they behind it.
const scrubWait = "SET lock_timeout = '2s'"

// Scrub writes the tables of drafts, answers and sheets anew, so that no page of theirs holds a deleted row. It is ErrUnavailable while others
// use them for long. The server's log of changes keeps what it keeps.
func (s *Store) Scrub(ctx context.Context) error {
	return s.try(ctx, func(ctx context.Context) error {
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		if _, err := conn.Exec(ctx, scrubWait); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "VACUUM (FULL) state.drafts, state.idempotency, state.import_rows")
		_, reset := conn.Exec(context.WithoutCancel(ctx), "RESET lock_timeout")
		return errors.Join(err, reset)
	})
}
