package seal

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
)

func postgresGround(t testing.TB) ground {
	url := pgtest.Database(t)
	return ground{
		master: NewMasterKey(),
		open:   func(ctx context.Context, m MasterKey) (*Keyring, error) { return OpenKeyringPostgres(ctx, url, m) },
		copy:   func(ctx context.Context) (Copy, error) { return CopyPostgres(ctx, url) },
		run:    func(t *testing.T, statement string) [][]byte { return ask(t, url, statement) },
		lock: func(t *testing.T) func() {
			conn := connect(t, url)
			if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE keyring"); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}
		},
		id:    func(id uuid.UUID) string { return "'" + id.String() + "'" },
		bytes: func(b []byte) string { return `'\x` + hex.EncodeToString(b) + "'" },
	}
}

// connect gives a connection from outside, to which the tables of the keys need no schema's name.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SET search_path = keys"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func ask(t *testing.T, url, statement string) [][]byte {
	t.Helper()
	conn := connect(t, url)
	defer func() {
		if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	rows, err := conn.Query(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return out
}

func TestKeyDatabaseOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	g := postgresGround(t)
	g.ring(t)
	g.run(t, "INSERT INTO migrations (number, compatible) VALUES (4711, false)")
	if _, err := g.open(t.Context(), g.master); err == nil || !strings.Contains(err.Error(), "schema 4711") {
		t.Errorf("got %v", err)
	}
}

// What a node forgot another stops opening because it is told, and not only because its cache has run out.
func TestForgettingIsHeardOnOtherNodes(t *testing.T) {
	t.Parallel()
	g := postgresGround(t)
	one, other := g.ring(t), g.ring(t)
	gone, stays := uuid.New(), uuid.New()
	box, staysBox := mustSeal(t, one, gone, domain.ClassPersonal), mustSeal(t, one, stays, domain.ClassPersonal)
	cleared(t, other.cache, 0) // as it is when it begins to listen
	wantOpens(t, other, gone, box)
	before := epochOf(other.cache)
	if err := one.Forget(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	cleared(t, other.cache, before) // a cache that runs out is not cleared
	if _, err := other.Open(t.Context(), gone, domain.ClassPersonal, place, box); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("opened on another node: %v", err)
	}
	if _, err := other.Seal(t.Context(), gone, domain.ClassPersonal, place, plain); !errors.Is(err, domain.ErrForgotten) {
		t.Errorf("closed on another node: %v", err)
	}
	wantOpens(t, other, stays, staysBox)
}

// cleared waits until a cache was, after an epoch.
func cleared(t *testing.T, c *cache, after uint64) {
	t.Helper()
	for patience := time.Now().Add(2 * time.Minute); epochOf(c) == after; time.Sleep(time.Millisecond) {
		if time.Now().After(patience) {
			t.Fatal("the cache was not cleared")
		}
	}
}

