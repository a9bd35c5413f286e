package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/domain/event"
	"approdo/domain/policy"
)

// Checkpoints says how far policies have come in the journal.
type Checkpoints struct{ s *Store }

// Checkpoints are kept in the same database.
func (s *Store) Checkpoints() Checkpoints { return Checkpoints{s} }

// Load gives 0 for a policy that has none.
func (c Checkpoints) Load(ctx context.Context, name string) (event.Position, error) {
	var p int64
	_, err := c.s.row(ctx, []any{&p}, "SELECT position FROM state.checkpoints WHERE policy = $1", name)
	return event.Position(p), err
}

// Save puts a checkpoint in the place of the last one.
func (c Checkpoints) Save(ctx context.Context, name string, p event.Position) error {
	_, err := c.s.exec(ctx, `INSERT INTO state.checkpoints (policy, position) VALUES ($1, $2)
		ON CONFLICT (policy) DO UPDATE SET position = excluded.position`, name, int64(p))
	return err
}

// All gives every checkpoint there is.
func (c Checkpoints) All(ctx context.Context) (all map[string]event.Position, err error) {
	err = c.s.try(ctx, func(ctx context.Context) error {
		rows, err := c.s.pool.Query(ctx, "SELECT policy, position FROM state.checkpoints")
		if err != nil {
			return err
		}
		all = map[string]event.Position{}
		var name string
		var p int64
		_, err = pgx.ForEachRow(rows, []any{&name, &p}, func() error {
			all[name] = event.Position(p)
			return nil
		})
		return err
	})
	return all, err
}

// Parking keeps the records that policies could not deal with, until somebody does.
type Parking struct{ s *Store }

// Parking is kept in the same database.
func (s *Store) Parking() Parking { return Parking{s} }

// Park adds a record. One that is parked already keeps its First, and adds the attempts to its own.
func (p Parking) Park(ctx context.Context, one policy.Parked) error {
	_, err := p.s.exec(ctx, `INSERT INTO state.parked AS kept
		(id, policy, event, type, stream, revision, position, code, attempts, first, last)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, attempts = kept.attempts + excluded.attempts, last = excluded.last`,
		one.ID, one.Policy, one.Event, one.Type, one.Stream, int64(one.Revision), int64(one.Position), one.Code, one.Attempts, one.First, one.Last)
	return err
}

// Find is policy.ErrNotParked where there is none.
func (p Parking) Find(ctx context.Context, id uuid.UUID) (policy.Parked, error) {
	found, err := p.list(ctx, "WHERE id = $1", id)
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
	return p.list(ctx, "WHERE policy = $1 AND stream = $2 ORDER BY position", name, stream)
}

// All lists everything that is parked, by policy, stream and position.
func (p Parking) All(ctx context.Context) ([]policy.Parked, error) {
	return p.list(ctx, "ORDER BY policy, stream, position")
}

func (p Parking) list(ctx context.Context, which string, args ...any) ([]policy.Parked, error) {
	return rows(ctx, p.s, func(r pgx.CollectableRow) (one policy.Parked, err error) {
		var revision, position int64
		err = r.Scan(&one.ID, &one.Policy, &one.Event, &one.Type, &one.Stream, &revision, &position, &one.Code, &one.Attempts, &one.First, &one.Last)
		one.Revision, one.Position = event.Revision(revision), event.Position(position)
		one.First, one.Last = one.First.UTC(), one.Last.UTC()
		return one, err
	}, "SELECT id, policy, event, type, stream, revision, position, code, attempts, first, last FROM state.parked "+which, args...)
}

// Unpark removes one that was dealt with; one that is not there is no error.
func (p Parking) Unpark(ctx context.Context, id uuid.UUID) error {
	_, err := p.s.exec(ctx, "DELETE FROM state.parked WHERE id = $1", id)
	return err
}

// Drop removes one that a person gave up, and keeps who that was and why. It is policy.ErrNotParked where there is none, and for all
// but one who drop the same.
func (p Parking) Drop(ctx context.Context, id, by uuid.UUID, reason policy.DropReason, at time.Time) error {
	changed, err := p.s.exec(ctx, `WITH gone AS (DELETE FROM state.parked WHERE id = $1 RETURNING *)
		INSERT INTO state.dropped (policy, event, type, stream, position, code, attempts, first, account, reason, at)
		SELECT policy, event, type, stream, position, code, attempts, first, $2, $3, $4 FROM gone`, id, by, string(reason), at)
	if err == nil && changed == 0 {
		return policy.ErrNotParked
	}
	return err
}
