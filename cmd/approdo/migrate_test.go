package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"approdo/adapters/esdb/esdbtest"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain/event"
)

var digestLine = regexp.MustCompile(`I due registri sono uguali: ([0-9]+) eventi, impronta ([0-9a-f]{64})\.`)

// recordsOf reads a whole journal by its address.
func recordsOf(t *testing.T, address string) (all []event.Record) {
	t.Helper()
	s, err := openJournal(t.Context(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	for page, err := range s.ReadAll(t.Context(), 0, event.ReadAll{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Records...)
	}
	return all
}

// A journal goes round all engines and comes back as it was, positions too.
func TestAJournalMovesFromEngineToEngineAndBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demo, back := filepath.Join(dir, "demo"), filepath.Join(dir, "back")
	p := start(t, "demo", "--data", demo, "--cases", "60", "--listen", "127.0.0.1:0")
	p.stop()
	houses := []string{demo, pgtest.Database(t), esdbtest.Start(t, esdbtest.NewLog(), esdbtest.Options{}).URL(), back}
	var digest string
	for i := range houses[1:] {
		for _, again := range []bool{false, true} { // a second run finds all of it there
			out := command(t, "migrate", "--from", houses[i], "--to", houses[i+1])
			said := digestLine.FindStringSubmatch(out)
			if said == nil {
				t.Fatalf("it says %q", out)
			}
			if digest == "" {
				digest = said[1] + said[2]
			}
			if said[1]+said[2] != digest || again && !strings.Contains(out, "già presenti: "+said[1]) {
				t.Errorf("leg %d: %q", i, out)
			}
		}
	}
	was, is := recordsOf(t, filepath.Join(demo, journalFile)), recordsOf(t, filepath.Join(back, journalFile))
	if len(was) < 500 || len(is) != len(was) {
		t.Fatalf("%d records went, %d came back", len(was), len(is))
	}
	for i := range was {
		if !event.Same(was[i], is[i]) || was[i].Position != is[i].Position {
			t.Fatalf("record %d came back as %+v, was %+v", i, is[i], was[i])
		}
	}
	// Elsewhere there is another journal already.
	other := filepath.Join(dir, "other")
	p = start(t, "demo", "--data", other, "--cases", "3", "--listen", "127.0.0.1:0", "--seed", "7")
	p.stop()
	before := len(recordsOf(t, filepath.Join(other, journalFile)))
	if code, _, err := called(t, nil, "migrate", "--from", demo, "--to", other); code != exitFailed || !strings.Contains(err, "--to:") {
		t.Errorf("code %d, %s", code, err)
	}
	if after := len(recordsOf(t, filepath.Join(other, journalFile))); after != before {
		t.Errorf("%d records became %d", before, after)
	}
	if code, _, err := called(t, nil, "migrate", "--from", filepath.Join(dir, "nothing"), "--to", back); code != exitFailed || !strings.Contains(err, "--from:") {
		t.Errorf("code %d, %s", code, err)
	}
}
