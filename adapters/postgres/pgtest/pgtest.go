// Package pgtest gives tests a PostgreSQL of their own: a cluster in a folder for the time of a test program, reached by a Unix
// socket that only its owner sees, with fsync on as a real one has it. It ends with the test program, however that ends.
//
// The binaries are looked for on PATH and in /usr/lib/postgresql/*/bin, where Debian puts them. Where there are none the test is
// skipped, or fails with CI=true.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the one cluster of a test program, started by the first that asks. It stays nil where nobody did.
var shared struct {
	sync.Mutex
	tidied  bool // Main runs, and will stop it
	cluster *Cluster
	err     error
	names   atomic.Int64
}

// Main runs the tests of a package and ends the program with their code, once the shared cluster is stopped and its folder removed.
// A package whose tests call Database MUST have it at the end of its TestMain.
func Main(m *testing.M) {
	shared.tidied = true
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Database gives the URL of a fresh, empty database in the shared cluster. It is dropped, and whoever is still connected cut off,
// when the test ends. The user is the superuser; roles belong to the cluster, so those a test makes need a name of their own.
func Database(t testing.TB) string {
	t.Helper()
	c := sharedCluster(t)
	name := fmt.Sprintf("test%d", shared.names.Add(1))
	c.exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { c.exec(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return c.url(name)
}

func sharedCluster(t testing.TB) *Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.tidied {
		t.Fatal("pgtest: the package's TestMain must end with pgtest.Main(m)")
	}
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = create()
	}
	available(t, shared.err)
	return shared.cluster
}

// available skips a test where there is no PostgreSQL, and ends it where there is one that fails.
func available(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("CI") != "true":
		t.Skipf("%v: install PostgreSQL 15 or later (Debian: apt-get install postgresql) to run this test", err)
	case err != nil:
		t.Fatal(err)
	}
}

// exec runs a statement in the cluster's own database.
func (c *Cluster) exec(t testing.TB, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, sql)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
