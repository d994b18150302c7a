package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func historyCommand(a *app) *cobra.Command {
	var since, file string
	var states []string
	var limit int
	command := &cobra.Command{
		Use:   "history [JOB]",
		Short: "Runs that were, and due times at which nothing ran, the latest first",
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
	cfg, s, err := a.reading(cmd.Context())
	if err != nil {
		return err
	}
	runs, err := s.Runs(cmd.Context(), filter)
	if err != nil {
		return err
	}
	lines, err := withSlots(cmd.Context(), s, jobsOf(cfg, filter.Job), filter, runs)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if a.json {
			if err := a.object(line); err != nil {
				return err
			}
			continue
		}
		a.printf("%s\n", line.text(cfg.Timezone))
	}
	if len(lines) == 0 && !a.json {
		a.say("No runs match.\n")
	}
	return nil
}

// jobsOf are the names of the jobs that a history is about.
func jobsOf(cfg *config.Config, only string) []string {
	if only != "" {
		return []string{only}
	}
	names := make([]string, len(cfg.Jobs))
	for i, spec := range cfg.Jobs {
		names[i] = spec.Name
	}
	return names
}

// withSlots puts the due times between the runs at which nothing ran, with the reason why.
func withSlots(ctx context.Context, s *store.Store, jobs []string, filter store.RunFilter, runs []job.Run) ([]historyLine, error) {
	var lines []historyLine
	for _, run := range runs {
		lines = append(lines, historyOf(run))
	}
	since := filter.Since
	if len(runs) > 0 && len(runs) == filter.Limit {
		since = runs[len(runs)-1].Started
	}
	for _, name := range jobs {
		if filter.FileGlob != "" {
			break
		}
		slots, err := s.Slots(ctx, name, since)
		if err != nil {
			return nil, err
		}
		for _, slot := range slots {
			line, idle := idleOf(slot)
			if idle && (len(filter.States) == 0 || slices.Contains(filter.States, line.State)) {
				lines = append(lines, line)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b historyLine) int { return b.at().Compare(a.at()) })
	if filter.Limit > 0 && len(lines) > filter.Limit {
		lines = lines[:filter.Limit]
	}
	return lines, nil
}

// text is a run, or a due time without one, in a line.
func (l historyLine) text(zone *time.Location) string {
	number, took := "-", "-"
	if l.Run != 0 {
		number, took = strconv.FormatInt(l.Run, 10), string(l.State)
	}
	if l.Ended != nil && l.Run != 0 {
		took = l.Ended.Sub(l.at()).Round(100 * time.Millisecond).String()
	}
	text := fmt.Sprintf("%-6s %-24s %-11s %s  %8s  %d ok, %d failed, %d held  (%s)",
		number, l.Job, l.State, l.at().In(zone).Format("2006-01-02 15:04:05 MST"), took, l.Files.OK, l.Files.Failed, l.Files.Held, l.Trigger)
	if l.Error != nil {
		text += "  " + l.Error.Slug
	}
	return text
}

// historyText is a run in a line.
func historyText(r job.Run, zone *time.Location) string { return historyOf(r).text(zone) }

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
