package seal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

// Copy is what a keyring keeps, as it keeps it: whoever has a copy needs the master key too to open anything with it. The package comment
// says what a copy is worth to those two after somebody was forgotten.
type Copy struct {
	Proof     []byte           `json:"proof"` // tells the master key from another
	Salts     map[int64][]byte `json:"salts"` // of the generations of the wrapping
	Keys      []CopiedKey      `json:"keys"`
	Forgotten []CopiedGrave    `json:"forgotten"`
}

// CopiedKey is a data key closed under the wrapping of its generation.
type CopiedKey struct {
	Subject    uuid.UUID    `json:"subject"`
	Class      domain.Class `json:"class"`
	Generation int64        `json:"generation"`
	Wrapped    []byte       `json:"wrapped"`
}

// CopiedGrave is a Tombstone.
type CopiedGrave struct {
	Subject uuid.UUID    `json:"subject"`
	Class   domain.Class `json:"class,omitzero"`
	At      time.Time    `json:"at"`
}

// errNoKeyring says that there is nothing to copy.
var errNoKeyring = errors.New("seal: there is no keyring")

// CopyFile copies the key file at a path without the master key, while others work on it: what was forgotten when it returns has a
// tombstone in the copy and no key.
func CopyFile(ctx context.Context, path string) (c Copy, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return c, fmt.Errorf("seal: key file: %w", err)
	}
	f := &file{readers: make(chan *sqlite.Conn, 1), closed: make(chan struct{})}
	f.readers <- conn
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetBusyTimeout(busyTimeout)
	err = f.read(ctx, func(conn *sqlite.Conn) error {
		switch version, err := queryInt(conn, "PRAGMA user_version"); {
		case err != nil:
			return err
		case version != schemaVersion:
			return fmt.Errorf("seal: key file of schema %d; this program knows %d", version, schemaVersion)
		}
		return sqlitex.Execute(conn, "SELECT proof, subject, class, generation, salt, wrapped FROM keyring LEFT JOIN (keys JOIN wrappings USING (generation))",
			&sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
				c.Proof = columnBytes(row, 0)
				if row.ColumnLen(1) > 0 {
					c.add(CopiedKey{columnUUID(row, 1), domain.Class(row.ColumnText(2)), row.ColumnInt64(3), columnBytes(row, 5)}, columnBytes(row, 4))
				}
				return nil
			}})
	})
	if err != nil {
		return c, err
	}
	return c, c.bury(ctx, f)
}

// CopyPostgres is CopyFile for the keys in the database a URL names.
func CopyPostgres(ctx context.Context, url string) (c Copy, err error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return c, fmt.Errorf("seal: key database: %w", err)
	}
	defer pool.Close()
	d := &database{pool: pool}
	err = d.try(ctx, forgetTime, func(ctx context.Context) error {
		c = Copy{}
		// One short statement: whoever forgets waits for it.
		rows, err := pool.Query(ctx, `SELECT proof, subject, coalesce(class, ''), coalesce(generation, 0), salt, wrapped
			FROM keys.keyring LEFT JOIN (keys.keys JOIN keys.wrappings USING (generation)) ON true`)
		if err != nil {
			return err
		}
		var subject *uuid.UUID
		var k CopiedKey
		var proof, salt []byte
		_, err = pgx.ForEachRow(rows, []any{&proof, &subject, &k.Class, &k.Generation, &salt, &k.Wrapped}, func() error {
			c.Proof = bytes.Clone(proof)
			if subject != nil {
				k.Subject, k.Wrapped = *subject, bytes.Clone(k.Wrapped)
				c.add(k, bytes.Clone(salt))
			}
			return nil
		})
		return err
	})
	if err != nil {
		return c, err
	}
	return c, c.bury(ctx, d)
}

func (c *Copy) add(k CopiedKey, salt []byte) {
	if c.Salts == nil {
		c.Salts = map[int64][]byte{}
	}
	c.Keys, c.Salts[k.Generation] = append(c.Keys, k), salt
}

// bury adds the tombstones, which are read after the keys, and takes out the keys of those who were forgotten in between.
func (c *Copy) bury(ctx context.Context, s storage) error {
	if len(c.Proof) == 0 {
		return errNoKeyring
	}
	gone, err := s.forgotten(ctx)
	if err != nil {
		return err
	}
	for _, t := range gone {
		c.Forgotten = append(c.Forgotten, CopiedGrave(t))
	}
	dead := covered(gone)
	c.Keys = slices.DeleteFunc(c.Keys, func(k CopiedKey) bool { return dead.has(Tombstone{Subject: k.Subject, Class: k.Class}) })
	maps.DeleteFunc(c.Salts, func(generation int64, _ []byte) bool {
		return !slices.ContainsFunc(c.Keys, func(k CopiedKey) bool { return k.Generation == generation })
	})
	return nil
}

// Check is ErrWrongMaster for another master key than that of the keyring that was copied.
func (c Copy) Check(m MasterKey) error {
	switch {
	case m.IsZero():
		return ErrMasterKeyMissing
	case !hmac.Equal(c.Proof, m.proof()):
		return ErrWrongMaster
	}
	return nil
}

// TakeOverCopy is TakeOver from a copy, under the master key of the keyring that was copied. Keys that do not unwrap are left out: they
// opened nothing before. How many those are is len(c.Keys) less n.
func (k *Keyring) TakeOverCopy(ctx context.Context, c Copy, m MasterKey) (n int, err error) {
	if err := c.Check(m); err != nil {
		return 0, err
	}
	wrappings := map[int64]wrapping{}
	for generation, salt := range c.Salts {
		wrappings[generation] = m.wrapping(generation, salt)
	}
	var e estate
	for _, d := range c.Keys {
		if w, ok := wrappings[d.Generation]; ok {
			if raw, err := w.unwrap(d.Subject, d.Class, d.Wrapped); err == nil {
				e.keys = append(e.keys, dataKey{d.Subject, d.Class, raw})
			}
		}
	}
	for _, t := range c.Forgotten {
		e.forgotten = append(e.forgotten, Tombstone(t))
	}
	return k.inherit(ctx, e)
}
