package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

func alertsCommand(a *app) *cobra.Command {
	return group("alerts", "Incidents: what needs a person, who has taken it on, what is kept quiet",
		alertsListCommand(a), alertsShowCommand(a), alertsAckCommand(a), alertsSilenceCommand(a), alertsUnsilenceCommand(a), alertsTestCommand(a))
}

func alertsListCommand(a *app) *cobra.Command {
	var all bool
	var since string
	command := &cobra.Command{
		Use:   "list",
		Short: "Incidents that are open, the newest first",
		Long: "Lists incidents by cause: number, how it stands, since when, what, the jobs that it touches and whose turn it is. It stands as\n" +
			"waiting (nobody was told yet: attempts are left, or it is younger than half a minute), open, acked, silenced or over.\n" +
			"At most 1,000; `--json` gives one object a line.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			var from time.Time
			if since != "" {
				age, err := parseAge(since)
				if err != nil {
					return usage(fmt.Errorf("--since: %w", err))
				}
				all, from = true, time.Now().Add(-age)
			}
			list, err := control.Care{Store: s}.Find(cmd.Context(), nil, all, from, 0, 0)
			if err != nil {
				return err
			}
			return a.listAlerts(cfg, list)
		},
	}
	command.Flags().BoolVar(&all, "all", false, "also those that are over")
	command.Flags().StringVar(&since, "since", "", "also those that ended within this span: 7d, 12h")
	return command
}

func (a *app) listAlerts(cfg *config.Config, list []job.Incident) error {
	for _, i := range list {
		if a.json {
			if err := a.object(i); err != nil {
				return err
			}
			continue
		}
		a.printf("%-5d %-9s %-7s %s  %s [%s]  %s  -> %s%s\n", i.ID, alertState(i, time.Now()), i.Severity, dayAndTime(i.Opened, cfg.Timezone),
			naming.Printable(i.Reason.What, 200), i.Reason.Slug, alertAbout(i), i.Reason.Who, alertCare(i, cfg.Timezone))
	}
	if len(list) == 0 && !a.json {
		a.say("Nothing needs anybody.\n")
	}
	return nil
}

// alertState is how an incident stands, in a word.
func alertState(i job.Incident, now time.Time) string {
	switch {
	case !i.Resolved.IsZero():
		return "over"
	case !i.Acked.IsZero():
		return "acked"
	case i.SilencedUntil.After(now):
		return "silenced"
	case i.Told.IsZero():
		return "waiting"
	}
	return "open"
}

// alertAbout names what an incident touches.
func alertAbout(i job.Incident) string {
	switch {
	case len(i.Jobs) == 0:
		return i.Cause
	case i.JobsTotal > len(i.Jobs):
		return fmt.Sprintf("%s of %s", joined(i.Jobs), count(i.JobsTotal, "job"))
	}
	return joined(i.Jobs)
}

// alertCare says who has taken an incident on, how long it is quiet, and how it ended.
func alertCare(i job.Incident, zone *time.Location) (text string) {
	switch {
	case !i.Resolved.IsZero() && i.ResolvedBy == "":
		return "  recovered " + dayAndTime(i.Resolved, zone)
	case !i.Resolved.IsZero():
		return fmt.Sprintf("  ended %s by %s", dayAndTime(i.Resolved, zone), i.ResolvedBy)
	}
	if !i.Acked.IsZero() {
		text = fmt.Sprintf("  acked by %s %s", i.AckedBy, dayAndTime(i.Acked, zone))
		if i.AckNote != "" {
			text += ": " + i.AckNote
		}
	}
	if i.SilencedUntil.After(time.Now()) {
		text += fmt.Sprintf("  silenced by %s until %s: %s", i.SilencedBy, dayAndTime(i.SilencedUntil, zone), i.SilenceReason)
	}
	return text
}

func alertsShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "One incident: cause, next step, times, the last good run, and what has changed since",
		Args:  exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("incident", args[0])
			if err != nil {
				return err
			}
			cfg, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			b, err := control.Care{Store: s}.Runbook(cmd.Context(), id, cfg.Connections)
			if err != nil {
				return err
			}
			if a.json {
				return a.object(b)
			}
			a.printRunbook(b, cfg.Timezone)
			return nil
		},
	}
}

