package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// The errors of a Keyring besides ErrIntegrity and domain.ErrForgotten.
var (
	// ErrUnavailable means that the keys cannot be read or written now. Nothing was sealed.
	ErrUnavailable = &domain.Error{Kind: domain.KindUnavailable, Code: "keys-unavailable"}
	ErrClosed      = errors.New("seal: keyring is closed")
	ErrWrongMaster = errors.New("seal: this master key is not the one the keys were made with")
)

const queueSize = 1024

// Keyring is the domain.Sealer of a node, on a SQLite file or a PostgreSQL database. It is safe for use by many goroutines, and
// several processes may work on the same keys.
type Keyring struct {
	storage  storage
	cache    *cache
	requests chan *request
	closing  chan struct{} // closed by Close
	stopped  chan struct{} // closed when the writer has ended
	close    sync.Once
	closeErr error
}

var _ domain.Sealer = (*Keyring)(nil)

// storage keeps wrapped keys, tombstones and the proof of the master key. It may be used by many goroutines, but for makeKeys,
// destroyKeys and takeOver, which one goroutine calls; other processes may be at work on the same. What it cannot do now is ErrUnavailable.
type storage interface {
	// readKey gives a subject's key as it is kept: errNoKey where there is none, domain.ErrForgotten where there is a tombstone,
	// ErrIntegrity for one that does not unwrap.
	readKey(ctx context.Context, subject uuid.UUID, class domain.Class) (cipher.AEAD, error)
	// makeKeys sets the keys of every request, and makes those a subject lacks: somebody else may have been first, and then everybody
	// gets what that one made. All are durable when it returns. What concerns one subject alone is its request's err.
	makeKeys(batch []*request) error
	// destroyKeys leaves tombstones, destroys the keys they stand for, puts the others under a new wrapping, and cleans up. It may be
	// repeated. The instants of the tombstones do not matter: they are those of the destruction.
	destroyKeys(gone []Tombstone) error
	// dataKeys gives all keys in the open, of one state of the storage; those that do not unwrap are left out.
	dataKeys(ctx context.Context) ([]dataKey, error)
	// takeOver adds keys and tombstones. A subject that has keys or a tombstone already keeps them.
	takeOver(e estate) error
	// generation is that of the wrapping in force.
	generation(ctx context.Context) (int64, error)
	// forgotten lists the tombstones, oldest first.
	forgotten(ctx context.Context) ([]Tombstone, error)
	// close comes after the last makeKeys and destroyKeys, and waits for those who are still reading.
	close() error
}

// open begins to work on a storage.
func open(s storage, c *cache) *Keyring {
	k := &Keyring{storage: s, cache: c, requests: make(chan *request, queueSize), closing: make(chan struct{}), stopped: make(chan struct{})}
	go k.write()
	return k
}

// Close lets the writer finish what it was given and frees what it holds. Calls after it give ErrClosed.
func (k *Keyring) Close() error {
	k.close.Do(func() {
		close(k.closing)
		<-k.stopped
		k.cache.clear()
		k.closeErr = k.storage.close()
	})
	return k.closeErr
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
// of a file is not done: then a repetition, or the next opening of the file, ends it. It writes all keys anew: give it many
// subjects at once rather than one after the other.
func (k *Keyring) Forget(ctx context.Context, subjects ...uuid.UUID) error {
	return k.ForgetClass(ctx, "", subjects...)
}

// ForgetClass is Forget for one class of data: what is closed under the subjects' other keys still opens. The empty class is all of them.
func (k *Keyring) ForgetClass(ctx context.Context, class domain.Class, subjects ...uuid.UUID) error {
	if class != "" && !slices.Contains(classes[:], class) {
		return fmt.Errorf("seal: no class of personal data is called %q", string(class))
	}
	gone := make([]Tombstone, len(subjects))
	for i, s := range subjects {
		gone[i] = Tombstone{Subject: s, Class: class}
	}
	return k.forget(ctx, gone)
}

func (k *Keyring) forget(ctx context.Context, gone []Tombstone) error {
	if len(gone) == 0 {
		return nil
	}
	return k.submit(ctx, &request{forget: gone, done: make(chan struct{})})
}

// Tombstone is what is left of a subject: that it was forgotten, of which class (empty: altogether), and when (UTC).
type Tombstone struct {
	Subject uuid.UUID
	Class   domain.Class
	At      time.Time
}

// Forgotten lists the tombstones, oldest first. Whoever restores older keys passes them to Forget.
func (k *Keyring) Forgotten(ctx context.Context) ([]Tombstone, error) {
	if k.isClosed() {
		return nil, ErrClosed
	}
	return k.storage.forgotten(ctx)
}

// Generation is that of the wrapping in force: it grows by one with every forgetting.
func (k *Keyring) Generation(ctx context.Context) (int64, error) {
	if k.isClosed() {
		return 0, ErrClosed
	}
	return k.storage.generation(ctx)
}

// Unforgotten gives those of the subjects that have not been forgotten, as far as a class goes; the empty class is all of them. Whoever
// never had keys counts among them.
func (k *Keyring) Unforgotten(ctx context.Context, class domain.Class, subjects ...uuid.UUID) ([]uuid.UUID, error) {
	gone, err := k.Forgotten(ctx)
	if err != nil {
		return nil, err
	}
	known := covered(gone)
	return slices.DeleteFunc(slices.Clone(subjects), func(s uuid.UUID) bool { return known.has(Tombstone{Subject: s, Class: class}) }), nil
}

func (k *Keyring) isClosed() bool {
	select {
	case <-k.closing:
		return true
	default:
		return false
	}
}

// errNoKey stays inside: a subject without key and without tombstone.
var errNoKey = errors.New("seal: no key")

// lookup finds the key of a subject in memory or in the storage. The epoch is the cache's when it was asked.
func (k *Keyring) lookup(ctx context.Context, subject uuid.UUID, class domain.Class) (cipher.AEAD, uint64, error) {
	if !slices.Contains(classes[:], class) {
		return nil, 0, fmt.Errorf("seal: no class of personal data is called %q", string(class))
	}
	id := cacheID{subject, class}
	key, epoch := k.cache.get(id)
	if key != nil {
		return key, epoch, nil
	}
	if k.isClosed() {
		return nil, epoch, ErrClosed
	}
	key, err := k.storage.readKey(ctx, subject, class)
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
		if r.keys[i] == nil { // forgotten on its own
			continue
		}
		k.cache.put(cacheID{subject, c}, r.keys[i], epoch)
		if c == class {
			wanted = r.keys[i]
		}
	}
	if wanted == nil {
		return nil, domain.ErrForgotten
	}
	return wanted, nil
}
