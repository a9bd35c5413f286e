package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// BeginSession keeps a session under the hash of its token.
func (s *Store) BeginSession(ctx context.Context, token []byte, account uuid.UUID, proof string, created, expires time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO sessions (token, account, proof, created, seen, expires) VALUES (?, ?, ?, ?, ?, ?)",
			token, account[:], proof, ms(created), ms(created), ms(expires))
	})
}

// BeginByPassword keeps a session of whoever proved a password; false, without effect, where hash is no longer the account's.
func (s *Store) BeginByPassword(ctx context.Context, token []byte, account uuid.UUID, hash, proof string, created, expires time.Time,
) (begun bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, `INSERT INTO sessions (token, account, proof, created, seen, expires)
			SELECT ?1, account, ?2, ?3, ?3, ?4 FROM credentials WHERE account = ?5 AND hash = ?6`, token, proof, ms(created), ms(expires), account[:], hash)
		begun = c.Changes() == 1
		return err
	})
	return begun && err == nil, err
}

// RaiseSession puts a session in the place of an older one of the same account; false, without effect, where that has ended.
func (s *Store) RaiseSession(ctx context.Context, old, token []byte, proof string, created, expires time.Time) (raised bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE sessions SET token = ?1, proof = ?2, created = ?3, seen = ?3, expires = ?4 WHERE token = ?5",
			token, proof, ms(created), ms(expires), old)
		raised = c.Changes() == 1
		return err
	})
	return raised && err == nil, err
}

// Session finds a session, what its person has proved and how many second factors the account has; the nil UUID where there is none.
// One that has expired is found until it is purged.
func (s *Store) Session(ctx context.Context, token []byte) (
	account uuid.UUID, proof string, factors int, created, seen, expires time.Time, err error,
) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			account, created, seen, expires = id(r, "account"), instant(r, "created"), instant(r, "seen"), instant(r, "expires")
			proof, factors = r.GetText("proof"), int(r.GetInt64("factors"))
			return nil
		}, `SELECT account, proof, created, seen, expires, (SELECT count(*) FROM factors f WHERE f.account = s.account) AS factors
			FROM sessions s WHERE token = ?`, token)
	})
	return account, proof, factors, created, seen, expires, err
}

// TouchSession notes that a session was used, and moves its end. One that was ended meanwhile stays so.
func (s *Store) TouchSession(ctx context.Context, token []byte, seen, expires time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE sessions SET seen = ?, expires = ? WHERE token = ?", ms(seen), ms(expires), token)
	})
}

// EndSession ends one session; none is no error.
func (s *Store) EndSession(ctx context.Context, token []byte) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM sessions WHERE token = ?", token) })
}

// EndSessions ends all sessions of an account.
func (s *Store) EndSessions(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM sessions WHERE account = ?", account[:]) })
}
