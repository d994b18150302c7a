package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
)

// runFlags is what a run by hand may ask for.
type runFlags struct {
	dryRun bool
	filled bool
	file   string
	force  bool
}

func runCommand(a *app) *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run JOB",
		Short: "Run a job now, with progress",
		Long: "Runs a job once, now. With a daemon on the same data folder the daemon runs it; without one this command does.\n" +
			"A run by hand is one attempt: it does not wait for retries, and says what it will not try again.",
		Args: exactly("JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args[0], flags) },
	}
	command.Flags().BoolVar(&flags.dryRun, "dry-run", false, "show what would be done, as plan does")
	command.Flags().StringVar(&flags.file, "file", "", "only the file of this name; exit 2 when the job has none")
	command.Flags().BoolVar(&flags.filled, "fail-if-empty", false, "exit 5 when the run found no file")
	command.Flags().BoolVar(&flags.force, "force", false, "take files again that were taken before")
	return command
}

func (a *app) run(ctx context.Context, name string, flags runFlags) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	spec, err := findJob(cfg, name)
	if err != nil {
		return err
	}
	if flags.dryRun {
		return a.plan(ctx, cfg, []job.Spec{spec}, planFlags{})
	}
	if d := a.daemon(ctx, cfg); d != nil {
		return flags.report(a)(a.runThere(ctx, cfg, d, "/api/v1/jobs/"+name+"/run", web.Asked{By: user(), File: flags.file, Force: flags.force}))
	}
	asked := job.Run{Trigger: job.TriggerManual, By: user(), Only: flags.file, Force: flags.force}
	return flags.report(a)(a.runHere(ctx, cfg, spec, asked))
}

// findJob finds a job by its name.
func findJob(cfg *config.Config, name string) (job.Spec, error) {
	spec, found := cfg.Job(name)
	if !found {
		return job.Spec{}, usage(fmt.Errorf("there is no job %q in %s; haulier jobs list shows them", name, cfg.Path))
	}
	return spec, nil
}

// runHere runs a job in this process, under the lock of the data folder.
func (a *app) runHere(ctx context.Context, cfg *config.Config, spec job.Spec, asked job.Run) (endedRun, error) {
	s, err := a.workHere(ctx, cfg)
	if err != nil {
		return endedRun{}, err
	}
	return a.runOn(ctx, cfg, s, spec, asked)
}

// workHere opens the store for this process as the one that works on the data folder.
func (a *app) workHere(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return s, a.takeOver(ctx, cfg, s)
}

// runOn runs a job over a store that is ours alone.
func (a *app) runOn(ctx context.Context, cfg *config.Config, s *store.Store, spec job.Spec, asked job.Run) (endedRun, error) {
	if err := control.CarryOn(ctx, s, []job.Spec{spec}); err != nil {
		return endedRun{}, err
	}
	revision, err := control.Record(ctx, s, cfg, user())
	if err != nil {
		return endedRun{}, err
	}
	shown := newProgress(a)
	sys := newSystem(func() *config.Config { return cfg }, s, a.handLogger(cfg), shown.show)
	service := scheduler.New(scheduler.Options{Store: s, Runner: sys.runner, Log: sys.log, GivenUp: sys.runner.GivenUp, Revision: func() int64 { return revision }})
	if err := service.Load(cfg.Jobs, nil); err != nil { // all: one may stand behind another (after)
		return endedRun{}, err
	}
	begun, err := service.RunNow(ctx, spec.Name, asked)
	if err != nil {
		return endedRun{}, err
	}
	run, err := waitFor(ctx, service, begun)
	if err != nil {
		return endedRun{}, err
	}
	over, err := endOf(context.WithoutCancel(ctx), s, run.ID, shown)
	if over.run.Ended.IsZero() {
		over.run = run // its end could not be written
	}
	return over, err
}

// endedRun is a run that is over, with what became of its files.
type endedRun struct {
	run      job.Run
	outcomes []job.Outcome
}

// endOf reads a run that is over; files whose end was not shown yet are.
func endOf(ctx context.Context, s *store.Store, id int64, shown *progress) (endedRun, error) {
	run, err := s.Run(ctx, id)
	if err != nil {
		return endedRun{}, err
	}
	files, err := s.RunFileIDs(ctx, id)
	if err != nil || run.State == job.RunSucceeded && run.Reason == nil && shown.all(files) {
		return endedRun{run: run}, err // nothing more is to be said of any file
	}
	outcomes, err := s.RunFiles(ctx, id)
	for _, o := range outcomes {
		shown.missed(o)
	}
	return endedRun{run, outcomes}, err
}

// report says how a run ended, and gives its exit code.
func (flags runFlags) report(a *app) func(endedRun, error) error {
	return func(e endedRun, err error) error {
		if err != nil {
			return err
		}
		err = a.reportRun(e.run, e.outcomes)
		if err == nil && flags.filled && e.run.Counts == (job.Counts{}) {
			return coded{exitEmpty, nil}
		}
		return err
	}
}

// waitFor gives the run as it ended; a signal ends it first.
func waitFor(ctx context.Context, service *scheduler.Service, begun *scheduler.Begun) (job.Run, error) {
	if run, err := begun.Wait(ctx); ctx.Err() == nil {
		return run, err
	}
	unhurried := context.WithoutCancel(ctx)
	stopped := service.Stop(ctx)
	run, err := begun.Wait(unhurried)
	return run, errors.Join(err, ignoreCancelled(stopped))
}

// ignoreCancelled: that the stop was hurried on by a signal is no failure.
func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	var by signalled
	if errors.As(err, &by) {
		return nil
	}
	return err
}

// reportRun says how a run ended, and gives its exit code.
func (a *app) reportRun(run job.Run, outcomes []job.Outcome) error {
	code := exitOfRun(run, outcomes)
	if a.json {
		if err := a.object(resultOf(run)); err != nil {
			return err
		}
		return ended(code)
	}
	a.printf("%s\n", summary(run))
	if run.Note != "" {
		a.printf("note: %s\n", run.Note)
	}
	if run.Reason != nil && !toldWithFile(run.Reason, outcomes) {
		a.printReason(run.Reason)
	}
	if run.Reason != nil && run.Reason.Temporary {
		a.say("Not tried again by hand; `haulier serve` would retry, and so does running it again.\n")
	}
	return ended(code)
}

// ended is the exit code of a command that has said everything.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return coded{code, nil}
}

// toldWithFile says whether a reason was shown already, with the file that it is about.
func toldWithFile(r *job.Reason, outcomes []job.Outcome) bool {
	for _, o := range outcomes {
		if o.File.Reason != nil && o.File.Reason.Slug == r.Slug && o.File.Reason.What == r.What {
			return true
		}
	}
	return false
}
