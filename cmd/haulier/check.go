package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
)

// configName is what a configuration is called in its folder.
const configName = "haulier.yaml"

func checkCommand(a *app) *cobra.Command {
	var strict, offline bool
	command := &cobra.Command{
		Use:     "check [PATH...]",
		Aliases: []string{"lint"},
		Short:   "Check configurations: every problem at once, with its line",
		Long: "Checks configurations and says everything that is wrong with them at once, each with file, line and column.\n" +
			"A PATH is a haulier.yaml, the folder of one, or FOLDER/... for every haulier.yaml at or below a folder.\n" +
			"Keys, pins and secrets that the configuration names and the store does not hold yet are warnings.\n" +
			"Nothing is written and no server is asked: for that there is haulier connections test.",
		Example: "  haulier check\n  haulier check --strict ./...\n  haulier check --json /etc/haulier",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !offline {
				return usage(errors.New("check never asks a server; haulier connections test NAME does"))
			}
			return a.check(cmd.Context(), args, strict)
		},
	}
	command.Flags().BoolVar(&strict, "strict", false, "make every warning an error")
	command.Flags().BoolVar(&offline, "offline", true, "ask no server; there is no other way")
	return command
}

func (a *app) check(ctx context.Context, paths []string, strict bool) error {
	if len(paths) == 0 {
		paths = []string{a.file()}
	}
	files, err := configurations(paths)
	if err != nil {
		return err
	}
	var all config.Problems
	for _, file := range files {
		problems, err := a.problems(ctx, file)
		if err != nil {
			return err
		}
		all = together(all, problems)
	}
	if strict {
		all = all.Strict()
	}
	return a.report(all)
}

// problems gives what is wrong with one configuration. What the store holds can only be compared once the file says
// where the store is: a file with errors is judged without.
func (a *app) problems(ctx context.Context, file string) (config.Problems, error) {
	cfg, problems := config.Load(file, ownOptions(config.Known{}))
	if cfg == nil {
		return problems, ctx.Err()
	}
	known, err := a.known(ctx, cfg)
	if err != nil {
		a.say("The store is not compared with %s: %v\n", file, err)
		return problems, ctx.Err()
	}
	_, problems = config.Load(file, ownOptions(known))
	return problems, ctx.Err()
}

func (a *app) report(problems config.Problems) error {
	if a.json {
		for _, problem := range problems.List {
			if err := a.object(problem); err != nil {
				return err
			}
		}
	} else {
		a.printf("%s", problems.Text(a.colored(a.stdout)))
	}
	if problems.Errors() > 0 {
		return coded{exitConfig, nil}
	}
	return nil
}

// together adds up what was found in two configurations.
func together(x, y config.Problems) config.Problems {
	return config.Problems{
		List:  append(x.List, y.List...),
		Files: x.Files + y.Files, Connections: x.Connections + y.Connections, Jobs: x.Jobs + y.Jobs,
	}
}

// configurations gives the files that paths stand for.
func configurations(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		dir, below := strings.CutSuffix(path, "...")
		if !below || dir != "" && !strings.HasSuffix(dir, "/") {
			files = append(files, path)
			continue
		}
		found, err := configurationsBelow(filepath.Clean(dir))
		if err != nil {
			return nil, usage(err)
		}
		if len(found) == 0 {
			return nil, usage(fmt.Errorf("there is no %s at or below %s", configName, filepath.Clean(dir)))
		}
		files = append(files, found...)
	}
	return files, nil
}

// configurationsBelow passes hidden folders over, as editors and version control keep copies there.
func configurationsBelow(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("look for configurations: %w", err)
		case entry.IsDir() && path != dir && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && entry.Name() == configName:
			found = append(found, path)
		}
		return nil
	})
	return found, err
}
