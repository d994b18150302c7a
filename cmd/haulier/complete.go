package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
)

// completeJobs offers the names of jobs that were not typed yet. A configuration with errors offers nothing.
func (a *app) completeJobs(_ *cobra.Command, typed []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if cfg := a.configQuietly(); cfg != nil {
		for _, spec := range cfg.Jobs {
			if !slices.Contains(typed, spec.Name) {
				names = append(names, cobra.CompletionWithDesc(spec.Name, string(spec.Type)+", "+spec.Connection))
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeConnections offers the names of connections that were not typed yet.
func (a *app) completeConnections(_ *cobra.Command, typed []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if cfg := a.configQuietly(); cfg != nil {
		for _, name := range slices.Sorted(maps.Keys(cfg.Connections)) {
			if !slices.Contains(typed, name) {
				names = append(names, cobra.CompletionWithDesc(name, cfg.Connections[name].Host))
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// firstOnly completes the first argument only.
func firstOnly(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, typed []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(typed) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, typed, word)
	}
}

// words offers some words.
func words(choices ...cobra.Completion) cobra.CompletionFunc {
	return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
}

// configQuietly loads the configuration for the shell, which must not be disturbed by its problems; nil when it has errors.
func (a *app) configQuietly() *config.Config {
	options := configOptions(config.Known{})
	options.NoFiles = true
	cfg, _ := config.Load(a.file(), options)
	return cfg
}

// completeStartables offers what can be paused: jobs and connections.
func (a *app) completeStartables(cmd *cobra.Command, typed []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	jobs, _ := a.completeJobs(cmd, typed, word)
	connections, directive := a.completeConnections(cmd, typed, word)
	return append(jobs, connections...), directive
}
