package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Reserve keeps a login for an account as long as its invitation stands, and makes link the account's only one. It reports false,
// and changes nothing, where the login is another account's. An account with a password keeps both until the link is used.
func (s *Store) Reserve(ctx context.Context, account uuid.UUID, login, link []byte, now, expires time.Time) (
	reserved bool, err error,
) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM state.credentials WHERE login = $1 AND hash IS NULL AND reserved_until <= $2", login, now)
		if err != nil {
			return err
		}
		// Whoever has the login at the same time on another node is waited for here.
		_, err = tx.Exec(ctx, `INSERT INTO state.credentials (account, login, reserved_until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			account, login, expires)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE state.credentials SET reserved_until = CASE WHEN hash IS NULL THEN $3::timestamptz END
			WHERE account = $1 AND login = $2`, account, login, expires)
		if reserved = tag.RowsAffected() == 1; err != nil || !reserved {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO state.invitations (link, account, expires) VALUES ($1, $2, $3)
			ON CONFLICT (account) DO UPDATE SET link = excluded.link, expires = excluded.expires, used = NULL`, link, account, expires)
		return err
	})
	return reserved && err == nil, err
}

// Withdraw takes back an account's link, and its login where no password was chosen yet.
func (s *Store) Withdraw(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM state.credentials WHERE account = $1 AND hash IS NULL", account); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM state.invitations WHERE account = $1", account)
		return err
	})
}

// Invitation says whose a link is; the nil UUID where it is nobody's.
func (s *Store) Invitation(ctx context.Context, link []byte) (account uuid.UUID, expires time.Time, used bool, err error) {
	_, err = s.row(ctx, []any{&account, &expires, &used},
		"SELECT account, expires, used IS NOT NULL FROM state.invitations WHERE link = $1", link)
	return account, expires.UTC(), used, err
}

// Accept uses a link up, gives its account a password hash and ends its sessions. Of several that come with one link, on whatever
// nodes, one is told true.
func (s *Store) Accept(ctx context.Context, link []byte, hash string, now time.Time) (accepted bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		account, err := accept(ctx, tx, link, hash, now)
		accepted = account != uuid.Nil
		return err
	})
	return accepted && err == nil, err
}

// accept says whose link was used up; the nil UUID where there is none to use.
func accept(ctx context.Context, tx pgx.Tx, link []byte, hash string, now time.Time) (account uuid.UUID, err error) {
	err = tx.QueryRow(ctx, "UPDATE state.invitations SET used = $1 WHERE link = $2 AND used IS NULL AND expires > $1 RETURNING account",
		now, link).Scan(&account)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	tag, err := tx.Exec(ctx, "UPDATE state.credentials SET hash = $2, reserved_until = NULL WHERE account = $1", account, hash)
	if err != nil {
		return uuid.Nil, err
	}
	if tag.RowsAffected() == 0 {
		return uuid.Nil, errInvitation
	}
	_, err = tx.Exec(ctx, "DELETE FROM state.sessions WHERE account = $1", account)
	return account, err
}

// Credential finds who signs in with a login: the nil UUID for a login nobody has, and no hash while no password was chosen.
func (s *Store) Credential(ctx context.Context, login []byte) (account uuid.UUID, hash string, err error) {
	_, err = s.row(ctx, []any{&account, &hash}, "SELECT account, coalesce(hash, '') FROM state.credentials WHERE login = $1", login)
	return account, hash, err
}

// Password gives the hash of an account's password, empty where there is none.
func (s *Store) Password(ctx context.Context, account uuid.UUID) (hash string, err error) {
	_, err = s.row(ctx, []any{&hash}, "SELECT coalesce(hash, '') FROM state.credentials WHERE account = $1", account)
	return hash, err
}

// ReplacePassword puts a hash in the place of an older one, ends the account's sessions and makes its link void. It reports false,
// and changes nothing, where the older one is no longer there.
func (s *Store) ReplacePassword(ctx context.Context, account uuid.UUID, old, hash string) (replaced bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "UPDATE state.credentials SET hash = $3 WHERE account = $1 AND hash = $2", account, old, hash)
		if replaced = tag.RowsAffected() == 1; err != nil || !replaced {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM state.sessions WHERE account = $1", account); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM state.invitations WHERE account = $1", account)
		return err
	})
	return replaced && err == nil, err
}

// Passwords calls each for every account that has chosen a password.
func (s *Store) Passwords(ctx context.Context, each func(account uuid.UUID, login []byte, hash string) error) error {
	type credential struct {
		Account uuid.UUID
		Login   []byte
		Hash    string
	}
	var all []credential
	err := s.try(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, "SELECT account, login, hash FROM state.credentials WHERE hash IS NOT NULL ORDER BY account")
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[credential])
		return err
	})
	for _, c := range all {
		if err == nil {
			err = each(c.Account, c.Login, c.Hash)
		}
	}
	return err
}

// Adopt gives an account the login and password it has elsewhere. It reports false, and changes nothing, where the account has others
// here or the login is another's.
func (s *Store) Adopt(ctx context.Context, account uuid.UUID, login []byte, hash string) (adopted bool, err error) {
	_, err = s.exec(ctx, "INSERT INTO state.credentials (account, login, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", account, login, hash)
	if err != nil {
		return false, err
	}
	owner, kept, err := s.Credential(ctx, login)
	return err == nil && owner == account && kept == hash, err
}

// Drop removes all that is kept of an account; its login is free again.
func (s *Store) Drop(ctx context.Context, account uuid.UUID) error {
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, table := range []string{"credentials", "invitations", "sessions", "factors", "recovery_codes", "questions", "drafts", "idempotency", "identities", "errands", "imports", "notices", "notice_preferences"} {
			if _, err := tx.Exec(ctx, "DELETE FROM state."+table+" WHERE account = $1", account); err != nil {
				return err
			}
		}
		return nil
	})
}

// Try counts a try under a key. Judge is given what is kept, 0 and the zero time where nothing is, and says the new count, or
// until when there is to be no try: then nothing is counted and that instant comes back. No two tries, on whatever nodes, are judged
// on the same past; judge may be asked more than once, and MUST NOT call the Store.
func (s *Store) Try(ctx context.Context, key []byte, now time.Time, judge func(count int, last time.Time) (int, time.Time)) (
	wait time.Time, err error,
) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// The row is locked from here on, and made where there was none: a row that is not there cannot be locked.
		var count int
		var at *time.Time
		err := tx.QueryRow(ctx, `INSERT INTO state.tries AS kept (key, count) VALUES ($1, 0)
			ON CONFLICT (key) DO UPDATE SET count = kept.count RETURNING count, last`, key).Scan(&count, &at)
		if err != nil {
			return err
		}
		var last time.Time
		if at != nil {
			last = at.UTC()
		}
		if count, wait = judge(count, last); !wait.IsZero() {
			return errNotCounted
		}
		_, err = tx.Exec(ctx, "UPDATE state.tries SET count = $2, last = $3 WHERE key = $1", key, count, now)
		return err
	})
	if errors.Is(err, errNotCounted) {
		err = nil
	}
	return wait, err
}

const (
	errInvitation fault = "an invitation without a login"
	errNotCounted fault = "the try was not counted" // a refused try costs the disk nothing
)

// TakeBack uncounts one try under a key.
func (s *Store) TakeBack(ctx context.Context, key []byte) error {
	_, err := s.exec(ctx, "UPDATE state.tries SET count = greatest(count - 1, 0) WHERE key = $1", key)
	return err
}

// ForgetTries forgets all tries under a key.
func (s *Store) ForgetTries(ctx context.Context, key []byte) error {
	_, err := s.exec(ctx, "DELETE FROM state.tries WHERE key = $1", key)
	return err
}
