package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path every import of ours begins with.
const module = "approdo/"

// room is a part of the house and the arrows that may leave it. A name covers a folder and what is below it; where two rooms cover
// a package, the longer name counts. An arrow that stands in no row is forbidden.
type room struct {
	name  string
	ours  []string // rooms or packages of this module, besides those below the room itself
	other []string // modules of others; nil: any
	alone bool     // packages of the room may not import each other
}

// The modules that decoding and ids need everywhere.
var small = []string{"github.com/google/uuid", "github.com/go-json-experiment/json"}

var rooms = []room{
	{name: "domain", other: small},
	{name: "domain/ledger", ours: []string{"domain"}, other: append([]string{"golang.org/x/mod"}, small...)},
	{name: "projections", ours: []string{"domain"}, other: small},
	{name: "projections/ledger", ours: []string{"domain", "projections"}, other: append([]string{"golang.org/x/mod"}, small...)},
	{name: "projections/enginetest", ours: []string{"domain", "projections"}, other: append([]string{"golang.org/x/mod"}, small...)},
	{name: "migrations", ours: nil, other: []string{"zombiezen.com/go/sqlite", "github.com/jackc/pgx/v5"}, alone: true},
	{name: "adapters/archive", ours: []string{"domain"}},
	{name: "adapters/feed", ours: []string{"domain", "projections"}},
	{name: "adapters/memory", ours: []string{"domain", "projections"}},
	{name: "adapters/metrics", ours: []string{"domain", "projections"}},
	{name: "adapters/notary", ours: []string{"domain", "projections"}},
	{name: "adapters/notify", ours: []string{"domain"}},
	{name: "adapters/oidc", ours: []string{"domain"}},
	{name: "adapters/outlet", ours: []string{"domain"}},
	{name: "adapters/registry", ours: []string{"domain", "projections"}},
	{name: "adapters/seal", ours: []string{"domain", "migrations"}},
	{name: "adapters/statetest", ours: []string{"domain"}},
	{name: "adapters/session", ours: []string{"domain", "projections"}},
	// Bytes to tables and back, for whoever takes files or gives them: it knows no case, no page and no session.
	{name: "adapters/spreadsheet", ours: []string{"domain"}},
	{name: "adapters/rest", ours: []string{"domain", "projections", "adapters/session", "adapters/spreadsheet"}},
	{name: "adapters/web", ours: []string{"domain", "projections", "adapters/session", "adapters/spreadsheet"}},
	// The journal, the views and the state are three files of one engine: they share the migrations that begin them, and nothing else.
	{name: "adapters/sqlite", ours: []string{"domain", "projections", "migrations"}, alone: true},
	// The same four on PostgreSQL and the keys, which lie in package seal. The tests of all start a server of their own.
	{name: "adapters/postgres", ours: []string{"domain", "projections", "migrations"}, alone: true},
	{name: "adapters/esdb", ours: []string{"domain"}},
	{name: "cmd", ours: []string{"domain", "projections", "adapters", "migrations"}},
}

// exemption lets the tests of a room or a package reach further than its code, for a reason.
type exemption struct{ room, imports, why string }

var exemptions = []exemption{
	{"domain", "pgregory.net/rapid", "properties are driven by random people"},
	{"domain", "github.com/google/go-cmp", "a difference between two values is shown, not only said"},
	{"domain/desk", "adapters/memory", "a household is recorded in a journal, any"},
	{"domain/event", "adapters/memory", "a journal is copied from one store to another, any"},
	{"domain/reading", "adapters/memory", "readings are kept in a journal, any"},
	{"domain/policy", "adapters/memory", "months are forgotten of a journal, any"},
	{"projections", "pgregory.net/rapid", "views meet journals nobody thought of"},
	{"projections", "github.com/google/go-cmp", "rows that differ are shown side by side"},
	{"projections", "adapters/memory", "a view is a fold of a journal, and this one is the quickest"},
	{"projections", "adapters/sqlite/views", "rows go through the engine that keeps them"},
	{"migrations", "adapters/postgres/pgtest", "a schema is tried on a server"},
	{"adapters/postgres", "adapters/postgres/pgtest", "all four live on a server"},
	{"adapters/postgres/state", "adapters/statetest", "every engine passes the same tests"},
	{"adapters/sqlite/state", "adapters/statetest", "every engine passes the same tests"},
	{"adapters/seal", "adapters/postgres/pgtest", "the keys can live on a server"},
	{"adapters/feed", "adapters/memory", "the router needs a journal, any"},
	{"adapters/metrics", "adapters/memory", "appends are measured on a journal, any"},
	{"adapters/notify", "adapters/memory", "notices answer a journal, any"},
	{"adapters/notify", "adapters/sqlite/state", "notices wait somewhere"},
	{"adapters/notary", "adapters/memory", "a journal that goes on, and others in its place"},
	{"adapters/notary", "adapters/sqlite/views", "the hashes lie somewhere"},
	{"adapters/notary", "adapters/sqlite/state", "what was signed is kept somewhere"},
	{"adapters/registry", "adapters/memory", "the importer needs a journal, any"},
	{"adapters/session", "adapters/memory", "accounts live in a journal, any"},
	{"adapters/session", "adapters/sqlite/state", "sessions are kept somewhere"},
	{"adapters/rest", "adapters/notary", "the handlers are tested over a whole small house"},
	{"adapters/rest", "adapters/memory", "the handlers are tested over a whole small house"},
	{"adapters/rest", "adapters/sqlite/views", "the handlers are tested over a whole small house"},
	{"adapters/rest", "adapters/sqlite/state", "the handlers are tested over a whole small house"},
	{"adapters/web", "adapters/memory", "the pages are tested over a whole small house"},
	{"adapters/web", "adapters/sqlite/views", "the pages are tested over a whole small house"},
	{"adapters/web", "adapters/sqlite/state", "the pages are tested over a whole small house"},
}

