package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Reserve keeps a login for an account as long as its invitation stands, and makes link the account's only one. It reports false,
// and changes nothing, where the login is another account's. An account with a password keeps both until the link is used.
func (s *Store) Reserve(ctx context.Context, account uuid.UUID, login, link []byte, now, expires time.Time) (
	reserved bool, err error,
) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "DELETE FROM credentials WHERE login = ? AND hash IS NULL AND reserved_until <= ?", login, ms(now))
		if err != nil {
			return err
		}
		err = exec(c, `INSERT INTO credentials (account, login, reserved_until) VALUES (?, ?, ?)
			ON CONFLICT (account) DO UPDATE SET reserved_until = excluded.reserved_until WHERE hash IS NULL
			ON CONFLICT (login) DO NOTHING`, account[:], login, ms(expires))
		if err != nil {
			return err
		}
		owner, _, err := credential(c, login)
		if err != nil || owner != account {
			return err
		}
		reserved = true
		if err := exec(c, "DELETE FROM invitations WHERE account = ?", account[:]); err != nil {
			return err
		}
		return exec(c, "INSERT INTO invitations (link, account, expires) VALUES (?, ?, ?)", link, account[:], ms(expires))
	})
	return reserved && err == nil, err
}

// Withdraw takes back an account's link, and its login where no password was chosen yet.
func (s *Store) Withdraw(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return errors.Join(
			exec(c, "DELETE FROM invitations WHERE account = ?", account[:]),
			exec(c, "DELETE FROM credentials WHERE account = ? AND hash IS NULL", account[:]))
	})
}

// Invitation says whose a link is; the nil UUID where it is nobody's.
func (s *Store) Invitation(ctx context.Context, link []byte) (account uuid.UUID, expires time.Time, used bool, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			account, expires, used = id(r, "account"), instant(r, "expires"), !r.IsNull("used")
			return nil
		}, "SELECT account, expires, used FROM invitations WHERE link = ?", link)
	})
	return account, expires, used, err
}

// Accept uses a link up, gives its account a password hash and ends its sessions. Of several that come with one link, one is
// told true.
func (s *Store) Accept(ctx context.Context, link []byte, hash string, now time.Time) (accepted bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		accepted, err = accept(c, link, hash, now)
		return err
	})
	return accepted && err == nil, err
}

func accept(c *sqlite.Conn, link []byte, hash string, now time.Time) (bool, error) {
	err := exec(c, "UPDATE invitations SET used = ?1 WHERE link = ?2 AND used IS NULL AND expires > ?1", ms(now), link)
	if err != nil || c.Changes() == 0 {
		return false, err
	}
	const account = "(SELECT account FROM invitations WHERE link = ?1)"
	if err := exec(c, "UPDATE credentials SET hash = ?2, reserved_until = NULL WHERE account = "+account, link, hash); err != nil {
		return false, err
	}
	if c.Changes() == 0 {
		return false, errors.New("an invitation without a login")
	}
	return true, exec(c, "DELETE FROM sessions WHERE account = "+account, link)
}

// Credential finds who signs in with a login: the nil UUID for a login nobody has, and no hash while no password was chosen.
func (s *Store) Credential(ctx context.Context, login []byte) (account uuid.UUID, hash string, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		account, hash, err = credential(c, login)
		return err
	})
	return account, hash, err
}

func credential(c *sqlite.Conn, login []byte) (account uuid.UUID, hash string, err error) {
	err = rows(c, func(r *sqlite.Stmt) error {
		account, hash = id(r, "account"), r.GetText("hash")
		return nil
	}, "SELECT account, hash FROM credentials WHERE login = ?", login)
	return account, hash, err
}

// Password gives the hash of an account's password, empty where there is none.
func (s *Store) Password(ctx context.Context, account uuid.UUID) (hash string, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			hash = r.GetText("hash")
			return nil
		}, "SELECT hash FROM credentials WHERE account = ?", account[:])
	})
	return hash, err
}

// ReplacePassword puts a hash in the place of an older one, ends the account's sessions and makes its link void. It reports false,
// and changes nothing, where the older one is no longer there.
func (s *Store) ReplacePassword(ctx context.Context, account uuid.UUID, old, hash string) (replaced bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		if err := exec(c, "UPDATE credentials SET hash = ? WHERE account = ? AND hash = ?", hash, account[:], old); err != nil {
			return err
		}
		if replaced = c.Changes() == 1; !replaced {
			return nil
		}
		return errors.Join(
			exec(c, "DELETE FROM sessions WHERE account = ?", account[:]),
			exec(c, "DELETE FROM invitations WHERE account = ?", account[:]))
	})
	return replaced && err == nil, err
}

// Passwords calls each for every account that has chosen a password.
func (s *Store) Passwords(ctx context.Context, each func(account uuid.UUID, login []byte, hash string) error) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error { return each(id(r, "account"), blob(r, "login"), r.GetText("hash")) },
			"SELECT account, login, hash FROM credentials WHERE hash IS NOT NULL ORDER BY account")
	})
}

// Adopt gives an account the login and password it has elsewhere. It reports false, and changes nothing, where the account has others
// here or the login is another's.
func (s *Store) Adopt(ctx context.Context, account uuid.UUID, login []byte, hash string) (adopted bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		if err := exec(c, "INSERT INTO credentials (account, login, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", account[:], login, hash); err != nil {
			return err
		}
		owner, kept, err := credential(c, login)
		adopted = owner == account && kept == hash
		return err
	})
	return adopted && err == nil, err
}

// Drop removes all that is kept of an account; its login is free again.
func (s *Store) Drop(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		for _, table := range []string{"credentials", "invitations", "sessions", "factors", "recovery_codes", "questions", "drafts", "idempotency", "identities", "errands", "imports", "notices", "notice_preferences"} {
			if err := exec(c, "DELETE FROM "+table+" WHERE account = ?", account[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Try counts a try under a key. Judge is given what is kept, 0 and the zero time where nothing is, and says the new count, or
// until when there is to be no try: then nothing is counted and that instant comes back. No two tries are judged on the same past.
func (s *Store) Try(ctx context.Context, key []byte, now time.Time, judge func(count int, last time.Time) (int, time.Time)) (
	wait time.Time, err error,
) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		count, last := 0, time.Time{}
		err := rows(c, func(r *sqlite.Stmt) error {
			count, last = int(r.GetInt64("count")), instant(r, "last")
			return nil
		}, "SELECT count, last FROM tries WHERE key = ?", key)
		if err != nil {
			return err
		}
		if count, wait = judge(count, last); !wait.IsZero() {
			return nil
		}
		return exec(c, "INSERT OR REPLACE INTO tries (key, count, last) VALUES (?, ?, ?)", key, count, ms(now))
	})
	return wait, err
}

// TakeBack uncounts one try under a key.
func (s *Store) TakeBack(ctx context.Context, key []byte) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE tries SET count = max(count - 1, 0) WHERE key = ?", key)
	})
}

// ForgetTries forgets all tries under a key.
func (s *Store) ForgetTries(ctx context.Context, key []byte) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM tries WHERE key = ?", key) })
}
