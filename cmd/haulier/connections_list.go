package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

func connectionsListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "All connections, and how they stand",
		Long: "Lists the connections of the configuration, and those that were removed from it. States: active; draft (no login has\n" +
			"worked yet, so scheduled jobs wait); refused (the last login was refused, and it is left alone for a while); paused;\n" +
			"disabled; removed (no longer configured; history and figures stay).",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.lookStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return a.listConnections(cmd.Context(), cfg, s)
		},
	}
}

func (a *app) listConnections(ctx context.Context, cfg *config.Config, s *store.Store) error {
	var lines []connectionLine
	for _, name := range slices.Sorted(maps.Keys(cfg.Connections)) {
		line, err := connectionLineOf(ctx, cfg, s, cfg.Connections[name])
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	removed, err := removedLines(ctx, cfg, s)
	if err != nil {
		return err
	}
	for _, line := range append(lines, removed...) {
		if a.json {
			if err := a.object(line); err != nil {
				return err
			}
			continue
		}
		a.printf("%s\n", line.text(cfg))
	}
	if len(lines) == 0 && !a.json {
		a.say("No connection is configured.\n")
	}
	return nil
}

// text is a connection in a line.
func (l connectionLine) text(cfg *config.Config) string {
	account := "server not recorded"
	if l.Host != "" {
		account = fmt.Sprintf("%s@%s:%d", l.User, l.Host, l.Port)
	}
	last := "no run has succeeded yet"
	if l.LastSuccess != nil {
		last = "last success " + at(*l.LastSuccess, cfg.Timezone)
	}
	return fmt.Sprintf("%-20s %-9s %s  %s, %s", l.Name, l.State, account, count(len(l.Jobs), "job"), last)
}
