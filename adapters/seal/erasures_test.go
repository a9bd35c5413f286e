package seal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

func ledgerAt(t *testing.T, path string, m MasterKey) *Erasures {
	t.Helper()
	e, err := OpenErasures(path, m)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantAdded(t *testing.T, e *Erasures, want int, gone ...Tombstone) {
	t.Helper()
	if n, err := e.Add(gone...); n != want || err != nil {
		t.Fatalf("%d added, want %d; %v", n, want, err)
	}
}

func tombstone(class domain.Class) Tombstone {
	return Tombstone{uuid.New(), class, time.Date(2026, 11, 22, 10, 0, 0, 5e6, time.UTC)}
}

func TestErasuresOutliveTheProgram(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "master.key.erasures"), NewMasterKey()
	e := ledgerAt(t, path, m)
	a, b, c := tombstone(""), tombstone(domain.ClassSpecial), tombstone("")
	wantAdded(t, e, 2, a, b)
	wantAdded(t, e, 0, a, b, Tombstone{a.Subject, domain.ClassSpecial, a.At}) // what is gone altogether has no classes left
	wantAdded(t, e, 2, Tombstone{b.Subject, "", b.At}, c)
	all, err := ledgerAt(t, path, m).All()
	if want := []Tombstone{a, b, {b.Subject, "", b.At}, c}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%v, %v", all, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Every byte of the file counts, every line and every order of them.
func TestAChangedLedgerIsRefused(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "erasures"), NewMasterKey()
	wantAdded(t, ledgerAt(t, path, m), 3, tombstone(""), tombstone(domain.ClassSpecial), tombstone(""))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, content string) {
		t.Helper()
		put(t, path, content, 0o600)
		if _, err := OpenErasures(path, m); !errors.Is(err, ErrErasures) {
			t.Errorf("%s: %v", what, err)
		}
	}
	last := len(whole) - 1 // its flip makes of the last line one that is not whole: the next test
	for i := range last {
		bent := slices.Clone(whole)
		bent[i] ^= 1
		refused("a flipped bit", string(bent))
	}
	lines := strings.SplitAfter(string(whole), "\n")
	refused("a line taken out", lines[0]+lines[2]+lines[3])
	refused("lines swapped", lines[0]+lines[2]+lines[1]+lines[3])
	refused("a line twice", lines[0]+lines[1]+lines[1]+lines[2])
	refused("no header", lines[1]+lines[2])
	other := filepath.Join(t.TempDir(), "other")
	wantAdded(t, ledgerAt(t, other, NewMasterKey()), 1, tombstone(""))
	foreign, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	refused("another key's", string(foreign))
	refused("another key's line", string(whole)+strings.SplitAfter(string(foreign), "\n")[1])
}

func TestWhatACrashLeftOfALineIsCutOff(t *testing.T) {
	t.Parallel()
	m := NewMasterKey()
	path := filepath.Join(t.TempDir(), "erasures")
	a, b := tombstone(""), tombstone("")
	wantAdded(t, ledgerAt(t, path, m), 2, a, b)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := strings.LastIndex(strings.TrimSuffix(string(whole), "\n"), "\n") + 1
	for end := range whole {
		put(t, path, string(whole[:end]), 0o600)
		e := ledgerAt(t, path, m)
		all, err := e.All()
		want := 0
		if end >= second {
			want = 1
		}
		if err != nil || len(all) != want {
			t.Fatalf("%d of %d bytes: %d tombstones, %v", end, len(whole), len(all), err)
		}
		wantAdded(t, e, 2-want, a, b)
		if again, err := os.ReadFile(path); err != nil || string(again) != string(whole) {
			t.Fatalf("%d of %d bytes: not as before, %v", end, len(whole), err)
		}
	}
}

