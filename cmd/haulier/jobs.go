package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
)

func jobsCommand(a *app) *cobra.Command {
	return group("jobs", "What is configured to run, and when", jobsListCommand(a), jobsNextCommand(a), jobsExpectationsCommand(a), jobsExtendCommand(a))
}

// jobLine is a configured job as scripts read it.
type jobLine struct {
	Job        string     `json:"job"`
	Type       job.Type   `json:"type"`
	Connection string     `json:"connection"`
	Enabled    bool       `json:"enabled"`
	Schedule   string     `json:"schedule"` // empty: by hand, or after another job
	Timezone   string     `json:"timezone"`
	After      string     `json:"after,omitempty"`
	Next       *time.Time `json:"next"`
	Supervised string     `json:"supervised,omitempty"` // how far a supervised job has come
	Configured string     `json:"configured"`           // file:line
}

func jobLineOf(spec job.Spec) jobLine {
	line := jobLine{
		Job: spec.Name, Type: spec.Type, Connection: spec.Connection, Enabled: spec.Enabled, Schedule: spec.Timing.Cron,
		Timezone: spec.Timing.Zone.String(), After: spec.Timing.After, Configured: fmt.Sprintf("%s:%d", spec.Position.File, spec.Position.Line),
	}
	if next := nextOf(spec); spec.Enabled && !next.IsZero() {
		next = next.UTC()
		line.Next = &next
	}
	return line
}

func jobsListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "All jobs, with their schedules and next times",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			return a.listJobs(cmd.Context(), cfg)
		},
	}
}

func (a *app) listJobs(ctx context.Context, cfg *config.Config) error {
	s := a.counting(ctx, cfg)
	for _, spec := range cfg.Jobs {
		line := jobLineOf(spec)
		var err error
		if line.Supervised, err = a.supervise(ctx, s, spec); err != nil {
			return err
		}
		if a.json {
			if err := a.object(line); err != nil {
				return err
			}
			continue
		}
		a.printf("%-24s %-6s %-16s %-18s %s\n", line.Job, line.Type, line.Connection, whenText(line), nextText(line, spec.Timing.Zone))
		if line.Supervised != "" {
			a.printf("%-24s %s\n", "", line.Supervised)
		}
	}
	if len(cfg.Jobs) == 0 && !a.json {
		a.say("No job is configured.\n")
	}
	return nil
}

// supervise says how far a supervised job has come; without a store, not far.
func (a *app) supervise(ctx context.Context, s *store.Store, spec job.Spec) (string, error) {
	if s == nil {
		return transfer.Supervision(spec.Supervised, job.Approvals{}), nil
	}
	done, err := s.Approvals(ctx, spec.Name)
	return transfer.Supervision(spec.Supervised, done), err
}

// counting opens the store if a job is supervised; nil: there is nothing to count, or no store yet.
func (a *app) counting(ctx context.Context, cfg *config.Config) *store.Store {
	if !slices.ContainsFunc(cfg.Jobs, func(s job.Spec) bool { return s.Supervised != (job.Supervised{}) }) {
		return nil
	}
	s, err := a.readStore(ctx, cfg)
	if err != nil {
		return nil
	}
	return s
}

func whenText(l jobLine) string {
	switch {
	case l.Schedule != "":
		return l.Schedule
	case l.After != "":
		return "after " + l.After
	}
	return "by hand"
}

func nextText(l jobLine, zone *time.Location) string {
	switch {
	case !l.Enabled:
		return "disabled"
	case l.Next == nil:
		return ""
	}
	return "next " + dayAndTime(*l.Next, zone)
}

// dayAndTime is an instant as people read a timetable, with its zone.
func dayAndTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04 MST")
}

func jobsNextCommand(a *app) *cobra.Command {
	var n int
	command := &cobra.Command{
		Use:   "next [JOB]",
		Short: "The next times of jobs, with their zone and what clock changes do to them",
		Long: "Shows when jobs run next by their schedules, calendars and windows. A time that a change of the clocks skips is run\n" +
			"right after it; one that comes twice is run once. Whether a run begins then also depends on pauses and connections,\n" +
			"which status tells.",
		Args: between(0, "JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(_ *cobra.Command, args []string) error {
			if n < 1 || n > mostNext {
				return usage(fmt.Errorf("--count %d: write a number from 1 to %d", n, mostNext))
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			specs := cfg.Jobs
			if len(args) == 1 {
				spec, err := findJob(cfg, args[0])
				if err != nil {
					return err
				}
				specs = []job.Spec{spec}
			}
			return a.nextTimes(specs, time.Now(), n)
		},
	}
	command.Flags().IntVar(&n, "count", 10, "how many times of each job")
	return command
}

// mostNext bounds the times of one job that are shown.
const mostNext = 10_000

// nextLine is one time ahead as scripts read it.
type nextLine struct {
	Job    string    `json:"job"`
	Due    time.Time `json:"due"`
	Starts time.Time `json:"starts"` // due, and the job's jitter
	Local  string    `json:"local"`  // the wall time asked for, in the zone
	Zone   string    `json:"timezone"`
	Offset int       `json:"utc_offset"` // seconds east of UTC
	Notes  []string  `json:"notes"`
}

func (a *app) nextTimes(specs []job.Spec, now time.Time, n int) error {
	for _, spec := range specs {
		upcoming, err := scheduler.Next(spec, now, n)
		if err != nil {
			return err
		}
		if !a.json {
			a.printf("%s  (%s, %s)%s\n", spec.Name, whenText(jobLineOf(spec)), spec.Timing.Zone, disabledText(spec))
		}
		for _, next := range upcoming {
			if err := a.printNext(spec, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func disabledText(spec job.Spec) string {
	if spec.Enabled {
		return ""
	}
	return "  disabled: none of these will run"
}

func (a *app) printNext(spec job.Spec, next scheduler.Upcoming) error {
	if a.json {
		notes := next.Notes
		if notes == nil {
			notes = []string{}
		}
		return a.object(nextLine{spec.Name, next.Slot.Due.UTC(), next.Starts.UTC(), next.Slot.Wall, next.Slot.Zone, next.Slot.Offset, notes})
	}
	text := "  " + dayAndTime(next.Slot.Due, spec.Timing.Zone)
	if late := next.Starts.Sub(next.Slot.Due); late > 0 {
		text += fmt.Sprintf(", starts %s later", span.Text(late))
	}
	if len(next.Notes) > 0 {
		text += "  (" + strings.Join(next.Notes, "; ") + ")"
	}
	a.printf("%s\n", text)
	return nil
}
