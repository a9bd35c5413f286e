package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/domain/event"
	"approdo/domain/policy"
)

// Checkpoints says how far policies have come in the journal.
type Checkpoints struct{ s *Store }

// Checkpoints are kept in the same file.
func (s *Store) Checkpoints() Checkpoints { return Checkpoints{s} }

// Load gives 0 for a policy that has none.
func (c Checkpoints) Load(ctx context.Context, name string) (p event.Position, err error) {
	err = c.s.read(ctx, func(conn *sqlite.Conn) error {
		return rows(conn, func(r *sqlite.Stmt) error {
			p = event.Position(r.GetInt64("position"))
			return nil
		}, "SELECT position FROM checkpoints WHERE policy = ?", name)
	})
	return p, err
}

// Save puts a checkpoint in the place of the last one.
func (c Checkpoints) Save(ctx context.Context, name string, p event.Position) error {
	return c.s.write(ctx, func(conn *sqlite.Conn) error {
		return exec(conn, `INSERT INTO checkpoints (policy, position) VALUES (?, ?)
			ON CONFLICT (policy) DO UPDATE SET position = excluded.position`, name, int64(p))
	})
}

// All gives every checkpoint there is.
func (c Checkpoints) All(ctx context.Context) (map[string]event.Position, error) {
	all := map[string]event.Position{}
	err := c.s.read(ctx, func(conn *sqlite.Conn) error {
		return rows(conn, func(r *sqlite.Stmt) error {
			all[r.GetText("policy")] = event.Position(r.GetInt64("position"))
			return nil
		}, "SELECT policy, position FROM checkpoints")
	})
	return all, err
}

// Parking keeps the records that policies could not deal with, until somebody does.
type Parking struct{ s *Store }

// Parking is kept in the same file.
func (s *Store) Parking() Parking { return Parking{s} }

// Park adds a record. One that is parked already keeps its First, and adds the attempts to its own.
func (p Parking) Park(ctx context.Context, one policy.Parked) error {
	return p.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, `INSERT INTO parked (id, policy, event, type, stream, revision, position, code, attempts, first, last)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET code = excluded.code, attempts = attempts + excluded.attempts, last = excluded.last`,
			one.ID[:], one.Policy, one.Event[:], one.Type, one.Stream, int64(one.Revision), int64(one.Position), one.Code, one.Attempts,
			ms(one.First), ms(one.Last))
	})
}

// Find is policy.ErrNotParked where there is none.
func (p Parking) Find(ctx context.Context, id uuid.UUID) (policy.Parked, error) {
	found, err := p.list(ctx, "WHERE id = ?", id[:])
	if err == nil && len(found) == 0 {
		err = policy.ErrNotParked
	}
	if err != nil {
		return policy.Parked{}, err
	}
	return found[0], nil
}

// Waiting lists what a policy has parked of a stream, by position.
func (p Parking) Waiting(ctx context.Context, name, stream string) ([]policy.Parked, error) {
	return p.list(ctx, "WHERE policy = ? AND stream = ? ORDER BY position", name, stream)
}

// All lists everything that is parked, by policy, stream and position.
func (p Parking) All(ctx context.Context) ([]policy.Parked, error) {
	return p.list(ctx, "ORDER BY policy, stream, position")
}

func (p Parking) list(ctx context.Context, which string, args ...any) (found []policy.Parked, err error) {
	err = p.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			found = append(found, policy.Parked{
				ID: id(r, "id"), Policy: r.GetText("policy"), Event: id(r, "event"), Type: r.GetText("type"), Stream: r.GetText("stream"),
				Revision: event.Revision(r.GetInt64("revision")), Position: event.Position(r.GetInt64("position")),
				Code: r.GetText("code"), Attempts: int(r.GetInt64("attempts")), First: instant(r, "first"), Last: instant(r, "last"),
			})
			return nil
		}, "SELECT id, policy, event, type, stream, revision, position, code, attempts, first, last FROM parked "+which, args...)
	})
	return found, err
}

// Unpark removes one that was dealt with; one that is not there is no error.
func (p Parking) Unpark(ctx context.Context, id uuid.UUID) error {
	return p.s.write(ctx, func(c *sqlite.Conn) error { return exec(c, "DELETE FROM parked WHERE id = ?", id[:]) })
}

// Drop removes one that a person gave up, and keeps who that was and why. It is policy.ErrNotParked where there is none.
func (p Parking) Drop(ctx context.Context, id, by uuid.UUID, reason policy.DropReason, at time.Time) error {
	return p.s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, `INSERT INTO dropped (policy, event, type, stream, position, code, attempts, first, account, reason, at)
			SELECT policy, event, type, stream, position, code, attempts, first, ?, ?, ? FROM parked WHERE id = ?`,
			by[:], string(reason), ms(at), id[:])
		if err == nil && c.Changes() == 0 {
			return policy.ErrNotParked
		}
		if err != nil {
			return err
		}
		return exec(c, "DELETE FROM parked WHERE id = ?", id[:])
	})
}
