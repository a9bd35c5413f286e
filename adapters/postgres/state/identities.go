package state

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Bind ties an identity to an account, in the place of another the account had. It reports false, and changes nothing, where the
// identity is another account's.
func (s *Store) Bind(ctx context.Context, account uuid.UUID, identity []byte, now time.Time) (bound bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if bound, err = bind(ctx, tx, account, identity, now); err == nil && !bound {
			err = errAnothers // what the account had stays
		}
		return err
	})
	if errors.Is(err, errAnothers) {
		return false, nil
	}
	return bound && err == nil, err
}

// bind is to be undone where it reports false. Whoever binds the same at the same time on another node is waited for.
func bind(ctx context.Context, tx pgx.Tx, account uuid.UUID, identity []byte, now time.Time) (bool, error) {
	if _, err := tx.Exec(ctx, "DELETE FROM state.identities WHERE account = $1 AND identity <> $2", account, identity); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO state.identities (identity, account, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		identity, account, now); err != nil {
		return false, err
	}
	var mine bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM state.identities WHERE identity = $1 AND account = $2)", identity, account).Scan(&mine)
	return mine, err
}

// Bound says whose an identity is; the nil UUID where it is nobody's.
func (s *Store) Bound(ctx context.Context, identity []byte) (account uuid.UUID, err error) {
	_, err = s.row(ctx, []any{&account}, "SELECT account FROM state.identities WHERE identity = $1", identity)
	return account, err
}

// BoundSince says since when an account has had an identity; the zero time where it has none.
func (s *Store) BoundSince(ctx context.Context, account uuid.UUID) (since time.Time, err error) {
	_, err = s.row(ctx, []any{&since}, "SELECT since FROM state.identities WHERE account = $1", account)
	return since.UTC(), err
}

// Unbind parts an account from its identity; none is no error.
func (s *Store) Unbind(ctx context.Context, account uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.identities WHERE account = $1", account)
	return err
}

// Identities calls each for every identity that is bound.
func (s *Store) Identities(ctx context.Context, each func(account uuid.UUID, identity []byte, since time.Time) error) error {
	type bound struct {
		Account  uuid.UUID
		Identity []byte
		Since    time.Time
	}
	all, err := rows(ctx, s, pgx.RowToStructByPos[bound], "SELECT account, identity, since FROM state.identities ORDER BY account")
	for _, b := range all {
		if err == nil {
			err = each(b.Account, b.Identity, b.Since.UTC())
		}
	}
	return err
}

const errAnothers fault = "the identity is another's"

// AcceptIdentity is Accept and Bind as one. It reports false, and the link is as good as before, where the identity is another's.
func (s *Store) AcceptIdentity(ctx context.Context, link []byte, hash string, identity []byte, now time.Time) (accepted bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var account uuid.UUID
		if account, err = accept(ctx, tx, link, hash, now); err != nil || account == uuid.Nil {
			accepted = false
			return err
		}
		if accepted, err = bind(ctx, tx, account, identity, now); err == nil && !accepted {
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
	_, err := s.exec(ctx, "INSERT INTO state.errands (state, browser, account, errand, expires) VALUES ($1, $2, $3, $4, $5)",
		state, browser, account, errand, expires)
	return err
}

// Return gives that back, once, in time and to the same browser; no errand otherwise, and nothing is lost by who asks in vain.
func (s *Store) Return(ctx context.Context, state, browser []byte, now time.Time) (account uuid.UUID, errand []byte, err error) {
	_, err = s.row(ctx, []any{&account, &errand},
		"DELETE FROM state.errands WHERE state = $1 AND browser = $2 AND expires > $3 RETURNING account, errand", state, browser, now)
	return account, errand, err
}
