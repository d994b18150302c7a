package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

func configCommand(a *app) *cobra.Command {
	return group("config", "Show, compare and rewrite the configuration",
		configShowCommand(a), configDiffCommand(a), configMigrateCommand(a))
}

func configShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print the whole configuration: includes merged, defaults written out",
		Long: "Prints the configuration as one file, with its includes merged and every default written out.\n" +
			"Secrets stand there as the references that they are, never as what they are.",
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.configShow() },
	}
}

func (a *app) configShow() error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	text := string(config.Show(cfg))
	if a.json {
		return a.object(shownConfig{Files: cfg.Files, DataDir: cfg.DataDir, Text: text})
	}
	a.printf("%s", text)
	return nil
}

type shownConfig struct {
	Files   []string `json:"files"`
	DataDir string   `json:"data_dir"`
	Text    string   `json:"text"` // YAML
}

func configDiffCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "diff",
		Short: "Compare the configuration with the one that was applied last",
		Long: "Compares the configuration on disk with the revision that was applied last, and prints a line for each\n" +
			"setting that went (-) or came (+). No lines: no difference. Secrets are references on both sides.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.configDiff(cmd.Context()) },
	}
}

func (a *app) configDiff(ctx context.Context) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	applied, found, err := a.applied(ctx, cfg)
	if err != nil {
		return err
	}
	diff := config.Diff(applied.Text, config.Masked(cfg))
	if a.json {
		return a.object(comparisonOf(applied, found, diff))
	}
	a.sayApplied(applied, found, diff, cfg.Timezone)
	if found {
		a.printf("%s", diff)
	}
	return nil
}

// applied gives the newest revision, if any was ever applied.
func (a *app) applied(ctx context.Context, cfg *config.Config) (store.Revision, bool, error) {
	s, err := a.store(ctx, cfg, true)
	if errors.Is(err, store.ErrMissing) {
		return store.Revision{}, false, nil
	}
	if err != nil {
		return store.Revision{}, false, err
	}
	return s.LastRevision(ctx)
}

func (a *app) sayApplied(applied store.Revision, found bool, diff string, zone *time.Location) {
	switch at := applied.At.In(zone).Format("2006-01-02 15:04:05 MST"); {
	case !found:
		a.say("No configuration was applied yet: there is nothing to compare with.\n")
	case diff == "":
		a.say("No difference to revision %d, applied by %s on %s.\n", applied.ID, applied.By, at)
	default:
		a.say("Against revision %d, applied by %s on %s:\n", applied.ID, applied.By, at)
	}
}

// comparison is a difference as scripts read it; without a revision there is nothing to compare with.
type comparison struct {
	Revision *int64     `json:"revision"`
	By       string     `json:"by,omitempty"`
	At       *time.Time `json:"at"`
	Diff     []string   `json:"diff"`
}

func comparisonOf(applied store.Revision, found bool, diff string) comparison {
	if !found {
		return comparison{Diff: []string{}}
	}
	at := applied.At.UTC()
	return comparison{&applied.ID, applied.By, &at, lines(diff)}
}

func lines(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func configMigrateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Rewrite the configuration to the current version of its format",
		Long: "Rewrites a configuration of an older version to the current one, keeping its comments.\n" +
			"Version 1 is the first and the current one, so today there is nothing to rewrite.",
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.configMigrate() },
	}
}

func (a *app) configMigrate() error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if a.json {
		return a.object(map[string]any{"file": cfg.Path, "version": cfg.Version, "changed": false})
	}
	a.printf("%s is of version %d, the current one; there is nothing to rewrite.\n", cfg.Path, cfg.Version)
	return nil
}
