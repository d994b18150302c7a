package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
)

// runFlags is what a run by hand may ask for.
type runFlags struct {
	dryRun bool
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
	command.Flags().StringVar(&flags.file, "file", "", "only the file of this name")
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
		return a.runThere(ctx, cfg, d, "/api/v1/jobs/"+name+"/run", web.Asked{By: user(), File: flags.file, Force: flags.force})
	}
	asked := job.Run{Trigger: job.TriggerManual, By: user(), Only: flags.file, Force: flags.force}
	return a.runHere(ctx, cfg, spec, asked)
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
func (a *app) runHere(ctx context.Context, cfg *config.Config, spec job.Spec, asked job.Run) error {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.takeOver(ctx, cfg, s); err != nil {
		return err
	}
	shown := newProgress(a)
	sys := newSystem(func() *config.Config { return cfg }, s, a.handLogger(cfg), shown.show)
	service := scheduler.New(scheduler.Options{Store: s, Runner: sys.runner, Log: sys.log})
	if err := service.Load(ctx, []job.Spec{spec}); err != nil {
		return err
	}
	begun, err := service.RunNow(ctx, spec.Name, asked)
	if err != nil {
		return err
	}
	run, err := waitFor(ctx, service, begun)
	if err != nil {
		return err
	}
	return a.reportStored(context.WithoutCancel(ctx), s, run.ID, shown)
}

// reportStored says how a run ended, as the store has it; files whose end was not shown yet are.
func (a *app) reportStored(ctx context.Context, s *store.Store, id int64, shown *progress) error {
	run, err := s.Run(ctx, id)
	if err != nil {
		return err
	}
	outcomes, err := s.RunFiles(ctx, id)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		shown.missed(o)
	}
	return a.reportRun(run, outcomes)
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
		return coded{code, nil}
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
