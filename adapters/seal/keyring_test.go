package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain"
	"approdo/domain/event/sealtest"
)

const place = "case-1@0/case.requested/minor"

var plain = []byte(`{"surname":"Testovenko","name":"Zirka"}`)

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

// mustSeal and wantOpens may be called by any goroutine.
func mustSeal(t testing.TB, k *Keyring, subject uuid.UUID, class domain.Class) []byte {
	t.Helper()
	box, err := k.Seal(t.Context(), subject, class, place, plain)
	if err != nil {
		t.Error(err)
	}
	return box
}

func wantOpens(t testing.TB, k *Keyring, subject uuid.UUID, box []byte) {
	t.Helper()
	got, err := k.Open(t.Context(), subject, domain.ClassPersonal, place, box)
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
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

func TestKeyringKeepsTheContract(t *testing.T) {
	t.Parallel()
	sealtest.Contract(t, func(t *testing.T) sealtest.Forgetter {
		return openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	})
}

func TestSameTextIsNeverClosedTheSameWay(t *testing.T) {
	t.Parallel()
	k := openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	subject := uuid.New()
	if bytes.Equal(mustSeal(t, k, subject, domain.ClassPersonal), mustSeal(t, k, subject, domain.ClassPersonal)) {
		t.Error("two boxes are equal: the nonce is not random")
	}
}

func TestUnknownClassIsRefused(t *testing.T) {
	t.Parallel()
	k := openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	if _, err := k.Seal(t.Context(), uuid.New(), "gossip", place, plain); err == nil {
		t.Error("sealed under a class that does not exist")
	}
}

func TestUnknownSubjectIsAFaultAndNotAnErasure(t *testing.T) {
	t.Parallel()
	k := openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	box := mustSeal(t, k, uuid.New(), domain.ClassPersonal)
	_, err := k.Open(t.Context(), uuid.New(), domain.ClassPersonal, place, box)
	if !errors.Is(err, ErrIntegrity) || errors.Is(err, domain.ErrForgotten) {
		t.Errorf("got %v", err)
	}
}

func TestKeysOutliveTheProcess(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	k := openAt(t, path, m)
	kept, gone := uuid.New(), uuid.New()
	keptBox, goneBox := mustSeal(t, k, kept, domain.ClassPersonal), mustSeal(t, k, gone, domain.ClassPersonal)
	if err := k.Forget(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = openAt(t, path, m)
	wantOpens(t, k, kept, keptBox)
	if _, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("open after forgetting: %v", err)
	}
	if _, err := k.Seal(t.Context(), gone, domain.ClassPersonal, place, plain); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("seal after forgetting: %v", err)
	}
	stones, err := k.Forgotten(t.Context())
	if err != nil || len(stones) != 1 || stones[0].Subject != gone || time.Since(stones[0].At).Abs() > time.Hour {
		t.Errorf("tombstones %v, %v", stones, err)
	}
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

func TestWrongMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	if err := openAt(t, path, NewMasterKey()).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyring(path, NewMasterKey()); !errors.Is(err, ErrWrongMaster) {
		t.Errorf("another key: %v", err)
	}
	if _, err := OpenKeyring(path, MasterKey{}); !errors.Is(err, ErrMasterKeyMissing) {
		t.Errorf("no key: %v", err)
	}
}

func TestKeyFileOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	if err := openAt(t, path, m).Close(); err != nil {
		t.Fatal(err)
	}
	query(t, path, "PRAGMA user_version = 2", func(*sqlite.Stmt) {})
	if _, err := OpenKeyring(path, m); err == nil || !strings.Contains(err.Error(), "schema 2") {
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

func TestAKeyMovedToAnotherSubjectOrClassDoesNotUnwrap(t *testing.T) {
	t.Parallel()
	for _, swap := range []string{
		"UPDATE keys SET wrapped = (SELECT wrapped FROM keys k WHERE k.class = keys.class AND k.subject <> keys.subject) WHERE subject = ?",
		"UPDATE keys SET wrapped = (SELECT wrapped FROM keys k WHERE k.subject = keys.subject AND k.class <> keys.class) WHERE class = 'personal'",
		"UPDATE wrappings SET generation = 7; UPDATE keys SET generation = 7",
		"UPDATE wrappings SET salt = zeroblob(32)",
		"DELETE FROM wrappings",
	} {
		path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
		k := openAt(t, path, m)
		a, b := uuid.New(), uuid.New()
		box := mustSeal(t, k, a, domain.ClassPersonal)
		mustSeal(t, k, b, domain.ClassPersonal)
		for statement := range strings.SplitSeq(swap, ";") {
			query(t, path, strings.Replace(statement, "?", "x'"+hex.EncodeToString(a[:])+"'", 1), func(*sqlite.Stmt) {})
		}
		k.cache.clear()
		if _, err := k.Open(t.Context(), a, domain.ClassPersonal, place, box); !errors.Is(err, ErrIntegrity) {
			t.Errorf("open after %q: %v", swap, err)
		}
		if _, err := k.Seal(t.Context(), a, domain.ClassPersonal, place, plain); !errors.Is(err, ErrIntegrity) {
			t.Errorf("seal after %q: %v", swap, err)
		}
	}
}

// A damaged key must not stand in the way of somebody else's erasure.
func TestForgettingGoesRoundADamagedKey(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	k := openAt(t, path, m)
	damaged, gone, stays := uuid.New(), uuid.New(), uuid.New()
	box := mustSeal(t, k, damaged, domain.ClassPersonal)
	mustSeal(t, k, gone, domain.ClassPersonal)
	good := mustSeal(t, k, stays, domain.ClassPersonal)
	query(t, path, "UPDATE keys SET wrapped = randomblob(60) WHERE subject = x'"+hex.EncodeToString(damaged[:])+"'", func(*sqlite.Stmt) {})
	if err := k.Forget(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	wantOpens(t, k, stays, good)
	if _, err := k.Open(t.Context(), damaged, domain.ClassPersonal, place, box); !errors.Is(err, ErrIntegrity) {
		t.Errorf("open: %v", err)
	}
	if _, err := k.Seal(t.Context(), damaged, domain.ClassPersonal, place, plain); !errors.Is(err, ErrIntegrity) {
		t.Errorf("seal: %v", err)
	}
	mustSeal(t, k, uuid.New(), domain.ClassPersonal)
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
	if err := errors.Join(destroy(conn, []uuid.UUID{gone}), conn.Close()); err != nil {
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

func TestForgettingWhileOthersReadAndWrite(t *testing.T) {
	t.Parallel()
	k := openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	stays, gone := uuid.New(), uuid.New()
	staysBox, goneBox := mustSeal(t, k, stays, domain.ClassPersonal), mustSeal(t, k, gone, domain.ClassPersonal)
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if i%2 == 0 {
					k.cache.clear() // so that the file is read, too
				}
				wantOpens(t, k, stays, staysBox)
				switch got, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); {
				case err == nil && bytes.Equal(got, plain), errors.Is(err, domain.ErrForgotten):
				default:
					t.Errorf("while it is forgotten: %v", err)
				}
				mustSeal(t, k, uuid.New(), domain.ClassSpecial)
			}
		})
	}
	err := k.Forget(t.Context(), gone)
	for range 50 {
		if _, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("after Forget returned: %v", err)
		}
		runtime.Gosched()
	}
	close(over)
	wg.Wait()
	if err != nil {
		t.Error(err)
	}
}

func TestFirstSealsOfOneSubjectMakeOneKey(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	rings := []*Keyring{openAt(t, path, m), openAt(t, path, m)} // as two processes would
	subject := uuid.New()
	boxes := make(chan []byte, 32)
	var wg sync.WaitGroup
	for i := range cap(boxes) {
		wg.Go(func() { boxes <- mustSeal(t, rings[i%2], subject, domain.ClassPersonal) })
	}
	wg.Wait()
	close(boxes)
	rings[0].cache.clear()
	for box := range boxes {
		wantOpens(t, rings[0], subject, box)
	}
	if n := len(column(t, path, "SELECT wrapped FROM keys")); n != len(classes) {
		t.Errorf("%d keys for one subject", n)
	}
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

func TestOneFaultySubjectSpoilsNobodyElsesBatch(t *testing.T) {
	t.Parallel()
	path, m := filepath.Join(t.TempDir(), "keys.db"), NewMasterKey()
	k := openAt(t, path, m)
	gone := uuid.New()
	if err := k.Forget(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	conn, err := openConn(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fresh := uuid.New()
	batch := []*request{{create: gone}, {create: fresh}}
	if err := k.storage.(*file).create(conn, batch); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(batch[0].err, domain.ErrForgotten) || batch[1].err != nil || batch[1].keys[0] == nil {
		t.Errorf("got %v and %v", batch[0].err, batch[1].err)
	}
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

func TestClosedKeyringSaysSo(t *testing.T) {
	t.Parallel()
	k := openAt(t, filepath.Join(t.TempDir(), "keys.db"), NewMasterKey())
	subject := uuid.New()
	box := mustSeal(t, k, subject, domain.ClassPersonal)
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Fatal(err)
	}
	_, sealErr := k.Seal(t.Context(), subject, domain.ClassPersonal, place, plain)
	_, openErr := k.Open(t.Context(), subject, domain.ClassPersonal, place, box)
	for _, err := range []error{sealErr, openErr, k.Forget(t.Context(), subject)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestWhoNoLongerWaitsIsLetGo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	k := openAt(t, path, NewMasterKey())
	defer lock(t, path)()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := k.Seal(ctx, uuid.New(), domain.ClassPersonal, place, plain); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
