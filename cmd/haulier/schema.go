package main

import (
	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
)

func schemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of haulier.yaml, for editors",
		Long: "Prints the JSON Schema of haulier.yaml and of the files that it includes. Editors that know YAML complete and check\n" +
			"with it once the first line of the file names it:\n\n" +
			"    # yaml-language-server: $schema=./haulier.schema.json",
		Example: "  haulier schema > haulier.schema.json",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return a.schema() },
	}
}

func (a *app) schema() error {
	text, err := config.Schema()
	if err != nil {
		return err
	}
	a.printf("%s", text)
	return nil
}
