package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// check is a condition, or a part of one, that stands between a caller and a yes.
type check struct {
	line       int
	text       string
	start, end int // in the source
}

// without is the source with the check always false. What it looks at is still looked at, so that nothing is left unused.
func (c check) without(source []byte) []byte {
	return slices.Concat(source[:c.start], []byte("(false && ("), source[c.start:c.end], []byte("))"), source[c.end:])
}

// find lists the checks of a file in their order.
func find(name string, source []byte) ([]check, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []check
	add := func(e ast.Expr) {
		at := files.Position(e.Pos())
		c := check{line: at.Line, start: at.Offset, end: files.Position(e.End()).Offset}
		c.text = string(source[c.start:c.end])
		found = append(found, c)
	}
	condition := func(e ast.Expr) {
		add(e)
		parts := alternatives(e)
		for _, part := range parts {
			if len(parts) > 1 && !isError(part) {
				add(part)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if refuses(n.Body.List) {
				condition(n.Cond)
			}
		case *ast.SwitchStmt:
			for _, s := range n.Body.List {
				if c := s.(*ast.CaseClause); n.Tag == nil && refuses(c.Body) {
					for _, e := range c.List {
						condition(e)
					}
				}
			}
		}
		return true
	})
	slices.SortStableFunc(found, func(a, b check) int { return cmp.Compare(a.start, b.start) })
	return found, nil
}

// alternatives are the parts of an ||, or the whole.
func alternatives(e ast.Expr) []ast.Expr {
	if p, ok := e.(*ast.ParenExpr); ok {
		return alternatives(p.X)
	}
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.LOR {
		return append(alternatives(b.X), alternatives(b.Y)...)
	}
	return []ast.Expr{e}
}

// isError tells whether a part only asks for an error, as err != nil does.
func isError(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ {
		return false
	}
	none, ok := b.Y.(*ast.Ident)
	return ok && none.Name == "nil"
}

// refuses tells whether statements end in a return that does not say yes: one with results, of which the last is neither nil nor true.
func refuses(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	r, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(r.Results) == 0 {
		return false
	}
	last, ok := r.Results[len(r.Results)-1].(*ast.Ident)
	return !ok || last.Name != "nil" && last.Name != "true"
}
