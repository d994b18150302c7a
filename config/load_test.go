package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/haulier/haulier/job"
)

var update = flag.Bool("update", false, "write golden files anew")

// options are those of the fixtures: the machine that they are checked on has nothing of what they name, but says so
// only where a fixture's name asks for it.
func options(name string) Options {
	o := Options{
		Env:     func(string) (string, bool) { return "set", true },
		NoFiles: true,
		Now:     time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
	}
	if strings.HasPrefix(name, "missing-") {
		o.NoFiles = false
		o.Env = func(string) (string, bool) { return "", false }
		o.Known = Known{
			Key:    func(job.KeyKind, string) bool { return false },
			Pin:    func(string) bool { return false },
			Secret: func(string) bool { return false },
		}
	}
	return o
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures %s: %v", pattern, err)
	}
	return files
}

// golden compares text with a file, or writes the file when asked to.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update and look at what it writes", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func name(file string) string {
	return strings.TrimSuffix(filepath.Base(file), ".yaml")
}

func TestGood(t *testing.T) {
	for _, file := range fixtures(t, "testdata/good/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			c, problems := Load(file, options(name(file)))
			if len(problems.List) > 0 {
				t.Fatalf("problems:\n%s", problems.Text(false))
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", specs(c))
		})
	}
}

func TestBad(t *testing.T) {
	for _, file := range fixtures(t, "testdata/bad/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			_, problems := Load(file, options(name(file)))
			if len(problems.List) == 0 {
				t.Fatal("nothing was found")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", problems.Text(false))
			if diff := cmp.Diff(marked(t, file), found(problems, file)); diff != "" {
				t.Errorf("problems by line, as the fixture marks them (-marked +found):\n%s", diff)
			}
		})
	}
}

// marked reads what a fixture says of itself: `#! CODE CODE` at the end of a line. Fixtures that are no YAML say nothing.
func marked(t *testing.T, file string) map[int]string {
	t.Helper()
	if strings.Contains(file, "syntax-") {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[int]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if _, mark, ok := strings.Cut(line, "#! "); ok {
			codes[i+1] = strings.Join(slices.Sorted(strings.FieldsSeq(mark)), " ")
		}
	}
	return codes
}

func found(problems Problems, file string) map[int]string {
	if strings.Contains(file, "syntax-") {
		return nil
	}
	lines := map[int][]string{}
	for _, p := range problems.List {
		if p.File == file && p.Line > 0 {
			lines[p.Line] = append(lines[p.Line], p.Code)
		}
	}
	codes := map[int]string{}
	for line, found := range lines {
		slices.Sort(found)
		codes[line] = strings.Join(found, " ")
	}
	return codes
}

// specs prints what a configuration came to, machine left out.
func specs(c *Config) string {
	dir, _ := filepath.Abs(filepath.Dir(c.Path))
	var b strings.Builder
	fmt.Fprintf(&b, "data_dir %s zone %s egress %v contact %q metrics %+v log %+v\n", c.DataDir, c.Timezone, c.EgressIPs, c.Contact, c.Metrics, c.Log)
	printed := func(v any) { fmt.Fprintln(&b, dump(v)) }
	printed(c.Web)
	for _, name := range c.tree.get("channels").names() {
		printed(c.Channels[name])
	}
	for _, name := range c.tree.get("connections").names() {
		printed(c.Connections[name])
	}
	for _, spec := range c.Jobs {
		printed(spec)
	}
	return strings.ReplaceAll(b.String(), dir, "DIR")
}
