package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestBenchesOfTheViewsGiveTheirFiguresAndLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for bench, c := range map[string]struct {
		args    []string
		figures []string
	}{
		"rebuild": {[]string{"--events", "200", "--rounds", "1"}, []string{"rebuild.sqlite.events"}},
		"views": {[]string{"--cases", "70", "--requests", "3"},
			[]string{"views.sqlite.list.cases70", "views.sqlite.queue.cases70", "views.sqlite.case.cases70", "views.sqlite.board.cases70", "views.sqlite.board-past.cases70"}},
		"live": {[]string{"--events", "200", "--appends", "3"}, []string{"view.sqlite.idle", "append.sqlite.rebuilding"}},
	} {
		t.Run(bench, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			code, out, stderr := called(t, nil, append([]string{"bench", bench, "--json", "--dir", dir}, c.args...)...)
			if code != exitOK {
				t.Fatalf("code %d: %s", code, stderr)
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if len(lines) != len(c.figures) {
				t.Fatalf("%d lines for %d figures: %s", len(lines), len(c.figures), out)
			}
			for i, name := range c.figures {
				var f figure
				if err := json.Unmarshal([]byte(lines[i]), &f, json.RejectUnknownMembers(true)); err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(f.Figure, name) || f.Value <= 0 || f.Baseline <= 0 || f.Ratio <= 0 || f.P50 > f.P99 {
					t.Errorf("figure is %+v", f)
				}
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 0 {
				t.Errorf("%d files left, %v", len(left), err)
			}
		})
	}
}

// What is refused depends on the machine: only that everything was answered or refused as it should be is certain.
func TestBenchOverloadCountsAnswersAndRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, stderr := called(t, nil, "bench", "overload", "--json", "--dir", dir, "--cases", "20", "--clients", "2,4", "--seconds", "0.3", "--rounds", "1")
	if code != exitOK {
		t.Fatalf("code %d: %s", code, stderr)
	}
	goodput, refused, _ := strings.Cut(out, "\n")
	var g, r figure
	if err := errors.Join(json.Unmarshal([]byte(goodput), &g), json.Unmarshal([]byte(refused), &r)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.HasPrefix(g.Figure, "overload.sqlite.clients") || g.Value <= 0 || g.Baseline <= 0 || g.P50 <= 0 || g.P50 > g.P99 {
		t.Errorf("figure is %+v", g)
	}
	if r.Figure != "overload.sqlite.refused" || r.Baseline < g.Value || r.Value > r.Baseline || (r.Value > 0) != (r.P99 > 0) {
		t.Errorf("figure is %+v", r)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files left, %v", len(left), err)
	}
}
