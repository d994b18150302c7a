package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
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
		return c.misspelt(text)
	}
	return nil
}

// misspelt refuses what is no file and nearly one of the words.
func (c *configChoice) misspelt(text string) error {
	if _, err := os.Stat(text); err == nil {
		return nil
	}
	plain := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(text))
	for word, spellings := range map[string][]string{web.AsRun: {"asrun", "asran", "run"}, web.Current: {"current", "curent", "currrent", "now"}} {
		if slices.Contains(spellings, plain) {
			return fmt.Errorf("there is no file %s; did you mean %s?", text, word)
		}
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
	s, err := a.workHere(ctx, cfg)
	if err != nil {
		return err
	}
	if err := carryOnOf(ctx, s, cfg, id); err != nil {
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
	return runFlags{}.report(a)(a.runOn(ctx, cfg, s, spec, asked))
}

// carryOnOf lets the job that carries on the history of a run's job have it, so that the run is one of its own.
func carryOnOf(ctx context.Context, s *store.Store, cfg *config.Config, id int64) error {
	run, err := s.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %d: %w", id, err)
	}
	for _, spec := range cfg.Jobs {
		if spec.Formerly == run.Job {
			return control.CarryOn(ctx, s, []job.Spec{spec})
		}
	}
	return nil
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
			if err := d.cancel(cmd.Context(), id); err != nil {
				return err
			}
			a.printf("run %d is being cancelled\n", id)
			return nil
		},
	}
}
