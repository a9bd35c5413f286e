package seal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// ErrErasures says that a line of the erasure ledger was changed, moved, removed from the middle or written with another master key.
var ErrErasures = errors.New("seal: erasure ledger")

const (
	erasuresHeader = "approdo-erasures-1"
	// allClasses stands in a line for a subject of whom everything was forgotten.
	allClasses = "all"
)

// Erasures is the ledger of what was forgotten: a file of tombstones that lies outside the data directory, so that older copies of
// keys and journal that somebody brings back do not bring it back as well. It has subject ids, classes and instants, and no names.
//
// The file is a line of text per tombstone and is only ever added to:
//
//	approdo-erasures-1
//	2026-11-22T10:00:00.000Z 0197…-uuid all MAC
//
// MAC is HMAC-SHA-256 under a key derived from the master key, over the MAC before it and the line: whoever lacks the master key can
// neither write a line nor change, move or take out one. Lines cut off at the end leave a file that was once right: no file shows that
// by itself. Mirror puts them back as long as the keyring has them, and tells how many there were.
//
// Several programs on one machine may use a file at once. It is safe for use by many goroutines.
type Erasures struct {
	path string
	key  []byte
	mu   sync.Mutex // one lock of the file at a time
}

// ErasuresBeside is where the ledger lies unless somebody says otherwise: beside the master key.
func ErasuresBeside(keyFile string) string { return keyFile + ".erasures" }

// OpenErasures opens a ledger, or makes it with mode 0600 where there is none, and checks every line. It MUST lie outside the data
// directory, which is the caller's to see to: OutsideErasures says so.
func OpenErasures(path string, m MasterKey) (*Erasures, error) {
	if m.IsZero() {
		return nil, ErrMasterKeyMissing
	}
	e := &Erasures{path: path, key: m.derive(nil, "erasures")}
	return e, e.with(func(*os.File, []Tombstone, []byte) error { return nil })
}

// OutsideErasures refuses a ledger that lies inside the data directory: it would be brought back together with what it protects from.
func OutsideErasures(path, dataDir string) error {
	if err := outside(path, dataDir); err != nil {
		return fmt.Errorf("seal: the erasure ledger lies inside the data directory: %s", path)
	}
	return nil
}

// All gives the tombstones in the order they were added.
func (e *Erasures) All() (all []Tombstone, err error) {
	err = e.with(func(_ *os.File, there []Tombstone, _ []byte) error { all = there; return nil })
	return all, err
}

// Add appends those tombstones that are not there yet, durably, and tells how many they were. It may be repeated.
func (e *Erasures) Add(tombstones ...Tombstone) (added int, err error) {
	err = e.with(func(f *os.File, there []Tombstone, last []byte) error {
		known := covered(there)
		var lines bytes.Buffer
		for _, t := range tombstones {
			if known.has(t) {
				continue
			}
			known.add(t)
			var line string
			line, last = e.line(last, t)
			lines.WriteString(line)
			added++
		}
		if added == 0 {
			return nil
		}
		_, err := f.Write(lines.Bytes())
		return errors.Join(err, f.Sync())
	})
	return added, err
}

// Mirror adds what a keyring has forgotten and the ledger lacks, and tells how many tombstones those were.
func (e *Erasures) Mirror(ctx context.Context, k *Keyring) (int, error) {
	gone, err := k.Forgotten(ctx)
	if err != nil {
		return 0, err
	}
	return e.Add(gone...)
}

// Replay makes a keyring forget what the ledger has and the keyring lacks, all at once, and gives what that was. It belongs to every
// restore and to every start, before anybody is served.
func (e *Erasures) Replay(ctx context.Context, k *Keyring) ([]Tombstone, error) {
	all, err := e.All()
	if err != nil {
		return nil, err
	}
	gone, err := k.Forgotten(ctx)
	if err != nil {
		return nil, err
	}
	known := covered(gone)
	missing := slices.DeleteFunc(all, known.has)
	return missing, k.forget(ctx, missing)
}

