package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
)

func TestBenchAppendGivesAFigureALineAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, stderr := called(t, nil, "bench", "append", "--json", "--writers", "1,4", "--seconds", "0.05", "--rounds", "1", "--dir", dir)
	if code != exitOK {
		t.Fatalf("code %d: %s", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines for 2 figures: %s", len(lines), out)
	}
	for i, name := range []string{"append.sqlite.writers1", "append.sqlite.writers4"} {
		var f figure
		if err := json.Unmarshal([]byte(lines[i]), &f, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		if f.Figure != name || f.Value <= 0 || f.Baseline <= 0 || f.Ratio <= 0 || f.P50 > f.P99 || f.Unit != "events/s" {
			t.Errorf("figure is %+v", f)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files left, %v", len(left), err)
	}
}

func TestBenchAppendOnPostgresLeavesNoDatabaseBehind(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	code, out, stderr := called(t, nil, "bench", "append", "--json", "--store", "postgres", "--url", database, "--writers", "1,4", "--seconds", "0.05", "--rounds", "1")
	if code != exitOK {
		t.Fatalf("code %d: %s", code, stderr)
	}
	for _, name := range []string{"append.postgres.writers1", "append.postgres.writers4"} {
		if !strings.Contains(out, `"figure":"`+name+`"`) {
			t.Errorf("no %s in %s", name, out)
		}
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'approdo_bench_%'").Scan(&left)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil || left > 0 {
		t.Errorf("%d databases left, %v", left, err)
	}
}

func TestBenchAppendOnPostgresWantsAServer(t *testing.T) {
	t.Parallel()
	if code, out, _ := called(t, nil, "bench", "append", "--store", "postgres"); code == exitOK {
		t.Errorf("without --url it gave %s", out)
	}
}
