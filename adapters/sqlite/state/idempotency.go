package state

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Claim takes note of a request that carries an idempotency key; key and request are hashes. It reports whether the key is free
// or was used for this very request, and the answer that one got, with status 0 where there is none yet: then the request is to be
// carried out, under a command id that comes from the key, so that twice at once is no harm. A key is kept for AnswersKept.
func (s *Store) Claim(ctx context.Context, account uuid.UUID, key, request []byte, now time.Time) (
	same bool, status int, position uint64, location string, err error,
) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		forgotten := ms(now.Add(-AnswersKept))
		err := exec(c, "DELETE FROM idempotency WHERE account = ? AND key = ? AND at <= ?", account[:], key, forgotten)
		if err != nil {
			return err
		}
		err = exec(c, "INSERT INTO idempotency (account, key, request, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			account[:], key, request, ms(now))
		if err != nil {
			return err
		}
		return rows(c, func(r *sqlite.Stmt) error {
			same = bytes.Equal(blob(r, "request"), request)
			status, position, location = int(r.GetInt64("status")), uint64(r.GetInt64("position")), r.GetText("location")
			return nil
		}, "SELECT request, status, position, location FROM idempotency WHERE account = ? AND key = ?", account[:], key)
	})
	return same && err == nil, status, position, location, err
}

// Answer keeps what a claimed request came to: the status, the journal position a reader must have reached to see it, and where it
// is to be read. The first answer stays.
func (s *Store) Answer(ctx context.Context, account uuid.UUID, key []byte, status int, position uint64, location string) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE idempotency SET status = ?, position = ?, location = ? WHERE account = ? AND key = ? AND status = 0",
			status, int64(position), location, account[:], key)
	})
}
