package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// person is somebody who can read archives.
func person(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// lived are records of a journal, one with everything a payload may have.
func lived(n int) (all []event.Record) {
	for i := range n {
		data := fmt.Appendf(nil, `{"n": %d, "x":"é \u0448"}`, i)
		if i == 1 {
			data = append(bytes.Repeat([]byte(" "), frameBuffer+7), "\x00\xff\n"...)
		}
		all = append(all, event.Record{
			Draft: event.Draft{ID: uuid.New(), Type: "case.noted", Schema: uint16(i), Data: data,
				Meta: event.Meta{Actor: domain.System, At: time.Date(2022, 3, 14, 9, 0, i, 123456789, time.UTC), Command: uuid.New()}},
			Stream: fmt.Sprintf("case-%d", i%3), Revision: event.Revision(i / 3), Position: event.Position(3*i + 1),
			At: time.Date(2022, 3, 14, 9, 1, i, 1000, time.UTC),
		})
	}
	return all
}

func factsOf(records []event.Record, taken time.Time) Facts {
	var tree ledger.Tree
	for _, r := range records {
		tree.Add(ledger.LeafHash(r))
	}
	return Facts{Set: uuid.New(), Taken: taken, Program: "1", Engine: "sqlite", Journal: "j", Head: records[len(records)-1].Position, Size: tree.Size(), Root: tree.Root()}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type state struct{ Words []string }

// written is a set with all three archives, from the record after skip on.
func written(t *testing.T, to, keysTo string, f Facts, records []event.Record, compress bool, who ...*age.X25519Identity) *Set {
	t.Helper()
	var recipients []string
	for _, w := range who {
		recipients = append(recipients, w.Recipient().String())
	}
	d, err := Create(to, keysTo, f)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := d.Archive(Journal, recipients, compress)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := journal.Record(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []Kind{State, Keys} {
		w, err := d.Archive(kind, recipients, compress)
		if err == nil {
			err = w.Value(state{[]string{string(kind)}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Finish(f); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	return opened(t, filepath.Join(to, f.Name()))
}

func opened(t *testing.T, dir string) *Set {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all reads the records to the end.
func all(s *Set, who ...age.Identity) (records []event.Record, err error) {
	for r, err := range s.Records(who...) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

func wantFault(t *testing.T, what string, err error, want Reason) {
	t.Helper()
	if f, ok := errors.AsType[*Fault](err); !ok || f.Reason != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestASetComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, compress := range []bool{false, true} {
		first, second := person(t), person(t)
		records := lived(50)
		dir := t.TempDir()
		s := written(t, dir, "", factsOf(records, noon), records, compress, first, second)
		if s.Size != 50 || filepath.Base(s.Dir) != "approdo-20261122T120000Z-000000000148" {
			t.Errorf("%d records in %s", s.Size, s.Dir)
		}
		for _, who := range []age.Identity{first, second} {
			back, err := all(s, who)
			if err != nil || len(back) != len(records) {
				t.Fatalf("%d records, %v", len(back), err)
			}
			for i := range back {
				if !event.Same(back[i], records[i]) || back[i].Position != records[i].Position {
					t.Fatalf("record %d came back as %+v", i, back[i])
				}
			}
			if v, err := Value[state](s, Keys, who); err != nil || !slices.Equal(v.Words, []string{"keys"}) {
				t.Errorf("%v, %v", v, err)
			}
		}
		for _, kind := range []Kind{Journal, State, Keys} {
			if err := s.Check(kind); err != nil {
				t.Error(err)
			}
			info, err := os.Stat(filepath.Join(s.Dir, kind.File()))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", kind, info.Mode(), err)
			}
		}
		_, err := all(s, person(t))
		wantFault(t, "a stranger", err, Stranger)
		if _, err := Create(dir, "", s.Facts); !errors.Is(err, ErrThere) {
			t.Errorf("over a set: %v", err)
		}
	}
}

func TestKeysLieApartWhereAsked(t *testing.T) {
	t.Parallel()
	who, records := person(t), lived(4)
	home, apart := t.TempDir(), t.TempDir()
	s := written(t, home, apart, factsOf(records, noon), records, true, who)
	keys := opened(t, filepath.Join(apart, s.Name()))
	if s.Has(Keys) || !s.Has(Journal) || !keys.Has(Keys) || keys.Has(Journal) || keys.Has(State) || keys.Facts != s.Facts {
		t.Error("the archives lie elsewhere")
	}
	_, err := Value[state](s, Keys, who)
	wantFault(t, "no keys here", err, Missing)
}

// rewrite puts a file in the place of an archive and lets the manifest agree with it, as who can write there would.
func rewrite(t *testing.T, s *Set, kind Kind, content []byte) *Set {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, kind.File()), content, 0o600); err != nil {
		t.Fatal(err)
	}
	m := s.Manifest
	m.Archives = slices.Clone(m.Archives)
	i := slices.IndexFunc(m.Archives, func(a Archive) bool { return a.Kind == kind })
	sum := sha256.Sum256(content)
	m.Archives[i].Bytes, m.Archives[i].SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
	return &Set{s.Dir, m}
}

func TestNoByteOfAnArchiveCanBeChangedOrCut(t *testing.T) {
	t.Parallel()
	for _, compress := range []bool{false, true} {
		who, records := person(t), lived(1)
		s := written(t, t.TempDir(), "", factsOf(records, noon), records, compress, who)
		file := filepath.Join(s.Dir, Journal.File())
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			bad := bytes.Clone(whole)
			bad[i] ^= 1
			changed := rewrite(t, s, Journal, bad)
			wantFault(t, fmt.Sprintf("byte %d changed", i), s.Check(Journal, who), Changed)
			if err := changed.Check(Journal); err != nil {
				t.Fatal(err)
			}
			if _, err := all(changed, who); err == nil {
				t.Errorf("byte %d changed, manifest too: it reads", i)
			}
			cut := rewrite(t, s, Journal, whole[:i])
			wantFault(t, fmt.Sprintf("cut at %d", i), s.Check(Journal, who), Cut)
			if _, err := all(cut, who); err == nil {
				t.Errorf("cut at %d, manifest too: it reads", i)
			}
		}
		longer := rewrite(t, s, Journal, append(bytes.Clone(whole), 0))
		wantFault(t, "longer", s.Check(Journal), Changed)
		if _, err := all(longer, who); err == nil {
			t.Error("longer, manifest too: it reads")
		}
	}
}

func TestArchivesOfTwoSetsAreNotMixed(t *testing.T) {
	t.Parallel()
	who, records, dir := person(t), lived(9), t.TempDir()
	a := written(t, dir, "", factsOf(records[:6], noon), records[:6], true, who)
	b := written(t, dir, "", factsOf(records, noon.Add(time.Hour)), records, true, who)
	other, err := os.ReadFile(filepath.Join(b.Dir, Journal.File()))
	if err != nil {
		t.Fatal(err)
	}
	agreed := rewrite(t, a, Journal, other)
	wantFault(t, "the journal of another set", a.Check(Journal, who), Mixed)
	wantFault(t, "without an identity", a.Check(Journal), Changed)
	_, err = all(agreed, who)
	wantFault(t, "with a manifest that agrees", err, Mixed)
	// Nor is one archive taken for another of the same set.
	journal, err := os.ReadFile(filepath.Join(b.Dir, State.File()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Value[state](rewrite(t, b, Keys, journal), Keys, who)
	wantFault(t, "the state as keys", err, Mixed)
}

func TestAManifestThatWasAlteredIsFound(t *testing.T) {
	t.Parallel()
	who, records := person(t), lived(6)
	s := written(t, t.TempDir(), "", factsOf(records, noon), records, true, who)
	for name, alter := range map[string]func(*Manifest){
		"taken":      func(m *Manifest) { m.Taken = m.Taken.Add(time.Second) },
		"program":    func(m *Manifest) { m.Program = "2" },
		"engine":     func(m *Manifest) { m.Engine = "postgres" },
		"journal":    func(m *Manifest) { m.Journal = "k" },
		"head":       func(m *Manifest) { m.Head-- },
		"size":       func(m *Manifest) { m.Size-- },
		"root":       func(m *Manifest) { m.Root[3]++ },
		"since":      func(m *Manifest) { m.Since.Name = "approdo-x" },
		"recipients": func(m *Manifest) { m.Archives[0].Recipients = []string{person(t).Recipient().String()} },
	} {
		altered := *s
		altered.Archives = slices.Clone(s.Archives)
		alter(&altered.Manifest)
		_, err := all(&altered, who)
		wantFault(t, name, err, Altered)
	}
	altered := *s
	altered.Set = uuid.New()
	_, err := all(&altered, who)
	wantFault(t, "set", err, Mixed)
	altered = *s
	altered.Archives = s.Archives[1:]
	wantFault(t, "no journal", altered.Check(Journal), Altered)

	file := filepath.Join(s.Dir, manifestFile)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]Reason{
		"": NoManifest, "{": NoManifest, string(good[:len(good)/2]): NoManifest,
		strings.Replace(string(good), format, "approdo-backup-2", 1): Unknown,
		strings.Replace(string(good), "{", `{"more":1,`, 1):          NoManifest,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(s.Dir)
		wantFault(t, content, err, want)
	}
}

// What a crash leaves has no name under which it is taken, and the next backup sweeps it away.
func TestWhatAnInterruptedBackupLeftIsNoSet(t *testing.T) {
	t.Parallel()
	home, apart := filepath.Join(t.TempDir(), "to"), filepath.Join(t.TempDir(), "keys")
	who, records := person(t), lived(6)
	f := factsOf(records, noon)
	d, err := Create(home, apart, f)
	if err != nil {
		t.Fatal(err)
	}
	w, err := d.Archive(Journal, []string{who.Recipient().String()}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Record(records[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // before the manifest, and with it
		for _, dir := range []string{home, apart} {
			_, err := Open(filepath.Join(dir, f.Name()))
			wantFault(t, "under its name", err, Missing)
			_, err = Open(filepath.Join(dir, f.Name()) + part)
			wantFault(t, "as it lies there", err, Unfinished)
			if found, err := sets(dir, f.Journal); len(found) != 0 || err != nil {
				t.Errorf("%d sets, %v", len(found), err)
			}
		}
		if len(d.parts[0]) > 0 && d.writers[0].file != nil {
			if _, err := d.Finish(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{home, apart} {
		unlock, err := Lock(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Lock(dir); !errors.Is(err, ErrBusy) {
			t.Errorf("two at once: %v", err)
		}
		if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
			t.Errorf("%v, %v", left, err)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestASetContinuesAnother(t *testing.T) {
	t.Parallel()
	who, records, dir := person(t), lived(12), t.TempDir()
	a := written(t, dir, "", factsOf(records[:4], noon), records[:4], true, who)
	next := factsOf(records[:9], noon.Add(time.Hour))
	next.Since = a.Base()
	b := written(t, dir, "", next, records[4:9], true, who)
	last := factsOf(records, noon.Add(2*time.Hour))
	last.Since = b.Base()
	c := written(t, dir, "", last, records[9:], true, who)
	chain, err := c.Chain()
	if err != nil || len(chain) != 3 || chain[0].Set != a.Set || chain[2].Set != c.Set {
		t.Fatalf("%d sets, %v", len(chain), err)
	}
	if chain, err := a.Chain(); err != nil || len(chain) != 1 {
		t.Errorf("%d sets, %v", len(chain), err)
	}
	if err := os.Rename(b.Dir, b.Dir+"x"); err != nil {
		t.Fatal(err)
	}
	_, err = c.Chain()
	wantFault(t, "without one in between", err, NoBase)
	if err := os.CopyFS(b.Dir, os.DirFS(a.Dir)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Chain()
	wantFault(t, "with another in its place", err, OtherBase)
}

func TestOldSetsGoAndWhatIsNeededStays(t *testing.T) {
	t.Parallel()
	who, records, dir, apart := person(t), lived(12), t.TempDir(), t.TempDir()
	var taken []*Set
	var names []string
	for i := range 5 {
		f := factsOf(records[:2*i+2], noon.Add(time.Duration(i)*time.Hour))
		if i == 3 {
			f.Since = taken[1].Base()
		}
		taken = append(taken, written(t, dir, apart, f, records[:2*i+2], false, who))
		names = append(names, f.Name())
	}
	stranger := factsOf(records[:1], noon)
	stranger.Journal = "of another house"
	written(t, dir, apart, stranger, records[:1], false, who)
	for want, n := range map[string]int{"": 5} {
		if gone, err := Keep(dir, "j", n, uuid.Nil); err != nil || strings.Join(gone, " ") != want {
			t.Errorf("%d: %v, %v", n, gone, err)
		}
	}
	if gone, err := Keep(dir, "j", 2, uuid.Nil); err != nil || !slices.Equal(gone, []string{names[2], names[0]}) {
		t.Errorf("%v, %v", gone, err)
	}
	if gone, err := Keep(apart, "j", 2, uuid.Nil); err != nil || !slices.Equal(gone, []string{names[2], names[1], names[0]}) {
		t.Errorf("keys: %v, %v", gone, err)
	}
	for _, dir := range []string{dir, apart} {
		if left, err := filepath.Glob(filepath.Join(dir, "*"+part)); len(left) != 0 || err != nil {
			t.Errorf("%v, %v", left, err)
		}
		if _, err := Open(filepath.Join(dir, stranger.Name())); err != nil {
			t.Error(err)
		}
	}
}

// After a restore to an earlier point the sets are shorter than those before: they are the newer ones all the same.
func TestTheNewestSetIsTheOneTakenLast(t *testing.T) {
	t.Parallel()
	who, records, dir := person(t), lived(12), t.TempDir()
	var all []*Set
	for i, size := range []int{8, 10, 12, 3, 4} {
		all = append(all, written(t, dir, "", factsOf(records[:size], noon.Add(time.Duration(i)*time.Hour)), records[:size], false, who))
	}
	if newest, err := Latest(dir, "j"); err != nil || newest.Set != all[4].Set {
		t.Fatalf("%v, %v", newest, err)
	}
	if gone, err := Keep(dir, "j", 2, all[4].Set); err != nil || !slices.Equal(gone, []string{all[2].Name(), all[1].Name(), all[0].Name()}) {
		t.Fatalf("%v, %v", gone, err)
	}
	// A clock that went back does not make the set just committed the first to go, nor the one that it continues.
	late := factsOf(records[:5], noon.Add(-time.Hour))
	late.Since = all[3].Base()
	set := written(t, dir, "", late, records[3:5], false, who)
	if gone, err := Keep(dir, "j", 1, set.Set); err != nil || len(gone) != 0 {
		t.Errorf("%v, %v", gone, err)
	}
	late.Since, late.Set, late.Taken = Base{}, uuid.New(), noon.Add(-2*time.Hour)
	alone := written(t, dir, "", late, records[:5], false, who)
	if gone, err := Keep(dir, "j", 1, alone.Set); err != nil || !slices.Equal(gone, []string{all[3].Name(), set.Name()}) {
		t.Errorf("%v, %v", gone, err)
	}
}

// What no reader takes is not written. The frame is of pages that nobody touches.
func TestAFrameThatNobodyReadsIsNotWritten(t *testing.T) {
	t.Parallel()
	who, records := person(t), lived(1)
	d, err := Create(t.TempDir(), "", factsOf(records, noon))
	if err != nil {
		t.Fatal(err)
	}
	w, err := d.Archive(State, []string{who.Recipient().String()}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Frame(make([]byte, maxFrame+1)); !errors.Is(err, ErrFrame) {
		t.Errorf("%v", err)
	}
	if err := d.Discard(); err != nil {
		t.Error(err)
	}
}

// What is decoded from bytes that are no record is a fault and never a panic.
func TestNoBytesAreTakenForARecord(t *testing.T) {
	t.Parallel()
	var kept [][]byte
	who, records := person(t), lived(3)
	s := written(t, t.TempDir(), "", factsOf(records, noon), records, false, who)
	for b, err := range s.Frames(Journal, who) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, bytes.Clone(b))
	}
	for i := range kept[0] {
		if _, err := decode(kept[0][:i]); err == nil {
			t.Errorf("the first %d bytes are a record", i)
		}
	}
	if _, err := decode(append(kept[0], 0)); err == nil {
		t.Error("a record and a byte are a record")
	}
	if b, err := json.Marshal(s.Manifest); err != nil || bytes.Contains(b, []byte("AGE-SECRET")) {
		t.Errorf("%v", err)
	}
}
