package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/domain/event"
)

func openJournal(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil && !errors.Is(err, event.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func exec(t *testing.T, url, sql string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), sql)
	return errors.Join(err, conn.Close(t.Context()))
}

func mustExec(t *testing.T, url, sql string) {
	t.Helper()
	if err := exec(t, url, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func one(stream string, expected event.Expected) event.Append {
	return event.Append{Stream: stream, Expected: expected, Events: []event.Draft{{
		ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: []byte(`{}`),
		Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: uuid.New()},
	}}}
}

func mustAppend(t *testing.T, s *Store, a event.Append) event.Result {
	t.Helper()
	res, err := s.Append(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// together has a store that does not write yet commit appends as one set.
func together(t *testing.T, s *Store, appends ...event.Append) []answer {
	t.Helper()
	w := newWriter(s.writer.config, s.readers, s.news, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	set := make([]*request, len(appends))
	for i, a := range appends {
		r, err := newRequest(a)
		if err != nil {
			t.Fatal(err)
		}
		set[i] = r
	}
	w.commit(set)
	answers := make([]answer, len(set))
	for i, r := range set {
		answers[i] = <-r.done
	}
	return answers
}

// In a set every kind of append is answered as it would be by itself, and the positions are those of the ones that were written.
func TestASetAnswersEachAppendByItself(t *testing.T) {
	t.Parallel()
	s := openJournal(t, pgtest.Database(t))
	there := one("there", event.NoStream)
	mustAppend(t, s, there)
	three := one("three", event.NoStream)
	three.Events = append(three.Events, one("", 0).Events[0], one("", 0).Events[0])
	repeated := there
	repeated.Expected = event.Any
	ans := together(t, s,
		one("a", event.NoStream),
		event.Append{Stream: "there", Expected: 0},
		one("b", 0),
		three,
		one("c", event.StreamExists),
		event.Append{Stream: "d", Expected: event.NoStream},
		one("e", event.Any),
	)
	for i, want := range []answer{
		{res: event.Result{Last: 0, Position: 2}},
		{res: event.Result{Last: 0, Position: 2}},
		{refused: true, cur: -1},
		{res: event.Result{Last: 2, Position: 5}},
		{refused: true, cur: -1},
		{res: event.Result{Last: -1, Position: 5}},
		{res: event.Result{Last: 0, Position: 6}},
	} {
		if ans[i] != want {
			t.Errorf("answer %d is %+v, want %+v", i, ans[i], want)
		}
	}
	ans = together(t, s, repeated, one("f", event.Any))
	if !ans[0].refused || ans[0].cur != 0 || ans[1].res.Position != 7 {
		t.Errorf("beside a repeated append the answers are %+v", ans)
	}
}

func TestAnAppendThatTheServerRefusesSpoilsNoOther(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	there := one("there", event.NoStream)
	mustAppend(t, s, there)
	elsewhere, broken, long, zero := there, one("broken", event.NoStream), one("", event.NoStream), one("zero\x00", event.NoStream)
	elsewhere.Stream = "elsewhere"
	broken.Events[0].Data = []byte(`{"a":`)
	for range 400 {
		long.Stream += uuid.NewString()
	}
	appends := []event.Append{one("a", event.NoStream), elsewhere, one("b", event.NoStream), broken, long, zero, one("c", event.NoStream)}
	ans := together(t, s, appends...)
	for i, want := range []error{nil, event.ErrCorruptIdempotency, nil, event.ErrMalformed, event.ErrMalformed, event.ErrMalformed, nil} {
		if !errors.Is(ans[i].err, want) || (want == nil) != (ans[i].err == nil) {
			t.Errorf("append %d gave %v, want %v", i, ans[i].err, want)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head != 4 {
		t.Errorf("head is %d, %v", head, err)
	}
}

// A commit that fails after the rows were written is not acknowledged.
func TestAnErrorOfTheCommitIsNoSuccess(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	mustExec(t, url, `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'at commit'; END $$;
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON journal.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`)
	two := one("case-2", event.NoStream)
	two.Events = append(two.Events, one("", 0).Events[0])
	for _, a := range []event.Append{one("case-1", event.NoStream), two} {
		if res, err := s.Append(t.Context(), a); !errors.Is(err, event.ErrUnavailable) || errors.Is(err, event.ErrUnknownOutcome) {
			t.Errorf("%d events gave %+v, %v", len(a.Events), res, err)
		}
	}
	mustExec(t, url, `DROP TRIGGER late ON journal.events`)
	if res := mustAppend(t, s, two); res != (event.Result{Last: 1, Position: 2}) {
		t.Errorf("afterwards the result is %+v", res)
	}
}

func TestAJournalIsNeverChanged(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	mustAppend(t, s, one("case-1", event.NoStream))
	for _, sql := range []string{"UPDATE journal.events SET ver = 2", "DELETE FROM journal.events", "TRUNCATE journal.events",
		"INSERT INTO journal.events SELECT * FROM journal.events ON CONFLICT (pos) DO UPDATE SET ver = 2"} {
		if err := exec(t, url, sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("head is %d, %v", head, err)
	}
}

// A role of its own, with the grants that the migration names, keeps a journal and has no means to change it.
func TestARoleThatMayOnlyAppend(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	openJournal(t, url)
	mustExec(t, url, `CREATE ROLE journal_keeper LOGIN; GRANT USAGE ON SCHEMA journal TO journal_keeper;
		GRANT SELECT, INSERT ON journal.events TO journal_keeper; GRANT SELECT ON journal.migrations TO journal_keeper`)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(context.Background(), `DROP OWNED BY journal_keeper; DROP ROLE journal_keeper`)
		if err := errors.Join(err, conn.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	keeper := strings.Replace(url, "postgres@", "journal_keeper@", 1)
	s := openJournal(t, keeper)
	mustAppend(t, s, one("case-1", event.NoStream))
	three := one("case-2", event.NoStream)
	three.Events = append(three.Events, one("", 0).Events[0], one("", 0).Events[0])
	if res := mustAppend(t, s, three); res.Position != 4 {
		t.Errorf("result is %+v", res)
	}
	for _, sql := range []string{"DELETE FROM journal.events", "UPDATE journal.events SET ver = 2", "TRUNCATE journal.events",
		"ALTER TABLE journal.events DISABLE TRIGGER ALL", "DROP TABLE journal.events", "CREATE TABLE journal.mine (x int)"} {
		var told *pgconn.PgError
		if err := exec(t, keeper, sql); !errors.As(err, &told) || told.Code != "42501" {
			t.Errorf("%s gave %v", sql, err)
		}
	}
}

// Whoever holds the lock too long makes others give up, and they come back by themselves.
func TestALockThatIsHeldIsAnOverload(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "BEGIN; SELECT journal.begin_append()"); err != nil {
		t.Fatal(err)
	}
	a := one("case-1", event.NoStream)
	if _, err := s.Append(t.Context(), a); !errors.Is(err, event.ErrOverloaded) {
		t.Errorf("it gave %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res := mustAppend(t, s, a); res.Duplicate {
		t.Error("it was written after all")
	}
}

// A session that was told not to wait for the disk waits for it here.
func TestAnAppendWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	openJournal(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	setting := ""
	for _, sql := range []string{"SET synchronous_commit = off", "BEGIN", "SELECT journal.append_one('case-1', -1, gen_random_uuid(), 'case.noted', 1, '{}', '{}', true)"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&setting); err != nil || setting != "on" {
		t.Errorf("it is %q at the commit, %v", setting, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// What a server that was put in the place of another has lost may not be written over.
func TestAServerThatLacksWhatWasAcknowledgedIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	mustAppend(t, s, one("case-1", event.NoStream))
	mustAppend(t, s, one("case-2", event.NoStream))
	mustExec(t, url, "ALTER TABLE journal.events DISABLE TRIGGER ALL; DELETE FROM journal.events WHERE pos = 2")
	mustExec(t, url, fmt.Sprintf("SELECT pg_terminate_backend(%d)", s.writer.conn.PgConn().PID()))
	for range 2 {
		if res, err := s.Append(t.Context(), one("case-3", event.NoStream)); err == nil {
			t.Errorf("it gave %+v", res)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("head is %d, %v", head, err)
	}
}

// A connection that is cut costs a retry inside and nobody an error.
func TestACutConnectionIsMadeAnew(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := openJournal(t, url)
	for i := range 3 {
		mustExec(t, url, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if res := mustAppend(t, s, one("case-1", event.Expected(i-1))); res.Last != event.Revision(i) {
			t.Errorf("result is %+v", res)
		}
		n := 0
		for _, err := range s.ReadStream(t.Context(), "case-1", event.ReadStream{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != i+1 {
			t.Errorf("%d events after %d appends", n, i+1)
		}
	}
}

// Without notifications, as behind a pool, a subscriber on another node is woken all the same.
func TestASubscriberIsWokenWithoutNotifications(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	reader, writer := openJournal(t, url), openJournal(t, url)
	mustExec(t, url, `CREATE OR REPLACE FUNCTION journal.pg_notify(text, text) RETURNS void LANGUAGE sql AS '';
		ALTER FUNCTION journal.append_one SET search_path = journal, pg_catalog`)
	mustExec(t, url, fmt.Sprintf("SELECT pg_terminate_backend(%d)", writer.writer.conn.PgConn().PID())) // it may have the old one at hand
	n := 0
	for p, err := range reader.Subscribe(t.Context(), 0, event.Subscribe{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n += len(p.Records); n == 2 {
			break
		}
		mustAppend(t, writer, one(fmt.Sprintf("case-%d", n), event.NoStream))
	}
}

// Statements that are not prepared, as an old pool wants them, give the same.
func TestAJournalWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t) + "&default_query_exec_mode="
	if _, err := Open(t.Context(), url+"exec", Options{}); err == nil {
		t.Error("a mode that gives text was taken")
	}
	s := openJournal(t, url+"cache_describe")
	a := one("case-1", event.NoStream)
	mustAppend(t, s, a)
	two := one("case-2", event.NoStream)
	two.Events = append(two.Events, one("", 0).Events[0])
	if ans := together(t, s, two, one("case-3", event.Any)); ans[0].err != nil || ans[1].res.Position != 4 {
		t.Errorf("a set gave %+v", ans)
	}
	if res := mustAppend(t, s, a); !res.Duplicate || res.Position != 1 {
		t.Errorf("again it gave %+v", res)
	}
	n := 0
	for p, err := range s.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Records)
	}
	if n != 4 {
		t.Errorf("%d records", n)
	}
}

func TestAStreamStandsInASetOnce(t *testing.T) {
	t.Parallel()
	w := newWriter(nil, nil, newBell(), slog.New(slog.DiscardHandler))
	for i, stream := range []string{"a", "b", "a", "c", "a", "b"} {
		w.queue <- &request{stream: stream, expected: event.Expected(i)}
	}
	close(w.queue)
	var sets []string
	for set := w.gather(); len(set) > 0; set = w.gather() {
		names := ""
		for _, r := range set {
			names += fmt.Sprint(r.stream, r.expected)
		}
		sets = append(sets, names)
	}
	if got, want := fmt.Sprint(sets), "[a0b1c3 a2b5 a4]"; got != want {
		t.Errorf("sets are %s, want %s", got, want)
	}
}
