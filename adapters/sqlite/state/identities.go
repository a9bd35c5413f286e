package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Bind ties an identity to an account, in the place of another the account had. It reports false, and changes nothing, where the
// identity is another account's.
func (s *Store) Bind(ctx context.Context, account uuid.UUID, identity []byte, now time.Time) (bound bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		bound, err = bind(c, account, identity, now)
		return err
	})
	return bound && err == nil, err
}

func bind(c *sqlite.Conn, account uuid.UUID, identity []byte, now time.Time) (bool, error) {
	owner, err := owner(c, identity)
	if err != nil || owner != uuid.Nil {
		return owner == account, err
	}
	return true, exec(c, `INSERT INTO identities (identity, account, since) VALUES (?, ?, ?)
		ON CONFLICT (account) DO UPDATE SET identity = excluded.identity, since = excluded.since`, identity, account[:], ms(now))
}

func owner(c *sqlite.Conn, identity []byte) (account uuid.UUID, err error) {
	err = rows(c, func(r *sqlite.Stmt) error {
		account = id(r, "account")
		return nil
	}, "SELECT account FROM identities WHERE identity = ?", identity)
	return account, err
}

// Bound says whose an identity is; the nil UUID where it is nobody's.
func (s *Store) Bound(ctx context.Context, identity []byte) (account uuid.UUID, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		account, err = owner(c, identity)
		return err
	})
	return account, err
}

// BoundSince says since when an account has had an identity; the zero time where it has none.
func (s *Store) BoundSince(ctx context.Context, account uuid.UUID) (since time.Time, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			since = instant(r, "since")
			return nil
		}, "SELECT since FROM identities WHERE account = ?", account[:])
	})
	return since, err
}

// Unbind parts an account from its identity; none is no error.
func (s *Store) Unbind(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM identities WHERE account = ?", account[:]) })
}

// Identities calls each for every identity that is bound.
func (s *Store) Identities(ctx context.Context, each func(account uuid.UUID, identity []byte, since time.Time) error) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error { return each(id(r, "account"), blob(r, "identity"), instant(r, "since")) },
			"SELECT account, identity, since FROM identities ORDER BY account")
	})
}

// errAnothers ends a transaction; nobody outside sees it.
var errAnothers = errors.New("the identity is another's")

// AcceptIdentity is Accept and Bind as one. It reports false, and the link is as good as before, where the identity is another's.
func (s *Store) AcceptIdentity(ctx context.Context, link []byte, hash string, identity []byte, now time.Time) (accepted bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		if accepted, err = accept(c, link, hash, now); err != nil || !accepted {
			return err
		}
		var account uuid.UUID
		if err := rows(c, func(r *sqlite.Stmt) error {
			account = id(r, "account")
			return nil
		}, "SELECT account FROM invitations WHERE link = ?", link); err != nil {
			return err
		}
		bound, err := bind(c, account, identity, now)
		if err == nil && !bound {
			err = errAnothers
		}
		return err
	})
	if errors.Is(err, errAnothers) {
		return false, nil
	}
	return accepted && err == nil, err
}

// SetOut remembers what a browser was sent to a provider for.
func (s *Store) SetOut(ctx context.Context, state, browser []byte, account uuid.UUID, errand []byte, expires time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO errands (state, browser, account, errand, expires) VALUES (?, ?, ?, ?, ?)",
			state, browser, account[:], errand, ms(expires))
	})
}

// Return gives that back, once, in time and to the same browser; no errand otherwise, and nothing is lost by who asks in vain.
func (s *Store) Return(ctx context.Context, state, browser []byte, now time.Time) (account uuid.UUID, errand []byte, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			account, errand = id(r, "account"), blob(r, "errand")
			return nil
		}, "DELETE FROM errands WHERE state = ? AND browser = ? AND expires > ? RETURNING account, errand", state, browser, ms(now))
	})
	if err != nil {
		return uuid.Nil, nil, err
	}
	return account, errand, nil
}
