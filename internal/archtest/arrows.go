package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// listed is what `go list -json` tells of a package.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// list asks the go command for the packages below root. Packages that do not compile are listed too.
func list(root string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", cmd, err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read the answer of %s: %w", cmd, err)
		}
		all = append(all, p)
	}
}

// arrows judges packages by the table and says what breaks it, a line each.
func arrows(packages []listed) []string {
	var broken []string
	for _, p := range packages {
		name := relative(p.ImportPath)
		r, ok := find(name)
		if !ok {
			broken = append(broken, fmt.Sprintf("%s: not in the table of internal/archtest: give it a row, and its reason a record in docs/adr", name))
			continue
		}
		for _, imported := range p.Imports {
			broken = append(broken, judge(name, r, imported, false)...)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			broken = append(broken, judge(name, r, imported, true)...)
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

// judge gives the sentence for an import that the row does not allow, or nothing.
func judge(name string, r row, imported string, test bool) []string {
	short := relative(imported)
	isOwn := short != imported
	kind, allowed := "imports", r.third
	if isOwn {
		allowed = r.own
	}
	if test {
		kind = "imports in its tests"
		allowed = slices.Concat(allowed, r.testOwn, r.testThird, testKit, []string{name})
	}
	switch {
	case imported == "C":
		return []string{fmt.Sprintf("%s: %s C: the program is built without cgo", name, kind)}
	case !isOwn && standard(imported):
		return nil
	case !test && reserved(name, short):
		return []string{fmt.Sprintf("%s: imports %s, which is for tests only", name, short)}
	case test && isTestOnly(short), matchAny(allowed, short):
		return nil
	}
	return []string{fmt.Sprintf("%s (%s): %s %s, which its row does not allow", name, r.says, kind, short)}
}

func isTestOnly(name string) bool {
	_, ok := testOnly[name]
	return ok
}

// reserved says whether production code of name imports a package that is for tests.
func reserved(name, imported string) bool {
	exceptions, ok := testOnly[imported]
	return ok && !slices.Contains(exceptions, name) && !match("test/...", name) && !match("bench/...", name)
}

// find gives the row of that very name, else the family with the longest name.
func find(name string) (row, bool) {
	var best row
	for _, r := range table {
		if r.name == name {
			return r, true
		}
		if match(r.name, name) && len(r.name) > len(best.name) {
			best = r
		}
	}
	return best, best.name != ""
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

// match compares a name with a pattern: equal, or at or below "PATTERN/...".
func match(pattern, name string) bool {
	family, ok := strings.CutSuffix(pattern, "...")
	if !ok {
		return pattern == name
	}
	return name+"/" == family || strings.HasPrefix(name, family)
}

// relative strips the module's path; a name that is not ours comes back as it is.
func relative(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// standard says whether a path belongs to the standard library: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
