package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// lookAgain is how often a watched status is drawn anew.
const lookAgain = 2 * time.Second

func statusCommand(a *app) *cobra.Command {
	var watch, serving, exitCode bool
	command := &cobra.Command{
		Use:   "status [JOB]",
		Short: "One screen: what fails and who must act, what runs, what comes next",
		Long: "Shows how all jobs stand, or one: running, cut-off (its process died in the middle of a run), disabled, paused, missing or late\n" +
			"(what it was to bring by its deadline did not come), failing (its\n" +
			"last run was not a full success), draft (its connection has never logged in), held (files in doubt), rejected (a refused\n" +
			"file still lies there), new (never ran) or ok; then what needs somebody, runs at work and the next times. Reads the store,\n" +
			"and asks the daemon when one runs.\n\n" +
			"With --serving it looks at no job: it ends with 0 if a daemon answers on this data folder and does its work (its scheduler turns\n" +
			"and its store answers), and with 16 if not. That is for health checks.",
		Args: between(0, "JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if serving && (watch || len(args) > 0) {
				return usage(errors.New("--serving looks at no job, and once"))
			}
			if serving {
				return a.serving(cmd.Context())
			}
			cfg, err := a.configOrLast(cmd.Context())
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
			if !watch {
				bad, err := a.status(cmd.Context(), cfg, specs, len(args) == 1)
				if err == nil && bad && exitCode {
					return coded{code: exitExpected}
				}
				return err
			}
			return a.watchStatus(cmd.Context(), cfg, specs, len(args) == 1)
		},
	}
	command.Flags().BoolVar(&exitCode, "exit-code", false, "end with 17 when a job is late or missing")
	command.Flags().BoolVar(&watch, "watch", false, "draw it anew every 2 seconds, until Ctrl-C")
	command.Flags().BoolVar(&serving, "serving", false, "look only whether a daemon is here and does its work")
	return command
}

// status shows how jobs stand; bad says that something expected of them did not come.
func (a *app) status(ctx context.Context, cfg *config.Config, specs []job.Spec, one bool) (bad bool, err error) {
	o, err := a.overlook(ctx, cfg, specs, one)
	if err != nil {
		return false, err
	}
	for _, s := range o.Jobs {
		bad = bad || s.Expected != nil && s.Expected.Verdict.Bad()
	}
	if a.json {
		return bad, a.object(o)
	}
	a.printStatus(cfg, o)
	return bad, nil
}

func (a *app) watchStatus(ctx context.Context, cfg *config.Config, specs []job.Spec, one bool) error {
	for {
		if isTerminal(a.stdout) && !a.json {
			a.printf("\x1b[H\x1b[2J")
		}
		if _, err := a.status(ctx, cfg, specs, one); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lookAgain):
		}
	}
}

// mostAhead is how many of the next times stand on the screen.
const mostAhead = 5

func (a *app) printStatus(cfg *config.Config, o overlook) {
	a.printf("%s%s\n", countsText(o), daemonText(o))
	for _, s := range o.Jobs {
		if text := standingText(s, cfg.Timezone); text != "" {
			a.printf(" %-8s %-24s %s\n", shownStanding(s.Standing), s.Job, text)
		}
		if e := s.Expected; e != nil && e.Verdict.Bad() && s.Standing != string(e.Verdict) {
			a.printf(" %-8s %-24s %s\n", shownStanding(string(e.Verdict)), s.Job, expectedText(*e, o.At))
		}
	}
	for _, incident := range o.Incidents {
		a.printIncident(cfg, incident)
	}
	if len(o.Incidents) > 0 || o.Counts[standingHeld] > 0 {
		a.printf("\n")
	}
	for i, next := range o.Next {
		if i == mostAhead {
			a.printf(" and %s later: haulier jobs next\n", count(len(o.Next)-i, "job"))
			break
		}
		a.printf(" next     %-24s %s (%s)\n", next.Job, dayAndTime(next.At, cfg.Timezone), ahead(o.At, next.At))
	}
}

// countsText is how the jobs stand, in a line.
func countsText(o overlook) string {
	text := count(len(o.Jobs), "job")
	sign := ": "
	for _, standing := range standings {
		if n := o.Counts[standing]; n > 0 {
			text += fmt.Sprintf("%s%d %s", sign, n, shownStanding(standing))
			sign = " · "
		}
	}
	return text
}

