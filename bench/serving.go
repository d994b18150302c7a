package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/haulier/haulier/bench/link"
)

// serving is a daemon that is watched while it does what it does.
type serving struct {
	dir     string // with its configuration
	command *exec.Cmd
	client  *http.Client
	log     *os.File
	woke    time.Duration // from its start until it answered
}

// serve starts a daemon and returns when it answers.
func serve(ctx context.Context, inside *link.Namespace, program, dir string) (*serving, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	s := &serving{dir: dir, log: log, command: exec.Command(program, "-c", filepath.Join(dir, configName), "serve")}
	s.command.Stderr = log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	s.client = socketClient(filepath.Join(dir, "data", "haulier.sock"))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	if err := inside.Do(s.command.Start); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := awake(ctx, s.client); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.woke = time.Since(began)
	return s, nil
}

const configName = "haulier.yaml"

func socketClient(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
}

func (s *serving) stop() error {
	s.client.CloseIdleConnections()
	_ = s.command.Process.Signal(syscall.SIGTERM)
	return errors.Join(s.command.Wait(), s.log.Close())
}

func (s *serving) cpu() time.Duration { return cpuOf(s.command.Process.Pid) }

func (s *serving) resident() int64 { return residentOf(s.command.Process.Pid) }

// peak is the most memory that it held.
func (s *serving) peak() int64 {
	kb, _ := strconv.ParseInt(first(`VmHWM:\s*(\d+) kB`, fmt.Sprintf("/proc/%d/status", s.command.Process.Pid)), 10, 64)
	return kb * kib
}

// switches counts how often its threads were put aside, or woke.
func (s *serving) switches() (sum int64) {
	all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", s.command.Process.Pid))
	for _, file := range all {
		text, _ := os.ReadFile(file)
		for _, found := range regexp.MustCompile(`ctxt_switches:\s*(\d+)`).FindAllSubmatch(text, -1) {
			n, _ := strconv.ParseInt(string(found[1]), 10, 64)
			sum += n
		}
	}
	return sum
}

// rest waits until it has had nothing to do for a while.
func (s *serving) rest(ctx context.Context) error {
	for before := time.Duration(-1); s.cpu() > before+2*tick; {
		before = s.cpu()
		if err := pause(ctx, 3*time.Second); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// said waits until its log has said something so often.
func (s *serving) said(ctx context.Context, what string, times int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		text, err := os.ReadFile(s.log.Name())
		if err != nil || bytes.Count(text, []byte(what)) >= times {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("the log says %q %d times, not %d: %w", what, bytes.Count(text, []byte(what)), times, err)
		}
	}
}

// reload lets it read its configuration again.
func (s *serving) reload(ctx context.Context) error {
	answer, err := get(ctx, s.client, http.MethodPost, "/api/v1/config/reload", []byte(`{"by":"bench"}`))
	if err != nil {
		return err
	}
	return answer.Close()
}

// ranRun is a run that has ended.
type ranRun struct {
	due, started, ended time.Time
	text                json.RawMessage
}

// runs waits for the first runs of a ledger, and gives them as they ended.
func (s *serving) runs(ctx context.Context, n int) (all []ranRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for len(all) < n {
		run, err := s.run(ctx, len(all)+1)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err == nil && !run.ended.IsZero():
			all = append(all, run)
		default:
			_ = pause(ctx, 50*time.Millisecond)
		}
	}
	return all, nil
}

func (s *serving) run(ctx context.Context, id int) (ranRun, error) {
	answer, err := get(ctx, s.client, http.MethodGet, fmt.Sprintf("/api/v1/runs/%d", id), nil)
	if err != nil {
		return ranRun{}, err
	}
	defer answer.Close()
	var text json.RawMessage
	if err := json.NewDecoder(answer).Decode(&text); err != nil {
		return ranRun{}, err
	}
	var run struct {
		Due     time.Time `json:"scheduled_for"`
		Started time.Time
		Ended   time.Time
	}
	err = json.Unmarshal(text, &run)
	return ranRun{run.Due, run.Started, run.Ended, text}, err
}
