package slugs

import (
	"fmt"
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
)

// areas are the parts of slugs before the dot.
var areas = []string{
	"channel",
	"net", "ssh", "auth", "key", "host_key", "pgp", "content", "remote", "local", "config",
	"ledger", "held", "expect", "credential", "api", "access", "run", "job", "connection", "schedule", "scheduler", "secret", "report", "request", "onboarding", "usage", "unexpected",
}

var slug = regexp.MustCompile(`^(` + strings.Join(areas, "|") + `)\.[a-z][a-z0-9_]*$`)

// notSlugs are strings that look like slugs and are none, with what they are.
var notSlugs = map[string]string{
	"run.started": "event", "run.succeeded": "event", "run.partial": "event", "run.failed": "event",
	"run.skipped": "event", "run.queued": "event", "run.cancelled": "event",
	"key.rotated": "event", "connection.up": "event", "connection.down": "event",
	"connection.host_key_changed": "event", "pgp_key.expiring": "event", "config.reloaded": "event", "config.rejected": "event",
}

// act is a name of the audit list: what somebody did ends in a verb, what went wrong does not.
var act = regexp.MustCompile(`\.(activate|backup|cancel|convert|delete|drop|forget|generate|import|pause|purge|reconcile|` +
	`not_cancelled|plan|` +
	`reload|remove|rename|renew|resolve|restore|resume|retire|retry|rotate|run|set|test|tested|trust|verify)$`)

// outside are folders whose sources report no failures of the program.
var outside = []string{
	".git", ".tools", "bench", "docs", "examples", "internal/archtest", "internal/testserver", "store/storetest", "test", "tools",
}

// scan finds the slugs in the sources below root, each with a place that has it.
func scan(root string) (map[string]string, error) {
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(outside, filepath.ToSlash(name)) || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		slugs, err := inSource(name, content)
		for s, place := range slugs {
			found[s] = place
		}
		return err
	})
	return found, err
}

// inSource finds the slugs among the string literals of one file. A literal that is given to a field named Slug must be
// one; names of audited acts and of events look alike and are passed over.
func inSource(name string, content []byte) (map[string]string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, content, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	found := map[string]string{}
	other := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if strings.Contains(strings.ToLower(called(n)), "audit") {
				for _, argument := range n.Args {
					other[argument] = true
				}
			}
		case *ast.KeyValueExpr:
			key, _ := n.Key.(*ast.Ident)
			text, ok := literal(n.Value)
			if ok && key != nil && key.Name == "Slug" && !slug.MatchString(text) {
				err = fmt.Errorf("%s: slug %q: want AREA.NAME with a known area", fset.Position(n.Pos()), text)
			}
			if key != nil && key.Name == "Slug" {
				if ok {
					found[text] = fset.Position(n.Pos()).String()
				}
				for _, text := range composed(n.Value) {
					found[text] = fset.Position(n.Pos()).String()
				}
			}
			if key != nil && (key.Name == "Act" || key.Name == "Type") {
				other[n.Value] = true
			}
		case *ast.BasicLit:
			if text, ok := literal(n); ok && !other[n] && slug.MatchString(text) && !act.MatchString(text) && notSlugs[text] == "" {
				found[text] = fset.Position(n.Pos()).String()
			}
		}
		return true
	})
	return found, err
}

// kinds are what a slug may begin with that is put together at run time: the kinds of things that people pause.
var kinds = []string{"job", "connection"}

// composed gives the slugs that KIND + ".name" may become.
func composed(e ast.Expr) []string {
	sum, ok := e.(*ast.BinaryExpr)
	if !ok {
		return nil
	}
	end, ok := literal(sum.Y)
	if !ok || !strings.HasPrefix(end, ".") {
		return nil
	}
	var all []string
	for _, kind := range kinds {
		all = append(all, kind+end)
	}
	return all
}

// called gives the name of what a call calls, without its package or receiver.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// literal gives the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
