package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

// The errors of a Keyring besides ErrIntegrity and domain.ErrForgotten.
var (
	// ErrUnavailable means that the key file cannot be read or written now. Nothing was sealed.
	ErrUnavailable = &domain.Error{Kind: domain.KindUnavailable, Code: "keys-unavailable"}
	ErrClosed      = errors.New("seal: keyring is closed")
	ErrWrongMaster = errors.New("seal: this master key is not the one the key file was made with")
)

const (
	readers   = 4
	queueSize = 1024
	// busyTimeout is how long a write waits for another process that holds the file.
	busyTimeout = 10 * time.Second
)

// Keyring is the domain.Sealer of a node, on a SQLite file of its own. It is safe for use by many goroutines, and several
// processes may have the file open.
type Keyring struct {
	master   MasterKey
	cache    *cache
	readers  chan *sqlite.Conn
	requests chan *request
	closing  chan struct{} // closed by Close
	stopped  chan struct{} // closed when the writer has ended
	close    sync.Once
	closeErr error
}

var _ domain.Sealer = (*Keyring)(nil)

// OpenKeyring opens the key file, or makes it with mode 0600 where there is none, and ends a forgetting that a crash cut short.
// A master key other than the one the file was made with is ErrWrongMaster. Only Close frees what it holds.
func OpenKeyring(path string, m MasterKey) (_ *Keyring, err error) {
	if m.IsZero() {
		return nil, ErrMasterKeyMissing
	}
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	k := &Keyring{
		master:   m,
		cache:    newCache(),
		readers:  make(chan *sqlite.Conn, readers),
		requests: make(chan *request, queueSize),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	writer, err := openConn(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, writer.Close(), k.closeReaders())
		}
	}()
	if err := k.prepare(writer); err != nil {
		return nil, err
	}
	for range readers {
		conn, err := openConn(path)
		if err != nil {
			return nil, err
		}
		k.readers <- conn
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA query_only = ON", nil); err != nil {
			return nil, fmt.Errorf("seal: key file: %w", err)
		}
	}
	go k.write(writer)
	return k, nil
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

// Close lets the writer finish what it was given and frees the file. Calls after it give ErrClosed.
func (k *Keyring) Close() error {
	k.close.Do(func() {
		close(k.closing)
		<-k.stopped
		k.cache.clear()
		var open []*sqlite.Conn
		for range readers {
			open = append(open, <-k.readers) // waits for who is still reading
		}
		for _, conn := range open {
			k.closeErr = errors.Join(k.closeErr, conn.Close())
		}
	})
	return k.closeErr
}

// closeReaders closes those that were opened, for an opening that fails.
func (k *Keyring) closeReaders() error {
	var err error
	for range len(k.readers) {
		err = errors.Join(err, (<-k.readers).Close())
	}
	return err
}

// Seal closes a text under the subject's key for a class, made on first use and durable before Seal returns. It is
// domain.ErrForgotten for a subject that was forgotten. When ctx ends early the key may have been made all the same.
func (k *Keyring) Seal(ctx context.Context, subject uuid.UUID, class domain.Class, context string, plain []byte) ([]byte, error) {
	key, epoch, err := k.lookup(ctx, subject, class)
	if errors.Is(err, errNoKey) {
		key, err = k.create(ctx, subject, class, epoch)
	}
	if err != nil {
		return nil, err
	}
	return closeBox(key, subject, class, context, plain), nil
}

// Open opens a box at the place it was closed for. It is domain.ErrForgotten for a subject that was forgotten, and ErrIntegrity for
// a box that was changed or moved, and for a subject nobody has a key or a tombstone of.
func (k *Keyring) Open(ctx context.Context, subject uuid.UUID, class domain.Class, context string, sealed []byte) ([]byte, error) {
	key, _, err := k.lookup(ctx, subject, class)
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("%w: no key for subject %s", ErrIntegrity, subject)
	}
	if err != nil {
		return nil, err
	}
	plain, err := openBox(key, subject, class, context, sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: the box of subject %s does not open at %s", err, subject, context)
	}
	return plain, nil
}

