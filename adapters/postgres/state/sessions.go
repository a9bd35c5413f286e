package state

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// BeginSession keeps a session under the hash of its token.
func (s *Store) BeginSession(ctx context.Context, token []byte, account uuid.UUID, proof string, created, expires time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO state.sessions (token, account, proof, created, seen, expires) VALUES ($1, $2, $3, $4, $4, $5)",
		token, account, proof, created, expires)
	return err
}

// BeginByPassword keeps a session of whoever proved a password; false, without effect, where hash is no longer the account's. Whoever replaces
// the hash at the same time comes before, and is seen, or waits, and sees the session.
func (s *Store) BeginByPassword(ctx context.Context, token []byte, account uuid.UUID, hash, proof string, created, expires time.Time) (bool, error) {
	begun, err := s.exec(ctx, `INSERT INTO state.sessions (token, account, proof, created, seen, expires)
		SELECT $1, account, $4, $5, $5, $6 FROM state.credentials WHERE account = $2 AND hash = $3 FOR SHARE`, token, account, hash, proof, created, expires)
	return begun == 1 && err == nil, err
}

// RaiseSession puts a session in the place of an older one of the same account; false, without effect, where that has ended.
func (s *Store) RaiseSession(ctx context.Context, old, token []byte, proof string, created, expires time.Time) (bool, error) {
	raised, err := s.exec(ctx, "UPDATE state.sessions SET token = $2, proof = $3, created = $4, seen = $4, expires = $5 WHERE token = $1",
		old, token, proof, created, expires)
	return raised == 1 && err == nil, err
}

// Session finds a session, what its person has proved and how many second factors the account has; the nil UUID where there is none.
// One that has expired is found until it is purged.
func (s *Store) Session(ctx context.Context, token []byte) (
	account uuid.UUID, proof string, factors int, created, seen, expires time.Time, err error,
) {
	_, err = s.row(ctx, []any{&account, &proof, &factors, &created, &seen, &expires},
		`SELECT account, proof, (SELECT count(*) FROM state.factors f WHERE f.account = s.account), created, seen, expires
		FROM state.sessions s WHERE token = $1`, token)
	return account, proof, factors, created.UTC(), seen.UTC(), expires.UTC(), err
}

// TouchSession notes that a session was used, and moves its end. One that was ended meanwhile stays so.
func (s *Store) TouchSession(ctx context.Context, token []byte, seen, expires time.Time) error {
	_, err := s.exec(ctx, "UPDATE state.sessions SET seen = $2, expires = $3 WHERE token = $1", token, seen, expires)
	return err
}

// EndSession ends one session; none is no error.
func (s *Store) EndSession(ctx context.Context, token []byte) error {
	_, err := s.exec(ctx, "DELETE FROM state.sessions WHERE token = $1", token)
	return err
}

// EndSessions ends all sessions of an account.
func (s *Store) EndSessions(ctx context.Context, account uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.sessions WHERE account = $1", account)
	return err
}
