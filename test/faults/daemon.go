package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// daemon is haulier at work by itself.
type daemon struct {
	w       *world
	command *exec.Cmd
}

// serve starts the daemon and waits until it answers.
func (w *world) serve(ctx context.Context) (*daemon, error) {
	log, err := os.Create(w.path("log/daemon"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	d := &daemon{w, w.command(ctx, "serve")}
	d.command.Stdout, d.command.Stderr = log, log
	if err := d.command.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if text, err := os.ReadFile(w.path("log/daemon")); err == nil && strings.Contains(string(text), "haulier serves") {
			return d, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("the daemon does not answer"), d.stop())
}

// stop ends the daemon as a service manager does: within its ten seconds.
func (d *daemon) stop() error {
	if err := d.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	hangs := time.AfterFunc(12*time.Second, func() { _ = d.command.Process.Kill() })
	_ = d.command.Wait()
	if !hangs.Stop() {
		return errors.New("the daemon had not ended 12 s after SIGTERM")
	}
	return d.w.leftOver(d.command)
}

// holding is what a process holds.
type holding struct {
	resident int64 // bytes
	files    int
}

func (d *daemon) holds() (holding, error) {
	dir := fmt.Sprintf("/proc/%d/", d.command.Process.Pid)
	open, err := os.ReadDir(dir + "fd")
	if err != nil {
		return holding{}, err
	}
	status, err := os.ReadFile(dir + "status")
	if err != nil {
		return holding{}, err
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return holding{}, fmt.Errorf("%sstatus tells no VmRSS", dir)
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	return holding{resident: kib << 10, files: len(open)}, err
}

// manyRuns asks one daemon for many runs, and looks at what it holds in between.
func manyRuns(ctx context.Context, p *pass) error {
	return p.inWorldsWith(ctx, exportMove, 1, func(w *world) (err error) {
		d, err := w.serve(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		var first holding
		for n := range p.times {
			if err := p.askRun(ctx, w); err != nil {
				return err
			}
			if n == p.times/2 {
				if first, err = d.holds(); err != nil {
					return err
				}
			}
		}
		if err := p.look(ctx, w); err != nil {
			return err
		}
		last, err := d.holds()
		if err != nil {
			return err
		}
		p.Peak = max(p.Peak, last.resident)
		p.say("half way %+v, at the end %+v", first, last)
		if last.files > first.files+2 {
			return fmt.Errorf("%d files open after %d runs, %d after %d", first.files, p.times/2, last.files, p.times)
		}
		// 1 MiB for a thousand runs, and 8 MiB for what fills once.
		if grown := last.resident - first.resident; grown > 8<<20+int64(p.times)<<10 {
			return fmt.Errorf("resident memory grew by %d KiB in %d runs", grown>>10, p.times/2)
		}
		return nil
	})
}

func (p *pass) askRun(ctx context.Context, w *world) error {
	put, err := w.people.putOut([]int{10 << 10})
	if err != nil {
		return err
	}
	p.Files += put
	p.Rounds++
	return w.succeeds(ctx, "run", "move")
}
