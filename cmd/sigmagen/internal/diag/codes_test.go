package diag

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWaivable holds the list of codes against the calls in the sources of
// sigmagen that add warnings.
func TestWaivable(t *testing.T) {
	t.Parallel()
	// Built of parts, or of a severity that differs.
	codes := map[string]bool{"metadata/date": true, "metadata/modified": true, "metadata/duplicate-id": true}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) < 2 {
				return true
			}
			method, is := call.Fun.(*ast.SelectorExpr)
			if !is || method.Sel.Name != "Warnf" && method.Sel.Name != "warn" {
				return true
			}
			for _, code := range codesOf(call.Args[1]) {
				codes[code] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// These are not about a document, which alone can waive, or about its waivers,
	// or about its tests.
	for code := range codes {
		area, _, _ := strings.Cut(code, "/")
		if area == "exceptions" || area == "postprocessing" || code == "name/ignored" || code == "filter/unread" || area == "waiver" || code == "test/survivor" {
			delete(codes, code)
		}
	}
	var want []string
	for code := range codes {
		want = append(want, code)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, Waivable); diff != "" {
		t.Errorf("codes (-in the sources +Waivable):\n%s", diff)
	}
}

// codesOf returns the codes that an expression may be: a text, or one that is of
// the area filter in filter documents.
func codesOf(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		code, err := strconv.Unquote(e.Value)
		if err != nil {
			return nil
		}
		return []string{code}
	case *ast.CallExpr:
		codes := codesOf(e.Args[0])
		_, what, _ := strings.Cut(codes[0], "/")
		return append(codes, "filter/"+what)
	}
	return nil
}