func TestProgramsShareALedger(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "erasures"), NewMasterKey()
	common := tombstone("")
	var each sync.WaitGroup
	for range 8 {
		each.Go(func() {
			e, err := OpenErasures(path, m)
			for range 8 {
				_, more := e.Add(common, tombstone(""))
				err = errors.Join(err, more)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	each.Wait()
	if all, err := ledgerAt(t, path, m).All(); len(all) != 1+8*8 || err != nil {
		t.Errorf("%d tombstones, %v", len(all), err)
	}
}

// Whoever brings back an older copy of the keys brings back none of what was forgotten since.
func TestOlderKeysForgetAgainWhatTheLedgerHas(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g, older := fresh(t), fresh(t)
		older.master = g.master
		k, copied := g.ring(t), older.ring(t)
		gone, half, stays := uuid.New(), uuid.New(), uuid.New()
		box, sick := mustSeal(t, k, gone, domain.ClassPersonal), mustSeal(t, k, half, domain.ClassSpecial)
		halfBox, stayBox := mustSeal(t, k, half, domain.ClassPersonal), mustSeal(t, k, stays, domain.ClassPersonal)
		if _, err := copied.TakeOver(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(k.Forget(t.Context(), gone), k.ForgetClass(t.Context(), domain.ClassSpecial, half)); err != nil {
			t.Fatal(err)
		}
		e := ledgerAt(t, filepath.Join(t.TempDir(), "erasures"), g.master)
		for _, want := range []int{2, 0} {
			if n, err := e.Mirror(t.Context(), k); n != want || err != nil {
				t.Fatalf("%d mirrored, %v", n, err)
			}
		}
		wantOpens(t, copied, gone, box)
		for _, want := range []int{2, 0} {
			if missing, err := e.Replay(t.Context(), copied); len(missing) != want || err != nil {
				t.Fatalf("%d replayed, %v", len(missing), err)
			}
		}
		if _, err := copied.Open(t.Context(), gone, domain.ClassPersonal, place, box); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("forgotten: %v", err)
		}
		if _, err := copied.Open(t.Context(), half, domain.ClassSpecial, place, sick); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("a forgotten class: %v", err)
		}
		wantOpens(t, copied, half, halfBox)
		wantOpens(t, copied, stays, stayBox)
		if _, err := k.TakeOver(t.Context(), copied); err != nil {
			t.Errorf("alike again, and yet: %v", err)
		}
	})
}

func TestOneClassIsForgotten(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		subject, unborn := uuid.New(), uuid.New()
		box, sick := mustSeal(t, k, subject, domain.ClassPersonal), mustSeal(t, k, subject, domain.ClassSpecial)
		if err := k.ForgetClass(t.Context(), "gossip", subject); err == nil {
			t.Error("a class that does not exist")
		}
		if err := k.ForgetClass(t.Context(), domain.ClassSpecial, subject, unborn); err != nil {
			t.Fatal(err)
		}
		for _, k := range []*Keyring{k, g.ring(t)} {
			wantOpens(t, k, subject, box)
			wantOpens(t, k, unborn, mustSeal(t, k, unborn, domain.ClassPersonal)) // the other key is made as ever
			if _, err := k.Open(t.Context(), subject, domain.ClassSpecial, place, sick); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("opened: %v", err)
			}
			for _, s := range []uuid.UUID{subject, unborn} {
				if _, err := k.Seal(t.Context(), s, domain.ClassSpecial, place, plain); !errors.Is(err, domain.ErrForgotten) {
					t.Errorf("sealed anew: %v", err)
				}
			}
		}
		for class, want := range map[domain.Class]int{"": 2, domain.ClassPersonal: 2, domain.ClassSpecial: 0} {
			if left, err := k.Unforgotten(t.Context(), class, subject, unborn); len(left) != want || err != nil {
				t.Errorf("%q: %d are not forgotten, %v", class, len(left), err)
			}
		}
		if n := len(g.run(t, "SELECT wrapped FROM keys WHERE class = 'special'")); n != 0 {
			t.Errorf("%d keys of the class are left", n)
		}
		if err := k.Forget(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Open(t.Context(), subject, domain.ClassPersonal, place, box); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("forgotten altogether, opened: %v", err)
		}
	})
}

// A file of the program before, which knew no classes of what is forgotten.
func TestKeyFileOfTheFirstSchema(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	k := openAt(t, path, m)
	gone, stays := uuid.New(), uuid.New()
	closed, box := mustSeal(t, k, gone, domain.ClassPersonal), mustSeal(t, k, stays, domain.ClassPersonal)
	if err := errors.Join(k.Forget(t.Context(), gone), k.Close()); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE TABLE old (subject BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
		"INSERT INTO old SELECT subject, at FROM forgotten", "DROP TABLE forgotten", "ALTER TABLE old RENAME TO forgotten", "PRAGMA user_version = 1",
	} {
		column(t, path, statement)
	}
	k = openAt(t, path, m)
	wantOpens(t, k, stays, box)
	if _, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, closed); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("got %v", err)
	}
	if all, err := k.Forgotten(t.Context()); len(all) != 1 || all[0].Class != "" || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}
