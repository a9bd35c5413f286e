package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/archive"
	"approdo/adapters/esdb/esdbtest"
	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/seal"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// noErasures is what a house says that never erased anybody.
var noErasures = []string{"--no-erasures", "non se ne sono mai fatte"}

// namesRead are the pupils that the UST reads of a house that is served, who enters with the password of before.
func namesRead(t *testing.T, accounts []demoAccount, where ...string) (names []string) {
	t.Helper()
	p := start(t, append([]string{"serve", "--plain", "--listen", "127.0.0.1:0", "--email", "a@example.org"}, where...)...)
	defer p.stop()
	for _, a := range accounts {
		who := p.person(a.Username)
		who.signIn(a.Password)
		if a.Role != "ust" {
			continue
		}
		for _, line := range read[struct {
			Items []struct{ ID, FamilyName, GivenName, BirthDate string }
		}](who.get("/cases?limit=200")).Items {
			names = append(names, fmt.Sprint(line))
		}
	}
	slices.Sort(names)
	return names
}

// viewsOf are the rows of all views, made anew from a journal in files.
func viewsOf(t *testing.T, data, key string) map[string][]string {
	t.Helper()
	beside := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(beside, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(beside, viewsFile+f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	master, err := seal.LoadMasterKey(key, beside)
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), storage{Data: beside}, master, time.Now, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = h.views.CatchUp(t.Context())
	h.shut(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := zombiezen.OpenConn(filepath.Join(beside, viewsFile), zombiezen.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := map[string][]string{}
	rows := func(query string, each func(*zombiezen.Stmt)) {
		t.Helper()
		err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(s *zombiezen.Stmt) error { each(s); return nil }})
		if err != nil {
			t.Fatal(err)
		}
	}
	var tables []string
	rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", func(s *zombiezen.Stmt) { tables = append(tables, s.ColumnText(0)) })
	for _, table := range tables {
		rows("SELECT * FROM "+table, func(s *zombiezen.Stmt) {
			var row strings.Builder
			for i := range s.ColumnCount() {
				fmt.Fprintf(&row, "%q ", s.ColumnText(i))
			}
			all[table] = append(all[table], row.String())
		})
		slices.Sort(all[table])
	}
	return all
}

// A house goes from a backup to every other engine and is the same: journal, what people read, and how they enter.
func TestARestoredHouseIsTheOneThatWasCopied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := filepath.Join(dir, "accounts.json")
	data := demoIn(t, dir, 20, "--accounts", list)
	accounts := accountsOf(t, list)
	office, keeper := newReader(t, dir, "office"), newReader(t, dir, "keeper")
	want := namesRead(t, accounts, "--data", data, "--key", data+".key")
	if len(want) < 20 {
		t.Fatalf("only %d pupils", len(want))
	}
	was := recordsOf(t, filepath.Join(data, journalFile)) // whoever read left a record
	esdb := func() string { return esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{}).URL() }
	houses := [][]string{
		{"--data", data},
		{"--database", pgtest.Database(t)},
		{"--journal", esdb(), "--database", pgtest.Database(t)},
		{"--journal", esdb(), "--data", filepath.Join(dir, "beside-esdb")},
		{"--data", filepath.Join(dir, "back")},
		{"--data", filepath.Join(dir, "keyring-apart"), "--keyring", pgtest.Database(t)},
	}
	for i, to := range houses[1:] {
		copies, keys := filepath.Join(dir, fmt.Sprint("copies", i)), filepath.Join(dir, fmt.Sprint("keys", i))
		set, _ := take(t, copies, append(slices.Clone(houses[i]), "--recipient", office.recipient, "--keys-recipient", keeper.recipient,
			"--keys-to", keys, "--verify-identity", office.file+","+keeper.file)...)
		args := append([]string{"restore", "--from", set, "--keys-from", filepath.Join(keys, filepath.Base(set)), "--key", data + ".key",
			"--identity", office.file, "--identity", keeper.file}, append(slices.Clone(to), noErasures...)...)
		out := command(t, args...)
		if !strings.Contains(out, fmt.Sprintf("Ripristinati %d eventi", len(was))) || !strings.Contains(out, fmt.Sprintf("Password: %d.", len(accounts))) ||
			strings.Contains(out, "Chiavi: 0.") {
			t.Errorf("%v: it says %s", to, out)
		}
		address := to[1]
		if to[0] == "--data" {
			address = filepath.Join(to[1], journalFile)
		}
		is := recordsOf(t, address)
		if len(is) != len(was) {
			t.Fatalf("%v: %d records were, %d are", to, len(was), len(is))
		}
		for n := range is {
			if !event.Same(is[n], was[n]) || !strings.HasPrefix(address, "esdb") && is[n].Position != was[n].Position {
				t.Fatalf("%v: record %d is %+v, was %+v", to, n, is[n], was[n])
			}
		}
		// Again, into what is no longer empty.
		if code, _, said := called(t, nil, args...); code != exitFailed || !strings.Contains(said, "ci sono già dei dati") {
			t.Errorf("%v: code %d, %s", to, code, said)
		}
	}
	before, after := viewsOf(t, data, data+".key"), viewsOf(t, houses[4][1], data+".key")
	if len(before) < 10 || len(before) != len(after) {
		t.Errorf("%d tables were, %d are", len(before), len(after))
	}
	for table, rows := range before {
		if !slices.Equal(rows, after[table]) {
			t.Errorf("%s has %d rows, before %d, or others", table, len(after[table]), len(rows))
		}
	}
	if got := namesRead(t, accounts, append(slices.Clone(houses[5]), "--key", data+".key")...); !slices.Equal(got, want) {
		t.Errorf("the UST reads %d names, before %d, or others", len(got), len(want))
	}
}

