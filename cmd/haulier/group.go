package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// group is a command that only has others beneath it: alone it shows its help.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{Use: use, Short: short, Args: noStranger, RunE: showHelp, SuggestionsMinimumDistance: 2}
	command.AddCommand(children...)
	return command
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// noStranger refuses a word that is none of the commands beneath. It comes to a group's arguments only then.
func noStranger(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(fmt.Errorf("%s", text))
}
