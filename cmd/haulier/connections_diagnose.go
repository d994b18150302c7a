package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
)

func connectionsTestCommand(a *app) *cobra.Command {
	var write, roundTrip bool
	command := &cobra.Command{
		Use:   "test NAME",
		Short: "Log in and look, stage by stage, and say what is in the way",
		Long: "Dials once and logs in once, whatever was refused before, and looks at what the jobs of the connection need. A server\n" +
			"that only takes uploads is asked nothing that it would refuse. No file of a job is touched, and nothing lands.",
		Args: exactly("NAME"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			c, err := findConnection(cfg, args[0])
			if err != nil {
				return err
			}
			purpose := control.PurposeOf(c, cfg.Jobs)
			purpose.Write, purpose.RoundTrip = write, roundTrip
			return a.testConnection(cmd.Context(), cfg, c, purpose)
		},
	}
	command.Flags().BoolVar(&write, "write", false, "also upload, rename and remove an empty file where files are delivered")
	command.Flags().BoolVar(&roundTrip, "round-trip", false, "also send a small file, fetch it back, compare and remove it")
	return command
}

func (a *app) testConnection(ctx context.Context, cfg *config.Config, c job.Connection, purpose sftp.Purpose) error {
	if !c.Enabled {
		return usage(fmt.Errorf("connection %q has enabled: false and is never dialled", c.Name))
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	report, err := control.TestConnection(ctx, poolOf(cfg, s, nil), s, c, purpose, user())
	if a.json {
		err = errors.Join(err, a.object(report))
	} else {
		a.printReport(report)
	}
	if err == nil && report.Error != nil {
		err = coded{slugCode(report.Error.Slug), nil}
	}
	return err
}

// printReport shows a test: a line a stage, the failure beneath its own, and those that were not reached in one line.
func (a *app) printReport(r sftp.Report) {
	var rest []string
	for _, stage := range r.Stages {
		if stage.State == sftp.StateNotReached && stage.Detail == "not reached" {
			rest = append(rest, stage.Name)
			continue
		}
		detail := stage.Detail
		if stage.State == sftp.StateFail && r.Error != nil {
			detail = r.Error.What + "  [" + r.Error.Slug + "]"
		}
		a.printf(" %-4s %-14s %s%s\n", a.mark(stage.State), stage.Name, detail, took(stage))
		if stage.State == sftp.StateFail && r.Error != nil {
			a.printAdvice(r.Error)
		}
	}
	if len(rest) > 0 {
		a.printf(" --   %s   not reached\n", strings.Join(rest, " · "))
	}
}

// mark is the state of a stage, red when it failed.
func (a *app) mark(state sftp.StageState) string {
	if state == sftp.StateFail && a.colored(a.stdout) {
		return "\x1b[1;31m" + string(state) + "\x1b[0m"
	}
	return string(state)
}

// took is the time of a stage when it is worth saying.
func took(stage sftp.Stage) string {
	if stage.Milliseconds < 1 || stage.State == sftp.StateNotReached {
		return ""
	}
	return fmt.Sprintf("  (%d ms)", stage.Milliseconds)
}

func (a *app) printAdvice(r *job.Reason) {
	for _, line := range [][2]string{{"Cause", r.Cause}, {"Do", r.Do}, {"Who", string(r.Who)}, {"Technical", r.Technical}} {
		if line[1] != "" {
			a.printf("  %-10s %s\n", line[0], line[1])
		}
	}
}
