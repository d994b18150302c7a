package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func logsCommand(a *app) *cobra.Command {
	var follow bool
	command := &cobra.Command{
		Use:   "logs [RUN|JOB]",
		Short: "Log lines of a run, or of a job's last run",
		Args:  exactly("RUN|JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.logs(cmd.Context(), args[0], follow)
		},
	}
	command.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the run has ended")
	return command
}

// followEvery is how often a followed log is looked at.
const followEvery = 500 * time.Millisecond

func (a *app) logs(ctx context.Context, which string, follow bool) error {
	cfg, s, err := a.reading(ctx)
	if err != nil {
		return err
	}
	run, err := findRun(ctx, s, which)
	if err != nil {
		return err
	}
	after := int64(0)
	for {
		after, err = a.printLog(ctx, s, run.ID, after, cfg.Timezone)
		if err != nil || !follow {
			return err
		}
		if run, err = s.Run(ctx, run.ID); err != nil {
			return err
		}
		if !run.Ended.IsZero() {
			_, err = a.printLog(ctx, s, run.ID, after, cfg.Timezone)
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followEvery):
		}
	}
}

// findRun finds a run by its number, or a job's last one.
func findRun(ctx context.Context, s *store.Store, which string) (job.Run, error) {
	if id, err := strconv.ParseInt(which, 10, 64); err == nil {
		return s.Run(ctx, id)
	}
	run, found, err := s.LastRun(ctx, which)
	if err == nil && !found {
		err = usage(errors.New("no run of a job " + strconv.Quote(which) + " is known"))
	}
	return run, err
}

// printLog prints the lines after one, and gives the last that it printed.
func (a *app) printLog(ctx context.Context, s *store.Store, run, after int64, zone *time.Location) (int64, error) {
	for {
		lines, err := s.LogLines(ctx, run, after, 0)
		if err != nil || len(lines) == 0 {
			return after, err
		}
		for _, line := range lines {
			after = line.ID
			if a.json {
				if err := a.object(line); err != nil {
					return after, err
				}
				continue
			}
			a.printf("%s %-5s %s\n", line.At.In(zone).Format("2006-01-02 15:04:05.000 MST"), line.Level, line.Line)
		}
	}
}