// Forget destroys the keys of subjects, in the way package seal describes, and returns when it is done. Subjects without keys are
// forgotten too; those already forgotten are no error. An error may come when the keys are gone already and only the cleaning
// of the file is not done: then a repetition, or the next opening of the file, ends it. It rewrites the whole file: give it many
// subjects at once rather than one after the other.
func (k *Keyring) Forget(ctx context.Context, subjects ...uuid.UUID) error {
	if len(subjects) == 0 {
		return nil
	}
	return k.submit(ctx, &request{forget: slices.Clone(subjects), done: make(chan struct{})})
}

// Tombstone is what is left of a subject: that it was forgotten, and when (UTC).
type Tombstone struct {
	Subject uuid.UUID
	At      time.Time
}

// Forgotten lists the tombstones, oldest first. Whoever restores an older key file passes them to Forget.
func (k *Keyring) Forgotten(ctx context.Context) ([]Tombstone, error) {
	var out []Tombstone
	err := k.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT subject, at FROM forgotten ORDER BY at, subject", &sqlitex.ExecOptions{
			ResultFunc: func(row *sqlite.Stmt) error {
				out = append(out, Tombstone{columnUUID(row, 0), time.UnixMilli(row.ColumnInt64(1)).UTC()})
				return nil
			},
		})
	})
	return out, err
}

// errNoKey stays inside: a subject without key and without tombstone.
var errNoKey = errors.New("seal: no key")

// lookup finds the key of a subject in memory or in the file. The epoch is the cache's when it was asked.
func (k *Keyring) lookup(ctx context.Context, subject uuid.UUID, class domain.Class) (cipher.AEAD, uint64, error) {
	if !slices.Contains(classes[:], class) {
		return nil, 0, fmt.Errorf("seal: no class of personal data is called %q", string(class))
	}
	id := cacheID{subject, class}
	key, epoch := k.cache.get(id)
	if key != nil {
		return key, epoch, nil
	}
	err := k.read(ctx, func(conn *sqlite.Conn) error {
		var err error
		key, err = k.readKey(conn, subject, class)
		return err
	})
	if err != nil {
		return nil, epoch, err
	}
	k.cache.put(id, key, epoch)
	return key, epoch, nil
}

// create has the writer make the keys of a subject.
func (k *Keyring) create(ctx context.Context, subject uuid.UUID, class domain.Class, epoch uint64) (cipher.AEAD, error) {
	r := &request{create: subject, done: make(chan struct{})}
	if err := k.submit(ctx, r); err != nil {
		return nil, err
	}
	var wanted cipher.AEAD
	for i, c := range classes {
		k.cache.put(cacheID{subject, c}, r.keys[i], epoch)
		if c == class {
			wanted = r.keys[i]
		}
	}
	return wanted, nil
}

// read lends a connection. What SQLite refuses comes back as ErrUnavailable, with the reason for the log.
func (k *Keyring) read(ctx context.Context, f func(*sqlite.Conn) error) error {
	select {
	case <-k.closing:
		return ErrClosed
	default:
	}
	select {
	case <-k.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case conn := <-k.readers:
		defer func() { k.readers <- conn }()
		return unavailable(f(conn))
	}
}

// readKey gives a subject's key as the file has it. One statement, so that key and salt are of one generation whatever another
// process does meanwhile.
func (k *Keyring) readKey(conn *sqlite.Conn, subject uuid.UUID, class domain.Class) (cipher.AEAD, error) {
	var key cipher.AEAD
	err := sqlitex.Execute(conn,
		`SELECT k.generation, salt, wrapped FROM keys k LEFT JOIN wrappings USING (generation) WHERE subject = ? AND class = ?`,
		&sqlitex.ExecOptions{
			Args: []any{subject[:], string(class)},
			ResultFunc: func(row *sqlite.Stmt) error {
				raw, err := k.master.wrapping(row.ColumnInt64(0), columnBytes(row, 1)).unwrap(subject, class, columnBytes(row, 2))
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
	gone, err := isForgotten(conn, subject)
	switch {
	case err != nil:
		return nil, err
	case gone:
		return nil, domain.ErrForgotten
	}
	return nil, errNoKey
}

func isForgotten(conn *sqlite.Conn, subject uuid.UUID) (bool, error) {
	gone := false
	err := sqlitex.Execute(conn, "SELECT 1 FROM forgotten WHERE subject = ?", &sqlitex.ExecOptions{
		Args:       []any{subject[:]},
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
