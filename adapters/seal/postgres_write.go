package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/domain"
)

// write runs fn in a transaction, in the time that try gives it. Each statement in it sees what was committed before it began.
func (d *database) write(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error { return fn(ctx, tx) })
}

// makeKeys offers new keys to all subjects of a batch in one statement; whoever was first has made the ones that count.
func (d *database) makeKeys(batch []*request) error {
	return d.try(context.Background(), patience, func(ctx context.Context) error {
		made, err := d.create(ctx, batch)
		if err != nil {
			return err
		}
		for _, r := range batch {
			r.keys, r.err = d.keysOf(made, r.create)
		}
		return nil
	})
}

type rowID struct {
	subject uuid.UUID
	class   domain.Class
}

func (d *database) create(ctx context.Context, batch []*request) (made map[rowID]kept, err error) {
	err = d.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE keys.keyring IN ROW SHARE MODE"); err != nil { // no key is destroyed meanwhile
			return err
		}
		w, err := d.currentWrapping(ctx, tx)
		if err != nil {
			return err
		}
		var subjects []uuid.UUID
		var names []string
		var wrapped [][]byte
		for _, r := range batch {
			for _, class := range classes {
				subjects, names = append(subjects, r.create), append(names, string(class))
				wrapped = append(wrapped, w.wrap(r.create, class, newSecret()))
			}
		}
		// In one order everywhere, so that two nodes do not wait for each other.
		_, err = tx.Exec(ctx, `INSERT INTO keys.keys (subject, class, generation, wrapped)
			SELECT subject, class, $4, wrapped FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS new (subject, class, wrapped)
			WHERE NOT EXISTS (`+isGone("new.subject", "new.class")+`)
			ORDER BY subject, class ON CONFLICT DO NOTHING`, subjects, names, wrapped, w.generation)
		if err != nil {
			return err
		}
		made = map[rowID]kept{}
		rows, err := tx.Query(ctx, `SELECT subject, class, k.generation, salt, wrapped FROM keys.keys k
			LEFT JOIN keys.wrappings USING (generation) WHERE subject = ANY ($1)`, subjects)
		if err != nil {
			return err
		}
		var id rowID
		var k kept
		_, err = pgx.ForEachRow(rows, []any{&id.subject, &id.class, &k.generation, &k.salt, &k.wrapped}, func() error {
			made[id] = k
			k = kept{}
			return nil
		})
		return err
	})
	return made, err
}

