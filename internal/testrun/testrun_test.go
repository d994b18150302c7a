package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample makes a module with one package of tests and goes there.
func sample(t *testing.T, tests string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":      "module github.com/haulier/haulier\n\ngo 1.26\n",
		"p/p.go":      "package p\n",
		"p/p_test.go": "package p\n\nimport \"testing\"\n\n" + tests,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// rulesFile writes the tests that must run.
func rulesFile(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "must-run")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	good    = "func TestGood(t *testing.T) { t.Log(\"quiet\") }\n"
	bad     = "func TestBad(t *testing.T) { t.Error(\"the cause\") }\n"
	skipped = "func TestTool(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Skip(\"needs sshd: install Debian package openssh-server\") }) }\n"
)

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, tests, mustRun string
		exit                 int
		want                 []string
		never                string
	}{
		{"green", good, "", 0, []string{"ok  \tgithub.com/haulier/haulier/p", "1 passed, 0 failed, 0 skipped"}, "quiet"},
		{"red", good + bad, "", 1, []string{"the cause", "FAIL\tgithub.com/haulier/haulier/p", "1 passed, 1 failed"}, "quiet"},
		{"does not build", "func TestX(t *testing.T) { undefined() }\n", "", 1, []string{"undefined: undefined"}, "ok  \t"},
		{"skip is told", good + skipped, "", 0, []string{"needs sshd: install Debian package openssh-server\n      p.TestTool/sub", "2 passed, 0 failed, 1 skipped"}, ""},
		{"skip is refused", good + skipped, "# nothing may skip\n.* .*\n", 1, []string{"must run, and did not:\n  p.TestTool/sub: needs sshd"}, ""},
		{"missing is refused", good, "p TestOther\n", 1, []string{"p TestOther: no such test ran"}, ""},
		{"present is enough", good + skipped, "p TestGood\n", 0, []string{"2 passed, 0 failed, 1 skipped"}, "must run"},
		{"panic", "func TestP(t *testing.T) { panic(\"last words\") }\n", "", 1, []string{"last words", "1 failed"}, ""},
		{"exit", "func TestMain(m *testing.M) { panic(\"before any test\") }\n", "", 1, []string{"before any test", "1 failed"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sample(t, c.tests)
			var args []string
			if c.mustRun != "" {
				args = append(args, "-must-run", rulesFile(t, c.mustRun))
			}
			var out, stderr bytes.Buffer
			if got := run(args, &out, &stderr); got != c.exit {
				t.Errorf("exit %d, want %d", got, c.exit)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q", want)
				}
			}
			if c.never != "" && strings.Contains(out.String(), c.never) {
				t.Errorf("output has %q", c.never)
			}
			if t.Failed() {
				t.Log(out.String(), stderr.String())
			}
		})
	}
}

func TestRunKeepsEvents(t *testing.T) {
	sample(t, good)
	var out, stderr bytes.Buffer
	if exit := run([]string{"-json", "events", "--", "./p"}, &out, &stderr); exit != 0 {
		t.Fatalf("exit %d: %s", exit, &out)
	}
	events, err := os.ReadFile("events")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(events, []byte(`"Action":"pass","Package":"github.com/haulier/haulier/p","Test":"TestGood"`)) {
		t.Errorf("the events lack the test:\n%s", events)
	}
}

func TestBadRules(t *testing.T) {
	for _, line := range []string{"one", "a b c", "( x", "x ("} {
		var out bytes.Buffer
		if exit := run([]string{"-must-run", rulesFile(t, line+"\n")}, &out, &out); exit != 2 || !strings.Contains(out.String(), ":1: ") {
			t.Errorf("%q: exit %d, %s", line, exit, &out)
		}
	}
}
