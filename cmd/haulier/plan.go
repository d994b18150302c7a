package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftp"
)

// planFlags is how a plan is asked for.
type planFlags struct {
	at       string
	detailed bool
}

func planCommand(a *app) *cobra.Command {
	var flags planFlags
	command := &cobra.Command{
		Use:               "plan [JOB...]",
		Short:             "Show what the next run would do; nothing is moved",
		Long:              "Logs in, lists and compares with the ledger, and says for each file what the next run would do and why.\nNothing is changed on either side. Marks: + transfer  > move  - delete  = done before  . not ready  ! would fail",
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			specs := cfg.Jobs
			if len(args) > 0 {
				specs = nil
			}
			for _, name := range args {
				spec, err := findJob(cfg, name)
				if err != nil {
					return err
				}
				specs = append(specs, spec)
			}
			return a.plan(cmd.Context(), cfg, specs, flags)
		},
	}
	command.Flags().StringVar(&flags.at, "at", "", "plan for the run of this time, e.g. 2026-11-24T01:15:00Z: dates in names count from it")
	command.Flags().BoolVar(&flags.detailed, "detailed-exitcode", false, "exit 2 when there is work to do")
	return command
}

// planOf is one job's plan as scripts read it.
type planOf struct {
	Job     string       `json:"job"`
	Type    job.Type     `json:"type"`
	Next    time.Time    `json:"next,omitzero"`
	Intents []job.Intent `json:"intents"`
}

func (a *app) plan(ctx context.Context, cfg *config.Config, specs []job.Spec, flags planFlags) error {
	run := job.Run{Started: time.Now()}
	if flags.at != "" {
		at, err := time.Parse(time.RFC3339, flags.at)
		if err != nil {
			return usage(fmt.Errorf("--at %q: write 2026-11-24T01:15:00Z", flags.at))
		}
		run.Started = at
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	work := false
	for _, spec := range specs {
		intents, err := planJob(ctx, cfg, s, poolOf(cfg, s, nil), spec, run)
		if err != nil {
			return fmt.Errorf("job %s: %w", spec.Name, err)
		}
		work = work || len(intents) > 0 && hasWork(intents)
		if err := a.printPlan(spec, intents); err != nil {
			return err
		}
	}
	if work && flags.detailed {
		return coded{exitUsage, nil}
	}
	return nil
}

func hasWork(intents []job.Intent) bool {
	for _, intent := range intents {
		if intent.Mark == job.MarkTransfer || intent.Mark == job.MarkMove || intent.Mark == job.MarkDelete {
			return true
		}
	}
	return false
}

// planJob plans one job: imports list the server, exports look into the outbox and at what is known of the server.
func planJob(ctx context.Context, cfg *config.Config, s *store.Store, pool *sftp.Pool, spec job.Spec, run job.Run) ([]job.Intent, error) {
	c := cfg.Connections[spec.Connection]
	if spec.Type == job.TypeExport {
		profile, err := s.Profile(ctx, c.Name)
		if err != nil {
			return nil, err
		}
		exporter := transfer.Exporter{
			Ledger: s, Epoch: s.Epoch,
			Outbox: func(dir string) (transfer.Outbox, error) { return local.OpenOutbox(dir) },
			Stage: func(jobName string) (transfer.Stage, error) {
				return local.PeekStage(filepath.Join(cfg.DataDir, stageDir, jobName)), nil
			},
		}
		return exporter.Plan(ctx, profile, c, spec, run)
	}
	session, err := pool.Session(ctx, c)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	importer := transfer.Importer{
		Ledger: s, Epoch: s.Epoch,
		Former: func(dir string) (transfer.Landing, error) { return local.PeekLanding(dir), nil },
	}
	return importer.Plan(ctx, session, spec, run)
}

func (a *app) printPlan(spec job.Spec, intents []job.Intent) error {
	next := nextOf(spec)
	if a.json {
		if intents == nil {
			intents = []job.Intent{}
		}
		return a.object(planOf{Job: spec.Name, Type: spec.Type, Next: next, Intents: intents})
	}
	a.printf("%s (%s)", spec.Name, spec.Type)
	if !next.IsZero() {
		a.printf("  next %s (in %s)", next.In(spec.Timing.Zone).Format("Mon 2006-01-02 15:04 MST"), span.Text(time.Until(next)))
	}
	a.printf("%s\n", expectText(spec.Expect))
	counts := job.CountIntents(intents)
	for _, intent := range intents {
		a.printf("  %s %-9s %-40s %10s  %s\n", intent.Mark, intent.Act, intent.Name, sizeOrNot(intent.Size), intent.Why)
		for _, detail := range intent.Detail {
			a.printf("      %s\n", detail)
		}
	}
	a.printf("%d to transfer, %d to move, %d to delete, %d done before, %d not ready, %d would fail.   (+ transfer  > move  - delete  = done before  . not ready  ! would fail)\n",
		counts[job.MarkTransfer], counts[job.MarkMove], counts[job.MarkDelete], counts[job.MarkDone], counts[job.MarkWait], counts[job.MarkFail])
	return nil
}

func sizeOrNot(n int64) string {
	if n < 0 {
		return ""
	}
	return size(n)
}

// nextOf is when a job runs next by its schedule; zero: never by itself.
func nextOf(spec job.Spec) time.Time {
	upcoming, err := scheduler.Next(spec, time.Now(), 1)
	if err != nil || len(upcoming) == 0 {
		return time.Time{}
	}
	return upcoming[0].Starts
}
