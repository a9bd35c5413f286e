package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"approdo/adapters/registry"
	"approdo/adapters/registry/boundaries"
	"approdo/adapters/sqlite"
	"approdo/domain/territory"
)

func TestEveryReasonOfAnImportIsSaidInItalian(t *testing.T) {
	t.Parallel()
	for _, r := range registry.Reasons() {
		if reasonWords[r] == "" {
			t.Errorf("%s has no words", r)
		}
	}
	for _, r := range boundaries.Reasons() {
		if boundaryWords[r] == "" {
			t.Errorf("%s has no words", r)
		}
	}
	for _, m := range []territory.Management{territory.StateRun, territory.Paritaria} {
		if managementWords[m] == "" {
			t.Errorf("%s has no words", m)
		}
	}
	got := rejectedRow(registry.RowError{Line: 7, Code: "MIEE8AA01A", Field: "CODICECOMUNESCUOLA", Reason: registry.ReasonComune})
	if want := "riga 7, MIEE8AA01A, CODICECOMUNESCUOLA: il Comune non è nel registro"; got != want {
		t.Errorf("%q", got)
	}
	if got := rejectedRow(registry.RowError{Line: 3, Reason: registry.ReasonUnreadable}); got != "riga 3: da qui in poi il file non si legge" {
		t.Errorf("%q", got)
	}
}

func TestTheColumnsThatAFileLacksAreNamed(t *testing.T) {
	t.Parallel()
	if got := inItalian(fmt.Errorf("import: %w", registry.ErrColumns.With("columns", "LAT, LON"))); got != "nel file mancano queste colonne: LAT, LON" {
		t.Errorf("%q", got)
	}
}

func TestASecondProgramOnTheSameJournalIsToldSoInItalian(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "dati")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := sqlite.Open(t.Context(), filepath.Join(data, journalFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(t.Context())
	var out, diary bytes.Buffer
	code := run(t.Context(), []string{"demo", "--data", data, "--listen", "127.0.0.1:0", "--cases", "1"}, func(string) string { return "" }, &out, &diary)
	if said := diary.String(); code != exitFailed || !strings.Contains(said, "già aperto in scrittura") || strings.Contains(said, "elsewhere") {
		t.Errorf("%d: %s", code, said)
	}
}
