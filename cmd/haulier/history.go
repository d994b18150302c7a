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
				if err := oneOf("--state", state, historyStates...); err != nil {
					return err
				}
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
	lines, err := historyLines(cmd.Context(), cfg, s, filter)
	if err != nil {
		return err
	}
	if len(lines) == 0 && filter.Job != "" {
		if err := a.knownJob(cmd.Context(), cfg, s, filter.Job); err != nil {
			return err
		}
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

// historyStates are the states that lines of a history have: those of runs, and of due times at which nothing ran.
var historyStates = []string{
	string(job.RunQueued), string(job.RunRunning), string(job.RunSucceeded), string(job.RunPartial), string(job.RunFailed), string(job.RunSkipped),
	string(job.RunInterrupted), string(job.RunCancelled), string(job.SlotMissed),
}

// historyLines gives the lines of a history. A job that was renamed has those of its old name too, also before a run carried
// them over.
func historyLines(ctx context.Context, cfg *config.Config, s *store.Store, filter store.RunFilter) ([]historyLine, error) {
	names := jobsOf(cfg, filter.Job)
	asked := []string{filter.Job}
	if filter.Job != "" {
		asked = names
	}
	var runs []job.Run
	for _, name := range asked {
		filter.Job = name
		some, err := s.Runs(ctx, filter)
		if err != nil {
			return nil, err
		}
		runs = append(runs, some...)
	}
	slices.SortStableFunc(runs, func(a, b job.Run) int { return b.Started.Compare(a.Started) })
	if filter.Limit > 0 && len(runs) > filter.Limit {
		runs = runs[:filter.Limit]
	}
	return withSlots(ctx, s, names, filter, runs)
}

// knownJob says when a job is neither configured nor was ever run.
func (a *app) knownJob(ctx context.Context, cfg *config.Config, s *store.Store, name string) error {
	if _, err := findJob(cfg, name); err == nil {
		return nil
	}
	runs, err := s.Runs(ctx, store.RunFilter{Job: name, Limit: 1})
	if err != nil || len(runs) > 0 {
		return err
	}
	slots, err := s.Slots(ctx, name, time.Time{})
	if err != nil || len(slots) > 0 {
		return err
	}
	return usage(fmt.Errorf("there is no job %q in %s, and none of that name ever ran; haulier jobs list shows them", name, cfg.Path))
}

// jobsOf are the names of the jobs that a history is about.
func jobsOf(cfg *config.Config, only string) []string {
	if only != "" {
		names := []string{only}
		if spec, found := cfg.Job(only); found && spec.Formerly != "" {
			names = append(names, spec.Formerly)
		}
		return names
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
		if err != nil || n < 0 || n > 100_000 { // what a duration can hold is not much more
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
