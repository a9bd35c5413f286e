package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AskRecovery remembers that somebody says to have forgotten the password of a login, whether or not there is such a login.
func (s *Store) AskRecovery(ctx context.Context, id uuid.UUID, login []byte, now time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO state.recoveries (id, login, at) VALUES ($1, $2, $3)", id, login, now)
	return err
}

// Recoveries calls each for what was asked and not yet dropped, the oldest first.
func (s *Store) Recoveries(ctx context.Context, each func(id uuid.UUID, login []byte, at time.Time) error) error {
	type recovery struct {
		ID    uuid.UUID
		Login []byte
		At    time.Time
	}
	all, err := rows(ctx, s, pgx.RowToStructByPos[recovery], "SELECT id, login, at FROM state.recoveries ORDER BY at, id")
	for _, x := range all {
		if err == nil {
			err = each(x.ID, x.Login, x.At.UTC())
		}
	}
	return err
}

// DropRecovery forgets that it was asked; none is no error.
func (s *Store) DropRecovery(ctx context.Context, id uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.recoveries WHERE id = $1", id)
	return err
}

// MarkPosted remembers that the message of an invitation was handed to the mail server.
func (s *Store) MarkPosted(ctx context.Context, invitation uuid.UUID, now time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO state.posted (invitation, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", invitation, now)
	return err
}

// Posted reports whether it was.
func (s *Store) Posted(ctx context.Context, invitation uuid.UUID) (posted bool, err error) {
	_, err = s.row(ctx, []any{&posted}, "SELECT true FROM state.posted WHERE invitation = $1", invitation)
	return posted, err
}
