package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

// batchSize bounds how many requests share a transaction.
const batchSize = 512

// request is what the writer is asked: to make the keys of one subject, or to forget some. The writer sets keys and err and
// then closes done.
type request struct {
	create uuid.UUID
	forget []uuid.UUID
	done   chan struct{}
	keys   [len(classes)]cipher.AEAD
	err    error
}

func (r *request) answer(err error) {
	if err != nil {
		r.err = err
	}
	close(r.done)
}

// submit hands a request to the writer and waits. When ctx ends first the writer may still carry it out.
func (k *Keyring) submit(ctx context.Context, r *request) error {
	select {
	case k.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-k.closing:
		return ErrClosed
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	case <-k.stopped:
	}
	select {
	case <-r.done: // the writer's last act
		return r.err
	default:
		return ErrClosed
	}
}

// write is the writer: one goroutine and one connection. It never waits for company: whatever has queued up while it was at work
// is its next transaction, and that is enough for one fsync to serve many.
func (k *Keyring) write(conn *sqlite.Conn) {
	defer close(k.stopped)
	defer func() { k.closeErr = conn.Close() }()
	expiry := time.NewTicker(cacheLife / 2)
	defer expiry.Stop()
	for {
		select {
		case r := <-k.requests:
			k.carryOut(conn, k.gather(r))
		case <-expiry.C:
			k.cache.expire()
		case <-k.closing:
			for len(k.requests) > 0 {
				k.carryOut(conn, k.gather(<-k.requests))
			}
			return
		}
	}
}

// gather takes what is waiting behind a request.
func (k *Keyring) gather(first *request) []*request {
	batch := []*request{first}
	for len(batch) < batchSize {
		select {
		case r := <-k.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// carryOut answers creations as soon as they are durable, and forgettings once the file is clean.
func (k *Keyring) carryOut(conn *sqlite.Conn, batch []*request) {
	err := unavailable(k.commit(conn, batch))
	var forgettings []*request
	for _, r := range batch {
		if r.forget != nil {
			forgettings = append(forgettings, r)
		}
	}
	if len(forgettings) > 0 {
		k.cache.clear() // before anybody hears of it
	}
	for _, r := range batch {
		if r.forget == nil {
			r.answer(err)
		}
	}
	if len(forgettings) == 0 {
		return
	}
	if err == nil {
		if err = unavailable(k.clean(conn)); err != nil {
			err = fmt.Errorf("seal: the keys are destroyed, traces of them may be left in the file; forget again: %w", err)
		}
	}
	for _, r := range forgettings {
		r.answer(err)
	}
}

// commit carries out a batch in one transaction. An error leaves the file as it was, and the next transaction writes over what
// this one left in the log, so that a full disk is over when it has room again.
func (k *Keyring) commit(conn *sqlite.Conn, batch []*request) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	w, err := k.currentWrapping(conn)
	if err != nil {
		return err
	}
	for _, r := range batch {
		if r.forget != nil {
			err = destroyKeys(conn, r.forget)
		} else {
			err = k.makeKeys(conn, w, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Keyring) currentWrapping(conn *sqlite.Conn) (w wrapping, err error) {
	err = sqlitex.Execute(conn, "SELECT generation, salt FROM wrappings ORDER BY generation DESC LIMIT 1", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			w = k.master.wrapping(row.ColumnInt64(0), columnBytes(row, 1))
			return nil
		},
	})
	if err == nil && w.aead == nil {
		err = fmt.Errorf("%w: key file without a wrapping", ErrIntegrity)
	}
	return w, err
}

// makeKeys gives a subject the keys it lacks: somebody else may have been first. What concerns this subject alone is its
// request's error and spoils nobody else's.
func (k *Keyring) makeKeys(conn *sqlite.Conn, w wrapping, r *request) error {
	for i, class := range classes {
		key, err := k.readKey(conn, r.create, class)
		switch {
		case err == nil:
			r.keys[i] = key
			continue
		case errors.Is(err, domain.ErrForgotten), errors.Is(err, ErrIntegrity):
			r.err = err
			return nil
		case !errors.Is(err, errNoKey):
			return err
		}
		raw := make([]byte, keyBytes)
		rand.Read(raw) // never fails
		err = sqlitex.Execute(conn, "INSERT INTO keys (subject, class, generation, wrapped) VALUES (?, ?, ?, ?)",
			&sqlitex.ExecOptions{Args: []any{r.create[:], string(class), w.generation, w.wrap(r.create, class, raw)}})
		if err != nil {
			return err
		}
		r.keys[i] = newAEAD(raw)
	}
	return nil
}

func destroyKeys(conn *sqlite.Conn, subjects []uuid.UUID) error {
	now := time.Now().UnixMilli()
	for _, s := range subjects {
		err := errors.Join(
			sqlitex.Execute(conn, "DELETE FROM keys WHERE subject = ?", &sqlitex.ExecOptions{Args: []any{s[:]}}),
			sqlitex.Execute(conn, "INSERT INTO forgotten (subject, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
				&sqlitex.ExecOptions{Args: []any{s[:], now}}))
		if err != nil {
			return err
		}
	}
	return sqlitex.Execute(conn, "UPDATE keyring SET unclean = 1", nil)
}

// clean removes what destroyed keys left behind. It may be repeated, and the file says until the end that it is due.
func (k *Keyring) clean(conn *sqlite.Conn) error {
	if err := k.rotate(conn); err != nil {
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
func (k *Keyring) rotate(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	old, err := k.currentWrapping(conn)
	if err != nil {
		return err
	}
	next, err := k.newWrapping(conn, old.generation+1)
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
