package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// errAbsent says that this machine has no PostgreSQL that a test could start.
var errAbsent = errors.New("pgtest: initdb and postgres were not found")

// patience is how long a cluster may take to answer after its start; recovery from a kill is in it.
const patience = 2 * time.Minute

// Cluster is a PostgreSQL server of the test's own.
type Cluster struct {
	bin  string // folder of the binaries
	dir  string // everything of it: data, socket, log
	proc *process

	owner *os.File // held for as long as this program lives
}

// Start gives a cluster that no other test sees, so that one may kill it. It is stopped and removed when the test ends.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c, err := create()
	available(t, err)
	t.Cleanup(func() {
		if err := c.remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// URL is the address of the database "postgres". It stays the same over Kill and Restart.
func (c *Cluster) URL() string { return c.url("postgres") }

func (c *Cluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", database, c.dir)
}

// Kill ends every process of the server at once, as if the machine had stopped, and waits until they are gone.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	if err := c.proc.killAll(); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server after Kill and returns once it has recovered and answers.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
}

// create makes a cluster in a new folder and starts it.
func create() (_ *Cluster, err error) {
	c := &Cluster{}
	if c.bin, err = binaries(); err != nil {
		return nil, err
	}
	if err := sweep(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", folder); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.remove())
		}
	}()
	if c.owner, err = own(c.dir); err != nil {
		return nil, err
	}
	if err := give(c.dir); err != nil {
		return nil, err
	}
	// What initdb writes need not outlive the machine, so it does not wait for the disk; the server does.
	initdb := exec.Command(filepath.Join(c.bin, "initdb"), "--pgdata", c.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = c.dir, asNobody()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return c, c.start()
}

// binaries finds the folder that holds both programs, the newest version first.
func binaries() (string, error) {
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(installed)
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), installed...) {
		there := true
		for _, name := range []string{"initdb", "postgres"} {
			if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
				there = false
			}
		}
		if there {
			return dir, nil
		}
	}
	return "", errAbsent
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// start runs the server and waits until it answers.
func (c *Cluster) start() error {
	server := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.data(), "-k", c.dir, "-c", "listen_addresses=",
		"-c", "max_connections=300", "-c", "logging_collector=off")
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	server.Dir, server.SysProcAttr, server.Stdout, server.Stderr = c.dir, attributes(), log, log
	c.proc, err = run(server)
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	deadline := time.Now().Add(patience)
	for {
		err := c.check()
		if err == nil {
			return nil
		}
		select {
		case <-c.proc.done:
		case <-time.After(10 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		told, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return fmt.Errorf("pgtest: the server does not answer: %w\n%s", err, told[max(0, len(told)-2000):])
	}
}

// check asks the server whose data it serves: a test must never load another one's.
func (c *Cluster) check() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var dir string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&dir); err != nil {
		return err
	}
	if !strings.HasPrefix(dir, c.dir) {
		return fmt.Errorf("pgtest: %s answers for %s", dir, c.data())
	}
	return nil
}

// remove stops the server and takes its folder away.
func (c *Cluster) remove() error {
	var err error
	if c.proc != nil {
		err = c.proc.killAll()
	}
	if c.owner != nil {
		err = errors.Join(err, c.owner.Close())
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// folder is what the folders of clusters are called.
const folder = "pgtest-"

// sweep removes the folders of test programs that were killed. A new one is left alone: its program may not have it in its hands yet.
func sweep() error {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), folder+"*"))
	if err != nil {
		return err
	}
	for _, dir := range old {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < patience {
			continue
		}
		owner, err := own(dir)
		if err != nil {
			continue // somebody's still, or another user's
		}
		if err := errors.Join(os.RemoveAll(dir), owner.Close()); err != nil {
			return err
		}
	}
	return nil
}
