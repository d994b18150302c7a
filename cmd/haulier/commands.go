package main

import "github.com/spf13/cobra"

// commands are all that haulier can do, one file each, in the order of its help.
var commands = []func(*app) *cobra.Command{
	initCommand,
	demoCommand,
	checkCommand,
	configCommand,
	createCommand,
	docsCommand,
	schemaCommand,
	planCommand,
	runCommand,
	serveCommand,
	reloadCommand,
	retryCommand,
	cancelCommand,
	pauseCommand,
	resumeCommand,
	statusCommand,
	historyCommand,
	showCommand,
	logsCommand,
	heldCommand,
	reconcileCommand,
	backupCommand,
	restoreCommand,
	doctorCommand,
	jobsCommand,
	connectionsCommand,
	keysCommand,
	pgpCommand,
	onboardingCommand,
	secretsCommand,
	versionCommand,
}
