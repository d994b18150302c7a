package features

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strings"
)

const module = "github.com/haulier/haulier/"

// exists says whether a test's function is in the sources of its package below root. A subtest exists if its test does;
// whether the subtest itself does, only a run can tell.
func exists(root, name string) (bool, error) {
	pkg, function, _ := strings.Cut(name, ".")
	function, _, _ = strings.Cut(function, "/")
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		return false, fmt.Errorf("look for the tests of %s: %w", pkg, err)
	}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return false, fmt.Errorf("read the tests of %s: %w", pkg, err)
		}
		for _, decl := range syntax.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == function {
				return true, nil
			}
		}
	}
	return false, nil
}

// outcomes reads the events of a run ("go test -json") into test name -> pass, fail or skip.
func outcomes(events io.Reader) (map[string]string, error) {
	ends := map[string]string{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct{ Action, Package, Test string }
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" {
			continue
		}
		switch e.Action {
		case "pass", "fail", "skip":
			ends[strings.TrimPrefix(e.Package, module)+"."+e.Test] = e.Action
		}
	}
	return ends, lines.Err()
}

// shown says what keeps a test from showing its feature in a run; nothing if it ran and passed, with all its parts.
func shown(name string, ends map[string]string) string {
	switch end := ends[name]; end {
	case "pass":
	case "":
		return "did not run"
	default:
		return "ended with " + end
	}
	for part, end := range ends {
		if strings.HasPrefix(part, name+"/") && end != "pass" {
			return fmt.Sprintf("its part %s ended with %s", part, end)
		}
	}
	return ""
}
