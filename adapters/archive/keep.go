package archive

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

// ErrBusy says that another program is writing a set there.
var ErrBusy = errors.New("archive: another backup is at work there")

// Lock makes a program the only one to write sets in a folder, which it makes, and removes what interrupted ones left there. The system
// gives the lock back when the program ends, however it ends.
func Lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrBusy, dir)
	}
	if err == nil {
		err = sweep(dir)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d.Close, nil
}

func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, prefix+"*"+part))
	for _, p := range left {
		err = errors.Join(err, os.RemoveAll(p))
	}
	return err
}

// sets gives the whole sets of a journal in a folder, the oldest first. What cannot be read is none.
func sets(dir, journal string) (all []*Set, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		if s, err := Open(filepath.Join(dir, e.Name())); err == nil && s.Journal == journal && s.Name() == e.Name() {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *Set) int { return cmp.Or(cmp.Compare(a.Size, b.Size), a.Taken.Compare(b.Taken)) })
	return all, nil
}

// Latest is the newest set of a journal in a folder, nil where there is none.
func Latest(dir, journal string) (*Set, error) {
	all, err := sets(dir, journal)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[len(all)-1], nil
}

// Keep removes the oldest sets of a journal in a folder but for the last n, and gives the names of those that went. A set that one of the
// last continues stays, unless the folder has keys alone: those never continue others. It is called with the lock held.
func Keep(dir, journal string, n int) (gone []string, err error) {
	all, err := sets(dir, journal)
	if err != nil || len(all) <= n {
		return nil, err
	}
	needed := map[uuid.UUID]bool{}
	for i, s := range slices.Backward(all) {
		if i >= len(all)-n || needed[s.Set] {
			if s.Has(Journal) {
				needed[s.Since.Set] = true
			}
			continue
		}
		// Under this name no restore takes what a crash leaves of it.
		if err := os.Rename(s.Dir, s.Dir+part); err != nil {
			return gone, err
		}
		if err := os.RemoveAll(s.Dir + part); err != nil {
			return gone, err
		}
		gone = append(gone, s.Name())
	}
	return gone, syncDir(dir)
}
