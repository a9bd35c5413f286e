package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

const (
	maxReaders = 4
	// busyTimeout is how long a write waits for another process that holds the file.
	busyTimeout = 10 * time.Second
)

// file is a storage of one machine: a SQLite file of its own.
type file struct {
	master  MasterKey
	writer  *sqlite.Conn
	readers chan *sqlite.Conn
	opened  int // readers, lent or not
	closed  chan struct{}
}

// OpenKeyring opens the key file, or makes it with mode 0600 where there is none, and ends a forgetting that a crash cut short.
// A master key other than the one the file was made with is ErrWrongMaster. Only Close frees what it holds.
func OpenKeyring(path string, m MasterKey) (*Keyring, error) {
	if m.IsZero() {
		return nil, ErrMasterKeyMissing
	}
	f, err := openFile(path, m)
	if err != nil {
		return nil, err
	}
	return open(f, newCache()), nil
}

func openFile(path string, m MasterKey) (_ *file, err error) {
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	f := &file{master: m, readers: make(chan *sqlite.Conn, maxReaders), closed: make(chan struct{})}
	if f.writer, err = openConn(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if err := f.prepare(f.writer); err != nil {
		return nil, err
	}
	for f.opened < maxReaders {
		conn, err := openConn(path)
		if err != nil {
			return nil, err
		}
		f.opened++
		f.readers <- conn
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA query_only = ON", nil); err != nil {
			return nil, fmt.Errorf("seal: key file: %w", err)
		}
	}
	return f, nil
}

// touch makes the file with a mode that SQLite would not choose; its log takes the same.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func openConn(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	conn.SetBusyTimeout(busyTimeout)
	// temp_store keeps the copy that VACUUM makes off the disk.
	for _, pragma := range []string{"synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY", "trusted_schema = OFF"} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("seal: key file: %w", err), conn.Close())
		}
	}
	return conn, nil
}

func (f *file) close() error {
	close(f.closed)
	err := f.writer.Close()
	for range f.opened {
		err = errors.Join(err, (<-f.readers).Close())
	}
	return err
}

// read lends a connection. What SQLite refuses comes back as ErrUnavailable, with the reason for the log.
func (f *file) read(ctx context.Context, with func(*sqlite.Conn) error) error {
	select {
	case <-f.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case conn := <-f.readers:
		defer func() { f.readers <- conn }()
		return unavailable(with(conn))
	}
}

func (f *file) forgotten(ctx context.Context) (all []Tombstone, err error) {
	err = f.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT subject, class, at FROM forgotten ORDER BY at, subject, class", &sqlitex.ExecOptions{
			ResultFunc: func(row *sqlite.Stmt) error {
				all = append(all, Tombstone{columnUUID(row, 0), domain.Class(row.ColumnText(1)), time.UnixMilli(row.ColumnInt64(2)).UTC()})
				return nil
			},
		})
	})
	return all, err
}

func (f *file) generation(ctx context.Context) (n int64, err error) {
	err = f.read(ctx, func(conn *sqlite.Conn) error {
		n, err = queryInt(conn, "SELECT max(generation) FROM wrappings")
		return err
	})
	return n, err
}

func (f *file) dataKeys(ctx context.Context) (all []dataKey, err error) {
	err = f.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT subject, class, generation, salt, wrapped FROM keys JOIN wrappings USING (generation)",
			&sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
				d := dataKey{subject: columnUUID(row, 0), class: domain.Class(row.ColumnText(1))}
				var err error
				d.raw, err = f.master.wrapping(row.ColumnInt64(2), columnBytes(row, 3)).unwrap(d.subject, d.class, columnBytes(row, 4))
				if err == nil {
					all = append(all, d)
				}
				return nil
			}})
	})
	return all, err
}

func (f *file) readKey(ctx context.Context, subject uuid.UUID, class domain.Class) (key cipher.AEAD, err error) {
	err = f.read(ctx, func(conn *sqlite.Conn) error {
		key, err = f.find(conn, subject, class)
		return err
	})
	return key, err
}

// find gives a subject's key as the file has it. One statement, so that key and salt are of one generation whatever another
// process does meanwhile.
func (f *file) find(conn *sqlite.Conn, subject uuid.UUID, class domain.Class) (cipher.AEAD, error) {
	var key cipher.AEAD
	err := sqlitex.Execute(conn,
		`SELECT k.generation, salt, wrapped FROM keys k LEFT JOIN wrappings USING (generation) WHERE subject = ? AND class = ?`,
		&sqlitex.ExecOptions{
			Args: []any{subject[:], string(class)},
			ResultFunc: func(row *sqlite.Stmt) error {
				raw, err := f.master.wrapping(row.ColumnInt64(0), columnBytes(row, 1)).unwrap(subject, class, columnBytes(row, 2))
				if err != nil {
					return fmt.Errorf("%w: the %s key of subject %s does not unwrap", err, class, subject)
				}
				key = newAEAD(raw)
				return nil
			},
		})
	if err != nil || key != nil {
		return key, err
	}
	gone, err := isForgotten(conn, subject, class)
	switch {
	case err != nil:
		return nil, err
	case gone:
		return nil, domain.ErrForgotten
	}
	return nil, errNoKey
}

func isForgotten(conn *sqlite.Conn, subject uuid.UUID, class domain.Class) (bool, error) {
	gone := false
	err := sqlitex.Execute(conn, "SELECT 1 FROM forgotten WHERE subject = ? AND class IN ('', ?)", &sqlitex.ExecOptions{
		Args:       []any{subject[:], string(class)},
		ResultFunc: func(*sqlite.Stmt) error { gone = true; return nil },
	})
	return gone, err
}

// unavailable marks what SQLite cannot do now, and lets pass what is ours, a faulty statement among it.
func unavailable(err error) error {
	if code := sqlite.ErrCode(err); code == sqlite.ResultOK || code == sqlite.ResultError {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

func columnBytes(row *sqlite.Stmt, col int) []byte {
	b := make([]byte, row.ColumnLen(col))
	row.ColumnBytes(col, b)
	return b
}

func columnUUID(row *sqlite.Stmt, col int) (u uuid.UUID) {
	row.ColumnBytes(col, u[:])
	return u
}
