package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fuzzed is a row of the table of docs/reliability.md: what comes from others, who reads it, the target.
var fuzzed = regexp.MustCompile("(?m)^\\| [^|]+ \\| ((?:`[a-z/]+\\.[A-Za-z0-9]+`(?:, )?)+) \\| `([a-z/]+\\.Fuzz[A-Za-z0-9]+)` \\|")

var function = regexp.MustCompile("`([a-z/]+\\.[A-Za-z0-9]+)`")

// TestFuzzTargetsInDocuments holds the table and the sources together: a reader or a target that goes, or is renamed, and a
// target that is not in the table, fail. A new reader that has no target it cannot see: whoever writes one must.
func TestFuzzTargetsInDocuments(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	readers, targets := functions(t)
	rows := fuzzed.FindAllStringSubmatch(string(page), -1)
	for _, row := range rows {
		if !targets[row[2]] {
			t.Errorf("there is no %s, or two rows have it", row[2])
		}
		delete(targets, row[2])
		for _, reader := range function.FindAllStringSubmatch(row[1], -1) {
			if !readers[reader[1]] {
				t.Errorf("%s: there is no %s", row[2], reader[1])
			}
		}
	}
	for target := range targets {
		t.Errorf("%s is not in the table of docs/reliability.md", target)
	}
	if len(rows) < 40 {
		t.Errorf("found only %d rows", len(rows))
	}
}

// functions gives the functions and methods of the sources by folder and name, and the targets of their tests.
func functions(t *testing.T) (readers, targets map[string]bool) {
	t.Helper()
	readers, targets = map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			switch name := filepath.ToSlash(folder) + "."; {
			case !ok:
			case !strings.HasSuffix(path, "_test.go"):
				readers[name+f.Name.Name] = true
			case strings.HasPrefix(f.Name.Name, "Fuzz"):
				targets[name+f.Name.Name] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return readers, targets
}
