package state_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/postgres/state"
	"approdo/adapters/statetest"
	"approdo/domain"
	"approdo/domain/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	now  = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	anna = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	key  = []byte("key")
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openAt(t *testing.T, url string) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), url)
	ok(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func node(s *state.Store) statetest.Node {
	return statetest.Node{Store: s, Checkpoints: s.Checkpoints(), Parking: s.Parking(), Ledger: s.Ledger(), Notices: s.Notices()}
}

func TestADatabaseKeepsTheContract(t *testing.T) {
	t.Parallel()
	statetest.Contract(t, func(t *testing.T) (one, other statetest.Node) {
		url := pgtest.Database(t)
		return node(openAt(t, url)), node(openAt(t, url))
	})
}

func TestNodesMayStartAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			s, err := state.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.EndSession(t.Context(), key), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// asked runs a query that gives one text.
func asked(t *testing.T, url, query string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	ok(t, err)
	defer func() { ok(t, conn.Close(t.Context())) }()
	ok(t, conn.QueryRow(t.Context(), query).Scan(&answer))
	return answer
}

func TestWhoGaveARecordUpIsKept(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := openAt(t, url).Parking()
	one := policy.Parked{ID: uuid.New(), Policy: "places-follow-case", Event: uuid.New(), Type: "case.closed", Stream: "case-a", Revision: 4,
		Position: 30, Code: policy.CodeFault, First: now, Last: now}
	ok(t, p.Park(t.Context(), one))
	ok(t, p.Drop(t.Context(), one.ID, anna, "done-by-hand", now.Add(time.Hour)))
	kept := asked(t, url, `SELECT string_agg(policy || ' ' || stream || ' ' || position || ' ' || reason || ' ' || account || ' ' ||
		extract(epoch FROM at)::bigint, ',') FROM state.dropped`)
	if want := "places-follow-case case-a 30 done-by-hand " + anna.String() + " 1647252000"; kept != want {
		t.Errorf("kept of what was dropped: %q, want %q", kept, want)
	}
}

// A database whose own settings would lose what was acknowledged is not asked for them.
func TestEveryChangeIsDurable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	asked(t, url, "SELECT set_config('synchronous_commit', 'off', false)")
	conn, err := pgx.Connect(t.Context(), url)
	ok(t, err)
	defer func() { ok(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$")
	ok(t, err)
	if got := asked(t, url, "SHOW synchronous_commit"); got != "off" {
		t.Fatalf("the database's own setting is %s", got)
	}
	s := openAt(t, url)
	_, err = conn.Exec(t.Context(), `CREATE TABLE seen (setting text);
		CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW;
		END $$;
		CREATE TRIGGER look BEFORE INSERT ON state.sessions FOR EACH ROW EXECUTE FUNCTION look()`)
	ok(t, err)
	ok(t, s.BeginSession(t.Context(), key, anna, "password", now, now))
	if got := asked(t, url, "SELECT setting FROM seen"); got != "on" {
		t.Errorf("a session was kept with synchronous_commit = %s", got)
	}
}

func TestAServerThatIsAwayIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := openAt(t, cluster.URL())
	ctx := t.Context()
	ok(t, s.BeginSession(ctx, key, anna, "password", now, now))
	cluster.Kill(t)
	_, _, _, _, _, _, readErr := s.Session(ctx, key)
	_, tryErr := s.Try(ctx, key, now, func(count int, _ time.Time) (int, time.Time) { return count + 1, time.Time{} })
	_, _, _, _, claimErr := s.Claim(ctx, anna, key, key, now)
	for what, err := range map[string]error{"read": readErr, "write": s.EndSession(ctx, key), "try": tryErr, "claim": claimErr} {
		if !errors.Is(err, state.ErrUnavailable) || !errors.Is(err, domain.KindUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	cluster.Restart(t)
	account, _, _, _, _, _, err := s.Session(ctx, key)
	for err != nil && ctx.Err() == nil { // connections that died are found out one by one
		account, _, _, _, _, _, err = s.Session(ctx, key)
	}
	if err != nil || account != anna {
		t.Errorf("the session is of %v, %v", account, err)
	}
}

func TestAFaultOfOursIsNotAServerThatIsAway(t *testing.T) {
	t.Parallel()
	s := openAt(t, pgtest.Database(t))
	ok(t, s.BeginSession(t.Context(), key, anna, "password", now, now))
	if err := s.BeginSession(t.Context(), key, anna, "password", now, now); err == nil || errors.Is(err, domain.KindUnavailable) {
		t.Errorf("one token twice: %v", err)
	}
}

func TestAnUnknownSchemaIsNotTaken(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	openAt(t, url)
	asked(t, url, "INSERT INTO state.migrations (number, compatible) VALUES (4711, false) RETURNING ''")
	if _, err := state.Open(t.Context(), url); err == nil {
		t.Error("a schema of a newer program was taken")
	}
	if _, err := state.Open(t.Context(), "postgres://nobody@/none?host="+hex.EncodeToString(key)); err == nil {
		t.Error("a server that is not there was opened")
	}
	if _, err := state.Open(t.Context(), fmt.Sprintf("postgres://%c", 0x7f)); err == nil {
		t.Error("an address that is none was taken")
	}
}
