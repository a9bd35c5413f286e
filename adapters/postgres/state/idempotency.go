package state

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Claim takes note of a request that carries an idempotency key; key and request are hashes. It reports whether the key is free
// or was used for this very request, and the answer that one got, with status 0 where there is none yet: then the request is to be
// carried out, under a command id that comes from the key, so that twice at once, on one node or two, is no harm. A key is kept for
// AnswersKept.
func (s *Store) Claim(ctx context.Context, account uuid.UUID, key, request []byte, now time.Time) (
	same bool, status int, position uint64, location string, err error,
) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// A row that stays as it is gets locked all the same.
		_, err := tx.Exec(ctx, `INSERT INTO state.idempotency AS kept (account, key, request, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, key) DO UPDATE SET request = excluded.request, at = excluded.at, status = 0, position = 0, location = ''
			WHERE kept.at <= $5`, account, key, request, now, now.Add(-AnswersKept))
		if err != nil {
			return err
		}
		var kept []byte
		var at int64
		err = tx.QueryRow(ctx, "SELECT request, status, position, location FROM state.idempotency WHERE account = $1 AND key = $2",
			account, key).Scan(&kept, &status, &at, &location)
		same, position = bytes.Equal(kept, request), uint64(at)
		return err
	})
	return same && err == nil, status, position, location, err
}

// Answer keeps what a claimed request came to: the status, the journal position a reader must have reached to see it, and where it
// is to be read. The first answer stays.
func (s *Store) Answer(ctx context.Context, account uuid.UUID, key []byte, status int, position uint64, location string) error {
	_, err := s.exec(ctx, `UPDATE state.idempotency SET status = $3, position = $4, location = $5
		WHERE account = $1 AND key = $2 AND status = 0`, account, key, status, int64(position), location)
	return err
}