func epochOf(c *cache) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// A dump reads for as long as it takes. A forgetting that waited for it would keep everybody else from reading.
func TestAForgettingDoesNotStandInTheWayBehindADump(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	k, err := OpenKeyringPostgres(t.Context(), url, NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	subject := uuid.New()
	box := mustSeal(t, k, subject, domain.ClassPersonal)
	dump := connect(t, url)
	if _, err := dump.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE keys IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	if err := k.Forget(t.Context(), subject); !errors.Is(err, ErrUnavailable) {
		t.Errorf("forgotten beside a dump: %v", err)
	}
	wantOpens(t, k, subject, box)
	mustSeal(t, k, uuid.New(), domain.ClassPersonal)
	if err := dump.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for err = ErrUnavailable; errors.Is(err, ErrUnavailable); { // until the server has noticed that the dump is gone
		err = k.Forget(t.Context(), subject)
	}
	if _, openErr := k.Open(t.Context(), subject, domain.ClassPersonal, place, box); err != nil || !errors.Is(openErr, domain.ErrForgotten) {
		t.Errorf("after the dump: %v, %v", err, openErr)
	}
}

// filesOf is the folder of a database.
func filesOf(t *testing.T, url string) string {
	t.Helper()
	return string(ask(t, url, `SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database
		WHERE datname = current_database()`)[0])
}

// traces names the files of a database that hold a secret as bytes or in hex. The server's log of changes is not among them.
func traces(t *testing.T, dir string, secret []byte) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // the server removed it meanwhile
			return nil
		case err != nil:
			return err
		case !e.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if bytes.Contains(content, secret) || bytes.Contains(content, []byte(hex.EncodeToString(secret))) {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestForgettingLeavesNoTraceInTheTables(t *testing.T) {
	t.Parallel()
	url, m := pgtest.Database(t), NewMasterKey()
	dir := filesOf(t, url)
	k, err := OpenKeyringPostgres(t.Context(), url, m)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	var subjects []uuid.UUID
	for range 200 {
		s := uuid.New()
		subjects = append(subjects, s)
		mustSeal(t, k, s, domain.ClassPersonal)
	}
	box := mustSeal(t, k, subjects[199], domain.ClassPersonal)
	salt, wrapped := ask(t, url, "SELECT salt FROM wrappings"), ask(t, url, "SELECT wrapped FROM keys")
	if len(wrapped) != 400 || len(salt) != 1 {
		t.Fatalf("%d keys under %d salts", len(wrapped), len(salt))
	}
	// A session that looks at an older state would keep rows that were deleted.
	looks := connect(t, url)
	defer looks.Close(t.Context())
	if _, err := looks.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM forgotten"); err != nil {
		t.Fatal(err)
	}
	ask(t, url, "ANALYZE")
	if n := len(ask(t, url, "SELECT attname::text FROM pg_stats WHERE attname IN ('salt', 'wrapped')")); n != 0 {
		t.Errorf("samples of %d columns are among the statistics", n)
	}
	ask(t, url, "CHECKPOINT")
	if len(traces(t, dir, salt[0])) == 0 || len(traces(t, dir, wrapped[0])) == 0 {
		t.Fatal("the search does not find what is there")
	}
	if err := k.Forget(t.Context(), subjects[:180]...); err != nil {
		t.Fatal(err)
	}
	ask(t, url, "CHECKPOINT")
	for i, old := range append(salt, wrapped[0], wrapped[200], wrapped[399]) {
		if in := traces(t, dir, old); in != nil {
			t.Errorf("secret %d of the old generation is still in %v", i, in)
		}
	}
	if n := len(ask(t, url, "SELECT wrapped FROM keys")); n != 40 {
		t.Errorf("%d keys are left", n)
	}
	wantOpens(t, k, subjects[199], box)
	k.cache.clear()
	wantOpens(t, k, subjects[199], box)
}

func TestNoTableHoldsAKeyOrATextInClear(t *testing.T) {
	t.Parallel()
	url, m := pgtest.Database(t), NewMasterKey()
	dir := filesOf(t, url)
	k, err := OpenKeyringPostgres(t.Context(), url, m)
	if err != nil {
		t.Fatal(err)
	}
	subject := uuid.New()
	mustSeal(t, k, subject, domain.ClassPersonal)
	salt, wrapped := ask(t, url, "SELECT salt FROM wrappings")[0], ask(t, url, "SELECT wrapped FROM keys WHERE class = 'personal'")[0]
	raw, err := m.wrapping(1, salt).unwrap(subject, domain.ClassPersonal, wrapped)
	if err := errors.Join(err, k.Close()); err != nil {
		t.Fatal(err)
	}
	ask(t, url, "CHECKPOINT")
	if len(traces(t, dir, wrapped)) == 0 || len(traces(t, dir, salt)) == 0 {
		t.Fatal("the search does not find what is there")
	}
	for name, secret := range map[string][]byte{
		"master key": m.secret[:], "data key": raw, "wrapping key": m.derive(salt, "wrapping"),
		"token key": m.derive(nil, "tokens"), "text": plain, "name": []byte("Testovenko"), "place": []byte(place),
	} {
		if in := traces(t, dir, secret); in != nil {
			t.Errorf("%s in clear in %v", name, in)
		}
	}
}

func TestAKeyServerThatIsAwayIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	k, err := OpenKeyringPostgres(t.Context(), cluster.URL(), NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	subject, other := uuid.New(), uuid.New()
	box := mustSeal(t, k, subject, domain.ClassPersonal)
	cluster.Kill(t)
	k.cache.clear()
	_, openErr := k.Open(t.Context(), subject, domain.ClassPersonal, place, box)
	_, sealErr := k.Seal(t.Context(), other, domain.ClassPersonal, place, plain)
	_, listErr := k.Forgotten(t.Context())
	for what, err := range map[string]error{"open": openErr, "seal": sealErr, "list": listErr, "forget": k.Forget(t.Context(), other)} {
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, domain.KindUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	cluster.Restart(t)
	for _, err = k.Forgotten(t.Context()); err != nil && t.Context().Err() == nil; { // connections that died are found out one by one
		_, err = k.Forgotten(t.Context())
	}
	wantOpens(t, k, subject, box)
	mustSeal(t, k, other, domain.ClassPersonal)
}
