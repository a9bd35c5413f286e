package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
)

func openAt(t testing.TB, path string, m MasterKey) *Keyring {
	t.Helper()
	k, err := OpenKeyring(path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// lock holds the write lock of a key file, as another process would, until the returned function is called.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(sqlitex.ExecuteTransient(conn, "ROLLBACK", nil), conn.Close()); err != nil {
			t.Error(err)
		}
	}
}

// query runs a statement on a key file from outside.
func query(t *testing.T, path, statement string, row func(*sqlite.Stmt)) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteTransient(conn, statement, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { row(s); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
}

func column(t *testing.T, path, statement string) (out [][]byte) {
	t.Helper()
	query(t, path, statement, func(s *sqlite.Stmt) { out = append(out, columnBytes(s, 0)) })
	return out
}

// What a crash leaves is the files as they are, without a Close.
func TestKeysAreInTheFilesWhenSealReturns(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), NewMasterKey()
	k := openAt(t, filepath.Join(dir, "keys.db"), m)
	subject := uuid.New()
	box := mustSeal(t, k, subject, domain.ClassPersonal)
	after := t.TempDir()
	for name, content := range files(t, dir) {
		if strings.HasSuffix(name, "-shm") {
			continue // memory, not disk
		}
		if err := os.WriteFile(filepath.Join(after, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantOpens(t, openAt(t, filepath.Join(after, "keys.db"), m), subject, box)
}

func TestFsyncIsFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	openAt(t, path, NewMasterKey())
	conn, err := openConn(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for pragma, want := range map[string]int64{"synchronous": 2, "secure_delete": 1, "temp_store": 2} {
		if got, err := queryInt(conn, "PRAGMA "+pragma); err != nil || got != want {
			t.Errorf("%s is %d, %v", pragma, got, err)
		}
	}
}

func TestKeyFileOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	if err := openAt(t, path, m).Close(); err != nil {
		t.Fatal(err)
	}
	query(t, path, "PRAGMA user_version = 3", func(*sqlite.Stmt) {})
	if _, err := OpenKeyring(path, m); err == nil || !strings.Contains(err.Error(), "schema 3") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTheOwnerMayReadTheKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openAt(t, filepath.Join(dir, "keys.db"), NewMasterKey())
	mustSeal(t, k, uuid.New(), domain.ClassPersonal)
	for name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %04o", name, info.Mode().Perm())
		}
	}
}

// files reads what is on disk.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = b
	}
	return out
}

// found names the files that hold a secret as bytes, hex or base64.
func found(t *testing.T, dir string, secret []byte) (names []string) {
	t.Helper()
	for name, content := range files(t, dir) {
		lower := bytes.ToLower(content)
		if bytes.Contains(content, secret) || bytes.Contains(lower, []byte(hex.EncodeToString(secret))) ||
			bytes.Contains(content, []byte(base64.StdEncoding.EncodeToString(secret))) {
			names = append(names, name)
		}
	}
	return names
}

func TestNoFileHoldsAKeyOrATextInClear(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), NewMasterKey()
	path := filepath.Join(dir, "keys.db")
	k := openAt(t, path, m)
	subject := uuid.New()
	mustSeal(t, k, subject, domain.ClassPersonal)
	salt, wrapped := column(t, path, "SELECT salt FROM wrappings")[0], column(t, path, "SELECT wrapped FROM keys WHERE class = 'personal'")[0]
	raw, err := m.wrapping(1, salt).unwrap(subject, domain.ClassPersonal, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if len(found(t, dir, wrapped)) == 0 || len(found(t, dir, salt)) == 0 {
		t.Fatal("the search does not find what is there")
	}
	for name, secret := range map[string][]byte{
		"master key": m.secret[:], "data key": raw, "wrapping key": m.derive(salt, "wrapping"),
		"token key": m.derive(nil, "tokens"), "text": plain, "name": []byte("Testovenko"), "place": []byte(place),
	} {
		if in := found(t, dir, secret); in != nil {
			t.Errorf("%s in clear in %v", name, in)
		}
	}
}