func daemonText(o overlook) string {
	if o.Daemon == nil {
		return "          no daemon: nothing runs by itself; haulier serve starts one"
	}
	return fmt.Sprintf("          daemon up %s, config revision %d", span.Text(o.At.Sub(o.Daemon.Started)), o.Daemon.Revision)
}

// standingText says of a job what is worth a line of its own; empty for those that are well.
func standingText(s standing, zone *time.Location) string {
	switch s.Standing {
	case standingRunning:
		return fmt.Sprintf("run %d since %s (%s)", s.Run, s.Since.In(zone).Format("15:04:05 MST"), s.Trigger)
	case standingCutOff:
		return fmt.Sprintf("run %d, begun %s: its process died. The next start of Haulier ends it: haulier serve, or haulier run %s", s.Run, dayAndTime(*s.Since, zone), s.Job)
	case standingLate, standingMissing:
		return expectedText(*s.Expected, time.Now())
	case standingFailing:
		text := fmt.Sprintf("since %s, %s", dayAndTime(*s.Since, zone), count(s.Failed, "run"))
		if s.Error != nil {
			text += "   " + s.Error.Slug
		}
		return text + fmt.Sprintf("   haulier show %d", s.LastRun)
	case standingPaused:
		text := "since " + dayAndTime(*s.Since, zone) + ": " + s.Why
		if s.Until != nil {
			text += ", until " + dayAndTime(*s.Until, zone)
		}
		return text
	case standingDraft:
		return "its connection has never logged in: haulier connections test " + s.Connection
	case standingHeld:
		return heldText(s)
	case standingRejected:
		return rejectedText(s.Rejected, zone)
	case standingDisabled:
		return s.Why
	}
	return s.Supervised
}

// heldText says what waits for a person's decision, and what only for a look.
func heldText(s standing) string {
	var parts []string
	if n := s.Held - s.Unseen; n > 0 {
		parts = append(parts, count(n, "file")+" in doubt")
	}
	if s.Unseen > 0 {
		parts = append(parts, count(s.Unseen, "file")+" to look at")
	}
	text := strings.Join(parts, ", ") + ": haulier held list " + s.Job
	if s.Supervised != "" {
		text += " (" + s.Supervised + ")"
	}
	return text
}

// shownStanding is a standing as it stands on the screen: what did not come is loud.
func shownStanding(standing string) string {
	if standing == standingLate || standing == standingMissing {
		return strings.ToUpper(standing)
	}
	return standing
}

// expectedText says of a day what did not come, until when there is time, why, and whose turn it is.
func expectedText(e web.Expectation, now time.Time) string {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		zone = time.UTC
	}
	text := "expected " + dayAndTime(e.By, zone)
	if e.Verdict == job.VerdictLate {
		text += fmt.Sprintf(", missing from %s (%s)", dayAndTime(e.Missing, zone), ahead(now, e.Missing))
	}
	if e.Error != nil {
		text += fmt.Sprintf("   %s   -> %s", e.Error.Cause, e.Error.Who)
	}
	return text
}

// rejectedText says what lies there rejected, for what, and whose turn it is.
func rejectedText(causes []rejection, zone *time.Location) string {
	text := ""
	for i, c := range causes {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("%s since %s, %s -> %s", count(c.Files, "file"), dayAndTime(c.Since, zone), c.Error.Slug, c.Error.Who)
	}
	return text + fmt.Sprintf("   haulier show %d", causes[len(causes)-1].Run)
}

func (a *app) printIncident(cfg *config.Config, i job.Incident) {
	a.printf("\n%s", reasonText(&i.Reason, " ", a.colored(a.stdout)))
	times := "once"
	if i.Count > 1 {
		times = fmt.Sprintf("%d times, last %s", i.Count, i.Last.In(cfg.Timezone).Format("Mon 15:04 MST"))
	}
	a.printf("   %-10s%s, since %s (%s)\n", "Concerns", alertAbout(i), dayAndTime(i.Opened, cfg.Timezone), times)
	a.printf("   %-10s%s%s: haulier alerts show %d\n", "Alert", alertState(i, time.Now()), alertCare(i, cfg.Timezone), i.ID)
}

// joined lists names, the first few.
func joined(names []string) string {
	const most = 6
	text := ""
	for i, name := range names {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// ahead is how far away a time is.
func ahead(now, at time.Time) string {
	if !at.After(now) {
		return "now"
	}
	return "in " + span.Text(at.Sub(now))
}
