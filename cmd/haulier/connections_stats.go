package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

func connectionsStatsCommand(a *app) *cobra.Command {
	var window string
	command := &cobra.Command{
		Use:   "stats NAME",
		Short: "Requests, success rate and volume, day by day",
		Long: "A request is one file asked for or sent, its retries folded in; listings are not counted. Bytes are those on the\n" +
			"wire, failed attempts included. Days are those of the configured zone; today is one of them.",
		Args: exactly("NAME"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			days, err := parseDays(window)
			if err != nil {
				return usage(err)
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			return a.stats(cmd.Context(), cfg, args[0], days)
		},
	}
	command.Flags().StringVar(&window, "window", "30d", "how far back, in whole days")
	return command
}

// mostDays is how far back figures go: ten years.
const mostDays = 3660

// parseDays reads a window of whole days.
func parseDays(text string) (int, error) {
	age, err := parseAge(text)
	days := int(age / (24 * time.Hour))
	if err == nil && (age%(24*time.Hour) != 0 || days < 1 || days > mostDays) {
		err = fmt.Errorf("--window %q: write whole days, from 1d to %dd", text, mostDays)
	}
	return days, err
}

func (a *app) stats(ctx context.Context, cfg *config.Config, name string, days int) error {
	s, err := a.readStore(ctx, cfg)
	if err != nil {
		return err
	}
	if _, found := cfg.Connections[name]; !found {
		if _, err := findRemoved(ctx, cfg, s, name); err != nil {
			return err
		}
	}
	stats, err := s.Stats(ctx, name, days, cfg.Timezone, time.Now())
	if err != nil {
		return err
	}
	if a.json {
		return a.object(stats)
	}
	a.printStats(name, stats)
	return nil
}

func (a *app) printStats(name string, stats store.Stats) {
	rate := "no request yet"
	if stats.SuccessRate != nil {
		rate = fmt.Sprintf("%.1f %%", 100**stats.SuccessRate)
	}
	q := stats.Requests
	a.printf("%s, last %s\n", name, count(len(stats.Days), "day"))
	a.printf("  Total requests  %d\n", q.Total)
	a.printf("  Success rate    %s (%d failed)\n", rate, q.Failed)
	a.printf("  Requests        %d down, %d up\n", q.Download.OK+q.Download.Failed, q.Upload.OK+q.Upload.Failed)
	a.printf("  Data            %s down, %s up\n\n", size(stats.Bytes.Down), size(stats.Bytes.Up))
	a.printf("  %-10s %9s %9s %9s %9s %11s %11s\n", "day", "down ok", "failed", "up ok", "failed", "down", "up")
	quiet := 0
	for _, d := range stats.Days {
		if d.DownloadOK+d.DownloadFailed+d.UploadOK+d.UploadFailed+d.BytesDown+d.BytesUp == 0 {
			quiet++
			continue
		}
		a.printf("  %-10s %9d %9d %9d %9d %11s %11s\n", d.Date, d.DownloadOK, d.DownloadFailed, d.UploadOK, d.UploadFailed, size(d.BytesDown), size(d.BytesUp))
	}
	if quiet > 0 {
		a.printf("  and %s without requests\n", count(quiet, "day"))
	}
}
