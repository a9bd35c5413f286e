package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/sqlite"
	"approdo/domain"
	"approdo/domain/event"
)

func appendOne(t *testing.T, s event.Store, stream string) (event.Result, error) {
	t.Helper()
	return s.Append(t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: []event.Draft{{
		ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: []byte(`{}`),
		Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: uuid.New()},
	}}})
}

func closed(t *testing.T, s event.Store) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestASecondWriterIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	first := open(t, path)
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("the second open gave %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAReaderOfAnotherProcessFollows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	writer := open(t, path)
	defer closed(t, writer)
	reader, err := sqlite.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, reader)
	n := 0
	for p, err := range reader.Subscribe(t.Context(), 0, event.Subscribe{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n += len(p.Records); n == 3 {
			break
		}
		if _, err := appendOne(t, writer, "case-1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := appendOne(t, reader, "case-1"); !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("an append to a read-only journal gave %v", err)
	}
}

func TestAReaderOpensWhatNobodyWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	if _, err := sqlite.OpenReadOnly(t.Context(), path); err == nil {
		t.Error("a journal that is not there was opened")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening to read created it")
	}
	writer := open(t, path)
	if _, err := appendOne(t, writer, "case-1"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if head, err := reader.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("head is %d, %v", head, err)
	}
	if err := reader.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := open(t, path).Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNoJournalIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	if err := os.WriteFile(path, []byte("this is a letter and not a database; it is long enough to be told apart"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second shows that the first gave the lock back
		if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil || errors.Is(err, sqlite.ErrInUse) {
			t.Errorf("opening it gave %v", err)
		}
	}
}

func TestTheFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	s := open(t, path)
	defer closed(t, s)
	for _, suffix := range []string{"", "-wal", "-shm", ".writer"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%q has mode %o", suffix, mode)
		}
	}
}
