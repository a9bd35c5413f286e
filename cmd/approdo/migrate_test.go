package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
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

// A demo that moves to PostgreSQL is a service there: everybody enters with the password of before, and names are read.
func TestAHouseMovesToPostgreSQLWithItsKeysAndPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, list := filepath.Join(dir, "demo"), filepath.Join(dir, "accounts.json")
	p := start(t, "demo", "--data", data, "--cases", "20", "--listen", "127.0.0.1:0", "--accounts", list)
	accounts := accountsOf(t, list)
	ust := accounts[slices.IndexFunc(accounts, func(a demoAccount) bool { return a.Role == "ust" })]
	names := func(p *program) []string {
		t.Helper()
		who := p.person(ust.Username)
		who.signIn(ust.Password)
		var all []string
		for _, line := range read[struct {
			Items []struct{ ID, FamilyName string }
		}](who.get("/cases?limit=200")).Items {
			all = append(all, line.ID+" "+line.FamilyName)
		}
		slices.Sort(all)
		return all
	}
	before := names(p)
	p.stop()
	database, key := pgtest.Database(t), data+".key"
	for range 2 {
		out := command(t, "migrate", "--from", data, "--to", database, "--key", key)
		if !strings.Contains(out, fmt.Sprintf("Password: %d.", len(accounts))) || strings.Contains(out, "Chiavi: 0.") {
			t.Errorf("it says %q", out)
		}
	}
	p = start(t, "serve", "--plain", "--listen", "127.0.0.1:0", "--email", "a@example.org", "--database", database, "--key", key)
	if after := names(p); !slices.Equal(after, before) || len(after) < 20 || strings.HasSuffix(after[0], " ") {
		t.Errorf("the UST reads %d names, before %d, or others", len(after), len(before))
	}
	// Keys that are elsewhere are missed, and not passed over.
	p.stop()
	if code, _, err := called(t, nil, "migrate", "--from", database, "--to", filepath.Join(dir, "back"), "--key", key, "--from-keyring", pgtest.Database(t)); code != exitFailed || !strings.Contains(err, "--from-keyring") {
		t.Errorf("code %d, %s", code, err)
	}
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