// forTests are the packages that exist for tests alone. Code that ships may not import them.
var forTests = []string{"domain/event/spec", "domain/event/sealtest", "domain/event/storetest", "projections/viewtest",
	"projections/enginetest", "adapters/postgres/pgtest", "adapters/esdb/esdbtest", "adapters/oidc/oidctest", "adapters/statetest"}

// testModules are what the packages for tests may import besides what their room may.
var testModules = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

// below reports whether an import path is a package or module, or lies inside it.
func below(p, of string) bool { return p == of || strings.HasPrefix(p, of+"/") }

// roomOf is the room of a package.
func roomOf(pkg string) (room, bool) {
	var found room
	for _, r := range rooms {
		if below(pkg, r.name) && len(r.name) > len(found.name) {
			found = r
		}
	}
	return found, found.name != ""
}

// forbidden says why a package may not import another; empty where it may. The standard library is everybody's.
func forbidden(pkg, imported string, test bool) string {
	r, ok := roomOf(pkg)
	if !ok {
		return "the package is in no room"
	}
	ours, isOurs := strings.CutPrefix(imported, module)
	if test {
		for _, e := range exemptions {
			if below(pkg, e.room) && below(strings.TrimPrefix(imported, module), e.imports) {
				return ""
			}
		}
	}
	if isOurs {
		switch {
		case pkg == ours: // an external test
			return ""
		case !test && slices.Contains(forTests, ours) && !slices.Contains(forTests, pkg):
			return "that package is for tests"
		case below(ours, "cmd") && !below(pkg, "cmd"):
			return "only the program wires"
		case below(ours, r.name):
			if r.alone {
				return "the packages of " + r.name + " do not know each other"
			}
			return ""
		}
		for _, allowed := range r.ours {
			if below(ours, allowed) {
				return ""
			}
		}
		return r.name + " does not know it"
	}
	first, _, _ := strings.Cut(imported, "/")
	if imported == "C" {
		return "one static binary has no C"
	}
	if !strings.Contains(first, ".") { // the standard library
		return ""
	}
	if r.other == nil || slices.ContainsFunc(r.other, func(m string) bool { return below(imported, m) }) {
		return ""
	}
	if slices.Contains(forTests, pkg) && slices.ContainsFunc(testModules, func(m string) bool { return below(imported, m) }) {
		return ""
	}
	return r.name + " does without that module"
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// The files are parsed: what the go command says of packages could come out of a cache.
func TestOnlyTheDrawnArrowsExist(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	files, seen := 0, map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		if r, ok := roomOf(path.Dir(rel)); ok {
			seen[r.name] = true
		}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(path.Dir(rel), imported, strings.HasSuffix(name, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", rel, imported, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were found", files)
	}
	for _, r := range rooms {
		if !seen[r.name] {
			t.Errorf("there is nothing in %s: the table is old", r.name)
		}
	}
}

// A table that lets everything pass would be green too.
func TestForbiddenArrowsAreSeen(t *testing.T) {
	t.Parallel()
	for _, a := range []struct {
		from, to string
		test     bool
		ok       bool
	}{
		{"domain/casefile", "approdo/domain/grade", false, true},
		{"domain/casefile", "context", false, true},
		{"domain/casefile", "pgregory.net/rapid", true, true},
		{"domain/casefile", "pgregory.net/rapid", false, false},
		{"domain/casefile", "approdo/projections", true, false},
		{"domain/casefile", "approdo/adapters/memory", true, false},
		{"domain/desk", "approdo/domain/event/sealtest", false, false},
		{"domain/event", "github.com/ThreeDotsLabs/watermill", false, false},
		{"domain/event/storetest", "github.com/google/go-cmp/cmp", false, true},
		{"projections", "approdo/domain", false, true},
		{"projections", "approdo/adapters/sqlite/views", true, true},
		{"projections", "approdo/adapters/sqlite/views", false, false},
		{"projections/board", "zombiezen.com/go/sqlite", false, false},
		{"adapters/rest", "approdo/adapters/session", false, true},
		{"adapters/rest", "approdo/adapters/web", false, false},
		{"adapters/rest", "approdo/adapters/web", true, false},
		{"adapters/rest", "approdo/adapters/sqlite/state", true, true},
		{"adapters/rest", "approdo/adapters/sqlite/state", false, false},
		{"adapters/session", "approdo/adapters/rest", false, false},
		{"adapters/sqlite", "approdo/adapters/sqlite/views", false, false},
		{"adapters/sqlite/state", "approdo/migrations", false, true},
		{"adapters/web", "approdo/cmd/approdo/year2022", true, false},
		{"adapters/web", "C", false, false},
		{"migrations", "zombiezen.com/go/sqlite/sqlitex", false, true},
		{"migrations", "approdo/domain", false, false},
		{"migrations", "github.com/google/uuid", false, false},
		{"cmd/approdo", "approdo/adapters/web", false, true},
		{"cmd/approdo/year2022", "approdo/domain/event/sealtest", false, false},
		{"elsewhere", "context", false, false},
	} {
		if why := forbidden(a.from, a.to, a.test); (why == "") != a.ok {
			t.Errorf("%s → %s, test %v: %q", a.from, a.to, a.test, why)
		}
	}
}
