package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// dependencyRow is a row of docs/adr/0004-dependencies.md: name, version, licence, purpose, reason.
var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^ |]+) \\| ([^ |]+) \\| ([^|]+) \\| ([^|]+) \\|$")

// A dependency that nobody can give a reason for is one too many, and one whose row names another version was not looked at again.
func TestEveryDirectDependencyHasItsRow(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	used := map[string]string{}
	directGo(t, filepath.Join(root, "go.mod"), used)
	goModules := len(used)
	directNPM(t, filepath.Join(root, "package.json"), used)
	if goModules == 0 || len(used) == goModules {
		t.Fatalf("%d Go modules and %d npm packages were found", goModules, len(used)-goModules)
	}

	decided, err := os.ReadFile(filepath.Join(root, "docs", "adr", "0004-dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range dependencyRow.FindAllStringSubmatch(string(decided), -1) {
		rows[m[1]] = m[2]
	}
	for name, version := range used {
		switch row, ok := rows[name]; {
		case !ok:
			t.Errorf("%s %s has no row", name, version)
		case row != version:
			t.Errorf("%s is at %s, its row says %s", name, version, row)
		}
	}
	for name := range rows {
		if _, ok := used[name]; !ok {
			t.Errorf("%s has a row and is not used directly", name)
		}
	}
}

func directGo(t *testing.T, file string, into map[string]string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block := false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "require (":
			block = true
			continue
		case line == ")":
			block = false
			continue
		case strings.HasPrefix(line, "require "):
			line = strings.TrimPrefix(line, "require ")
		case !block:
			continue
		}
		if f := strings.Fields(line); len(f) == 2 { // an indirect one bears a comment
			into[f[0]] = f[1]
		}
	}
}

func directNPM(t *testing.T, file string, into map[string]string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	for _, all := range []map[string]string{p.Dependencies, p.DevDependencies} {
		for name, version := range all {
			if strings.ContainsAny(version, "^~*<>|x ") {
				t.Errorf("%s: %s is no exact version", name, version)
			}
			into[name] = version
		}
	}
}
