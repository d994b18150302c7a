package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named is a test as documents name it: its package's folder, a dot, its name.
var named = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)\\.(Test[A-Za-z0-9]+)(?:/[A-Za-z]+)?`")

// TestTestsInDocumentsExist looks for every test that a document names in the sources of its package.
func TestTestsInDocumentsExist(t *testing.T) {
	found := 0
	for _, page := range documents(t) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllStringSubmatch(string(content), -1) {
			if name[1] == "package" {
				continue // how tests are named, not one of them
			}
			found++
			if !strings.Contains(testsOf(t, name[1]), "\nfunc "+name[2]+"(") {
				t.Errorf("%s: there is no test %s in %s", page, name[2], name[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("found only %d names of tests in the documents", found)
	}
}

// testsOf gives the test sources of a package, one behind the other.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}
