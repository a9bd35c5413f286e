package main

import (
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
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
