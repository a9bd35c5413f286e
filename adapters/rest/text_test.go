package rest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// codes are those of every refusal that a client of the API can meet, with where each is made.
func codes(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	makers := []string{"Invalid", "Refused", "NotFound", "Forbidden"}
	for _, dir := range []string{".", "../session", "../seal", "../sqlite", "../../domain", "../../projections"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil // moved or removed while we walk
			}
			if err == nil && d.IsDir() && (d.Name() == "storetest" || d.Name() == "policy") {
				return fs.SkipDir // what no client meets
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					name := ""
					switch fun := n.Fun.(type) {
					case *ast.Ident:
						name = fun.Name
					case *ast.SelectorExpr:
						name = fun.Sel.Name
					}
					if slices.Contains(makers, name) && len(n.Args) == 1 || name == "fail" && len(n.Args) == 2 || name == "note" && len(n.Args) == 3 {
						note(out, n.Args[len(n.Args)-1], path)
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "code") {
						note(out, n.Value, path)
					}
				case *ast.ValueSpec:
					for i, name := range n.Names {
						if strings.HasPrefix(name.Name, "code") && i < len(n.Values) {
							note(out, n.Values[i], path)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var kebabCode = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

func note(codes map[string]string, e ast.Expr, path string) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil && kebabCode.MatchString(s) {
			codes[s] = path
		}
	}
}

func TestEveryRefusalHasWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		t.Fatal(err)
	}
	all := codes(t)
	if len(all) < 100 {
		t.Errorf("only %d codes were found", len(all))
	}
	pages := []string{"draft-not-found", "projection-unknown", "import-not-found", "notice-not-found", "receipt-unknown", "view-name", "too-many-views"} // of the pages alone
	for code, path := range all {
		if texts[code] == nil && !slices.Contains(pages, code) {
			t.Errorf("%s of %s has no words", code, path)
		}
	}
	for _, status := range []string{"400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429", "500", "503"} {
		if texts[status] == nil {
			t.Errorf("%s has no title", status)
		}
	}
	place := regexp.MustCompile(`\{[a-z]+\}`)
	for code, words := range texts {
		it, en := words["it"], words["en"]
		if it == "" || en == "" || len(words) != 2 || !slices.Equal(place.FindAllString(it, -1), place.FindAllString(en, -1)) {
			t.Errorf("%s: %q and %q", code, it, en)
		}
	}
}
