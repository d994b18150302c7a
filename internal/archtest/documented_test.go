package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocumented(t *testing.T) {
	const root = "../.."
	packages := packageComments{}
	for _, name := range tracked(t, root) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		packages.look(name, content)
		for _, line := range documented(name, content) {
			t.Error(line)
		}
	}
	for folder, ok := range packages {
		if !ok {
			t.Errorf("%s: the package does not begin with its job: \"Package NAME does …\"", folder)
		}
	}
}

// TestDocumentedSeesViolations is the test of the test.
func TestDocumentedSeesViolations(t *testing.T) {
	for source, want := range map[string]string{
		"func F() {}":                                     "exported F",
		"// F does.\nfunc F() {}":                         "",
		"func f() {}":                                     "",
		"type t int\nfunc (t) M() {}":                     "",
		"// T is.\ntype T int\nfunc (*T) M() {}":          "exported M",
		"// T is.\ntype T[K any] int\nfunc (T[K]) M() {}": "exported M",
		"const A, B = 1, 2":                               "exported A",
		"// Both.\nconst (\n\tA = 1\n\tB = 2\n)":          "",
		"var (\n\tA = 1 // one\n)":                        "",
		"type T struct{}":                                 "exported T",
	} {
		got := strings.Join(documented("p.go", []byte("package p\n\n"+source+"\n")), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
	if got := documented("p.go", []byte("package main\n\nfunc F() {}\n")); got != nil {
		t.Errorf("a command: %q", got)
	}
	packages := packageComments{}
	packages.look("a/x.go", []byte("// Package a does.\npackage a\n"))
	packages.look("a/y.go", []byte("package a\n"))
	packages.look("b/x.go", []byte("// About b.\npackage b\n"))
	if !packages["a"] || packages["b"] {
		t.Errorf("package comments: %v", packages)
	}
}
