// Package program builds haulier as it would be installed and runs it as a process of its own, for tests of the whole.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Build makes the program without cgo in a folder of its own, with these build tags, and gives its path. Remove deletes the
// folder.
func Build(tags ...string) (path string, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "haulier-built-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "haulier")
	build := exec.Command("go", "build", "-trimpath", "-tags", strings.Join(tags, ","), "-o", path, "github.com/haulier/haulier/cmd/haulier")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("build haulier: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return path, func() error { return os.RemoveAll(dir) }, nil
}

// A Machine is where the program is installed.
type Machine struct {
	Program string   // as Build gave it
	Dir     string   // where it is called; haulier.yaml lies here
	Env     []string // further variables, NAME=VALUE
}

// Ended is what a call of the program came to.
type Ended struct {
	Stdout, Stderr string
	Code           int // -1: a signal ended it

	MaxRSS    int64         // most memory that was resident, in bytes
	User, Sys time.Duration // of CPU time
	Wall      time.Duration
}

// Run calls the program and waits for its end. The error is for a call that did not come about.
func (m Machine) Run(ctx context.Context, args ...string) (Ended, error) {
	command := m.command(ctx, args)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	begin := time.Now()
	err := command.Run()
	ended := Ended{Stdout: stdout.String(), Stderr: stderr.String(), Wall: time.Since(begin)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return ended, fmt.Errorf("call haulier %q: %w", args, err)
	}
	state := command.ProcessState
	ended.Code, ended.User, ended.Sys = state.ExitCode(), state.UserTime(), state.SystemTime()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		ended.MaxRSS = usage.Maxrss << 10 // Linux tells KiB
	}
	return ended, nil
}

// Start calls the program and does not wait; its output goes to the file at log.
func (m Machine) Start(ctx context.Context, log string, args ...string) (*exec.Cmd, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	command := m.command(ctx, args)
	command.Stdout, command.Stderr = out, out
	return command, command.Start()
}

func (m Machine) command(ctx context.Context, args []string) *exec.Cmd {
	command := exec.CommandContext(ctx, m.Program, args...)
	command.Dir = m.Dir
	command.Env = append(os.Environ(), append([]string{"NO_COLOR=1", "USER=ops", "TZ=UTC"}, m.Env...)...)
	return command
}
