package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDemoBreak breaks the running demo in each way that it knows: the program says what is wrong with its own slug, the
// run that is shown later says so too, and once it is mended the next run succeeds.
func TestDemoBreak(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: every failure is waited for")
	}
	demo, dir := demoProgram(t)
	var shown strings.Builder
	var made []breakage // less than all, when a part of the test is asked for
	demo.Stdout = &shown
	stderr, err := demo.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	haulier := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), demo.Path, args...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := haulier("demo", "break", "firewall"); err == nil || !strings.Contains(out, "no demo is running") {
		t.Errorf("without a demo: %v\n%s", err, out)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	said := hear(stderr, "Ctrl-C ends the demo", func() {
		defer func() { _ = demo.Process.Signal(syscall.SIGINT) }()
		info, err := os.Stat(filepath.Join(dir, demoFolder, demoSocket))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket: %v, %v", info, err)
		}
		for _, b := range breakages {
			t.Run(b.name, func(t *testing.T) {
				made = append(made, b)
				breakDemo(t, b, haulier)
			})
		}
	})
	if err := demo.Wait(); err != nil {
		t.Errorf("the demo ended with %v; it said:\n%s", err, said)
	}
	for _, b := range made {
		if !strings.Contains(shown.String(), b.slug) {
			t.Errorf("the demo itself does not show %s:\n%s", b.slug, shown.String())
		}
	}
}

// breakDemo breaks one thing, looks at what is said, and mends it.
func breakDemo(t *testing.T, b breakage, haulier func(...string) (string, error)) {
	text, err := haulier("--json", "demo", "break", b.name)
	var done broken
	line := text[max(0, strings.Index(text, "{")):] // behind what was said
	if err := errors.Join(err, json.Unmarshal([]byte(strings.SplitAfter(line, "\n")[0]), &done)); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	reason := done.Ran.Error
	if reason == nil || reason.Slug != b.slug || done.Ran.Job != b.job || done.Failure != b.name {
		t.Fatalf("run %d of %s: %+v", done.Ran.Run, done.Ran.Job, reason)
	}
	if reason.What == "" || reason.Cause == "" || reason.Do == "" || reason.Who == "" {
		t.Errorf("it does not say all: %+v", reason)
	}
	look, want := []string{"show", fmt.Sprint(done.Ran.Run)}, b.slug
	if b.slug == slugMissing { // no run failed
		look, want = []string{"jobs", "expectations", b.job}, "missing "
		if !strings.Contains(reason.Cause, "Returns_") {
			t.Errorf("it does not name what came near: %s", reason.Cause)
		}
	}
	if text, err := haulier(append([]string{"-c", demoFolder + "/haulier.yaml"}, look...)...); err != nil || !strings.Contains(text, want) {
		t.Errorf("%s: %v\n%s", look, err, text)
	}
	if text, err := haulier("demo", "mend"); err != nil || !strings.Contains(text, "✔ run ") {
		t.Errorf("mend: %v\n%s", err, text)
	}
}

// TestDemoBreakLists names every failure, in the help too, and knows no others.
func TestDemoBreakLists(t *testing.T) {
	var out, said strings.Builder
	a := &app{stdout: &out, stderr: &said, quiet: true}
	root := rootCommand(a)
	root.SetArgs([]string{"demo", "break"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != len(breakages) {
		t.Errorf("it lists %d of %d:\n%s", n, len(breakages), out.String())
	}
	for _, b := range breakages {
		if !strings.Contains(out.String(), b.name+" ") || !strings.Contains(out.String(), "["+b.slug+"]") {
			t.Errorf("%s is not listed", b.name)
		}
	}
	root = rootCommand(a)
	root.SetArgs([]string{"demo", "break", "nonsense"})
	if err := root.ExecuteContext(t.Context()); err == nil || codeOf(t.Context(), err) != exitUsage {
		t.Errorf("nonsense: %v", err)
	}
}
