package model

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const models = "../../docs/model"

// turns lets two runs go at a time: each is one process.
var turns = make(chan struct{}, 2)

// wide says whether to look within the wider bounds too: make model.
var wide = os.Getenv("HAULIER_MODEL") == "wide"

func tools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs time: spin looks at millions of states")
	}
	for tool, pkg := range map[string]string{"spin": "spin", "gcc": "gcc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: install Debian package %s", tool, pkg)
		}
	}
}

func TestModels(t *testing.T) {
	tools(t)
	steps := collected{}
	t.Run("runs", func(t *testing.T) {
		for _, c := range slices.Concat(holding, without, holes) {
			if c.wide && !wide {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				turns <- struct{}{}
				defer func() { <-turns }()
				out := check(t, c)
				c.judge(t, out)
				if c.want == "" {
					steps.add(t, c.model, out)
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, name := range []string{"import", "export"} {
		if got, want := steps.of(name), documented(t, name); !maps.Equal(got, want) {
			t.Errorf("%s: the model takes %v\ntransitions.txt has %v", name, sorted(got), sorted(want))
		}
	}
}

// check makes a verifier of a model and runs it.
func check(t *testing.T, c config) string {
	t.Helper()
	dir := t.TempDir()
	source, err := filepath.Abs(filepath.Join(models, c.model+".pml"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, "spin", append(append([]string{"-a"}, c.flags...), source)...)
	// -O0: with -O2 the compiler takes ten times as long as the verifier then needs.
	run(t, dir, "gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", "-DNOFAIR", "-o", "pan", "pan.c")
	return run(t, dir, "./pan", "-m200000", "-E", "-w22")
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && name == "./pan") {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var (
	stored   = regexp.MustCompile(`(?m)^ *(\d+) states, stored`)
	violated = regexp.MustCompile(`(?m)^pan:\d+: (.*) \(at depth`)
	broken   = regexp.MustCompile(`(?m)^BROKEN (\w+)$`)
)

// judge says whether what spin found is what was to be found. Any other end, such as bounds that do not fit or a run that is
// stuck, is a mistake of the model.
func (c config) judge(t *testing.T, out string) {
	t.Helper()
	states := stored.FindStringSubmatch(out)
	if states == nil || strings.Contains(out, "max search depth too small") || strings.Contains(out, "out of memory") {
		t.Fatalf("the search was not whole:\n%s", out)
	}
	got := ""
	if found := violated.FindStringSubmatch(out); found != nil {
		got = found[1]
		if name := broken.FindStringSubmatch(out); name != nil && strings.HasPrefix(got, "assertion violated 0") {
			got = name[1]
		}
	}
	switch {
	case got != c.want:
		t.Errorf("found %q, want %q, in %s states:\n%s", got, c.want, states[1], out)
	case got == "" && !strings.Contains(out, "errors: 0"):
		t.Errorf("the search did not end well:\n%s", out)
	case got == "" && !strings.Contains(out, "RESTED"):
		t.Errorf("no run came to rest, so nothing was shown:\n%s", out)
	}
	t.Logf("%s states", states[1])
}

// collected are the steps that each model took.
type collected struct {
	mu    sync.Mutex
	steps map[string]map[string]bool
}

var (
	taken   = regexp.MustCompile(`(?m)^STEP (\d+) (\d+)$`)
	defined = regexp.MustCompile(`(?m)^#define ([a-z]+) +(\d+)\b`)
)

func (c *collected) add(t *testing.T, model, out string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(models, model+".pml"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	section := string(text)[strings.Index(string(text), "The steps of the ledger"):]
	for _, m := range defined.FindAllStringSubmatch(section[:strings.Index(section, "/* States")], -1) {
		names[m[2]] = m[1]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range taken.FindAllStringSubmatch(out, -1) {
		if m[1] == m[2] {
			continue // a fact or a reason was written, the step is the same
		}
		if c.steps == nil {
			c.steps = map[string]map[string]bool{}
		}
		if c.steps[model] == nil {
			c.steps[model] = map[string]bool{}
		}
		c.steps[model][fmt.Sprintf("%s %s", names[m[1]], names[m[2]])] = true
	}
}

func (c *collected) of(model string) map[string]bool { return c.steps[model] }

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// documented are the transitions of a machine in transitions.txt: MACHINE FROM TO.
func documented(t *testing.T, machine string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(models, "transitions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), machine+" "); ok {
			set[rest] = true
		}
	}
	return set
}
