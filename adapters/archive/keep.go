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

// sets gives the whole sets of a journal in a folder, the oldest first: by when they were taken and not by how far they go, for a journal
// that was restored to an earlier point is shorter than its older sets. What cannot be read is none.
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
	slices.SortFunc(all, func(a, b *Set) int { return cmp.Or(a.Taken.Compare(b.Taken), cmp.Compare(a.Size, b.Size)) })
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

// Keep removes the oldest sets of a journal in a folder but for the last n, and gives the names of those that went. The one that was just
// committed stays whatever the clock said when it was taken, and so does a set that one of those that stay continues, unless the folder
// has keys alone: those never continue others. It is called with the lock held.
func Keep(dir, journal string, n int, committed uuid.UUID) (gone []string, err error) {
	all, err := sets(dir, journal)
	if err != nil || len(all) <= n {
		return nil, err
	}
	by := map[uuid.UUID]*Set{}
	for _, s := range all {
		by[s.Set] = s
	}
	stay := map[uuid.UUID]bool{}
	for i, s := range all {
		if i < len(all)-n && s.Set != committed {
			continue
		}
		for at := s; at != nil && !stay[at.Set]; {
			stay[at.Set] = true
			if !at.Has(Journal) {
				break
			}
			at = by[at.Since.Set]
		}
	}
	for _, s := range slices.Backward(all) {
		if stay[s.Set] {
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
