package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const sample = `package sample

import "errors"

var errNo = errors.New("no")

func Open(n int, key string) (int, error) {
	if n < 0 || (key == "" || n > 9) {
		return 0, errNo
	}
	if n == 7 {
		return 1, nil
	}
	switch {
	case n == 5, n == 6:
		return 0, errNo
	case n == 4:
		n++
	}
	if err := look(n); err != nil || n == 8 {
		return 0, err
	}
	return n, nil
}

func look(n int) error {
	if n == 3 {
		return errNo
	}
	return nil
}

func May(n int) bool {
	if n == 1 {
		return false
	}
	if n == 2 {
		return true
	}
	return n > 2
}
`

func TestChecksAreFound(t *testing.T) {
	t.Parallel()
	checks, err := find("sample.go", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range checks {
		got = append(got, c.text)
	}
	want := []string{`n < 0 || (key == "" || n > 9)`, `n < 0`, `key == ""`, `n > 9`, `n == 5`, `n == 6`, `err != nil || n == 8`, `n == 8`, `n == 3`, `n == 1`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if s := string(checks[3].without([]byte(sample))); !strings.Contains(s, `(key == "" || (false && (n > 9)))`) {
		t.Errorf("without a part: %s", s)
	}
}

// A check that no test misses is named; those that are missed are not, and neither is one without which a test never ends.
func TestASurvivorIsNamed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("go.mod", "module sample\n\ngo 1.26\n")
	file := write("sample.go", `package sample

func Open(n int) bool {
	if n == 1 {
		return false
	}
	if n == 2 {
		return false
	}
	for {
		if n != 3 {
			return n > 0
		}
	}
}
`)
	write("sample_test.go", `package sample

import "testing"

func TestOpen(t *testing.T) {
	if Open(1) || !Open(4) {
		t.Error("open")
	}
}
`)
	survivors, err := try(t.Context(), "cd "+dir+" && go test .", 20*time.Second, []string{file})
	if err != nil || !slices.Equal(survivors, []string{file + ":7: n == 2"}) {
		t.Errorf("survivors %q, %v", survivors, err)
	}
	if _, err := try(t.Context(), "false", time.Minute, []string{file}); err == nil {
		t.Error("tests that always fail went unnoticed")
	}
	if _, err := try(t.Context(), "", time.Minute, []string{file}); err == nil {
		t.Error("no test, and no complaint")
	}
}

// Every call that asks the table gets one switch, and every condition of the table two; what is neither is left as it is.
func TestSwitchesAreRoundEveryCheckOfAccess(t *testing.T) {
	t.Parallel()
	m := &mutants{}
	caller, err := m.open("adapters/x/x.go", []byte("package x\n\nfunc f() error {\n\tif no {\n\t\treturn nil\n\t}\n\t_ = access.Sees(1)\n\treturn access.Large(a, access.Note)\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`access.Shown("1", access.Sees(1))`, `access.Passed("2", access.Large(a, access.Note))`, "if no {"} {
		if !strings.Contains(string(caller), want) {
			t.Errorf("no %s in\n%s", want, caller)
		}
	}
	table, err := m.open("domain/access/access.go", []byte("package access\n\nfunc f() bool {\n\tif a && (b || c) {\n\t\treturn true\n\t}\n\treturn d\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`if settled("5", "6", a) && (settled("7", "8", b) || settled("9", "10", c)) {`, `return settled("3", "4", d)`} {
		if !strings.Contains(string(table), want) {
			t.Errorf("no %s in\n%s", want, table)
		}
	}
	if len(m.names) != 10 || m.names[4] != "domain/access/access.go:4: a always" {
		t.Errorf("%q", m.names)
	}
	nothing, err := m.open("domain/access/access.go", []byte("package access\n\nfunc f() bool {\n\treturn false\n}\n"))
	if err != nil || len(m.names) != 11 || !strings.Contains(string(nothing), `return settled("11", "-", false)`) {
		t.Errorf("what is never so is tried as never so: %s (%v)", nothing, err)
	}
}
