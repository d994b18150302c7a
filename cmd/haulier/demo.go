package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

func demoCommand(a *app) *cobra.Command {
	var keep bool
	var lasts time.Duration
	command := &cobra.Command{
		Use:   "demo",
		Short: "Show an import, an export and a failure on this machine",
		Long: "Starts a customer's SFTP server on a loopback port, makes a folder haulier-demo with a configuration, keys and files,\n" +
			"and runs three jobs at once and then every minute, as `haulier serve` does: an import of a PGP file, an export that is\n" +
			"encrypted, and an import that is rejected on purpose. The dashboard is on a loopback port; a password for it is made anew\n" +
			"each time and shown once. Ctrl-C ends the demo; the folder goes unless --keep says otherwise.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), keep, lasts) },
	}
	command.AddCommand(breakCommand(a), mendCommand(a))
	command.Flags().BoolVar(&keep, "keep", false, "leave the folder behind")
	command.Flags().DurationVar(&lasts, "for", 0, "end by itself after this time, such as 90s (default: Ctrl-C ends it)")
	return command
}

// demo runs the demo until it is ended, which is no failure.
func (a *app) demo(ctx context.Context, keep bool, lasts time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // the terminal was closed
	defer stop()
	if lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lasts)
		defer cancel()
	}
	stage, err := a.buildDemo(ctx, keep)
	if err == nil {
		err = a.serveWhile(ctx, stage.cfg, stage.store, stage.play)
	}
	switch {
	case ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && (stage == nil || !stage.shown):
		return fmt.Errorf("the demo ended after %s, before its first three runs had", lasts)
	}
	return ignoreCancelled(ignoreDeadline(err))
}

// expected is what the first run of each job comes to.
var expected = map[string]job.RunState{
	customersJob: job.RunSucceeded, segmentJob: job.RunSucceeded, payrollJob: job.RunFailed,
}

// play shows what the daemon does until the context ends: three runs at once, then what the schedule brings.
func (s *demoStage) play(ctx context.Context, d *control.Daemon) error {
	events, stop := d.Hub.Watch(0)
	defer stop()
	firsts, wait := s.first(ctx, d)
	defer wait()
	broken := make(chan job.Run, 1)
	stopListening := func() error { return nil }
	defer func() { _ = stopListening() }() // best effort: the folder goes anyway, or is looked at by people
	fresh := time.NewTimer(untilFresh(time.Now()))
	defer fresh.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-events:
			s.tell(ctx, event)
		case err := <-firsts:
			for len(events) > 0 {
				s.tell(ctx, <-events)
			}
			if err != nil {
				return err
			}
			s.shown = true
			if stopListening, err = s.listen(d, broken); err != nil {
				return err
			}
			s.invite()
			s.hint()
		case run := <-broken:
			s.tellRun(run)
		case <-fresh.C:
			if err := s.refresh(ctx); err != nil {
				return err
			}
			fresh.Reset(untilFresh(time.Now()))
		}
	}
}

// first runs all three jobs at once, and tells when all have ended as they should. Wait waits for who does that.
func (s *demoStage) first(ctx context.Context, d *control.Daemon) (done <-chan error, wait func()) {
	result := make(chan error, 1)
	var all sync.WaitGroup
	all.Go(func() {
		var runs sync.WaitGroup
		ends := make(chan error, len(expected))
		for name, state := range expected {
			runs.Go(func() { ends <- s.once(ctx, d, name, state) })
		}
		runs.Wait()
		close(ends)
		var err error
		for end := range ends {
			err = errors.Join(err, end)
		}
		if ctx.Err() == nil {
			result <- err
		}
	})
	return result, all.Wait
}

// once runs a job and says what is wrong when it ends in another state than wanted.
func (s *demoStage) once(ctx context.Context, d *control.Daemon, name string, want job.RunState) error {
	run, err := d.RunJob(ctx, name, job.Run{By: user()})
	if err != nil {
		return err
	}
	run, err = d.WaitRun(ctx, run.ID)
	if err != nil || run.State == want {
		return err
	}
	if run.Reason != nil {
		return run.Reason
	}
	return fmt.Errorf("run %d of %s ended %s, not %s", run.ID, name, run.State, want)
}

// hint says what to try while the demo goes on.
func (s *demoStage) hint() {
	s.app.say("\nAll three run again every minute, on fresh files. Try in another terminal, and break something:\n")
	for _, command := range demoHints {
		s.app.say("  %s -c %s %s\n", os.Args[0], s.config, command)
	}
	end := "The folder " + s.dir + " goes at the end; --keep leaves it."
	if s.keep {
		end = "The folder " + s.dir + " stays."
	}
	s.app.say("Ctrl-C ends the demo. %s\n\n", end)
}

// demoHints are commands worth trying on the demo.
var demoHints = []string{"status", "history", "show 1", "plan", "connections test acme", "doctor", "demo break", "demo break hostkey", "demo mend"}
