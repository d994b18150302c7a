package transfer

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
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
	wantsPoints(t)
	for _, file := range parseFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				named[calledPoint(call)] = true
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

func parseFiles(t *testing.T) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// calledPoint gives the failpoint that a call of failpoint.Around names. A bare failpoint.Hit is no step: of a step both
// moments count, before it and behind it.
func calledPoint(call *ast.CallExpr) string {
	if types.ExprString(call.Fun) != "failpoint.Around" {
		return ""
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return ""
	}
	return strings.Trim(literal.Value, `"`)
}

// wantsPoints asks for a name wherever a machine's transition leads, in that machine.
func wantsPoints(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("../docs/model/transitions.txt")
	if err != nil {
		t.Fatal(err)
	}
	reached := map[job.Type]map[job.Step]bool{job.TypeImport: {}, job.TypeExport: {}}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] != "#" {
			reached[job.Type(words[0])][job.Step(words[2])] = true
		}
	}
	for machine, steps := range reached {
		if len(steps) < 7 {
			t.Errorf("found only %d steps of the %s", len(steps), machine)
		}
		for step := range steps {
			if points[machine][step] == "" {
				t.Errorf("a row of an %s that reaches %q passes no failpoint", machine, step)
			}
		}
	}
}
