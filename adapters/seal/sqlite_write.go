package seal

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

func (f *file) makeKeys(batch []*request) error { return unavailable(f.create(f.writer, batch)) }

// create makes the keys of a batch in one transaction. An error leaves the file as it was, and the next transaction writes over what
// this one left in the log, so that a full disk is over when it has room again.
func (f *file) create(conn *sqlite.Conn, batch []*request) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := f.currentWrapping(conn)
	if err != nil {
		return err
	}
	for _, r := range batch {
		if err := f.makeKeysOf(conn, w, r); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) takeOver(e estate) error { return unavailable(f.add(f.writer, e)) }

func (f *file) add(conn *sqlite.Conn, e estate) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := f.currentWrapping(conn)
	if err != nil {
		return err
	}
	for _, d := range e.keys {
		err := sqlitex.Execute(conn, `INSERT INTO keys (subject, class, generation, wrapped) SELECT ?1, ?2, ?3, ?4
			WHERE NOT EXISTS (SELECT 1 FROM forgotten WHERE subject = ?1 AND class IN ('', ?2)) ON CONFLICT DO NOTHING`,
			&sqlitex.ExecOptions{Args: []any{d.subject[:], string(d.class), w.generation, w.wrap(d.subject, d.class, d.raw)}})
		if err != nil {
			return err
		}
	}
	for _, t := range e.forgotten {
		err := sqlitex.Execute(conn, `INSERT INTO forgotten (subject, class, at) SELECT ?1, ?2, ?3
			WHERE NOT EXISTS (SELECT 1 FROM keys WHERE subject = ?1 AND ?2 IN ('', class)) ON CONFLICT DO NOTHING`,
			&sqlitex.ExecOptions{Args: []any{t.Subject[:], string(t.Class), t.At.UnixMilli()}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) destroyKeys(gone []Tombstone) error {
	if err := destroy(f.writer, gone); err != nil {
		return unavailable(err)
	}
	if err := f.clean(f.writer); err != nil {
		return fmt.Errorf("seal: the keys are destroyed, traces of them may be left in the file; forget again: %w", unavailable(err))
	}
	return nil
}

func (f *file) currentWrapping(conn *sqlite.Conn) (w wrapping, err error) {
	err = sqlitex.Execute(conn, "SELECT generation, salt FROM wrappings ORDER BY generation DESC LIMIT 1", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			w = f.master.wrapping(row.ColumnInt64(0), columnBytes(row, 1))
			return nil
		},
	})
	if err == nil && w.aead == nil {
		err = fmt.Errorf("%w: key file without a wrapping", ErrIntegrity)
	}
	return w, err
}

// makeKeysOf gives a subject the keys it lacks: somebody else may have been first. What concerns this subject alone is its
// request's error and spoils nobody else's.
func (f *file) makeKeysOf(conn *sqlite.Conn, w wrapping, r *request) error {
	for i, class := range classes {
		key, err := f.find(conn, r.create, class)
		switch {
		case err == nil:
			r.keys[i] = key
			continue
		case errors.Is(err, domain.ErrForgotten):
			continue
		case errors.Is(err, ErrIntegrity):
			r.err = err
			return nil
		case !errors.Is(err, errNoKey):
			return err
		}
		raw := newSecret()
		err = sqlitex.Execute(conn, "INSERT INTO keys (subject, class, generation, wrapped) VALUES (?, ?, ?, ?)",
			&sqlitex.ExecOptions{Args: []any{r.create[:], string(class), w.generation, w.wrap(r.create, class, raw)}})
		if err != nil {
			return err
		}
		r.keys[i] = newAEAD(raw)
	}
	if r.keys == (keyset{}) {
		r.err = domain.ErrForgotten
	}
	return nil
}

// destroy is durable when it returns; the file says from then on that it is to be cleaned.
func destroy(conn *sqlite.Conn, gone []Tombstone) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	now := time.Now().UnixMilli()
	for _, t := range gone {
		err := errors.Join(
			sqlitex.Execute(conn, "DELETE FROM keys WHERE subject = ?1 AND ?2 IN ('', class)",
				&sqlitex.ExecOptions{Args: []any{t.Subject[:], string(t.Class)}}),
			sqlitex.Execute(conn, "INSERT INTO forgotten (subject, class, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				&sqlitex.ExecOptions{Args: []any{t.Subject[:], string(t.Class), now}}))
		if err != nil {
			return err
		}
	}
	return sqlitex.Execute(conn, "UPDATE keyring SET unclean = 1", nil)
}

// clean removes what destroyed keys left behind. It may be repeated, and the file says until the end that it is due.
func (f *file) clean(conn *sqlite.Conn) error {
	if err := f.rotate(conn); err != nil {
		return err
	}
	if err := sqlitex.ExecuteTransient(conn, "VACUUM", nil); err != nil {
		return err
	}
	// After VACUUM, whose own pages pass through the log as well.
	busy, err := queryInt(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	if busy != 0 {
		return fmt.Errorf("seal: the log of the key file is in use: %w", sqlite.ResultBusy.ToError())
	}
	return sqlitex.Execute(conn, "UPDATE keyring SET unclean = 0", nil)
}

// rotate puts all keys under a new generation and destroys the salts of the older ones.
func (f *file) rotate(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	old, err := f.currentWrapping(conn)
	if err != nil {
		return err
	}
	next, err := f.newWrapping(conn, old.generation+1)
	if err != nil {
		return err
	}
	type row struct {
		subject uuid.UUID
		class   domain.Class
		wrapped []byte
	}
	var rows []row
	err = sqlitex.Execute(conn, "SELECT subject, class, wrapped FROM keys WHERE generation = ?", &sqlitex.ExecOptions{
		Args: []any{old.generation},
		ResultFunc: func(r *sqlite.Stmt) error {
			rows = append(rows, row{columnUUID(r, 0), domain.Class(r.ColumnText(1)), columnBytes(r, 2)})
			return nil
		},
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		raw, err := old.unwrap(r.subject, r.class, r.wrapped)
		if err != nil {
			continue // a damaged key opened nothing before; it keeps its old generation and goes on giving ErrIntegrity
		}
		err = sqlitex.Execute(conn, "UPDATE keys SET generation = ?, wrapped = ? WHERE subject = ? AND class = ?",
			&sqlitex.ExecOptions{Args: []any{next.generation, next.wrap(r.subject, r.class, raw), r.subject[:], string(r.class)}})
		if err != nil {
			return err
		}
	}
	return sqlitex.Execute(conn, "DELETE FROM wrappings WHERE generation < ?", &sqlitex.ExecOptions{Args: []any{next.generation}})
}
