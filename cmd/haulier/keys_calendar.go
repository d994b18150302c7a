package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

func keysCalendarCommand(a *app) *cobra.Command {
	var within string
	command := &cobra.Command{
		Use:   "calendar",
		Short: "When passwords, keys and tokens end, and what happened to host keys",
		Long: "One list, soonest first: passwords with expires_at, the ends of PGP keys, ours and the customers', and of API tokens; login keys that\n" +
			"grow old or wait for a server to take them; host keys that are new, and keys that were replaced and are still used. `haulier serve`\n" +
			"tells 30, 14, 7 and 1 days before something ends, and when it has ended.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			age, err := parseAge(within)
			if err != nil {
				return usage(err)
			}
			cfg, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			now := time.Now()
			entries, err := control.Calendar(cmd.Context(), s, cfg, now)
			if err != nil {
				return err
			}
			return a.printCalendar(entries, now.Add(age), cfg.Timezone)
		},
	}
	command.Flags().StringVar(&within, "within", "400d", "how far ahead to look")
	return command
}

func (a *app) printCalendar(entries []job.CalendarEntry, until time.Time, zone *time.Location) error {
	shown := 0
	for _, e := range entries {
		if e.Date.After(until) {
			break
		}
		shown++
		if a.json {
			if err := a.object(e); err != nil {
				return err
			}
			continue
		}
		a.printf("%s  %-13s %-10s %s%s\n", e.Date.In(zone).Format(time.DateOnly), daysOf(e), e.Kind, e.What, usedBy(e))
		if e.Do != "" && e.Days <= control.Leads[0] {
			a.printf("%s%s\n", strings.Repeat(" ", 38), e.Do)
		}
	}
	if shown == 0 && !a.json {
		a.say("Nothing ends until %s.\n", until.In(zone).Format(time.DateOnly))
	}
	return nil
}

// daysOf says when something is, in the words of its kind.
func daysOf(e job.CalendarEntry) string {
	switch {
	case e.Days <= 0 && e.Says == job.EntryEnds: // what is to come has a day left, at least
		return "ENDED"
	case e.Days < 0:
		return fmt.Sprintf("%d d ago", -e.Days)
	case e.Days == 0:
		return "today"
	}
	return fmt.Sprintf("in %d d", e.Days)
}

func usedBy(e job.CalendarEntry) string {
	if len(e.Connections) == 0 {
		return ""
	}
	return " (" + strings.Join(e.Connections, ", ") + ")"
}
