package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tiny is a program of one safety line, and its tests.
var tiny = map[string]string{
	"go.mod": "module tiny\n\ngo 1.26\n",
	"most/most.go": `package most

// Most is at most three.
func Most(n int) int {
	if n > 3 {
		return 3
	}
	return n
}
`,
	"main.go": `package main

import "tiny/most"

func main() { println(most.Most(5)) }
`,
	"most/most_test.go": `package most

import (
	"os/exec"
	"strings"
	"testing"
)

func TestMost(t *testing.T) {
	if Most(5) != 3 {
		t.Error("more than three")
	}
}

func TestBlind(t *testing.T) { Most(1) }

func TestEnds(t *testing.T) {
	for Most(5) != 3 {
	}
}

func TestPanics(t *testing.T) { _ = [4]int{}[Most(5)] }

func TestIll(t *testing.T) { t.Error("ill") }

func TestSkipped(t *testing.T) { t.Skip("needs a reason") }

func TestProgram(t *testing.T) {
	path := t.TempDir() + "/tiny"
	if out, err := exec.Command("go", "build", "-o", path, "tiny").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if out, err := exec.Command(path).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "3" {
		t.Errorf("%q, %v", out, err)
	}
}
`,
}

func TestMutantsAreJudged(t *testing.T) {
	root := t.TempDir()
	for name, text := range tiny {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The module's own name of a test lab, without what flags say of another module.
	t.Setenv("GOFLAGS", "")
	l := &lab{root: root, dir: t.TempDir(), well: map[tests]error{}}
	without := []cut{{"most/most.go", "if n > 3 {", "if n > 30 {"}}
	for name, c := range map[string]struct {
		cuts   []cut
		run    string
		hangs  time.Duration
		killer string
		says   string
	}{
		"killed":                     {without, "TestBlind|TestMost", 0, "TestMost", ""},
		"killed in a built program":  {without, "TestProgram", 0, "TestProgram", ""},
		"killed by a panic":          {without, "TestPanics", 0, "TestPanics", ""},
		"killed by a deadline":       {without, "TestEnds", time.Second, "TestEnds", ""},
		"survived":                   {without, "TestBlind", 0, "", "survived"},
		"no such text":               {[]cut{{"most/most.go", "if n > 4 {", ""}}, "TestMost", 0, "", "no longer applies"},
		"a text that is there twice": {[]cut{{"most/most.go", "return", ""}}, "TestMost", 0, "", "no longer applies"},
		"no program":                 {[]cut{{"most/most.go", "return n\n", "return\n"}}, "TestMost", 0, "", "does not compile"},
		"no test":                    {without, "TestNone", 0, "", "there is no test"},
		"a test that fails anyhow":   {without, "TestIll", 0, "", "without any mutant"},
		"a test that is skipped":     {without, "TestMost|TestSkipped", 0, "", "was skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			killer, err := l.try(t.Context(), mutant{cuts: c.cuts, by: tests{"most", c.run}, hangs: c.hangs})
			if killer != c.killer || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("killed by %q, %v", killer, err)
			}
		})
	}
	// Nothing of a mutant is left in the build cache, nor in the tree.
	clear(l.well)
	if r, err := l.test(t.Context(), tests{"most", "TestMost|TestProgram"}, "", longest); err != nil || len(r.passed) != 2 {
		t.Errorf("after all mutants: %+v, %v", r, err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "most/most.go")); err != nil || string(text) != tiny["most/most.go"] {
		t.Errorf("the tree was touched: %s, %v", text, err)
	}
}

// Tests that hang are no failure unless the mutant says that they may.
func TestAHangIsNoKillUnlessTheMutantSaysSo(t *testing.T) {
	r := read("=== RUN   TestEnds\npanic: test timed out after 1s\n", true)
	if killer, err := r.killer(mutant{}); killer != "" || err == nil {
		t.Errorf("killed by %q, %v", killer, err)
	}
	if killer, err := r.killer(mutant{hangs: time.Second}); killer != "TestEnds" || err != nil {
		t.Errorf("killed by %q, %v", killer, err)
	}
}

const root = "../.."

func TestEveryMutantAppliesAndIsInTheReport(t *testing.T) {
	report, err := os.ReadFile(filepath.Join(root, "docs/reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range all() {
		if names[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		names[m.name] = true
		if _, err := m.apply(root); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if !strings.Contains(string(report), m.head()+" ") {
			t.Errorf("docs/reliability.md has no row of %s as it is now: run make mutants", m.name)
		}
	}
}

func TestTheReportNamesTheCommit(t *testing.T) {
	text := table([]death{{mutant{name: "m"}, "TestMost"}}, "0123456789ab-dirty", time.Unix(0, 0))
	if want := "1 mutants, all killed, of commit 0123456789ab-dirty, on 1970-01-01.\n"; !strings.Contains(text, want) {
		t.Errorf("%s\nhas no %q", text, want)
	}
}
