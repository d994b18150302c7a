package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
)

func manPage(t *testing.T, name string) string {
	t.Helper()
	var out, bad bytes.Buffer
	if code := execute([]string{"man", name}, strings.NewReader(""), &out, &bad); code != exitOK {
		t.Fatalf("man %s: %d %s", name, code, bad.String())
	}
	return out.String()
}

// The pages of the manual have every command with its flags, and every key.
func TestManualIsWhole(t *testing.T) {
	commands := manPage(t, "haulier.1")
	for _, command := range below(rootCommand(&app{}))[1:] {
		if !strings.Contains(commands, "\n.SS \""+glyphs(command.CommandPath())+"\"\n") {
			t.Errorf("haulier.1 has no %s", command.CommandPath())
		}
	}
	wants(t, commands, `\-\-serving`, `haulier.yaml(5)`)
	keys := manPage(t, "haulier.yaml.5")
	checked := 0
	for row := range strings.Lines(config.Reference()) {
		if name, _, found := strings.Cut(strings.TrimPrefix(row, "| `"), "` | "); found && strings.HasPrefix(row, "| `") {
			checked++
			if !strings.Contains(keys, "\n.B \""+glyphs(name)+"\"\n") {
				t.Errorf("haulier.yaml.5 has no %s", name)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d keys were looked for", checked)
	}
	if code := execute([]string{"man", "none.9"}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); code != exitUsage {
		t.Errorf("a page that does not exist: %d", code)
	}
}

// Groff sets the pages without a complaint.
func TestManualIsSet(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("needs groff: install Debian package groff")
	}
	for _, page := range []string{"haulier.1", "haulier.yaml.5"} {
		set := exec.Command("groff", "-man", "-Tutf8", "-ww", "-z")
		set.Stdin = strings.NewReader(manPage(t, page))
		if out, err := set.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%.2000s", page, err, out)
		}
	}
}
