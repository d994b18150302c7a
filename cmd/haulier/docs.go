package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
)

func docsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "docs [FIELD]",
		Short: "Help for a key of the configuration",
		Long: "Prints what a key of the configuration is for, what it takes and what it is when it is not given. FIELD is its path,\n" +
			"with or without names of jobs and connections, or the key alone where only one is called so. Without a FIELD, the\n" +
			"keys of the top level.",
		Example: "  haulier docs jobs.schedule\n  haulier docs connections.acme.auth\n  haulier docs stable_for",
		Args:    between(0, "FIELD"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.docs(strings.Join(args, "")) },
	}
}

func (a *app) docs(field string) error {
	text, ok := config.Docs(field)
	if !ok {
		return usage(errors.New(strings.TrimSuffix(text, "\n")))
	}
	if a.json {
		return a.object(map[string]string{"field": field, "text": text})
	}
	a.printf("%s", text)
	return nil
}