// coverage is what a list of tombstones covers.
type coverage map[cacheID]bool

func covered(tombstones []Tombstone) coverage {
	c := coverage{}
	for _, t := range tombstones {
		c.add(t)
	}
	return c
}

func (c coverage) add(t Tombstone) { c[cacheID{t.Subject, t.Class}] = true }

// has also says yes to a class of a subject of whom everything is forgotten.
func (c coverage) has(t Tombstone) bool {
	return c[cacheID{t.Subject, t.Class}] || c[cacheID{t.Subject, ""}]
}

// with hands over the file, open for appending and locked, with its tombstones and the last MAC. What a crash left half written at
// the end was acknowledged to nobody, and is cut off first.
func (e *Erasures) with(do func(f *os.File, there []Tombstone, last []byte) error) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, err := os.OpenFile(e.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrErasures, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }() // which ends the lock
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("%w: lock %s: %w", ErrErasures, e.path, err)
	}
	there, last, whole, err := e.read(f)
	if err != nil {
		return err
	}
	if err := f.Truncate(whole); err != nil {
		return fmt.Errorf("%w: %w", ErrErasures, err)
	}
	if whole == 0 {
		_, err := f.WriteString(erasuresHeader + "\n")
		if err := errors.Join(err, f.Sync(), syncDir(filepath.Dir(e.path))); err != nil {
			return fmt.Errorf("%w: %w", ErrErasures, err)
		}
	}
	if err := do(f, there, last); err != nil {
		return fmt.Errorf("%w: %w", ErrErasures, err)
	}
	return nil
}

// read gives the tombstones, the last MAC, and how many bytes are whole lines.
func (e *Erasures) read(f *os.File) (all []Tombstone, last []byte, whole int64, err error) {
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if !strings.HasSuffix(line, "\n") { // the end, or what a crash left of a line
			if len(line) > 0 && n == 1 && !strings.HasPrefix(erasuresHeader, line) {
				return nil, nil, 0, fmt.Errorf("%w: %s is something else", ErrErasures, e.path)
			}
			return all, last, whole, nil
		}
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%w: %w", ErrErasures, err)
		}
		whole += int64(len(line))
		line = strings.TrimSuffix(line, "\n")
		if n == 1 {
			if line != erasuresHeader {
				return nil, nil, 0, fmt.Errorf("%w: %s is something else", ErrErasures, e.path)
			}
			continue
		}
		t, err := parseTombstone(line)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%w: %s, line %d: %w", ErrErasures, e.path, n, err)
		}
		var want string
		if want, last = e.line(last, t); want != line+"\n" {
			return nil, nil, 0, fmt.Errorf("%w: %s, line %d is not what was written there", ErrErasures, e.path, n)
		}
		all = append(all, t)
	}
}

// line is a tombstone as it stands in the file after a MAC, and its own MAC.
func (e *Erasures) line(after []byte, t Tombstone) (line string, own []byte) {
	class := string(t.Class)
	if class == "" {
		class = allClasses
	}
	text := t.At.UTC().Format(erasureTime) + " " + t.Subject.String() + " " + class
	own = mac(e.key, string(after), text)
	return text + " " + base64.RawURLEncoding.EncodeToString(own) + "\n", own
}

// erasureTime has milliseconds, as the keyring's tombstones do.
const erasureTime = "2006-01-02T15:04:05.000Z"

var errTombstone = errors.New("not a tombstone")

func parseTombstone(line string) (t Tombstone, err error) {
	parts := strings.Split(line, " ")
	if len(parts) != 4 {
		return t, errTombstone
	}
	if t.At, err = time.Parse(erasureTime, parts[0]); err != nil {
		return t, errTombstone
	}
	if t.Subject, err = uuid.Parse(parts[1]); err != nil {
		return t, errTombstone
	}
	if parts[2] != allClasses {
		t.Class = domain.Class(parts[2])
		if !slices.Contains(classes[:], t.Class) {
			return t, errTombstone
		}
	}
	return t, nil
}
