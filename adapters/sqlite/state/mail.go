package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// AskRecovery remembers that somebody says to have forgotten the password of a login, whether or not there is such a login.
func (s *Store) AskRecovery(ctx context.Context, id uuid.UUID, login []byte, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO recoveries (id, login, at) VALUES (?, ?, ?)", id[:], login, ms(now))
	})
}

// Recoveries calls each for what was asked and not yet dropped, the oldest first.
func (s *Store) Recoveries(ctx context.Context, each func(id uuid.UUID, login []byte, at time.Time) error) error {
	type recovery struct {
		id    uuid.UUID
		login []byte
		at    time.Time
	}
	var all []recovery
	err := s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			all = append(all, recovery{id(r, "id"), blob(r, "login"), instant(r, "at")})
			return nil
		}, "SELECT id, login, at FROM recoveries ORDER BY at, id")
	})
	for _, x := range all { // each may ask for more of the store
		if err == nil {
			err = each(x.id, x.login, x.at)
		}
	}
	return err
}

// DropRecovery forgets that it was asked; none is no error.
func (s *Store) DropRecovery(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM recoveries WHERE id = ?", id[:]) })
}

// MarkPosted remembers that the message of an invitation was handed to the mail server.
func (s *Store) MarkPosted(ctx context.Context, invitation uuid.UUID, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT OR IGNORE INTO posted (invitation, at) VALUES (?, ?)", invitation[:], ms(now))
	})
}

// Posted reports whether it was.
func (s *Store) Posted(ctx context.Context, invitation uuid.UUID) (posted bool, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(*sqlite.Stmt) error {
			posted = true
			return nil
		}, "SELECT 1 FROM posted WHERE invitation = ?", invitation[:])
	})
	return posted, err
}
