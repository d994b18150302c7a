package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func historyCommand(a *app) *cobra.Command {
	var since, file string
	var states []string
	var limit int
	command := &cobra.Command{
		Use:   "history [JOB]",
		Short: "Runs that were, the latest first",
		Args:  between(0, "JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter := store.RunFilter{FileGlob: file, Limit: limit}
			if len(args) == 1 {
				filter.Job = args[0]
			}
			for _, state := range states {
				filter.States = append(filter.States, job.RunState(state))
			}
			if since != "" {
				age, err := parseAge(since)
				if err != nil {
					return usage(err)
				}
				filter.Since = time.Now().Add(-age)
			}
			return a.history(cmd, filter)
		},
	}
	command.Flags().StringVar(&since, "since", "", "only runs that started within this time, e.g. 7d")
	command.Flags().StringSliceVar(&states, "state", nil, "only runs in these states, e.g. failed,partial")
	command.Flags().StringVar(&file, "file", "", "only runs that moved a file whose name matches this glob")
	command.Flags().IntVar(&limit, "limit", 50, "at most so many runs")
	return command
}

func (a *app) history(cmd *cobra.Command, filter store.RunFilter) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := a.readStore(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	runs, err := s.Runs(cmd.Context(), filter)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if a.json {
			if err := a.object(historyOf(run)); err != nil {
				return err
			}
			continue
		}
		a.printf("%s\n", historyText(run, cfg.Timezone))
	}
	if len(runs) == 0 && !a.json {
		a.say("No runs match.\n")
	}
	return nil
}

// historyText is a run in a line.
func historyText(r job.Run, zone *time.Location) string {
	took := "running"
	if !r.Ended.IsZero() {
		took = r.Ended.Sub(r.Started).Round(100 * time.Millisecond).String()
	}
	text := fmt.Sprintf("%-6d %-24s %-11s %s  %8s  %d ok, %d failed, %d held  (%s)",
		r.ID, r.Job, r.State, r.Started.In(zone).Format("2006-01-02 15:04:05 MST"), took, r.Counts.OK, r.Counts.Failed, r.Counts.Held, r.Trigger)
	if r.Reason != nil {
		text += "  " + r.Reason.Slug
	}
	return text
}

// parseAge reads a duration in which d stands for days.
func parseAge(text string) (time.Duration, error) {
	if days, found := strings.CutSuffix(text, "d"); found {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%q is no time span: write 7d, 12h or 30m", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is no time span: write 7d, 12h or 30m", text)
	}
	return age, nil
}
