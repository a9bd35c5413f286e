package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// accessDir is where the table of who may do what is.
const accessDir = "domain/access"

// A call of one of these is a check: of an act, or of a group of fields. What is written round it lets a mutant pass.
var wraps = map[string]string{"Case": "access.Passed", "Large": "access.Passed", "Sees": "access.Shown", "Ever": "access.Shown"}

// switches are laid beside the table, so that one program holds every mutant: the variable MUTANT says which it is.
const switches = `package access

import "os"

var mutant = os.Getenv("MUTANT")

func Passed(n string, err error) error {
	if mutant == n {
		return nil
	}
	return err
}

func Shown(n string, sees bool) bool { return sees || mutant == n }

func settled(yes, no string, is bool) bool {
	switch mutant {
	case yes:
		return true
	case no:
		return false
	}
	return is
}
`

// mutants are numbered by the order of files and places, from 1.
type mutants struct{ names []string }

func (m *mutants) add(file string, line int, text string) string {
	m.names = append(m.names, fmt.Sprintf("%s:%d: %s", file, line, text))
	return strconv.Quote(strconv.Itoa(len(m.names)))
}

// insertion is text put into a source.
type insertion struct {
	at   int
	text string
}

// open writes into a file a switch for each of its checks: round every call that asks the table, and, in the table's own file, round
// every condition and every bool that is returned, which are mutants both ways, always and never.
func (m *mutants) open(name string, source []byte) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var puts []insertion
	put := func(e ast.Expr, before func(line int, text string) string) {
		start, end := files.Position(e.Pos()), files.Position(e.End()).Offset
		puts = append(puts, insertion{start.Offset, before(start.Line, string(source[start.Offset:end]))}, insertion{end, ")"})
	}
	condition := func(e ast.Expr) {
		for _, part := range parts(e) {
			put(part, func(line int, text string) string {
				if isIdent(part, "false") { // is never so already
					return "settled(" + m.add(name, line, text+" always") + `, "-", `
				}
				return "settled(" + m.add(name, line, text+" always") + ", " + m.add(name, line, text+" never") + ", "
			})
		}
	}
	table := filepath.Dir(name) == accessDir
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if table {
				condition(n.Cond)
			}
		case *ast.SwitchStmt:
			for _, s := range n.Body.List {
				if table && n.Tag == nil {
					for _, e := range s.(*ast.CaseClause).List {
						condition(e)
					}
				}
			}
		case *ast.FuncDecl:
			if r := n.Type.Results; table && r != nil && len(r.List) == 1 && isIdent(r.List[0].Type, "bool") {
				if last, ok := n.Body.List[len(n.Body.List)-1].(*ast.ReturnStmt); ok {
					condition(last.Results[0])
				}
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && isIdent(f.X, "access") && wraps[f.Sel.Name] != "" {
				put(n, func(line int, text string) string { return wraps[f.Sel.Name] + "(" + m.add(name, line, text) + ", " })
			}
		}
		return true
	})
	slices.SortStableFunc(puts, func(a, b insertion) int { return a.at - b.at })
	var out bytes.Buffer
	done := 0
	for _, p := range puts {
		out.Write(source[done:p.at])
		out.WriteString(p.text)
		done = p.at
	}
	out.Write(source[done:])
	return out.Bytes(), nil
}

// parts are the conditions of which && and || make one.
func parts(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return parts(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.LOR || e.Op == token.LAND {
			return append(parts(e.X), parts(e.Y)...)
		}
	}
	return []ast.Expr{e}
}

func isIdent(e ast.Expr, name string) bool {
	i, ok := e.(*ast.Ident)
	return ok && i.Name == name
}

// tryAccess builds the tests once, with every check in its place and a switch on each, and then runs them for each check put out. Only the
// mutants from first to last are tried; last 0 is the end.
func tryAccess(ctx context.Context, build, test string, limit time.Duration, first, last int, files []string) (survivors []string, err error) {
	if build == "" || test == "" || len(files) == 0 {
		return nil, errors.New("wants -build, -test and Go files")
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	all, replace := &mutants{}, map[string]string{}
	lay := func(file string, source []byte) error {
		path, err := filepath.Abs(file)
		replace[path] = filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		return errors.Join(err, os.WriteFile(replace[path], source, 0o600))
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		opened, err := all.open(filepath.Clean(file), source)
		if err != nil {
			return nil, err
		}
		if err := lay(file, opened); err != nil {
			return nil, err
		}
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := lay(filepath.Join(accessDir, "mutants.go"), []byte(switches)); err != nil {
		return nil, err
	}
	b, err := json.Marshal(struct{ Replace map[string]string }{replace})
	if err := errors.Join(err, os.WriteFile(overlay, b, 0o600)); err != nil {
		return nil, err
	}
	bin := "MUTANTS=" + dir
	if out, built, err := run(ctx, build, time.Hour, bin, overlaid(overlay)); err != nil || !built {
		return nil, errors.Join(err, fmt.Errorf("what is left is no program:\n%s", out))
	}
	if out, passed, err := run(ctx, test, limit, bin); err != nil || !passed {
		return nil, errors.Join(err, fmt.Errorf("the tests fail with every check in its place:\n%s", out))
	}
	if last == 0 || last > len(all.names) {
		last = len(all.names)
	}
	for n := max(first, 1); n <= last; n++ {
		began, name := time.Now(), all.names[n-1]
		_, passed, err := run(ctx, test, limit, bin, "MUTANT="+strconv.Itoa(n))
		if err != nil {
			return survivors, fmt.Errorf("%s: %w", name, err)
		}
		word := "missed"
		if passed {
			word = "SURVIVES"
			survivors = append(survivors, name)
		}
		fmt.Printf("%3d/%d %-8s %5.1f s  %s\n", n, len(all.names), word, time.Since(began).Seconds(), name)
	}
	return survivors, nil
}
