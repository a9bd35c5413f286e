package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// AddFactor keeps a second factor; one that is there already stays as it is.
func (s *Store) AddFactor(ctx context.Context, factor, account uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO factors (id, account, kind, sealed, mark, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			factor[:], account[:], kind, sealed, mark, ms(since))
	})
}

// Factors calls each for every second factor of an account, the oldest first.
func (s *Store) Factors(ctx context.Context, account uuid.UUID,
	each func(factor uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error,
) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			return each(id(r, "id"), r.GetText("kind"), blob(r, "sealed"), r.GetInt64("mark"), instant(r, "since"))
		}, "SELECT id, kind, sealed, mark, since FROM factors WHERE account = ? ORDER BY since, id", account[:])
	})
}

// MarkFactor raises the mark of a factor. Of several that come with one mark, one is told true; nobody who comes with a lower one.
func (s *Store) MarkFactor(ctx context.Context, factor uuid.UUID, mark int64) (marked bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE factors SET mark = ?2 WHERE id = ?1 AND mark < ?2", factor[:], mark)
		marked = c.Changes() == 1
		return err
	})
	return marked && err == nil, err
}

// RemoveFactor takes one factor of an account away, and with the last the recovery codes. Where the last is to stay it is false, without
// effect, for that one.
func (s *Store) RemoveFactor(ctx context.Context, account, factor uuid.UUID, lastStays bool) (removed bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		var all []uuid.UUID
		if err := rows(c, func(r *sqlite.Stmt) error {
			all = append(all, id(r, "id"))
			return nil
		}, "SELECT id FROM factors WHERE account = ?", account[:]); err != nil {
			return err
		}
		if removed = !lastStays || len(all) != 1 || all[0] != factor; !removed {
			return nil
		}
		return errors.Join(
			exec(c, "DELETE FROM factors WHERE account = ? AND id = ?", account[:], factor[:]),
			exec(c, "DELETE FROM recovery_codes WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM factors WHERE account = ?1)", account[:]))
	})
	return removed && err == nil, err
}

// DropFactors takes away what an account proved itself with up to an instant: factors, recovery codes, the identity it was bound to and
// the sessions it had. Recovery codes belong to the factors they came with. Questions and errands are asked anew.
func (s *Store) DropFactors(ctx context.Context, account uuid.UUID, until time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return errors.Join(
			exec(c, `DELETE FROM recovery_codes WHERE account = ?1 AND (EXISTS (SELECT 1 FROM factors WHERE account = ?1 AND since <= ?2)
				OR NOT EXISTS (SELECT 1 FROM factors WHERE account = ?1))`, account[:], ms(until)),
			exec(c, "DELETE FROM factors WHERE account = ? AND since <= ?", account[:], ms(until)),
			exec(c, "DELETE FROM identities WHERE account = ? AND since <= ?", account[:], ms(until)),
			exec(c, "DELETE FROM sessions WHERE account = ? AND created <= ?", account[:], ms(until)),
			exec(c, "DELETE FROM questions WHERE account = ?", account[:]),
			exec(c, "DELETE FROM errands WHERE account = ?", account[:]))
	})
}

// SetRecoveryCodes puts codes in the place of all earlier ones.
func (s *Store) SetRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		if err := exec(c, "DELETE FROM recovery_codes WHERE account = ?", account[:]); err != nil {
			return err
		}
		return addCodes(c, account, codes)
	})
}

// FirstRecoveryCodes keeps codes for an account that has none; false, without effect, where there are some.
func (s *Store) FirstRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) (first bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		first = true
		if err := rows(c, func(*sqlite.Stmt) error {
			first = false
			return nil
		}, "SELECT 1 FROM recovery_codes WHERE account = ? LIMIT 1", account[:]); err != nil || !first {
			return err
		}
		return addCodes(c, account, codes)
	})
	return first && err == nil, err
}

func addCodes(c *sqlite.Conn, account uuid.UUID, codes [][]byte) error {
	for _, code := range codes {
		if err := exec(c, "INSERT INTO recovery_codes (account, code) VALUES (?, ?)", account[:], code); err != nil {
			return err
		}
	}
	return nil
}

// RecoveryCodes are those that nobody has used.
func (s *Store) RecoveryCodes(ctx context.Context, account uuid.UUID) (codes [][]byte, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			codes = append(codes, blob(r, "code"))
			return nil
		}, "SELECT code FROM recovery_codes WHERE account = ? ORDER BY code", account[:])
	})
	return codes, err
}

// UseRecoveryCode uses a code up; it is true once for each.
func (s *Store) UseRecoveryCode(ctx context.Context, account uuid.UUID, code []byte) (used bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "DELETE FROM recovery_codes WHERE account = ? AND code = ?", account[:], code)
		used = c.Changes() == 1
		return err
	})
	return used && err == nil, err
}

// Ask keeps what a session was asked, in the place of an earlier question of the kind.
func (s *Store) Ask(ctx context.Context, session []byte, kind string, account uuid.UUID, sealed []byte, expires time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT OR REPLACE INTO questions (session, kind, account, sealed, expires) VALUES (?, ?, ?, ?, ?)",
			session, kind, account[:], sealed, ms(expires))
	})
}

// Question is what a session was asked and has not answered; nothing where there is none. One that has expired is found until it is
// purged.
func (s *Store) Question(ctx context.Context, session []byte, kind string) (sealed []byte, expires time.Time, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			sealed, expires = blob(r, "sealed"), instant(r, "expires")
			return nil
		}, "SELECT sealed, expires FROM questions WHERE session = ? AND kind = ?", session, kind)
	})
	return sealed, expires, err
}

// Answered takes a question away; it is true once for each.
func (s *Store) Answered(ctx context.Context, session []byte, kind string, sealed []byte) (first bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "DELETE FROM questions WHERE session = ? AND kind = ? AND sealed = ?", session, kind, sealed)
		first = c.Changes() == 1
		return err
	})
	return first && err == nil, err
}

// Sessions calls each for every session of an account, the newest first. Those that have expired are among them until they are purged.
func (s *Store) Sessions(ctx context.Context, account uuid.UUID,
	each func(token []byte, proof string, created, seen, expires time.Time) error,
) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			return each(blob(r, "token"), r.GetText("proof"), instant(r, "created"), instant(r, "seen"), instant(r, "expires"))
		}, "SELECT token, proof, created, seen, expires FROM sessions WHERE account = ? ORDER BY created DESC, token", account[:])
	})
}

// EndOtherSessions ends all sessions of an account but one.
func (s *Store) EndOtherSessions(ctx context.Context, account uuid.UUID, token []byte) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "DELETE FROM sessions WHERE account = ? AND token <> ?", account[:], token)
	})
}
