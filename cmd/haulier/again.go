package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
)

func retryCommand(a *app) *cobra.Command {
	var file string
	choice := &configChoice{app: a}
	command := &cobra.Command{
		Use:   "retry RUN",
		Short: "Run the job of a run again, with the files that it rejected",
		Long: "Files that failed are taken by the next run anyway; files that were rejected are not, until they change or this\n" +
			"command asks for them.\n\n" +
			"The job runs with the configuration of now. With --config as-run it runs as it was configured for that run: its folders,\n" +
			"names, patterns and PGP keys, and the connection's locations. Account, credentials and host keys are those of now.",
		Args: exactly("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("run", args[0])
			if err != nil {
				return err
			}
			return a.retry(cmd.Context(), id, job.Run{Trigger: job.TriggerManual, By: user(), Only: file, AsRun: choice.asRun})
		},
	}
	command.Flags().StringVar(&file, "file", "", "only the file of this name")
	command.Flags().VarP(choice, "config", "c", "configuration of now (current) or of that run (as-run); anything else is the file, as for all commands")
	return command
}

// configChoice is --config of retry: beside a file, as everywhere, it takes two words. A file of such a name is ./as-run.
type configChoice struct {
	*app
	asRun bool
}

// String is for pflag.
func (c *configChoice) String() string { return "" }

// Type is for pflag.
func (c *configChoice) Type() string { return "current|as-run|FILE" }

// Set takes one of the words, or the configuration file.
func (c *configChoice) Set(text string) error {
	switch text {
	case web.AsRun, web.Current:
		c.asRun = text == web.AsRun
	default:
		c.configPath = text
	}
	return nil
}

func (a *app) retry(ctx context.Context, id int64, asked job.Run) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if d := a.daemon(ctx, cfg); d != nil {
		return runFlags{}.report(a)(a.runThere(ctx, cfg, d, fmt.Sprintf("/api/v1/runs/%d/retry", id), web.RetryOf(asked)))
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	name, asked, err := control.Again(ctx, s, cfg, id, asked)
	if err != nil {
		return err
	}
	spec, err := findJob(cfg, name)
	if err != nil {
		return err
	}
	return runFlags{}.report(a)(a.runHere(ctx, cfg, spec, asked))
}

func cancelCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run of the daemon",
		Args:  exactly("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("run", args[0])
			if err != nil {
				return err
			}
			cfg, err := a.configOrLast(cmd.Context())
			if err != nil {
				return err
			}
			d := a.daemon(cmd.Context(), cfg)
			if d == nil {
				return noDaemon()
			}
			var done any
			if err := d.post(cmd.Context(), fmt.Sprintf("/api/v1/runs/%d/cancel", id), web.Asked{By: user()}, &done); err != nil {
				return err
			}
			a.printf("run %d is being cancelled\n", id)
			return nil
		},
	}
}

// findKind says whether a name is a job's or a connection's.
func (a *app) findKind(name string) (string, error) {
	cfg, err := a.config()
	if err != nil {
		return "", err
	}
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
	command := &cobra.Command{
		Use:   "pause JOB|CONNECTION",
		Short: "Keep a job, or all jobs of a connection, from starting",
		Args:  exactly("JOB|CONNECTION"),

		ValidArgsFunction: firstOnly(a.completeStartables),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := a.findKind(args[0])
			if err != nil {
				return err
			}
			p := job.Pause{Kind: kind, Name: args[0], Reason: why, By: user(), Since: time.Now()}
			if why == "" {
				return usage(fmt.Errorf("--reason is needed: whoever is on call wants to know why"))
			}
			if until != "" {
				if p.Until, err = parseUntil(until); err != nil {
					return usage(err)
				}
			}
			return a.withStore(cmd, func(s *store.Store) error {
				if err := s.Pause(cmd.Context(), p); err != nil {
					return err
				}
				a.printf("%s %s is paused: %s\n", kind, args[0], why)
				return audit(cmd, s, kind+".pause", args[0], why)
			})
		},
	}
	command.Flags().StringVar(&until, "until", "", "resume by itself at this time (2026-12-24T06:00:00Z) or after this span (12h, 3d)")
	command.Flags().StringVar(&why, "reason", "", "why, shown by status")
	return command
}

func parseUntil(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	span, err := parseAge(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %q is neither a time such as 2026-12-24T06:00:00Z nor a span such as 12h or 3d", text)
	}
	return time.Now().Add(span), nil
}

func resumeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resume JOB|CONNECTION",
		Short: "Let a paused job or connection start again; lets one login through an open breaker",
		Args:  exactly("JOB|CONNECTION"),

		ValidArgsFunction: firstOnly(a.completeStartables),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := a.findKind(args[0])
			if err != nil {
				return err
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			return a.withStore(cmd, func(s *store.Store) error {
				err := s.Resume(cmd.Context(), kind, args[0])
				unpaused := errors.Is(err, job.ErrNotFound)
				if err != nil && !unpaused {
					return err
				}
				if kind == "connection" { // its breaker may be open whether it was paused or not
					c := cfg.Connections[args[0]]
					if err := poolOf(cfg, s, nil).Resume(cmd.Context(), job.Account{Host: c.Host, Port: c.Port, User: c.User}); err != nil {
						return err
					}
				}
				if unpaused && kind == "job" {
					a.printf("job %s was not paused\n", args[0])
					return nil
				}
				a.printf("%s %s may start again\n", kind, args[0])
				return audit(cmd, s, kind+".resume", args[0], "")
			})
		},
	}
}
