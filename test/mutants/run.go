package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// longest is how long tests may take that are to fail.
const longest = 2 * time.Minute

// ran is how the chosen tests of a package ended.
type ran struct {
	passed, failed, skipped []string
	hung                    bool
	output                  string
}

// lab is where mutants are made and tested.
type lab struct {
	root string
	dir  string // ours, for binaries and overlays
	well map[tests]error
}

// try tests one mutant and names the test that killed it.
func (l *lab) try(ctx context.Context, m mutant) (killer string, err error) {
	if err := l.healthy(ctx, m.by); err != nil {
		return "", fmt.Errorf("without any mutant: %w", err)
	}
	overlay, err := m.overlay(l.root, l.dir)
	if err != nil {
		return "", err
	}
	within := m.hangs
	if within == 0 {
		within = longest
	}
	r, err := l.test(ctx, m.by, overlay, within)
	if err != nil {
		return "", err
	}
	return r.killer(m)
}

// killer judges what a mutant did to its tests.
func (r ran) killer(m mutant) (string, error) {
	switch {
	case r.hung && m.hangs == 0:
		return "", fmt.Errorf("%s hung for %v, which is no failure:\n%s", m.by, longest, tail(r.output))
	case len(r.failed) > 0:
		return r.failed[0], nil
	}
	return "", fmt.Errorf("it survived: %s passed without the line", m.by)
}

// healthy sees once that tests pass when nothing is taken out, and that there are any.
func (l *lab) healthy(ctx context.Context, t tests) error {
	if err, known := l.well[t]; known {
		return err
	}
	r, err := l.test(ctx, t, "", longest)
	switch {
	case err != nil:
	case len(r.failed) > 0:
		err = fmt.Errorf("%s fails:\n%s", t, tail(r.output))
	case len(r.skipped) > 0:
		err = fmt.Errorf("%s was skipped:\n%s", strings.Join(r.skipped, ", "), tail(r.output))
	case len(r.passed) == 0:
		err = fmt.Errorf("there is no test %s", t)
	}
	l.well[t] = err
	return err
}

// test builds the tests of a package under an overlay and runs the chosen ones. The error is for tests that did not come
// to run at all.
func (l *lab) test(ctx context.Context, t tests, overlay string, within time.Duration) (ran, error) {
	binary, err := l.build(ctx, t.pkg, overlay)
	if err != nil {
		return ran{}, err
	}
	command := l.command(ctx, filepath.Join(l.root, t.pkg), overlay, binary,
		"-test.v", "-test.failfast", "-test.run="+t.pattern(), "-test.timeout="+within.String())
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	command.WaitDelay = time.Second // a process that a test left behind may keep the output open
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) || ctx.Err() != nil {
		return ran{}, errors.Join(err, ctx.Err())
	}
	return read(out.String(), exit != nil), nil
}

// build makes the tests of a package. Those without a mutant are kept.
func (l *lab) build(ctx context.Context, pkg, overlay string) (string, error) {
	name := "mutant"
	if overlay == "" {
		name = strings.ReplaceAll(pkg, "/", "+")
	}
	binary := filepath.Join(l.dir, name+".test")
	if _, err := os.Stat(binary); err == nil && overlay == "" {
		return binary, nil
	}
	out, err := l.command(ctx, l.root, overlay, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary, "./"+pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, tail(string(out)))
	}
	return binary, nil
}

// command is run as if the overlay were the tree, and so is all that it builds.
func (l *lab) command(ctx context.Context, dir, overlay, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if overlay != "" {
		command.Env = append(command.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	return command
}

var (
	verdicts = regexp.MustCompile(`(?m)^--- (PASS|FAIL|SKIP): (\S+)`)
	begins   = regexp.MustCompile(`(?m)^=== RUN +([^/\s]+)$`)
)

// read takes the verdicts out of what the tests printed. Tests that end without one, by a panic or an exit, have failed.
func read(output string, failed bool) ran {
	r := ran{output: output, hung: strings.Contains(output, "panic: test timed out after")}
	for _, v := range verdicts.FindAllStringSubmatch(output, -1) {
		switch v[1] {
		case "PASS":
			r.passed = append(r.passed, v[2])
		case "FAIL":
			r.failed = append(r.failed, v[2])
		case "SKIP":
			r.skipped = append(r.skipped, v[2])
		}
	}
	if failed && len(r.failed) == 0 {
		last := "TestMain"
		if begun := begins.FindAllStringSubmatch(output, -1); len(begun) > 0 {
			last = begun[len(begun)-1][1]
		}
		r.failed = []string{last}
	}
	return r
}

// tail is the end of a long text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
