package migrations_test

import (
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/migrations"
)

func connect(t *testing.T, path string) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func number(t *testing.T, conn *sqlite.Conn, query string) (n int) {
	t.Helper()
	err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		n = row.ColumnInt(0)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestApplyRunsEachScriptOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	for range 3 {
		conn := connect(t, path)
		if err := migrations.Apply(conn, "journal"); err != nil {
			t.Fatal(err)
		}
		if v := number(t, conn, "PRAGMA user_version"); v < 1 {
			t.Errorf("version is %d", v)
		}
		if n := number(t, conn, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('events', 'streams')"); n != 2 {
			t.Errorf("%d of 2 tables", n)
		}
	}
}

func TestApplyRefusesWhatANewerProgramWrote(t *testing.T) {
	t.Parallel()
	conn := connect(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA user_version = 4711", nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(conn, "journal"); err == nil {
		t.Error("it went through")
	}
	if v := number(t, conn, "PRAGMA user_version"); v != 4711 {
		t.Errorf("version is %d now", v)
	}
}

func TestApplyRefusesAFolderThereIsNot(t *testing.T) {
	t.Parallel()
	if err := migrations.Apply(connect(t, filepath.Join(t.TempDir(), "x.db")), "attic"); err == nil {
		t.Error("it went through")
	}
}

func TestApplyIsAllOrNone(t *testing.T) {
	t.Parallel()
	conn := connect(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := sqlitex.ExecuteTransient(conn, "CREATE TABLE events (x)", nil); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(conn, "journal"); err == nil {
		t.Error("it went through")
	}
	if n := number(t, conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'streams'"); n != 0 || number(t, conn, "PRAGMA user_version") != 0 {
		t.Error("half of it was kept")
	}
}
