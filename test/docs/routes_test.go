package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// routes finds the requests that docs/operations.md writes.
var routes = regexp.MustCompile("`((?:GET|POST) /(?:healthz|api/)[^`?]*)[^`]*`")

// TestRoutesInDocuments holds the table of docs/operations.md to what the API answers.
func TestRoutesInDocuments(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, found := range routes.FindAllStringSubmatch(string(page), -1) {
		told = append(told, strings.NewReplacer("NAME", "{name}", "ID", "{id}").Replace(found[1]))
	}
	slices.Sort(told)
	if known := route.Patterns(web.Routes(web.Options{})); !slices.Equal(told, known) {
		t.Errorf("docs/operations.md tells of %q\nthe API answers %q", told, known)
	}
}
