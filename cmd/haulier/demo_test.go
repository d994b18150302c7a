package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demoProgram is this program's demo, in a folder of its own.
func demoProgram(t *testing.T, args ...string) (command *exec.Cmd, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The path of the daemon's socket has to be short.
	dir, err = os.MkdirTemp("", "demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	link := filepath.Join(dir, "haulier")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	command = exec.CommandContext(t.Context(), link, append([]string{"demo"}, args...)...)
	command.Dir = dir
	return command, dir
}

// demoResults are the three lines that a demo begins with, in any order.
var demoResults = []string{
	`(?m)^imported  customers_\d{8}\.csv\.pgp  2,000 lines  -> \./haulier-demo/landing/acme/customers_\d{8}\.csv$`,
	`(?m)^delivered segment_vip\.csv\.pgp \(\.part -> renamed, verified\)$`,
	`(?m)^✖ acme-payroll rejected payroll\.csv\.pgp: pgp\.not_encrypted  \(on purpose: .* show \d+\)$`,
}

func wantLines(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("no line is as %s in:\n%s", pattern, text)
		}
	}
}

// playDemo lets a demo play its first runs, ends it as people do, and gives what it showed and said.
func playDemo(t *testing.T, command *exec.Cmd) (shown, said string) {
	t.Helper()
	var results strings.Builder
	command.Stdout = &results
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	said = hear(stderr, "Ctrl-C ends the demo", func() { _ = command.Process.Signal(syscall.SIGINT) })
	if err := command.Wait(); err != nil {
		t.Errorf("the demo ended with %v; it said:\n%s%s", err, said, results.String())
	}
	return results.String(), said
}

// TestDemo looks at what a demo shows, and for what it leaves.
func TestDemo(t *testing.T) {
	command, dir := demoProgram(t)
	shown, said := playDemo(t, command)
	wantLines(t, shown, demoResults...)
	wantLines(t, said, `(?m)^    ✖ .*nothing landed.* \[pgp\.not_encrypted\]$`, `(?m)^      Cause +it starts with "employee_id`, `(?m)^      Do  `, `(?m)^      Who +customer$`)
	if strings.Count(said, "Cause") != 1 {
		t.Errorf("the failure is told more than once, or another was:\n%s", said)
	}
	if _, err := os.Lstat(filepath.Join(dir, "haulier-demo")); !os.IsNotExist(err) {
		t.Errorf("the folder of the demo is still there: %v", err)
	}
}

// TestDemoTooShort: a demo ends by itself, and says so when it could not show anything.
func TestDemoTooShort(t *testing.T) {
	command, dir := demoProgram(t, "--for", "1ms")
	text, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(text), "before its first three runs") {
		t.Errorf("%v:\n%s", err, text)
	}
	if _, err := os.Lstat(filepath.Join(dir, "haulier-demo")); !os.IsNotExist(err) {
		t.Errorf("the folder of the demo is still there: %v", err)
	}
}

// hear reads everything, and does act when the words came by.
func hear(from io.Reader, words string, act func()) string {
	var all strings.Builder
	buffer := make([]byte, 4096)
	for acted := false; ; {
		n, err := from.Read(buffer)
		all.Write(buffer[:n])
		if !acted && strings.Contains(all.String(), words) {
			acted = true
			act()
		}
		if err != nil {
			return all.String()
		}
	}
}

// TestDemoKept: a folder that is there is not touched, and what a demo leaves works.
func TestDemoKept(t *testing.T) {
	command, dir := demoProgram(t, "--keep", "--for", "10m")
	if err := os.Mkdir(filepath.Join(dir, "haulier-demo"), 0o755); err != nil {
		t.Fatal(err)
	}
	playDemo(t, command)
	if left, err := os.ReadDir(filepath.Join(dir, "haulier-demo")); err != nil || len(left) > 0 {
		t.Errorf("the folder that was there holds %v, %v", left, err)
	}
	stage := filepath.Join(dir, "haulier-demo-2")
	for _, file := range []string{"haulier.yaml", "customer/incoming/segment_vip.csv.pgp", "data/haulier.db"} {
		if info, err := os.Stat(filepath.Join(stage, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	history := exec.CommandContext(t.Context(), command.Path, "-c", filepath.Join(stage, "haulier.yaml"), "history")
	runs, err := history.CombinedOutput()
	if err != nil || strings.Count(string(runs), "acme-") < 3 {
		t.Errorf("history: %v:\n%s", err, runs)
	}
}

// TestDemoHints: what the demo tells people to type is there.
func TestDemoHints(t *testing.T) {
	root := rootCommand(&app{})
	for _, hint := range demoHints {
		words := strings.Fields(hint)
		found, rest, err := root.Find(words)
		if err != nil || found == root {
			t.Errorf("%q is no command: %v", hint, err)
			continue
		}
		if err := found.ValidateArgs(rest); err != nil {
			t.Errorf("%q: %v", hint, err)
		}
	}
}

func TestUntilFresh(t *testing.T) {
	minute := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	for _, c := range []struct{ at, want time.Duration }{
		{0, 45 * time.Second}, {40 * time.Second, 5 * time.Second}, {41 * time.Second, 64 * time.Second}, {45 * time.Second, time.Minute},
	} {
		if got := untilFresh(minute.Add(c.at)); got != c.want {
			t.Errorf("at %s: %s, want %s", c.at, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 2000: "2,000", 1234567: "1,234,567", 1000001: "1,000,001"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

// TestDemoThatIsToldTwiceToEndClearsItsFolder: make and the terminal both pass a signal on.
func TestDemoThatIsToldTwiceToEndClearsItsFolder(t *testing.T) {
	command, dir := demoProgram(t)
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	said := hear(stderr, "Ctrl-C ends the demo", func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Process.Signal(syscall.SIGINT) // another one, as two of a kind may become one
	})
	_ = command.Wait()
	if _, err := os.Stat(filepath.Join(dir, "haulier-demo")); !os.IsNotExist(err) {
		t.Errorf("the folder: %v; it said:\n%s", err, said)
	}
}
