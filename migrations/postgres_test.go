package migrations_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func connectPostgres(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, conn *pgx.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestPostgresRunsEachScriptOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	for range 3 {
		conn := connectPostgres(t, url)
		if err := migrations.Postgres(t.Context(), conn, "journal"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'journal' AND tablename IN ('events', 'migrations')"); n != 2 {
			t.Errorf("%d of 2 tables", n)
		}
		if n, top := count(t, conn, "SELECT count(*) FROM journal.migrations"), count(t, conn, "SELECT max(number) FROM journal.migrations"); n != top || n < 1 {
			t.Errorf("%d scripts ran, the last is %d", n, top)
		}
	}
}

func TestPostgresOnManyNodesAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	const nodes = 8
	errs := make(chan error, nodes)
	for range nodes {
		conn := connectPostgres(t, url)
		go func() { errs <- migrations.Postgres(t.Context(), conn, "journal") }()
	}
	for range nodes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A new program has run here and gone back to the old one, or still runs beside it.
func TestPostgresGoesOnWithWhatANewerProgramAdded(t *testing.T) {
	t.Parallel()
	conn := connectPostgres(t, pgtest.Database(t))
	if err := migrations.Postgres(t.Context(), conn, "journal"); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "INSERT INTO journal.migrations (number, compatible) VALUES (4711, true)")
	if err := migrations.Postgres(t.Context(), conn, "journal"); err != nil {
		t.Errorf("a compatible schema was refused: %v", err)
	}
	exec(t, conn, "INSERT INTO journal.migrations (number, compatible) VALUES (4712, false)")
	if err := migrations.Postgres(t.Context(), conn, "journal"); err == nil || !strings.Contains(err.Error(), "4712") {
		t.Errorf("an incompatible schema gave %v", err)
	}
}

func TestPostgresIsAllOrNone(t *testing.T) {
	t.Parallel()
	conn := connectPostgres(t, pgtest.Database(t))
	exec(t, conn, "CREATE SCHEMA journal; CREATE TYPE journal.refuse AS (x int); CREATE FUNCTION journal.refuse() RETURNS int LANGUAGE sql AS 'SELECT 1'")
	if err := migrations.Postgres(t.Context(), conn, "journal"); err == nil {
		t.Fatal("it went through")
	}
	if n := count(t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'journal'"); n != 0 {
		t.Errorf("%d tables of half a script were kept", n)
	}
}

func TestPostgresRefusesAFolderThereIsNot(t *testing.T) {
	t.Parallel()
	if err := migrations.Postgres(t.Context(), connectPostgres(t, pgtest.Database(t)), "attic"); err == nil {
		t.Error("it went through")
	}
}

// Whoever runs the program needs no right to change the schema once it is up to date.
func TestPostgresAsAUserWhoMayOnlyLook(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	owner := connectPostgres(t, url)
	if err := migrations.Postgres(t.Context(), owner, "journal"); err != nil {
		t.Fatal(err)
	}
	exec(t, owner, "CREATE ROLE migrations_looker; GRANT USAGE ON SCHEMA journal TO migrations_looker; GRANT SELECT ON journal.migrations TO migrations_looker")
	t.Cleanup(func() {
		if _, err := owner.Exec(context.Background(), "RESET ROLE; DROP OWNED BY migrations_looker; DROP ROLE migrations_looker"); err != nil {
			t.Error(err)
		}
	})
	exec(t, owner, "SET ROLE migrations_looker")
	if err := migrations.Postgres(t.Context(), owner, "journal"); err != nil {
		t.Error(err)
	}
	if _, err := owner.Exec(t.Context(), "CREATE TABLE journal.mine (x int)"); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the role may change the schema: %v", err)
	}
}