func (a *app) printRunbook(b control.Runbook, zone *time.Location) {
	i := b.Incident
	a.printf("incident %d  %s  %s, %s\n%s", i.ID, i.Cause, i.Kind, alertState(i, time.Now()), reasonText(&i.Reason, " ", a.colored(a.stdout)))
	line := func(label, text string) {
		if text != "" {
			a.printf("   %-10s%s\n", label, text)
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return dayAndTime(t, zone)
	}
	line("Concerns", alertAbout(i))
	line("Contacts", joined(b.Contacts))
	line("Evidence", b.Evidence)
	line("Detected", fmt.Sprintf("%s, struck %s, last %s", at(i.Opened), count(i.Count, "time"), at(i.Last)))
	line("Told", at(i.Told))
	if i.Reminders > 0 {
		line("Reminded", fmt.Sprintf("%s, last %s", count(i.Reminders, "time"), at(i.Reminded)))
	}
	if care := alertCare(i, zone); care != "" {
		line("Care", care[2:])
	}
	if g := b.LastGood; g != nil {
		line("Last good", fmt.Sprintf("run %d of %s, %s, configuration revision %d", g.Run, g.Job, at(g.At), g.Revision))
	} else {
		line("Last good", "no run of it ever succeeded")
	}
	if len(b.Changed) == 0 {
		line("Changed", "nothing is known to have changed since")
	}
	for _, c := range b.Changed {
		by := ""
		if c.By != "" {
			by = " by " + c.By
		}
		line("Changed", fmt.Sprintf("%s  %s%s", at(c.At), naming.Printable(c.What, 300), by))
	}
}

// onAlert is a command that does something about one incident.
func (a *app) onAlert(use, short, done string, do func(ctx context.Context, c control.Care, id int64) error) *cobra.Command {
	return &cobra.Command{
		Use:   use + " ID",
		Short: short,
		Args:  exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("incident", args[0])
			if err != nil {
				return err
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if err := do(cmd.Context(), control.Care{Store: s}, id); err != nil {
				return err
			}
			return a.alertDone(cmd.Context(), s, id, done)
		},
	}
}

func (a *app) alertDone(ctx context.Context, s *store.Store, id int64, done string) error {
	if !a.json {
		a.printf("incident %d is %s\n", id, done)
		return nil
	}
	i, err := s.Incident(ctx, id)
	if err != nil {
		return err
	}
	return a.object(i)
}

func alertsAckCommand(a *app) *cobra.Command {
	var note string
	command := a.onAlert("ack", "Take an incident on: nobody is reminded of it any more", "acked", func(ctx context.Context, c control.Care, id int64) error {
		return c.Ack(ctx, id, user(), note)
	})
	command.Flags().StringVar(&note, "note", "", "what you do about it, for whoever comes next")
	return command
}

func alertsSilenceCommand(a *app) *cobra.Command {
	var until, why string
	var end time.Time
	command := a.onAlert("silence", "Keep an incident from being told of until a time", "silenced", func(ctx context.Context, c control.Care, id int64) error {
		return c.Silence(ctx, id, user(), why, end)
	})
	command.PreRunE = func(*cobra.Command, []string) (err error) {
		if until == "" || why == "" {
			return usage(errors.New("--until and --reason are both needed: a silence ends, and whoever is on call wants to know why"))
		}
		end, err = parseUntil(until)
		return err
	}
	command.Flags().StringVar(&until, "until", "", "end of the silence: a time (2026-12-24T06:00:00Z) or a span (12h, 3d), at most 90 days")
	command.Flags().StringVar(&why, "reason", "", "why, shown by status and kept in the audit")
	return command
}

func alertsUnsilenceCommand(a *app) *cobra.Command {
	return a.onAlert("unsilence", "Let a silenced incident be told of again", "told of again", func(ctx context.Context, c control.Care, id int64) error {
		return c.Unsilence(ctx, id, user())
	})
}
