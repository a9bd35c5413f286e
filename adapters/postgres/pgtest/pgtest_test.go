package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
)

// child, when set, makes the test program one that prints the address of a cluster and waits to be killed.
const child = "APPRODO_TEST_PGTEST_CHILD"

func TestMain(m *testing.M) { pgtest.Main(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may have been killed
	return conn
}

func exec1(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func show(t *testing.T, conn *pgx.Conn, setting string) (value string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	var dirs []string
	for range 2 {
		conn := connect(t, pgtest.Database(t))
		exec1(t, conn, "CREATE TABLE mine (x int)")
		dirs = append(dirs, show(t, conn, "data_directory"))
		for setting, want := range map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": ""} {
			if got := show(t, conn, setting); got != want {
				t.Errorf("%s is %q, want %q", setting, got, want)
			}
		}
	}
	if dirs[0] != dirs[1] {
		t.Errorf("two clusters for one test program: %v", dirs)
	}
}

func TestAKilledClusterComesBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	exec1(t, connect(t, c.URL()), "CREATE TABLE kept (x int)")
	for i := range 3 {
		conn, open := connect(t, c.URL()), connect(t, c.URL())
		exec1(t, conn, "INSERT INTO kept VALUES (1)")
		exec1(t, open, "BEGIN")
		exec1(t, open, "INSERT INTO kept VALUES (1)")
		c.Kill(t)
		if _, err := pgx.Connect(t.Context(), c.URL()); err == nil {
			t.Fatal("it answers though it was killed")
		}
		c.Restart(t)
		var n int
		if err := connect(t, c.URL()).QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil || n != i+1 {
			t.Fatalf("%d rows after %d kills, %v", n, i+1, err)
		}
	}
}

func TestAFolderLeftBehindIsSweptAway(t *testing.T) {
	t.Parallel()
	connect(t, pgtest.Database(t)) // skips where there is no PostgreSQL
	left, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		t.Fatal(err)
	}
	ago := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left, ago, ago); err != nil {
		t.Fatal(err)
	}
	c := pgtest.Start(t)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	connect(t, c.URL()) // and one in use was not touched
	connect(t, pgtest.Database(t))
}

func TestAClusterDoesNotOutliveTheTestProgram(t *testing.T) {
	t.Parallel()
	if os.Getenv(child) != "" {
		c := pgtest.Start(t)
		connect(t, c.URL())
		fmt.Printf("address %s\n", c.URL())
		time.Sleep(time.Hour)
	}
	connect(t, pgtest.Database(t)) // skips where there is no PostgreSQL
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run", t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "address ")
		if !strings.HasPrefix(url, "postgres:") {
			url = ""
		}
	}
	if url == "" {
		t.Fatal("the child told no address")
	}
	_, dir, _ := strings.Cut(url, "host=")
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	connect(t, url)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	// The postmaster takes its file away last, once no child is left.
	for {
		if _, err := os.Stat(dir + "/data/postmaster.pid"); os.IsNotExist(err) {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the server is still there")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
