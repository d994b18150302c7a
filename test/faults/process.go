package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience bounds a run: what takes longer hangs.
const patience = 90 * time.Second

// run is what one call of haulier came to.
type run struct {
	code   int // -1: a signal ended it
	killed bool
	stdout string
	stderr string
	took   time.Duration
}

// all is what it said.
func (r run) all() string { return r.stdout + r.stderr }

// haulier calls the program and waits for its end.
func (w *world) haulier(ctx context.Context, args ...string) (run, error) {
	return w.haulierKilled(ctx, 0, args...)
}

// haulierKilled calls the program and kills it after a time, unless it ends by itself before. Zero: never.
func (w *world) haulierKilled(ctx context.Context, after time.Duration, args ...string) (run, error) {
	return w.haulierTold(ctx, after, syscall.SIGKILL, args...)
}

// succeeds calls the program, which has to end with 0.
func (w *world) succeeds(ctx context.Context, args ...string) error {
	r, err := w.haulier(ctx, args...)
	if err == nil && r.code != 0 {
		err = fmt.Errorf("haulier %s ended with %d\n%s", strings.Join(args, " "), r.code, r.all())
	}
	return err
}

// haulierTold calls the program and sends it a signal after a time. Zero: never.
func (w *world) haulierTold(ctx context.Context, after time.Duration, signal syscall.Signal, args ...string) (run, error) {
	return w.haulierWhen(ctx, func(ctx context.Context) bool { return after > 0 && waited(ctx, after) }, signal, args...)
}

// waited says whether a time has gone by before ctx ended.
func waited(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// haulierWhen calls the program and sends it a signal when its moment comes, unless it ends before: the moment's ctx ends then.
func (w *world) haulierWhen(ctx context.Context, moment func(context.Context) bool, signal syscall.Signal, args ...string) (run, error) {
	if w.kind.people && args[0] == "run" {
		if err := w.approve(ctx); err != nil {
			return run{}, err
		}
	}
	longest := cmp.Or(w.kind.lasts, patience)
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	command := w.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	start := time.Now()
	if err := command.Start(); err != nil {
		return run{}, err
	}
	during, over := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if moment(during) {
			_ = command.Process.Signal(signal)
		}
	})
	err := command.Wait()
	over()
	waiting.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return run{}, err
	}
	if ctx.Err() != nil {
		return run{}, fmt.Errorf("haulier %s hangs: it was ended after %v\n%s", strings.Join(args, " "), longest, stdout.String()+stderr.String())
	}
	r := run{
		code: command.ProcessState.ExitCode(), killed: command.ProcessState.ExitCode() == -1,
		stdout: stdout.String(), stderr: stderr.String(), took: time.Since(start),
	}
	if strings.Contains(r.all(), password) {
		return r, fmt.Errorf("haulier %s shows the password\n%s", strings.Join(args, " "), r.all())
	}
	return r, w.leftOver(command)
}

// approve is the person who looks at what runs before hold of a supervised job: no failpoint strikes meanwhile.
func (w *world) approve(ctx context.Context) error {
	points := w.points
	w.points = ""
	err := w.succeeds(ctx, "approve", "--all", "move")
	w.points = points
	return err
}

// under calls the program beneath another one, such as strace.
func (w *world) under(ctx context.Context, wrapper []string, args ...string) (run, error) {
	w.wrapper = wrapper
	defer func() { w.wrapper = nil }()
	return w.haulier(ctx, args...)
}

// accountOf is the variable that names the file in which a process says what it held.
const accountOf = "HAULIER_FAILPOINTS_REST="

func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	words := append(append(slices.Clone(w.wrapper), w.program, "-c", w.path("haulier.yaml")), args...)
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir = w.dir
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGQUIT) } // it says what it hangs on
	command.WaitDelay = 5 * time.Second
	command.Env = append(os.Environ(), "PASSWORD="+password, "NO_COLOR=1", "USER=faults", "TZ=UTC", "HOME="+w.dir,
		"HAULIER_FAILPOINTS="+w.points, "HAULIER_FAILPOINTS_LOG="+w.path("log/points"))
	command.Env = append(command.Env, w.env...)
	command.Env = append(command.Env, accountOf+w.path(fmt.Sprintf("log/rest-%d", w.calls.Add(1))))
	return command
}

// leftOver weighs a process that has ended by itself, and fails when it had not given everything back, or does not say.
func (w *world) leftOver(command *exec.Cmd) error {
	if code := command.ProcessState.ExitCode(); code == -1 || code == 137 { // killed, itself or beneath another program
		return nil
	}
	path := strings.TrimPrefix(command.Env[len(command.Env)-1], accountOf)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s, which ended with %d, does not say what it held: %w", command, command.ProcessState.ExitCode(), err)
	}
	peak, rest, _ := strings.Cut(string(text), "\n")
	bytes, err := strconv.ParseInt(peak, 10, 64)
	if err != nil || bytes == 0 {
		return errors.Join(fmt.Errorf("the process does not say how much memory it had: %q", text), err)
	}
	for most := w.peak.Load(); bytes > most && !w.peak.CompareAndSwap(most, bytes); most = w.peak.Load() {
	}
	if rest != "" {
		return fmt.Errorf("at its end the process still had %s", rest)
	}
	return os.Remove(path)
}
