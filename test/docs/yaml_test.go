package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
)

const root = "../.."

// TestConfigurationsInDocuments loads every block of YAML that is a whole configuration.
func TestConfigurationsInDocuments(t *testing.T) {
	loaded := 0
	for _, name := range documents(t) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks(string(content), "yaml") {
			if !strings.HasPrefix(block, "version: ") {
				continue
			}
			loaded++
			file := filepath.Join(t.TempDir(), "haulier.yaml")
			if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, problems := config.Load(file, config.Options{}); len(problems.List) > 0 {
				t.Errorf("%s: a configuration has problems:\n%s", name, problems.Text(false))
			}
		}
	}
	if loaded == 0 {
		t.Error("no document has a configuration")
	}
}

// documents gives the hand-written pages.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{filepath.Join(root, "README.md")}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(names, more...)
}

// blocks gives the fenced blocks of one language.
func blocks(page, language string) []string {
	var all []string
	var open *strings.Builder
	for line := range strings.Lines(page) {
		switch {
		case open != nil && strings.HasPrefix(line, "```"):
			all = append(all, open.String())
			open = nil
		case open != nil:
			open.WriteString(line)
		case strings.TrimSpace(line) == "```"+language:
			open = &strings.Builder{}
		}
	}
	return all
}

func TestBlocks(t *testing.T) {
	got := blocks("a\n```yaml\nx: 1\n```\n```\ny\n```\n```yaml\nz\n```\n", "yaml")
	if strings.Join(got, "|") != "x: 1\n|z\n" {
		t.Errorf("%q", got)
	}
}
