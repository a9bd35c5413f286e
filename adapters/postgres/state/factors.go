package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AddFactor keeps a second factor; one that is there already stays as it is.
func (s *Store) AddFactor(ctx context.Context, factor, account uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO state.factors (id, account, kind, sealed, mark, since) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, factor, account, kind, sealed, mark, since)
	return err
}

// Factors calls each for every second factor of an account, the oldest first.
func (s *Store) Factors(ctx context.Context, account uuid.UUID,
	each func(factor uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error,
) error {
	type factor struct {
		ID     uuid.UUID
		Kind   string
		Sealed []byte
		Mark   int64
		Since  time.Time
	}
	all, err := rows(ctx, s, pgx.RowToStructByPos[factor],
		"SELECT id, kind, sealed, mark, since FROM state.factors WHERE account = $1 ORDER BY since, id", account)
	for _, f := range all {
		if err == nil {
			err = each(f.ID, f.Kind, f.Sealed, f.Mark, f.Since.UTC())
		}
	}
	return err
}

// MarkFactor raises the mark of a factor. Of several that come with one mark, on whatever nodes, one is told true; nobody who comes with
// a lower one.
func (s *Store) MarkFactor(ctx context.Context, factor uuid.UUID, mark int64) (bool, error) {
	changed, err := s.exec(ctx, "UPDATE state.factors SET mark = $2 WHERE id = $1 AND mark < $2", factor, mark)
	return changed == 1 && err == nil, err
}

// lockFactors lists the factors of an account, and keeps others from doing so until the transaction ends: two that come together see one
// another's work.
func lockFactors(ctx context.Context, tx pgx.Tx, account uuid.UUID) ([]uuid.UUID, error) {
	found, err := tx.Query(ctx, "SELECT id FROM state.factors WHERE account = $1 ORDER BY id FOR UPDATE", account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
}

// RemoveFactor takes one factor of an account away, and with the last the recovery codes. Where the last is to stay it is false, without
// effect, for that one.
func (s *Store) RemoveFactor(ctx context.Context, account, factor uuid.UUID, lastStays bool) (removed bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		all, err := lockFactors(ctx, tx, account)
		if removed = !lastStays || len(all) != 1 || all[0] != factor; err != nil || !removed {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM state.factors WHERE account = $1 AND id = $2", account, factor); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM state.recovery_codes WHERE account = $1
			AND NOT EXISTS (SELECT 1 FROM state.factors WHERE account = $1)`, account)
		return err
	})
	return removed && err == nil, err
}

// DropFactors takes away what an account proved itself with up to an instant: factors, recovery codes, the identity it was bound to and
// the sessions it had. Recovery codes belong to the factors they came with. Questions and errands are asked anew.
func (s *Store) DropFactors(ctx context.Context, account uuid.UUID, until time.Time) error {
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, older := range []string{
			`DELETE FROM state.recovery_codes WHERE account = $1 AND (EXISTS (SELECT FROM state.factors WHERE account = $1 AND since <= $2)
				OR NOT EXISTS (SELECT FROM state.factors WHERE account = $1))`,
			"DELETE FROM state.factors WHERE account = $1 AND since <= $2",
			"DELETE FROM state.identities WHERE account = $1 AND since <= $2",
			"DELETE FROM state.sessions WHERE account = $1 AND created <= $2",
		} {
			if _, err := tx.Exec(ctx, older, account, until); err != nil {
				return err
			}
		}
		for _, table := range []string{"questions", "errands"} {
			if _, err := tx.Exec(ctx, "DELETE FROM state."+table+" WHERE account = $1", account); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetRecoveryCodes puts codes in the place of all earlier ones.
func (s *Store) SetRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) error {
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM state.recovery_codes WHERE account = $1", account); err != nil {
			return err
		}
		return addCodes(ctx, tx, account, codes)
	})
}

// FirstRecoveryCodes keeps codes for an account that has a factor and none of them; false, without effect, where there are some.
func (s *Store) FirstRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) (first bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := lockFactors(ctx, tx, account); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM state.recovery_codes WHERE account = $1)", account).Scan(&first); err != nil || !first {
			return err
		}
		return addCodes(ctx, tx, account, codes)
	})
	return first && err == nil, err
}

func addCodes(ctx context.Context, tx pgx.Tx, account uuid.UUID, codes [][]byte) error {
	_, err := tx.Exec(ctx, "INSERT INTO state.recovery_codes (account, code) SELECT $1, unnest($2::bytea[])", account, codes)
	return err
}

// RecoveryCodes are those that nobody has used.
func (s *Store) RecoveryCodes(ctx context.Context, account uuid.UUID) ([][]byte, error) {
	return rows(ctx, s, pgx.RowTo[[]byte], "SELECT code FROM state.recovery_codes WHERE account = $1 ORDER BY code", account)
}

// UseRecoveryCode uses a code up; it is true once for each, whatever other nodes do.
func (s *Store) UseRecoveryCode(ctx context.Context, account uuid.UUID, code []byte) (bool, error) {
	changed, err := s.exec(ctx, "DELETE FROM state.recovery_codes WHERE account = $1 AND code = $2", account, code)
	return changed == 1 && err == nil, err
}

// Ask keeps what a session was asked, in the place of an earlier question of the kind.
func (s *Store) Ask(ctx context.Context, session []byte, kind string, account uuid.UUID, sealed []byte, expires time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO state.questions (session, kind, account, sealed, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (session, kind) DO UPDATE SET account = excluded.account, sealed = excluded.sealed, expires = excluded.expires`,
		session, kind, account, sealed, expires)
	return err
}

// Question is what a session was asked and has not answered; nothing where there is none. One that has expired is found until it is
// purged.
func (s *Store) Question(ctx context.Context, session []byte, kind string) (sealed []byte, expires time.Time, err error) {
	_, err = s.row(ctx, []any{&sealed, &expires}, "SELECT sealed, expires FROM state.questions WHERE session = $1 AND kind = $2", session, kind)
	return sealed, expires.UTC(), err
}

// Answered takes a question away; it is true once for each, whatever other nodes do.
func (s *Store) Answered(ctx context.Context, session []byte, kind string, sealed []byte) (bool, error) {
	changed, err := s.exec(ctx, "DELETE FROM state.questions WHERE session = $1 AND kind = $2 AND sealed = $3", session, kind, sealed)
	return changed == 1 && err == nil, err
}

// Sessions calls each for every session of an account, the newest first. Those that have expired are among them until they are purged.
func (s *Store) Sessions(ctx context.Context, account uuid.UUID,
	each func(token []byte, proof string, created, seen, expires time.Time) error,
) error {
	type session struct {
		Token                  []byte
		Proof                  string
		Created, Seen, Expires time.Time
	}
	all, err := rows(ctx, s, pgx.RowToStructByPos[session],
		"SELECT token, proof, created, seen, expires FROM state.sessions WHERE account = $1 ORDER BY created DESC, token", account)
	for _, x := range all {
		if err == nil {
			err = each(x.Token, x.Proof, x.Created.UTC(), x.Seen.UTC(), x.Expires.UTC())
		}
	}
	return err
}

// EndOtherSessions ends all sessions of an account but one.
func (s *Store) EndOtherSessions(ctx context.Context, account uuid.UUID, token []byte) error {
	_, err := s.exec(ctx, "DELETE FROM state.sessions WHERE account = $1 AND token <> $2", account, token)
	return err
}