func TestForgettingLeavesNoTraceInTheFiles(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), NewMasterKey()
	path := filepath.Join(dir, "keys.db")
	k := openAt(t, path, m)
	var subjects []uuid.UUID
	for range 200 {
		s := uuid.New()
		subjects = append(subjects, s)
		mustSeal(t, k, s, domain.ClassPersonal)
	}
	box := mustSeal(t, k, subjects[199], domain.ClassPersonal)
	salt := column(t, path, "SELECT salt FROM wrappings")
	wrapped := column(t, path, "SELECT wrapped FROM keys")
	if len(wrapped) != 400 || len(salt) != 1 {
		t.Fatalf("%d keys under %d salts", len(wrapped), len(salt))
	}
	if err := k.Forget(t.Context(), subjects[:180]...); err != nil {
		t.Fatal(err)
	}
	for i, old := range append(wrapped, salt...) {
		if in := found(t, dir, old); in != nil {
			t.Fatalf("secret %d of the old generation is still in %v", i, in)
		}
	}
	if n := len(column(t, path, "SELECT wrapped FROM keys")); n != 40 {
		t.Errorf("%d keys are left", n)
	}
	query(t, path, "PRAGMA freelist_count", func(s *sqlite.Stmt) {
		if n := s.ColumnInt(0); n != 0 {
			t.Errorf("%d free pages are left in the file", n)
		}
	})
	wantOpens(t, k, subjects[199], box)
}

// A crash right after the keys were destroyed leaves the rest to the next opening.
func TestOpeningEndsAForgettingThatACrashCutShort(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), NewMasterKey()
	path := filepath.Join(dir, "keys.db")
	k := openAt(t, path, m)
	gone, stays := uuid.New(), uuid.New()
	mustSeal(t, k, gone, domain.ClassPersonal)
	box := mustSeal(t, k, stays, domain.ClassPersonal)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	old := column(t, path, "SELECT salt FROM wrappings")[0]
	conn, err := openConn(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(destroy(conn, []Tombstone{{Subject: gone}}), conn.Close()); err != nil {
		t.Fatal(err)
	}
	if len(found(t, dir, old)) == 0 {
		t.Fatal("nothing was left to clean")
	}
	k = openAt(t, path, m)
	if in := found(t, dir, old); in != nil {
		t.Errorf("the old salt is still in %v", in)
	}
	wantOpens(t, k, stays, box)
}

func TestManyFirstSealsShareFsyncs(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), NewMasterKey()
	path := filepath.Join(dir, "keys.db")
	k := openAt(t, path, m)
	before := commits(t, path+"-wal")
	release := lock(t, path) // the first transaction waits for it, and the rest queue up behind
	var requests []*request
	for range 32 {
		r := &request{create: uuid.New(), done: make(chan struct{})}
		requests = append(requests, r)
		k.requests <- r
	}
	release()
	for _, r := range requests {
		<-r.done
		mustSeal(t, k, r.create, domain.ClassPersonal)
		mustSeal(t, k, r.create, domain.ClassSpecial)
	}
	if n := len(column(t, path, "SELECT wrapped FROM keys")); n != 64 {
		t.Fatalf("%d keys", n)
	}
	if n := commits(t, path+"-wal") - before; n < 1 || n > 2 {
		t.Errorf("%d commits for 32 subjects with two classes each", n)
	}
}

// commits counts the transactions in a write-ahead log: in the header of a frame, bytes 4 to 7 are set only where it ends a
// transaction (https://www.sqlite.org/fileformat2.html, 4.1).
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := int(binary.BigEndian.Uint32(b[8:]))
	for at := 32; at+24+page <= len(b); at += 24 + page {
		if binary.BigEndian.Uint32(b[at+4:]) != 0 {
			n++
		}
	}
	return n
}

func TestFullDiskIsUnavailableAndPasses(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	openAt(t, path, m)
	conn, err := openConn(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	limit := func(pages string) {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA max_page_count = "+pages, nil); err != nil {
			t.Fatal(err)
		}
	}
	batch := func() (requests []*request) {
		for range 100 {
			requests = append(requests, &request{create: uuid.New(), done: make(chan struct{})})
		}
		return requests
	}
	limit("1") // no page beyond those there are: to SQLite the disk is full
	f := &file{master: m, writer: conn}
	if err := f.makeKeys(batch()); !errors.Is(err, ErrUnavailable) || !errors.Is(err, domain.KindUnavailable) {
		t.Fatalf("disk full: %v", err)
	}
	if n := len(column(t, path, "SELECT wrapped FROM keys")); n != 0 {
		t.Errorf("%d keys of a refused batch", n)
	}
	limit("100000")
	if err := f.makeKeys(batch()); err != nil {
		t.Fatalf("with room again: %v", err)
	}
}

func TestFaultOfOursIsNotAFaultOfStorage(t *testing.T) {
	t.Parallel()
	for _, err := range []error{ErrIntegrity, domain.ErrForgotten, errNoKey, nil} {
		if got := unavailable(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// literal writes bytes in a statement of SQLite.
func literal(b []byte) string { return "x'" + hex.EncodeToString(b) + "'" }
