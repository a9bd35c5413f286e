package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestBenchImportRecordsEveryRow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := benchImportCmd{JSON: true, Rows: 70, Rounds: 2, Dir: t.TempDir()}
	if err := c.Run(t.Context(), &out, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for _, figure := range []string{"upload", "check", "record", "all"} {
		if !strings.Contains(out.String(), `"import.sqlite.`+figure+`.rows70"`) {
			t.Errorf("no figure for %s in %s", figure, out.String())
		}
	}
}
