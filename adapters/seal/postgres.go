package seal

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/domain"
	"approdo/migrations"
)

const (
	// patience is how long a server that says nothing is waited for, forgetTime how long a forgetting may take that writes all keys
	// anew.
	patience   = 10 * time.Second
	forgetTime = 10 * time.Minute
	// turns is how often a transaction is begun again that the server gave up for the sake of another.
	turns = 5
	// news is the channel on which a node says that it has destroyed keys.
	news = "approdo_keys"
	// relisten is the pause between two attempts to hear the news again.
	relisten = time.Second
)

// database is a storage that several nodes share: the schema "keys" of a PostgreSQL database.
type database struct {
	master    MasterKey
	pool      *pgxpool.Pool
	stop      context.CancelFunc // ends the listening
	listening sync.WaitGroup
}

// OpenKeyringPostgres opens the keys in the database a URL names, or makes the schema "keys" where there is none; several nodes may
// do so at once, and all get the same keys. A master key other than the one the keys were made with is ErrWrongMaster. What a node
// forgets the others stop opening as soon as they hear of it, and within the life of their cache (a minute) if they do not. Only
// Close frees what it holds.
func OpenKeyringPostgres(ctx context.Context, url string, m MasterKey) (*Keyring, error) {
	if m.IsZero() {
		return nil, ErrMasterKeyMissing
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("seal: key database: %w", err)
	}
	config.ConnConfig.ConnectTimeout = patience
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("seal: key database: %w", err)
	}
	d := &database{master: m, pool: pool}
	if err := d.prepare(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("seal: key database: %w", err)
	}
	c := newCache()
	listen, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.listening.Go(func() { d.listen(listen, config.ConnConfig.Copy(), c) })
	return open(d, c), nil
}

// prepare makes new tables ready and checks old ones against the master key.
func (d *database) prepare(ctx context.Context) error {
	migrate := func(conn *pgxpool.Conn) error { return migrations.Postgres(ctx, conn.Conn(), "keys") }
	if err := d.pool.AcquireFunc(ctx, migrate); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		// Whoever founds the keyring at the same time on another node is waited for here.
		tag, err := tx.Exec(ctx, "INSERT INTO keys.keyring (proof) VALUES ($1) ON CONFLICT DO NOTHING", d.master.proof())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 1 {
			return insertWrapping(ctx, tx, 1, newSecret())
		}
		var proof []byte
		if err := tx.QueryRow(ctx, "SELECT proof FROM keys.keyring").Scan(&proof); err != nil {
			return err
		}
		if !hmac.Equal(proof, d.master.proof()) {
			return ErrWrongMaster
		}
		return nil
	})
}

func insertWrapping(ctx context.Context, tx pgx.Tx, generation int64, salt []byte) error {
	_, err := tx.Exec(ctx, "INSERT INTO keys.wrappings (generation, salt) VALUES ($1, $2)", generation, salt)
	return err
}

func (d *database) close() error {
	d.stop()
	d.listening.Wait()
	d.pool.Close()
	return nil
}

// listen clears the cache whenever a node says that it has destroyed keys, and after every time it could not have heard it.
func (d *database) listen(ctx context.Context, config *pgx.ConnConfig, c *cache) {
	for ctx.Err() == nil {
		d.hear(ctx, config, c)
		select {
		case <-ctx.Done():
		case <-time.After(relisten):
		}
	}
}

// hear ends with the connection. Why that ended does not matter: the cache forgets by itself meanwhile.
func (d *database) hear(ctx context.Context, config *pgx.ConnConfig, c *cache) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		conn.Close(last) // says goodbye, or drops the connection: it is gone in any case
	}()
	_, err = conn.Exec(ctx, "LISTEN "+news)
	for err == nil {
		c.clear()
		_, err = conn.WaitForNotification(ctx)
	}
}

