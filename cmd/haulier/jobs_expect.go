package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// expectedLineOf is one day of an expectation as scripts read it, here and over the API.
func expectedLineOf(e job.Expectation) web.Expectation { return web.ExpectationOf(e) }

func jobsExpectationsCommand(a *app) *cobra.Command {
	var days int
	command := &cobra.Command{
		Use:   "expectations JOB",
		Short: "What a job was expected to bring, day by day, and what came",
		Long: "Lists the days of `expect`, the latest first: pending, met (on time), late, missing, recovered-late, recovered-missing or\n" +
			"excused (paused, disabled, a draft). A day is named by the date of its deadline.",
		Args: exactly("JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if days < 1 || days > mostNext {
				return usage(fmt.Errorf("--days %d: write a number from 1 to %d", days, mostNext))
			}
			cfg, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			since := time.Now().AddDate(0, 0, -days).Format(time.DateOnly)
			list, err := s.Expectations(cmd.Context(), args[0], since, 0)
			if err != nil {
				return err
			}
			return a.listExpectations(cfg, args[0], list)
		},
	}
	command.Flags().IntVar(&days, "days", 30, "how many days back")
	return command
}

func (a *app) listExpectations(cfg *config.Config, name string, list []job.Expectation) error {
	if spec, found := cfg.Job(name); !found && len(list) == 0 {
		return usage(fmt.Errorf("there is no job %q in %s", name, cfg.Path))
	} else if len(list) == 0 && !a.json {
		a.say("%s\n", nothingExpected(spec))
	}
	for _, e := range list {
		if a.json {
			if err := a.object(expectedLineOf(e)); err != nil {
				return err
			}
			continue
		}
		a.printf("%s\n", dayText(e))
	}
	return nil
}

func nothingExpected(spec job.Spec) string {
	if spec.Expect == nil {
		return spec.Name + " has no `expect`: nothing is expected of it."
	}
	return "Nothing was judged yet: `haulier serve` does."
}

// dayText is a day in a line.
func dayText(e job.Expectation) string {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		zone = time.UTC
	}
	text := fmt.Sprintf("%s  %-17s  by %s  %d of %s", e.Day, e.Verdict, e.By.In(zone).Format("15:04 MST"), e.Got, count(e.Wanted, "file"))
	if !e.Filled.IsZero() {
		text += ", complete " + e.Filled.In(zone).Format("Mon 15:04 MST")
	}
	if x := e.Extended; x != nil {
		text += fmt.Sprintf("  extended by %s: %s", x.By, x.Reason)
	}
	if e.Reason != nil && !e.Verdict.Good() {
		text += "  " + e.Reason.Cause
	}
	return text
}

func jobsExtendCommand(a *app) *cobra.Command {
	var until, why, day string
	command := &cobra.Command{
		Use:   "extend JOB",
		Short: "Move the deadline of a job's day, and take its alarm back until then",
		Long: "For a customer who has said that today's file comes later. Of the day that is late or missing, else of the next, or of --day.\n" +
			"The grace stays as long as it is. The next day has its own deadline again.",
		Args: exactly("JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			spec, err := findJob(cfg, args[0])
			if err != nil {
				return err
			}
			if why == "" {
				return usage(fmt.Errorf("--reason is needed: whoever is on call wants to know why"))
			}
			end, err := parseDeadline(until, time.Now(), spec.Timing.Zone)
			if err != nil {
				return err
			}
			return a.extend(cmd.Context(), cfg, spec, day, end, why)
		},
	}
	command.Flags().StringVar(&until, "until", "", "the new deadline: HH:MM in the job's time zone, a time (2026-12-24T06:00:00Z) or a span from now (3h)")
	command.Flags().StringVar(&why, "reason", "", "why, shown with the day")
	command.Flags().StringVar(&day, "day", "", "which open day, by the date of its deadline")
	return command
}

// parseDeadline reads a time of day as the next such time in the zone, and else what the end of a pause may be.
func parseDeadline(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, usage(fmt.Errorf("--until is needed: the new deadline, such as 07:00"))
	}
	clock, err := time.Parse("15:04", text)
	if err != nil {
		return parseUntil(text)
	}
	today := now.In(zone)
	at := time.Date(today.Year(), today.Month(), today.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
	if !at.After(now) {
		at = time.Date(today.Year(), today.Month(), today.Day()+1, clock.Hour(), clock.Minute(), 0, 0, zone)
	}
	return at, nil
}

func (a *app) extend(ctx context.Context, cfg *config.Config, spec job.Spec, day string, end time.Time, why string) error {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	e, err := control.ExtendExpectation(ctx, s, spec.Name, day, end, time.Now(), user(), why)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(expectedLineOf(e))
	}
	a.printf("%s of %s is expected by %s, missing at %s\n", e.Day, e.Job, dayAndTime(e.By, spec.Timing.Zone), dayAndTime(e.Missing, spec.Timing.Zone))
	return nil
}
