package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// maxLines is how long a file may grow: whatever is longer has two jobs.
const maxLines = 500

// A rule refuses a text in files, with the reason that whoever meets it will read.
type rule struct {
	text   *regexp.Regexp
	why    string
	goOnly bool
	tests  bool // counts in test files too
}

// rules are refused texts. Those that would match themselves are written in pieces.
var rules = []rule{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`), "finish it or leave it out", true, true},
	{regexp.MustCompile(`no` + `lint(:[a-z,]+)?\s*$`), "say why the linter is wrong here", true, true},
	{regexp.MustCompile(`lint:(file-)?ignore\s+\S+\s*$`), "say why the linter is wrong here", true, true},
	{regexp.MustCompile(`\.\./` + `shared\b`), "the project stands alone", false, true},
	{regexp.MustCompile(`(^|[\s"'` + "`" + `=:(])/(ro` + `ot|ho` + `me|wo` + `rk)/\w`), "no paths of one person's machine", false, true},
	{regexp.MustCompile(`\b(ux|product|style)` + `\.md\b`), "name only documents that are in this repository", false, true},
	{regexp.MustCompile(`Insecure` + `IgnoreHostKey`), "host keys are strict, always", true, false},
	{regexp.MustCompile(`Auto` + `Migrate\b`), "migrations are numbered SQL", true, true},
	{regexp.MustCompile(`crypto\.Update` + `Time\b`), "it moves the OpenPGP clock of the whole process", true, true},
	{regexp.MustCompile(`^func in` + `it\(\)`), "no package does anything before it is asked", true, false},
}

// invented are folders of made-up users on customers' servers, which examples may name.
var invented = strings.NewReplacer("/home"+"/platform", "", "/home"+"/customer", "")

// skipSentence is the only reason for which a test may not run: a tool is missing, and this is how to get it; the
// test's server must be started by root; or the test is long and only a part of all was asked for (-short).
var skipSentence = regexp.MustCompile(`^needs ([^:]+: install Debian package [a-z0-9%][a-z0-9.+-]*|(root|time): .+)$`)

// inspect judges one file by its text and gives a line for each thing that it breaks.
func inspect(name string, content []byte) []string {
	isGo := strings.HasSuffix(name, ".go")
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	var broken []string
	if isGo && len(lines) > maxLines && !generated(lines) {
		broken = append(broken, fmt.Sprintf("%s: %d lines, at most %d: split it by what its parts are for", name, len(lines), maxLines))
	}
	for i, line := range lines {
		line = invented.Replace(line)
		for _, r := range rules {
			if r.goOnly && !isGo || !r.tests && strings.HasSuffix(name, "_test.go") || !r.text.MatchString(line) {
				continue
			}
			broken = append(broken, fmt.Sprintf("%s:%d: %q: %s", name, i+1, strings.TrimSpace(r.text.FindString(line)), r.why))
		}
	}
	if isGo {
		broken = append(broken, skips(name, content)...)
	}
	return broken
}

// generated says whether a Go file carries the standard mark of generated code.
func generated(lines []string) bool {
	for _, line := range lines[:min(20, len(lines))] {
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.") {
			return true
		}
	}
	return false
}

// skips finds tests that step aside without the one allowed sentence.
func skips(name string, content []byte) []string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, content, parser.SkipObjectResolution)
	if err != nil {
		return nil // the compiler says it better
	}
	if !importsTesting(file) {
		return nil
	}
	var broken []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if ok && isSkip(selector.Sel.Name) && !skipSentence.MatchString(literal(call.Args)) {
			broken = append(broken, fmt.Sprintf("%s: a test may only skip with the sentence \"needs NAME: install Debian package PKG\", \"needs root: WHY\" or \"needs time: WHY\"", fset.Position(call.Pos())))
		}
		return true
	})
	return broken
}

func importsTesting(file *ast.File) bool {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"testing"` {
			return true
		}
	}
	return false
}

func isSkip(method string) bool { return method == "Skip" || method == "Skipf" || method == "SkipNow" }

// literal gives the first argument if it is a string in the source, else nothing.
func literal(args []ast.Expr) string {
	if len(args) == 0 {
		return ""
	}
	lit, ok := args[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}
