package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"approdo/domain/names"
)

func TestBenchDuplicatesGivesTheSameFiguresForASeedAndDrawsThem(t *testing.T) {
	t.Parallel()
	drawing := filepath.Join(t.TempDir(), "curve.svg")
	args := []string{"bench", "duplicates", "--seed", "7", "--pairs", "200", "--children", "300", "--json"}
	code, out, stderr := called(t, nil, append(args, "--curve", drawing)...)
	if _, again, _ := called(t, nil, args...); code != exitOK || again != out {
		t.Fatalf("code %d, the same again: %v: %s", code, again == out, stderr)
	}
	seen := map[string]int{}
	for line := range strings.Lines(out) {
		var f scored
		if err := json.Unmarshal([]byte(line), &f, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		seen[f.Table]++
		if f.Table == "pairs" && f.Threshold == names.Likely && (f.Of != 200 || f.Recall <= 0 || f.Recall > 1 || f.Precision <= 0 || f.Precision > 1) {
			t.Errorf("at the threshold in use: %+v", f)
		}
	}
	if seen["pairs"] != len(thresholds) || seen["register"] != len(thresholds) || seen["noise"] == 0 || seen["strangers"] == 0 || seen["keys"] != 1 || seen["reasons"] == 0 {
		t.Errorf("lines: %v", seen)
	}
	svg, err := os.ReadFile(drawing)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, tables, _ := called(t, nil, args[:len(args)-1]...); strings.Count(tables, "\n### ") < 5 || strings.Contains(tables, "%!") {
		t.Errorf("tables: %s", tables)
	}
}
