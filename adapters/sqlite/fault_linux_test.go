package sqlite

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"approdo/domain"
	"approdo/domain/event"
)

// descriptors gives this process's open files of a path, in the order of their numbers.
func descriptors(t *testing.T, path string) (out []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && target == path {
			fd, err := strconv.Atoi(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fd)
		}
	}
	slices.Sort(out)
	return out
}

// breakLog makes every write to a descriptor of the log fail, by putting one under it that is open for reading.
func breakLog(t *testing.T, s *Store, fd int) {
	t.Helper()
	f, err := os.Open(s.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.Dup3(int(f.Fd()), fd, syscall.O_CLOEXEC), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// faulty opens a journal of three records, quietly, and gives the writer's descriptor of the log: the first that was opened.
func faulty(t *testing.T) (s *Store, log int) {
	t.Helper()
	s = openJournal(t)
	s.writer.log = slog.New(slog.DiscardHandler)
	for range 3 {
		mustAppend(t, s, one("case-1", event.Any))
	}
	fds := descriptors(t, s.path+"-wal")
	if len(fds) == 0 {
		t.Fatal("the log is not open")
	}
	return s, fds[0]
}

// sound sees that the journal holds exactly the revisions 0 to n-1 of its one stream.
func sound(t *testing.T, s *Store, n int) {
	t.Helper()
	i := 0
	for r, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Revision != event.Revision(i) || r.Position != event.Position(i+1) {
			t.Errorf("record %d is revision %d at %d", i, r.Revision, r.Position)
		}
		i++
	}
	if i != n {
		t.Errorf("%d records, want %d", i, n)
	}
}

func TestAfterAnIOErrorTheJournalIsReopenedAndCheckedBeforeItAcknowledges(t *testing.T) {
	s, log := faulty(t)
	before := s.writer.conn
	breakLog(t, s, log)
	mustAppend(t, s, one("case-1", 2))
	if s.writer.conn == before || s.writer.hurt {
		t.Error("it went on with the connection that failed")
	}
	mustAppend(t, s, one("case-1", 3))
	sound(t, s, 5)
}

func TestWhileItCannotBeReopenedNothingIsAcknowledged(t *testing.T) {
	s, log := faulty(t)
	path := s.writer.path
	s.writer.path = filepath.Join(path, "not-a-directory")
	breakLog(t, s, log)
	a := one("case-1", 2)
	for i := range 3 {
		_, err := s.Append(t.Context(), a)
		if !errors.Is(err, event.ErrUnavailable) || !errors.Is(err, domain.KindUnavailable) {
			t.Errorf("error is %v", err)
		}
		if unknown := errors.Is(err, event.ErrUnknownOutcome); unknown != (i == 0) {
			t.Errorf("try %d: only the one that failed at its commit has an unknown outcome, not %v", i, err)
		}
	}
	sound(t, s, 3)
	s.writer.path = path
	mustAppend(t, s, a)
	sound(t, s, 4)
}

func TestAJournalThatLostWhatItAcknowledgedIsNotWritten(t *testing.T) {
	s, log := faulty(t)
	s.writer.last = 7
	breakLog(t, s, log)
	if _, err := s.Append(t.Context(), one("case-1", 2)); err == nil {
		t.Error("it was acknowledged")
	}
	sound(t, s, 3)
}

func TestAFullDatabaseRefusesAppendsAndNothingElse(t *testing.T) {
	s, _ := faulty(t)
	if err := run(s.writer.conn, "PRAGMA max_page_count = 1"); err != nil { // as many as there are
		t.Fatal(err)
	}
	a := one("case-1", 2)
	a.Events[0].Data = []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	for range 3 {
		if _, err := s.Append(t.Context(), a); !errors.Is(err, event.ErrUnavailable) || errors.Is(err, event.ErrUnknownOutcome) {
			t.Errorf("error is %v", err)
		}
	}
	sound(t, s, 3)
	if err := run(s.writer.conn, "PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, a)
	sound(t, s, 4)
}

func TestASmallDiskFillsAndIsCleared(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("mounting a small disk needs privileges: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "journal.db")
	s, err := Open(t.Context(), path, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	written, refused := 0, 0
	try := func() {
		a := event.Append{Stream: "case-1", Expected: event.Any}
		for range 20 {
			a.Events = append(a.Events, draft())
		}
		_, err := s.Append(t.Context(), a)
		switch {
		case err == nil:
			written += 20
		case errors.Is(err, event.ErrUnavailable):
			refused++
		default:
			t.Fatal(err)
		}
	}
	for refused < 20 && written < 20_000 {
		try()
	}
	if refused < 20 {
		t.Fatalf("%d records fitted in", written)
	}
	sound(t, s, written)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	refused = 0
	for range 5 {
		try()
	}
	if refused > 0 {
		t.Errorf("%d appends refused with space to write", refused)
	}
	sound(t, s, written)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if s, err = Open(t.Context(), path, Options{}); err != nil {
		t.Fatal(fmt.Errorf("open again: %w", err))
	}
	sound(t, s, written)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
