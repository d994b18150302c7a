package main

import "github.com/spf13/cobra"

func alertsCommand(a *app) *cobra.Command {
	return group("alerts", "Who is told when something needs a person", alertsTestCommand(a))
}