func (d *database) takeOver(e estate) error {
	return d.try(context.Background(), forgetTime, func(ctx context.Context) error {
		return d.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "LOCK TABLE keys.keyring IN EXCLUSIVE MODE"); err != nil {
				return err
			}
			w, err := d.currentWrapping(ctx, tx)
			if err != nil {
				return err
			}
			var subjects []uuid.UUID
			var names []string
			var wrapped [][]byte
			for _, k := range e.keys {
				subjects, names = append(subjects, k.subject), append(names, string(k.class))
				wrapped = append(wrapped, w.wrap(k.subject, k.class, k.raw))
			}
			_, err = tx.Exec(ctx, `INSERT INTO keys.keys (subject, class, generation, wrapped)
				SELECT subject, class, $4, wrapped FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS new (subject, class, wrapped)
				WHERE NOT EXISTS (`+isGone("new.subject", "new.class")+`) ON CONFLICT DO NOTHING`,
				subjects, names, wrapped, w.generation)
			if err != nil {
				return err
			}
			subjects, names = nil, nil
			var at []time.Time
			for _, t := range e.forgotten {
				subjects, names, at = append(subjects, t.Subject), append(names, string(t.Class)), append(at, t.At)
			}
			_, err = tx.Exec(ctx, `INSERT INTO keys.forgotten (subject, at)
				SELECT subject, at FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS new (subject, class, at)
				WHERE class = '' AND NOT EXISTS (SELECT FROM keys.keys k WHERE k.subject = new.subject) ON CONFLICT DO NOTHING`, subjects, names, at)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO keys.forgotten_classes (subject, class, at)
				SELECT subject, class, at FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS new (subject, class, at)
				WHERE class <> '' AND NOT EXISTS (SELECT FROM keys.keys k WHERE k.subject = new.subject AND k.class = new.class)
				ON CONFLICT DO NOTHING`, subjects, names, at)
			return err
		})
	})
}

// keysOf unwraps what was made or found. What has no row has a tombstone.
func (d *database) keysOf(made map[rowID]kept, subject uuid.UUID) (keys keyset, err error) {
	for i, class := range classes {
		k, ok := made[rowID{subject, class}]
		if !ok {
			continue
		}
		if keys[i], err = k.unwrap(d.master, subject, class); err != nil {
			return keyset{}, err
		}
	}
	if keys == (keyset{}) {
		return keys, domain.ErrForgotten
	}
	return keys, nil
}

func (d *database) currentWrapping(ctx context.Context, tx pgx.Tx) (wrapping, error) {
	var generation int64
	var salt []byte
	err := tx.QueryRow(ctx, "SELECT generation, salt FROM keys.wrappings ORDER BY generation DESC LIMIT 1").Scan(&generation, &salt)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w: key database without a wrapping", ErrIntegrity)
	}
	return d.master.wrapping(generation, salt), err
}

// destroyKeys does all of it in one transaction: there is no state in between that a crash could leave. The two tables are emptied
// by TRUNCATE and filled again, so that their files are new: unlike DELETE and VACUUM this leaves no row of the old generation in
// any page, however old the snapshots are that other sessions still hold.
func (d *database) destroyKeys(gone []Tombstone) error {
	var subjects []uuid.UUID
	var names []string
	for _, t := range gone {
		subjects, names = append(subjects, t.Subject), append(names, string(t.Class))
	}
	return d.try(context.Background(), forgetTime, func(ctx context.Context) error {
		return d.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "LOCK TABLE keys.keyring IN EXCLUSIVE MODE"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO keys.forgotten (subject, at) SELECT subject, clock_timestamp()
				FROM unnest($1::uuid[], $2::text[]) AS gone (subject, class) WHERE class = '' ON CONFLICT DO NOTHING`, subjects, names)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO keys.forgotten_classes (subject, class, at) SELECT subject, class, clock_timestamp()
				FROM unnest($1::uuid[], $2::text[]) AS gone (subject, class) WHERE class <> '' ON CONFLICT DO NOTHING`, subjects, names)
			if err != nil {
				return err
			}
			if some, err := d.rewrap(ctx, tx); err != nil || !some {
				return err
			}
			_, err = tx.Exec(ctx, "SELECT pg_notify($1, '')", news) // heard when this is committed
			return err
		})
	})
}

// rewrap puts all keys but those of what has a tombstone under a new generation, and leaves everything as it is where there are none of
// those.
func (d *database) rewrap(ctx context.Context, tx pgx.Tx) (some bool, err error) {
	gone := "EXISTS (" + isGone("k.subject", "k.class") + ")"
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM keys.keys k WHERE "+gone+")").Scan(&some); err != nil || !some {
		return false, err
	}
	old, err := d.currentWrapping(ctx, tx)
	if err != nil {
		return false, err
	}
	salt := newSecret()
	next := d.master.wrapping(old.generation+1, salt)
	rows, err := tx.Query(ctx, "SELECT subject, class, generation, wrapped FROM keys.keys k WHERE NOT "+gone)
	if err != nil {
		return false, err
	}
	var again [][]any
	var id rowID
	var k kept
	_, err = pgx.ForEachRow(rows, []any{&id.subject, &id.class, &k.generation, &k.wrapped}, func() error {
		// A damaged key opened nothing before; it keeps its old generation and goes on giving ErrIntegrity.
		if raw, err := old.unwrap(id.subject, id.class, k.wrapped); err == nil {
			k = kept{generation: next.generation, wrapped: next.wrap(id.subject, id.class, raw)}
		}
		again = append(again, []any{id.subject, string(id.class), k.generation, k.wrapped})
		k = kept{}
		return nil
	})
	if err != nil {
		return false, err
	}
	// Readers are held off from here on, and by whoever waits for the locks this takes. A dump holds them up for as long as it takes:
	// then the forgetting is what comes later.
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'; TRUNCATE keys.keys, keys.wrappings"); err != nil {
		return false, err
	}
	if err := insertWrapping(ctx, tx, next.generation, salt); err != nil {
		return false, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"keys", "keys"}, []string{"subject", "class", "generation", "wrapped"}, pgx.CopyFromRows(again))
	return true, err
}
