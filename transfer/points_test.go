package transfer

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

// A transition of the ledger without a failpoint would be one that nobody has seen a process die at.
func TestEveryStepHasAFailpoint(t *testing.T) {
	named := map[string]bool{}
	for _, steps := range points {
		for _, name := range steps {
			if named[name] {
				t.Errorf("two steps share the failpoint %s", name)
			}
			named[name] = true
		}
	}
	for path, file := range parseFiles(t, "*.go", "../job/file.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				for _, name := range calledPoint(call) {
					named[name] = true
				}
			}
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasSuffix(path, "job/file.go") {
				wantsPoint(t, spec)
			}
			return true
		})
	}
	for _, code := range codes() {
		found := false
		for name := range named {
			found = found || name == code || strings.HasPrefix(name, code+".")
		}
		if !found {
			t.Errorf("step %s has no failpoint", code)
		}
	}
}

// codes are those of docs/state-machine.md. C4 is its row and, with C13, the move aside.
func codes() []string {
	var all []string
	for n := range 15 {
		all = append(all, fmt.Sprintf("C%d", n+1))
	}
	for n := range 9 {
		all = append(all, fmt.Sprintf("X%d", n+1))
	}
	return all
}

func parseFiles(t *testing.T, patterns ...string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			if files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}

// calledPoint gives the failpoint that a call of failpoint.Around or failpoint.Hit names.
func calledPoint(call *ast.CallExpr) []string {
	name := ""
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun.Name
	case *ast.SelectorExpr:
		name = fun.Sel.Name
	}
	if (name != "Around" && name != "Hit") || len(call.Args) == 0 {
		return nil
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return nil
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return nil
	}
	return []string{text}
}

// wantsPoint is about the declaration of a step.
func wantsPoint(t *testing.T, spec *ast.ValueSpec) {
	t.Helper()
	if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Step" {
		return
	}
	text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	if points[job.TypeImport][job.Step(text)] == "" && points[job.TypeExport][job.Step(text)] == "" {
		t.Errorf("a row that reaches %q passes no failpoint", text)
	}
}
