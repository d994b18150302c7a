package main

import (
	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

func createCommand(a *app) *cobra.Command {
	var minimal bool
	command := &cobra.Command{
		Use:   "create import|export NAME",
		Short: "Print a job to fill in, with the help of every key",
		Long: "Prints a job to fill in. What every job must say is written; everything else stands beside it as a comment with\n" +
			"its help. Put it into a file of its own that haulier.yaml includes, or under jobs.",
		Example:           "  haulier create import acme-customers > conf.d/acme-customers.yaml\n  haulier create export acme-segment --minimal",
		Args:              exactly("import|export", "NAME"),
		ValidArgsFunction: firstOnly(words("import", "export")),
		RunE:              func(_ *cobra.Command, args []string) error { return a.create(job.Type(args[0]), args[1], minimal) },
	}
	command.Flags().BoolVar(&minimal, "minimal", false, "without comments")
	return command
}

func (a *app) create(t job.Type, name string, minimal bool) error {
	text, err := config.Stanza(t, name, minimal)
	if err != nil {
		return usage(err)
	}
	if a.json {
		return a.object(map[string]string{"type": string(t), "name": name, "text": text})
	}
	a.printf("%s", text)
	return nil
}
