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
)

// named is a job or a connection of a configuration, with the store open for writing.
type named struct {
	kind, name string
	cfg        *config.Config
	store      *store.Store
}

// onNamed is a command that changes something about one job or connection.
func (a *app) onNamed(use, short string, do func(cmd *cobra.Command, n named) error) *cobra.Command {
	return &cobra.Command{
		Use:   use + " JOB|CONNECTION",
		Short: short,
		Args:  exactly("JOB|CONNECTION"),

		ValidArgsFunction: firstOnly(a.completeStartables),
		RunE: func(cmd *cobra.Command, args []string) error {
			n := named{name: args[0]}
			var err error
			if n.cfg, err = a.config(); err != nil {
				return err
			}
			if n.kind, err = kindOf(n.cfg, n.name); err != nil {
				return err
			}
			if n.store, err = a.openStore(cmd.Context(), n.cfg); err != nil {
				return err
			}
			return do(cmd, n)
		},
	}
}

// kindOf says whether a name is a job's or a connection's.
func kindOf(cfg *config.Config, name string) (string, error) {
	if _, found := cfg.Job(name); found {
		return "job", nil
	}
	if _, found := cfg.Connections[name]; found {
		return "connection", nil
	}
	return "", usage(fmt.Errorf("there is no job and no connection %q in %s", name, cfg.Path))
}

func pauseCommand(a *app) *cobra.Command {
	var until, why string
	var end time.Time
	command := a.onNamed("pause", "Keep a job, or all jobs of a connection, from starting", func(cmd *cobra.Command, n named) error {
		p := job.Pause{Kind: n.kind, Name: n.name, Reason: why, By: user(), Since: time.Now(), Until: end}
		if err := control.Pause(cmd.Context(), n.store, p); err != nil {
			return err
		}
		a.printf("%s %s is paused: %s\n", n.kind, n.name, why)
		return nil
	})
	command.PreRunE = func(*cobra.Command, []string) (err error) {
		if why == "" {
			return usage(fmt.Errorf("--reason is needed: whoever is on call wants to know why"))
		}
		end, err = parseUntil(until)
		return err
	}
	command.Flags().StringVar(&until, "until", "", "resume by itself at this time (2026-12-24T06:00:00Z) or after this span (12h, 3d)")
	command.Flags().StringVar(&why, "reason", "", "why, shown by status")
	return command
}

// parseUntil gives the end of a pause; zero: none.
func parseUntil(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	span, err := parseAge(text)
	if err != nil {
		return time.Time{}, usage(fmt.Errorf("--until %q is neither a time such as 2026-12-24T06:00:00Z nor a span such as 12h or 3d", text))
	}
	return time.Now().Add(span), nil
}

func resumeCommand(a *app) *cobra.Command {
	return a.onNamed("resume", "Let a paused job or connection start again; lets one login through an open breaker", func(cmd *cobra.Command, n named) error {
		err := n.resume(cmd.Context())
		if errors.Is(err, job.ErrNotFound) {
			a.printf("job %s was not paused\n", n.name)
			return nil
		}
		if err == nil {
			a.printf("%s %s may start again\n", n.kind, n.name)
		}
		return err
	})
}

func (n named) resume(ctx context.Context) error {
	if n.kind == "job" {
		return control.ResumeJob(ctx, n.store, n.name, user())
	}
	return control.ResumeConnection(ctx, n.store, n.cfg.Connections[n.name], user())
}
