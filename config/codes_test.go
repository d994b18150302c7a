package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var codeLiteral = regexp.MustCompile(`"([EW](?:-[A-Z]+)+)"`)

// TestCodesAreListed holds the list of codes to those that the package reports, and each to a fixture or test that
// makes it appear.
func TestCodesAreListed(t *testing.T) {
	var listed, used []string
	for _, c := range codes {
		listed = append(listed, c.code)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "codes.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		used = append(used, codesIn(t, file)...)
	}
	slices.Sort(listed)
	slices.Sort(used)
	if diff := cmp.Diff(slices.Compact(used), listed); diff != "" {
		t.Errorf("codes (-reported +listed):\n%s", diff)
	}
	shown := codesIn(t, "secrets_test.go")
	for _, file := range fixtures(t, "testdata/bad/*.txt") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range listed {
			if strings.Contains(string(text), "["+code+"]") {
				shown = append(shown, code)
			}
		}
	}
	for _, code := range listed {
		if !slices.Contains(shown, code) {
			t.Errorf("nothing shows %s", code)
		}
	}
}

func codesIn(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range codeLiteral.FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	return found
}