func (d *database) readKey(ctx context.Context, subject uuid.UUID, class domain.Class) (key cipher.AEAD, err error) {
	err = d.try(ctx, patience, func(ctx context.Context) error {
		// One statement, so that key and salt are of one generation whatever another node does meanwhile. Whoever destroys keys locks
		// the two tables in the order they stand in here.
		var k kept
		err := d.pool.QueryRow(ctx, `SELECT k.generation, salt, wrapped FROM keys.keys k LEFT JOIN keys.wrappings USING (generation)
			WHERE subject = $1 AND class = $2`, subject, string(class)).Scan(&k.generation, &k.salt, &k.wrapped)
		if err == nil {
			key, err = k.unwrap(d.master, subject, class)
			return err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		var gone bool
		err = d.pool.QueryRow(ctx, "SELECT EXISTS ("+isGone("$1", "$2")+")", subject, string(class)).Scan(&gone)
		if err != nil {
			return err
		}
		if gone {
			return domain.ErrForgotten
		}
		return errNoKey
	})
	return key, err
}

// isGone selects something where a class of a subject was forgotten, or all of them; both are expressions.
func isGone(subject, class string) string {
	return "SELECT FROM keys.forgotten WHERE subject = " + subject +
		" UNION ALL SELECT FROM keys.forgotten_classes WHERE subject = " + subject + " AND class = " + class
}

// kept is a data key as a row has it; the salt is nil where there is no wrapping of its generation.
type kept struct {
	generation    int64
	salt, wrapped []byte
}

func (k kept) unwrap(m MasterKey, subject uuid.UUID, class domain.Class) (cipher.AEAD, error) {
	raw, err := m.wrapping(k.generation, k.salt).unwrap(subject, class, k.wrapped)
	if err != nil {
		return nil, fmt.Errorf("%w: the %s key of subject %s does not unwrap", err, class, subject)
	}
	return newAEAD(raw), nil
}

func (d *database) dataKeys(ctx context.Context) (all []dataKey, err error) {
	err = d.try(ctx, forgetTime, func(ctx context.Context) error {
		rows, err := d.pool.Query(ctx, "SELECT subject, class, generation, salt, wrapped FROM keys.keys JOIN keys.wrappings USING (generation)")
		if err != nil {
			return err
		}
		all = nil
		var id rowID
		var k kept
		_, err = pgx.ForEachRow(rows, []any{&id.subject, &id.class, &k.generation, &k.salt, &k.wrapped}, func() error {
			if raw, err := d.master.wrapping(k.generation, k.salt).unwrap(id.subject, id.class, k.wrapped); err == nil {
				all = append(all, dataKey{id.subject, id.class, raw})
			}
			return nil
		})
		return err
	})
	return all, err
}

func (d *database) generation(ctx context.Context) (n int64, err error) {
	err = d.try(ctx, patience, func(ctx context.Context) error {
		return d.pool.QueryRow(ctx, "SELECT max(generation) FROM keys.wrappings").Scan(&n)
	})
	return n, err
}

func (d *database) forgotten(ctx context.Context) (all []Tombstone, err error) {
	err = d.try(ctx, patience, func(ctx context.Context) error {
		rows, err := d.pool.Query(ctx, `SELECT subject, '', at FROM keys.forgotten UNION ALL SELECT subject, class, at FROM keys.forgotten_classes
			ORDER BY 3, 1, 2`)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Tombstone, err error) {
			err = row.Scan(&s.Subject, &s.Class, &s.At)
			s.At = s.At.UTC()
			return s, err
		})
		return err
	})
	return all, err
}

// try gives fn so long, and runs it again from its start when the server ended it in favour of another.
func (d *database) try(ctx context.Context, long time.Duration, fn func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var err error
	for range turns {
		err = fn(within)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != deadlock && pg.Code != serialization {
			break
		}
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if isAway(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// SQLSTATEs, https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	serialization = "40001"
	deadlock      = "40P01"
)

// away are the classes and codes that say that the server cannot do now what it can at other times: the connection, what it has too
// little of, what an operator does, its disk, a standby, too many deadlocks, a lock that was not to be had.
var away = []string{"08", "53", "57", "58", "25006", "40", "55P03"}

// isAway tells what the server cannot do now from what is ours, a faulty statement among it.
func isAway(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.ContainsFunc(away, func(a string) bool { return strings.HasPrefix(pg.Code, a) })
	}
	_, faulty := errors.AsType[pgx.ScanArgError](err)
	ours := slices.ContainsFunc([]error{nil, errNoKey, ErrIntegrity, domain.ErrForgotten}, func(e error) bool { return errors.Is(err, e) })
	return !faulty && !ours // a connection that failed
}
