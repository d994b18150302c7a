package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is a Markdown link to a file of this repository.
var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)

// TestLinks follows every link between documents.
func TestLinks(t *testing.T) {
	const root = "../.."
	followed := 0
	for _, name := range tracked(t, root) {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range links(name, string(content)) {
			followed++
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: links to %s, which is not there", name, target)
			}
		}
	}
	if followed == 0 {
		t.Error("found no link at all")
	}
}

// links gives the targets of a document's links, relative to the root.
func links(name, content string) []string {
	var targets []string
	for _, found := range link.FindAllStringSubmatch(content, -1) {
		targets = append(targets, path.Join(path.Dir(name), found[1]))
	}
	return targets
}

func TestLinksAreFound(t *testing.T) {
	got := links("docs/adr/1.md", "see [a](../design.md#words), [b](https://example.org/x), [c](2.md) and [d](#here)")
	if strings.Join(got, " ") != "docs/design.md docs/adr/2.md" {
		t.Errorf("%q", got)
	}
}
