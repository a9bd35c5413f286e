package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	evidence    = regexp.MustCompile("`(Test[A-Za-z0-9]+|[A-Za-z0-9_-]+(?:/[A-Za-z0-9_.-]+)+)`")
	testNames   = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	requirement = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
)

// What the table of the ASVS names as evidence is there, every requirement stands in it once, and every one has a status.
func TestTheEvidenceExists(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "sicurezza-asvs.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, dir := range []string{"cmd", "domain", "projections", "adapters", "migrations"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range testNames.FindAllSubmatch(source, -1) {
				tests[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := 0
	for _, m := range evidence.FindAllStringSubmatch(string(text), -1) {
		named++
		if strings.HasPrefix(m[1], "Test") {
			if !tests[m[1]] {
				t.Errorf("%s is no test", m[1])
			}
		} else if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("%s is not there", m[1])
		}
	}
	if named < 100 {
		t.Errorf("only %d things are named", named)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 {
			continue
		}
		ids := strings.Split(strings.TrimSpace(cells[1]), ", ")
		if !requirement.MatchString(ids[0]) {
			continue
		}
		for _, id := range ids {
			if seen[id] || !requirement.MatchString(id) {
				t.Errorf("%s stands there twice, or is no requirement", id)
			}
			seen[id] = true
		}
		status, _, _ := strings.Cut(strings.TrimSpace(cells[3]), ":")
		if !slices.Contains([]string{"fatto", "in parte", "non fatto", "non applicabile"}, status) {
			t.Errorf("%s: status %q", ids[0], status)
		}
		if proof := strings.TrimSpace(cells[4]); status == "fatto" && !evidence.MatchString(proof) && proof != "`Makefile`" {
			t.Errorf("%s is done, and nothing shows it", ids[0])
		}
	}
	if len(seen) != 246 {
		t.Errorf("%d requirements of levels 1 and 2", len(seen))
	}
}