// A journal is restored as it was at a position or an instant, and says so when the copy does not know it.
func TestAJournalIsRestoredAsOfAPointInTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 5), newReader(t, dir, "identity")
	was := recordsOf(t, filepath.Join(data, journalFile))
	var source engines
	if err := (&storage{Data: data}).openState(t.Context(), &source); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{10_000_001, 10_000_002} { // whatever the demo has signed is smaller
		if err := source.signed.Keep(t.Context(), ledger.Signed{Size: size, Note: []byte("note"), At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	var all belongings
	if err := errors.Join(all.progress(t.Context(), &source), source.shut(t.Context())); err != nil || len(all.Signed) < 2 {
		t.Fatalf("%d signed, %v", len(all.Signed), err)
	}
	set, _ := take(t, filepath.Join(dir, "to"), "--data", data, "--recipient", who.recipient)
	middle := was[len(was)/2]
	n := 0
	restored := func(until string) []event.Record {
		t.Helper()
		n++
		to := filepath.Join(dir, fmt.Sprint("restored", n))
		out := command(t, append([]string{"restore", "--from", set, "--identity", who.file, "--key", data + ".key", "--data", to, "--until", until}, noErasures...)...)
		if !strings.Contains(out, "sono rimasti fuori") {
			t.Errorf("it says %s", out)
		}
		return recordsOf(t, filepath.Join(to, journalFile))
	}
	byPosition := restored(fmt.Sprint(middle.Position))
	byInstant := restored(middle.At.Format(time.RFC3339Nano))
	wantLen := slices.IndexFunc(was, func(r event.Record) bool { return r.At.After(middle.At) })
	if len(byPosition) != len(was)/2+1 || len(byInstant) != wantLen {
		t.Errorf("%d and %d records, want %d and %d", len(byPosition), len(byInstant), len(was)/2+1, wantLen)
	}
	for _, is := range [][]event.Record{byPosition, byInstant} {
		for i := range is {
			if !event.Same(is[i], was[i]) || is[i].Position != was[i].Position {
				t.Fatalf("record %d is another", i)
			}
		}
	}
	// Nothing of the policies' progress is ahead of the journal, and nobody enters who was not there yet.
	var e engines
	where := storage{Data: filepath.Join(dir, "restored1")}
	if err := where.openState(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.shut(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var b belongings
	if err := b.progress(t.Context(), &e); err != nil || len(b.Checkpoints) == 0 {
		t.Fatalf("%d checkpoints, %v", len(b.Checkpoints), err)
	}
	if err := b.entrances(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Signed {
		if c.Size > int64(len(byPosition)) {
			t.Errorf("a checkpoint of %d records is there", c.Size)
		}
	}
	kept := all
	kept.upTo(extent{size: 10_000_001}, true)
	if len(kept.Signed) != len(all.Signed)-1 {
		t.Errorf("%d checkpoints of %d are left", len(kept.Signed), len(all.Signed))
	}
	for name, at := range b.Checkpoints {
		if at > middle.Position {
			t.Errorf("%s is at %d, the journal at %d", name, at, middle.Position)
		}
	}
	if len(b.Passwords) != 0 { // the demo invites people when its year is over
		t.Errorf("%d passwords of accounts that the journal does not know", len(b.Passwords))
	}
	for until, want := range map[string]string{
		fmt.Sprint(was[len(was)-1].Position + 1):       "non sa nulla",
		time.Now().Add(time.Hour).Format(time.RFC3339): "non sa nulla",
		was[0].At.Add(-time.Hour).Format(time.RFC3339): "vuoto",
		"ieri": "--until",
	} {
		code, _, said := called(t, nil, append([]string{"restore", "--from", set, "--identity", who.file, "--key", data + ".key", "--data", filepath.Join(dir, "no"), "--until", until}, noErasures...)...)
		if code == exitOK || !strings.Contains(said, want) {
			t.Errorf("%s: code %d, %s", until, code, said)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "no", journalFile)); !os.IsNotExist(err) {
		t.Error("something was restored all the same")
	}
}

// alter writes a manifest anew.
func alter(t *testing.T, set string, change func(*archive.Manifest)) {
	t.Helper()
	s, err := archive.Open(set)
	if err != nil {
		t.Fatal(err)
	}
	change(&s.Manifest)
	b, err := json.Marshal(s.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(set, "manifest.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whatever is wrong with a copy is said in words, and leaves nothing.
func TestARestoreRefusesWhatItCannotTrust(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who, stranger := demoIn(t, dir, 3), newReader(t, dir, "identity"), newReader(t, dir, "stranger")
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	otherData := demoIn(t, other, 3, "--seed", "7")
	to := filepath.Join(dir, "to")
	first, _ := take(t, to, "--data", data, "--recipient", who.recipient)
	apartTo, apartKeys := filepath.Join(dir, "apart"), filepath.Join(dir, "apart-keys")
	apart, _ := take(t, apartTo, "--data", data, "--recipient", who.recipient, "--keys-to", apartKeys)
	foreign, _ := take(t, filepath.Join(dir, "foreign"), "--data", otherData, "--recipient", who.recipient)
	appended(t, data, "case-x")
	later, _ := take(t, to, "--data", data, "--recipient", who.recipient, "--since", filepath.Base(first))

	copies := 0
	copyOf := func(set string, spoil func(set string)) string {
		t.Helper()
		copies++
		beside := filepath.Join(dir, fmt.Sprint("spoilt", copies), filepath.Base(set))
		if err := os.CopyFS(beside, os.DirFS(set)); err != nil {
			t.Fatal(err)
		}
		spoil(beside)
		return beside
	}
	change := func(kind archive.Kind, how func([]byte) []byte) func(string) {
		return func(set string) {
			file := filepath.Join(set, kind.File())
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, how(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 4; return b }
	from := func(set string, kind archive.Kind) func([]byte) []byte {
		return func([]byte) []byte {
			b, err := os.ReadFile(filepath.Join(set, kind.File()))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	otherKey := filepath.Join(dir, "other.key")
	command(t, "key", otherKey, "--data", filepath.Join(dir, "elsewhere"))
	target := filepath.Join(dir, "restored")
	base := []string{"--identity", who.file, "--key", data + ".key", "--data", target}
	for name, r := range map[string]struct {
		set  string
		args []string
		want string
	}{
		"a wrong identity":       {first, append([]string{"--identity", stranger.file, "--key", data + ".key", "--data", target}, noErasures...), "nessuna delle identità"},
		"no identity at all":     {first, append([]string{"--identity", data + ".key", "--key", data + ".key", "--data", target}, noErasures...), "non è un'identità"},
		"a journal that was cut": {copyOf(first, change(archive.Journal, func(b []byte) []byte { return b[:len(b)/2] })), append(base, noErasures...), "tagliato"},
		"keys that were cut":     {copyOf(first, change(archive.Keys, func(b []byte) []byte { return b[:len(b)-1] })), append(base, noErasures...), "tagliato"},
		"a byte of the journal":  {copyOf(first, change(archive.Journal, flip)), append(base, noErasures...), "non è più com'era"},
		"a byte of the keys":     {copyOf(first, change(archive.Keys, flip)), append(base, noErasures...), "non è più com'era"},
		"a byte of the state":    {copyOf(first, change(archive.State, flip)), append(base, noErasures...), "non è più com'era"},
		"the journal of another": {copyOf(first, change(archive.Journal, from(foreign, archive.Journal))), append(base, noErasures...), "viene da un'altra copia"},
		"the keys of another":    {copyOf(first, change(archive.Keys, from(apartKeys+"/"+filepath.Base(apart), archive.Keys))), append(base, noErasures...), "viene da un'altra copia"},
		"an altered size":        {copyOf(first, func(s string) { alter(t, s, func(m *archive.Manifest) { m.Size-- }) }), append(base, noErasures...), "manifesto"},
		"an altered head":        {copyOf(first, func(s string) { alter(t, s, func(m *archive.Manifest) { m.Head++ }) }), append(base, noErasures...), "manifesto"},
		"an altered instant":     {copyOf(first, func(s string) { alter(t, s, func(m *archive.Manifest) { m.Taken = m.Taken.Add(-time.Hour) }) }), append(base, noErasures...), "manifesto"},
		"an altered root":        {copyOf(first, func(s string) { alter(t, s, func(m *archive.Manifest) { m.Root[0]++ }) }), append(base, noErasures...), "manifesto"},
		"another set's name":     {copyOf(first, func(s string) { alter(t, s, func(m *archive.Manifest) { m.Set[15]++ }) }), append(base, noErasures...), "altra copia"},
		"no manifest":            {copyOf(first, func(s string) { os.Remove(filepath.Join(s, "manifest.json")) }), append(base, noErasures...), "non c'è"},
		"no journal":             {filepath.Join(apartKeys, filepath.Base(apart)), append(base, noErasures...), "sole chiavi"},
		"no keys":                {apart, append(base, noErasures...), "--keys-from"},
		"keys of another house":  {apart, append(append(base, noErasures...), "--keys-from", foreign), "altro registro"},
		"keys that are older":    {later, append(append(base, noErasures...), "--keys-from", first), "più vecchie"},
		"a set without its base": {copyOf(later, func(string) {}), append(base, noErasures...), "di cui questa è la continuazione"},
		"a wrong master key":     {first, append([]string{"--identity", who.file, "--key", otherKey, "--data", target}, noErasures...), "--key"},
		"no ledger of erasures":  {first, append(base, "--erasures", filepath.Join(dir, "nowhere")), "registro delle cancellazioni"},
		"a folder with data":     {first, append([]string{"--identity", who.file, "--key", data + ".key", "--data", otherData}, noErasures...), "ci sono già dei dati"},
		"a journal with records": {first, append(append(base, noErasures...), "--journal", moved(t, otherData)), "ci sono già dei dati"},
		"keys in the keyring":    {first, append(append(base, noErasures...), "--keyring", moved(t, data)), "ci sono già dei dati"},
		"a key in the folder":    {first, append([]string{"--identity", who.file, "--key", data + ".key", "--data", filepath.Dir(data)}, noErasures...), "data directory"},
		"what a crash left":      {copyOf(first, func(s string) { os.Rename(s, s+".part") }) + ".part", append(base, noErasures...), "interrotta"},
	} {
		code, _, said := called(t, nil, append([]string{"restore", "--from", r.set}, r.args...)...)
		if code != exitFailed || !strings.Contains(said, r.want) {
			t.Errorf("%s: code %d, %s", name, code, said)
		}
		if made, err := os.ReadDir(target); err == nil && len(made) > 0 {
			t.Fatalf("%s: %v was left", name, made)
		}
	}
	// What is right is taken, also by pieces.
	out := command(t, append(append([]string{"restore", "--from", later}, base...), noErasures...)...)
	if is := recordsOf(t, filepath.Join(target, journalFile)); is[len(is)-1].Type != "case.tested" {
		t.Errorf("the last is %s: %s", is[len(is)-1].Type, out)
	}
}

// appended adds a record to a journal in files.
func appended(t *testing.T, data, stream string) {
	t.Helper()
	journal, err := openJournal(t.Context(), filepath.Join(data, journalFile), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d := event.Draft{ID: uuid.New(), Type: "case.tested", Schema: 1, Data: []byte("{}")}
	if _, err := journal.Append(t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: []event.Draft{d}}); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A journal that begins alike and went another way is no continuation.
func TestABackupDoesNotContinueAFork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who, to := demoIn(t, dir, 3), newReader(t, dir, "identity"), filepath.Join(dir, "to")
	fork := filepath.Join(dir, "fork")
	if err := os.CopyFS(fork, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	appended(t, data, "case-a")
	first, _ := take(t, to, "--data", data, "--recipient", who.recipient)
	appended(t, fork, "case-b")
	appended(t, fork, "case-b")
	code, _, said := called(t, nil, "backup", "--data", fork, "--to", to, "--recipient", who.recipient, "--since", first)
	if code != exitFailed || !strings.Contains(said, "non è la continuazione") || len(setsIn(t, to)) != 1 {
		t.Errorf("code %d, %s", code, said)
	}
}

// A house that was restored to an earlier point is copied whole once, and continued from there; the sets of the branch that ended go.
func TestAfterARestoreToAnEarlierPointBackupsGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who, to := demoIn(t, dir, 3), newReader(t, dir, "identity"), filepath.Join(dir, "to")
	earlier, fork := filepath.Join(dir, "earlier"), filepath.Join(dir, "fork")
	for _, copied := range []string{earlier, fork} {
		if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
	}
	later := func(from string, more ...string) (archive.Facts, string) {
		t.Helper()
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // names have seconds
		code, out, said := called(t, nil, append([]string{"backup", "--data", from, "--to", to, "--recipient", who.recipient,
			"--verify-identity", who.file, "--since", last}, more...)...)
		if code != exitOK {
			t.Fatalf("code %d, %s", code, said)
		}
		all := setsIn(t, to)
		s, err := archive.Open(all[len(all)-1])
		if err != nil {
			t.Fatal(err)
		}
		return s.Facts, out
	}
	for range 3 {
		appended(t, data, "case-a")
	}
	dead, _ := later(data)
	whole, out := later(earlier)
	if whole.Since != (archive.Base{}) || whole.Size >= dead.Size || !strings.Contains(out, "questa è intera") {
		t.Fatalf("%+v: %s", whole, out)
	}
	appended(t, earlier, "case-b")
	if next, out := later(earlier, "--keep", "1"); next.Since.Set != whole.Set || len(setsIn(t, to)) != 2 || strings.Count(out, "Tolta") != 1 {
		t.Errorf("%+v, %d sets: %s", next.Since, len(setsIn(t, to)), out)
	}
	// One that has gone further than the last set, another way.
	for range 2 {
		appended(t, fork, "case-c")
	}
	if whole, out := later(fork, "--keep", "1"); whole.Since != (archive.Base{}) || len(setsIn(t, to)) != 1 || !strings.Contains(out, "questa è intera") {
		t.Errorf("%+v, %d sets: %s", whole.Since, len(setsIn(t, to)), out)
	}
}

// Records that are not those of the manifest are found even if archive and manifest agree with each other.
func TestRecordsThatAreNotThoseOfTheManifestAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 3), newReader(t, dir, "identity")
	set, _ := take(t, filepath.Join(dir, "to"), "--data", data, "--recipient", who.recipient)
	records, facts := recordsIn(t, set, who)
	for name, forge := range map[string]func([]event.Record) []event.Record{
		"one less":     func(all []event.Record) []event.Record { return all[:len(all)-1] },
		"one inside":   func(all []event.Record) []event.Record { return slices.Delete(all, 3, 4) },
		"one changed":  func(all []event.Record) []event.Record { all[3].Data = []byte("{}"); return all },
		"two swapped":  func(all []event.Record) []event.Record { all[3].ID, all[4].ID = all[4].ID, all[3].ID; return all },
		"other places": func(all []event.Record) []event.Record { all[len(all)-1].Position++; return all },
	} {
		to := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		draft, err := archive.Create(to, "", facts)
		if err != nil {
			t.Fatal(err)
		}
		w, err := draft.Archive(archive.Journal, []string{who.recipient}, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range forge(slices.Clone(records)) {
			if err := w.Record(r); err != nil {
				t.Fatal(err)
			}
		}
		for kind, value := range map[archive.Kind]any{archive.State: belongings{}, archive.Keys: seal.Copy{}} {
			w, err := draft.Archive(kind, []string{who.recipient}, true)
			if err == nil {
				err = w.Value(value)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := draft.Finish(facts); err != nil {
			t.Fatal(err)
		}
		if err := draft.Commit(); err != nil {
			t.Fatal(err)
		}
		code, _, said := called(t, nil, "restore", "--check", "--from", filepath.Join(to, facts.Name()), "--identity", who.file)
		if code != exitFailed || !strings.Contains(said, "non sono quelli del manifesto") {
			t.Errorf("%s: code %d, %s", name, code, said)
		}
	}
}

// A copy is held against checkpoints that were kept elsewhere.
func TestARestoreIsHeldAgainstCheckpoints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 3), newReader(t, dir, "identity")
	set, _ := take(t, filepath.Join(dir, "to"), "--data", data, "--recipient", who.recipient)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var tree ledger.Tree
	kept := map[string]ledger.Checkpoint{}
	for i, r := range recordsOf(t, filepath.Join(data, journalFile)) {
		tree.Add(ledger.LeafHash(r))
		if i == 40 {
			kept["old"] = ledger.Checkpoint{Size: tree.Size(), Root: tree.Root()}
			kept["forked"] = ledger.Checkpoint{Size: tree.Size(), Root: ledger.LeafHash(r)}
		}
	}
	kept["newest"] = ledger.Checkpoint{Size: tree.Size(), Root: tree.Root()}
	kept["newer"] = ledger.Checkpoint{Size: tree.Size() + 1, Root: tree.Root()}
	files := map[string]string{}
	for name, c := range kept {
		b, err := c.Sign(private)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = filepath.Join(dir, name)
		if err := os.WriteFile(files[name], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := ledger.VerifierKey(public)
	stranger, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		files, key, want string
		code             int
	}{
		{files["old"], key, "corrisponde: 1 su 1", exitOK},
		{files["old"] + "," + files["newest"] + "," + files["newer"], key, "corrisponde: 2 su 3", exitOK},
		{files["newer"], key, "ne serve una più vecchia", exitFailed},
		{files["forked"], key, "altra radice", exitFailed},
		{files["old"], ledger.VerifierKey(stranger), "non è firmata", exitFailed},
		{files["old"], "x", "--ledger-key", exitFailed},
		{data + ".key", key, "non è l'attestazione", exitFailed},
	} {
		code, out, said := called(t, nil, "restore", "--check", "--from", set, "--identity", who.file, "--checkpoint", r.files, "--ledger-key", r.key)
		if code != r.code || !strings.Contains(out+said, r.want) {
			t.Errorf("%s: code %d, %s%s", r.want, code, out, said)
		}
	}
	// The house's own key follows from the master key.
	master, err := seal.LoadMasterKey(data+".key", data)
	if err != nil {
		t.Fatal(err)
	}
	own, err := kept["old"].Sign(master.LedgerKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files["old"], own, 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "restore", "--check", "--from", set, "--identity", who.file, "--checkpoint", files["old"], "--key", data+".key")
	// With a point in time before the checkpoint the whole copy is held against it all the same.
	code, _, said := called(t, nil, append([]string{"restore", "--from", set, "--identity", who.file, "--key", data + ".key", "--data", filepath.Join(dir, "no"),
		"--until", "10", "--checkpoint", files["forked"], "--ledger-key", key}, noErasures...)...)
	if code != exitFailed || !strings.Contains(said, "altra radice") {
		t.Errorf("code %d, %s", code, said)
	}
}

// What an interrupted restore leaves does not start, and is not restored into.
func TestAHalfRestoredHouseIsNotOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 3), newReader(t, dir, "identity")
	set, _ := take(t, filepath.Join(dir, "to"), "--data", data, "--recipient", who.recipient)
	database := pgtest.Database(t)
	for _, where := range []storage{{Data: filepath.Join(dir, "half")}, {Database: database}} {
		if where.Data != "" {
			if err := os.Mkdir(where.Data, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		var e engines
		if err := where.openState(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
		if err := e.checkpoints.Save(t.Context(), restoreMark, 1); err != nil {
			t.Fatal(err)
		}
		if err := e.shut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	master, err := seal.LoadMasterKey(data+".key", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []storage{{Data: filepath.Join(dir, "half")}, {Database: database}} {
		h, err := openHouse(t.Context(), where, master, time.Now, true, slog.New(slog.DiscardHandler))
		if err == nil {
			h.shut(t.Context())
		}
		if !errors.Is(err, errHalfRestored) {
			t.Errorf("it opens: %v", err)
		}
	}
	// One whose journal and keys are there already has the mark until the end.
	late := filepath.Join(dir, "late")
	if err := os.CopyFS(late, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	var e engines
	if err := (&storage{Data: late}).openState(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.checkpoints.Save(t.Context(), restoreMark, 1), e.shut(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		append([]string{"restore", "--from", set, "--identity", who.file, "--database", database, "--key", data + ".key"}, noErasures...),
		{"backup", "--data", late, "--to", filepath.Join(dir, "copies"), "--recipient", who.recipient},
		{"backup", "--database", database, "--to", filepath.Join(dir, "copies"), "--recipient", who.recipient},
		{"export", "--data", late, filepath.Join(dir, "exported")},
		{"migrate", "--from", late, "--to", filepath.Join(dir, "moved")},
		{"migrate", "--from", database, "--to", filepath.Join(dir, "moved")},
	} {
		code, _, said := called(t, nil, args...)
		if code != exitFailed || !strings.Contains(said, "un ripristino è stato interrotto") {
			t.Errorf("%v: code %d, %s", args, code, said)
		}
	}
	for _, made := range []string{"copies", "exported", "moved"} {
		if left, err := filepath.Glob(filepath.Join(dir, made, "*")); len(left) > 0 || err != nil {
			t.Errorf("%v, %v", left, err)
		}
	}
}

// A set and its keys hold nothing in the clear but the manifest.
func TestArchivesHoldNothingInTheClear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, who := demoIn(t, dir, 3), newReader(t, dir, "identity")
	for _, compress := range []string{"--compress", "--no-compress"} {
		set, _ := take(t, filepath.Join(dir, compress), "--data", data, "--recipient", who.recipient, compress)
		records, _ := recordsIn(t, set, who)
		for _, kind := range []archive.Kind{archive.Journal, archive.State, archive.Keys} {
			b, err := os.ReadFile(filepath.Join(set, kind.File()))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records[:20] {
				if bytes.Contains(b, r.ID[:]) || bytes.Contains(b, []byte(r.Stream)) {
					t.Errorf("%s of %s holds a record as it is", kind, compress)
				}
			}
		}
	}
}
