package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/bench/link"
)

// step is a process of a contestant, measured from its start to its end.
type step struct {
	words []string
	env   []string // further variables, NAME=VALUE
	// meanwhile is done while the process runs; the process is told to end afterwards.
	meanwhile func(ctx context.Context) error
	judge     func(stdout []byte) error // says whether what it printed is right; nil: whatever it is
}

// cost is what a run took.
type cost struct {
	Wall   float64 `json:"wall_s"`
	User   float64 `json:"user_s"` // of the client, and of all that it started
	Sys    float64 `json:"sys_s"`
	Server float64 `json:"server_s"` // user and system
	Peak   int64   `json:"peak_bytes"`
}

func (c cost) and(o cost) cost {
	return cost{c.Wall + o.Wall, c.User + o.User, c.Sys + o.Sys, c.Server + o.Server, max(c.Peak, o.Peak)}
}

// patience is how long one process may take: one that takes longer hangs.
const patience = 10 * time.Minute

// measure runs the process in a namespace, its output in files of dir.
func (s step) measure(ctx context.Context, inside *link.Namespace, dir string) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command, out, err := s.command(ctx, dir)
	if err != nil {
		return cost{}, err
	}
	defer out.close()
	begin := time.Now()
	if err := inside.Do(command.Start); err != nil {
		return cost{}, err
	}
	watched := watch(command.Process.Pid)
	driven := s.drive(ctx, command)
	err = command.Wait()
	wall := time.Since(begin)
	peak := watched.end()
	err = errors.Join(driven(), err)
	if err == nil && s.judge != nil {
		err = out.judge(s.judge)
	}
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w%s", strings.Join(command.Args, " "), err, out.tail())
	}
	state := command.ProcessState
	return cost{Wall: wall.Seconds(), User: state.UserTime().Seconds(), Sys: state.SystemTime().Seconds(), Peak: peak}, nil
}

// command is in a process group of its own, so that it is killed with all that it started.
func (s step) command(ctx context.Context, dir string) (*exec.Cmd, *output, error) {
	out, err := newOutput(dir)
	if err != nil {
		return nil, nil, err
	}
	command := exec.CommandContext(ctx, s.words[0], s.words[1:]...)
	command.Dir, command.Stdout, command.Stderr = dir, out.stdout, out.stderr
	command.Env = append(os.Environ(), append([]string{"NO_COLOR=1", "USER=bench", "TZ=UTC", "HOME=" + dir}, s.env...)...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command, out, nil
}

// drive does what is to be done meanwhile. The function that it gives says how that went, once the process has ended.
func (s step) drive(ctx context.Context, command *exec.Cmd) func() error {
	if s.meanwhile == nil {
		return func() error { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	went := make(chan error, 1)
	go func() {
		err := s.meanwhile(ctx)
		went <- err
		if err == nil {
			_ = command.Process.Signal(syscall.SIGTERM)
		} else {
			_ = command.Cancel()
		}
	}()
	return func() error { cancel(); return <-went }
}

// output is what a process says, in files: nobody has to read along.
type output struct{ stdout, stderr *os.File }

func newOutput(dir string) (*output, error) {
	stdout, err := os.CreateTemp(dir, "stdout-")
	if err != nil {
		return nil, err
	}
	stderr, err := os.CreateTemp(dir, "stderr-")
	if err != nil {
		_ = stdout.Close()
		return nil, err
	}
	return &output{stdout, stderr}, nil
}

func (o *output) close() {
	_ = o.stdout.Close()
	_ = o.stderr.Close()
}

func (o *output) judge(judge func([]byte) error) error {
	said, err := os.ReadFile(o.stdout.Name())
	if err != nil {
		return err
	}
	return judge(said)
}

// tail is the end of what was said, for an error.
func (o *output) tail() string {
	var tail string
	for _, file := range []*os.File{o.stdout, o.stderr} {
		said, _ := os.ReadFile(file.Name())
		said = bytes.TrimSpace(said[max(0, len(said)-1000):])
		if len(said) > 0 {
			tail += "\n" + string(said)
		}
	}
	return tail
}
