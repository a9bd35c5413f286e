package state_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/sqlite/state"
	"approdo/adapters/statetest"
)

var (
	now      = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	anna     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	annas    = []byte("token of anna's login")
	link     = []byte("link")
	tomorrow = now.Add(24 * time.Hour)
)

func openAt(t *testing.T, path string) *state.Store {
	t.Helper()
	s, err := state.Open(path)
	ok(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestAFileKeepsTheContract(t *testing.T) {
	t.Parallel()
	statetest.Contract(t, func(t *testing.T) (one, other statetest.Node) {
		path := filepath.Join(t.TempDir(), "state.db")
		node := func() statetest.Node {
			s := openAt(t, path) // as another process would
			return statetest.Node{Store: s, Checkpoints: s.Checkpoints(), Parking: s.Parking(), Ledger: s.Ledger(), Notices: s.Notices()}
		}
		return node(), node()
	})
}

func TestWhatIsPurgedLeavesTheDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s := openAt(t, path)
	mark := []byte("what-was-to-be-forgotten")
	ok(t, s.SaveDraft(t.Context(), anna, uuid.New(), "request", mark, now.Add(-state.DraftsKept)))
	if !onDisk(t, path, mark) {
		t.Fatal("the scan finds not even what is there")
	}
	ok(t, s.Purge(t.Context(), now))
	if onDisk(t, path, mark) {
		t.Error("what was purged is still on disk")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func onDisk(t *testing.T, path string, mark []byte) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	ok(t, err)
	return slices.ContainsFunc(files, func(f string) bool {
		b, err := os.ReadFile(f)
		ok(t, err)
		return bytes.Contains(b, mark)
	})
}

func TestTheFileIsItsOwnersAndSurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	for range 2 {
		s, err := state.Open(path)
		ok(t, err)
		if reserved, err := s.Reserve(t.Context(), anna, annas, link, now, tomorrow); err != nil || !reserved {
			t.Errorf("reserved: %t, %v", reserved, err)
		}
		files, err := filepath.Glob(path + "*")
		ok(t, err)
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, %v", filepath.Base(f), info.Mode(), err)
			}
		}
		if len(files) < 2 {
			t.Errorf("no write-ahead log beside it: %d files", len(files))
		}
		ok(t, s.Close())
	}
	if _, err := state.Open(t.TempDir()); err == nil {
		t.Error("a folder was opened as a file")
	}
}
