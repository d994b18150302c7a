package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
)

func heldCommand(a *app) *cobra.Command {
	return group("held", "Files in doubt, which only a person can decide", heldListCommand(a), heldShowCommand(a), heldResolveCommand(a))
}

func heldListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list [JOB]",
		Short: "Every held file with its reason",
		Args:  between(0, "JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := s.Held(cmd.Context(), first(args))
			if err != nil {
				return err
			}
			return a.listHeld(rows)
		},
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (a *app) listHeld(rows []job.File) error {
	for _, f := range rows {
		if a.json {
			if err := a.object(struct {
				Job string `json:"job"`
				Run int64  `json:"run"`
				shownFile
			}{f.Job, f.Run, shownOf(f)}); err != nil {
				return err
			}
			continue
		}
		a.printf("file %d  %s  run %d  %s\n", f.ID, f.Job, f.Run, shownOf(f).Remote)
		if f.Reason != nil {
			a.printf("%s", reasonText(f.Reason, "  ", a.colored(a.stdout)))
		}
	}
	if len(rows) == 0 && !a.json {
		a.say("Nothing is held.\n")
	}
	return nil
}

func heldResolveCommand(a *app) *cobra.Command {
	var as, why string
	command := &cobra.Command{
		Use:   "resolve FILE --as landed|delivered|again|drop --reason TEXT",
		Short: "Decide about one held file, or let a rejected one be",
		Long: "A held file waits for this decision: landed (imports) or delivered (exports) when it arrived and you have seen it, again\n" +
			"to do it once more with the next run, drop to never mind it. A rejected file needs none, and can be dropped: status and\n" +
			"its incident leave it out from then on. `haulier retry RUN` takes rejected files again.",
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("file", args[0])
			if err != nil {
				return err
			}
			if as == "" || why == "" {
				return usage(errors.New("--as and --reason are both needed: the audit keeps why"))
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			f, err := control.Resolve(cmd.Context(), s, job.Decision{File: id, As: job.Resolution(as), By: user(), Why: why})
			if err != nil {
				return err
			}
			if a.json {
				return a.object(shownOf(f))
			}
			a.printf("file %d is %s now\n", f.ID, f.State)
			return nil
		},
	}
	command.Flags().StringVar(&as, "as", "", "landed, delivered, again or drop")
	command.Flags().StringVar(&why, "reason", "", "why, for the audit")
	return command
}

func reconcileCommand(a *app) *cobra.Command {
	var as, why string
	command := &cobra.Command{
		Use:   "reconcile JOB",
		Short: "Settle what a restored ledger or a mass change holds",
		Long: "After a ledger was restored from a backup, or when a server suddenly shows all its old files as new, files are\n" +
			"held instead of being moved a second time. Without --as this command lists them; with it, it decides about\n" +
			"all of them at once, and the job takes new files by itself again.",
		Args: exactly("JOB"),

		ValidArgsFunction: firstOnly(a.completeJobs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reconcile(cmd, args[0], job.Resolution(as), why)
		},
	}
	command.Flags().StringVar(&as, "as", "", "landed or delivered (they went through before), again, or drop")
	command.Flags().StringVar(&why, "reason", "", "why, for the audit")
	return command
}

func (a *app) reconcile(cmd *cobra.Command, name string, as job.Resolution, why string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	spec, err := findJob(cfg, name)
	if err != nil {
		return err
	}
	s, err := a.openStore(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	rows, err := s.Held(cmd.Context(), name)
	if err != nil {
		return err
	}
	if as == "" {
		a.say("%s. Decide about those of a restored ledger or a mass change with --as landed|delivered|again|drop --reason TEXT.\n", count(len(rows), "held file"))
		return a.listHeld(rows)
	}
	if why == "" {
		return usage(errors.New("--reason is needed: the audit keeps why"))
	}
	stage, err := stageOf(cfg, spec)
	if err != nil {
		return err
	}
	epoch, err := s.Epoch(cmd.Context())
	if err != nil {
		return err
	}
	n, _, err := control.Reconcile(cmd.Context(), s, spec, stage, epoch, job.Settling{As: as, By: user(), Why: why})
	if err != nil {
		return fmt.Errorf("after %s: %w", count(n, "file"), err)
	}
	a.printf("%s settled as %s; %s takes new files again\n", count(n, "file"), as, name)
	return nil
}

// stageOf opens the stage of a job.
func stageOf(cfg *config.Config, spec job.Spec) (*local.Stage, error) {
	if spec.Type == job.TypeImport {
		landing, err := local.OpenLanding(spec.Import.Landing)
		if err != nil {
			return nil, err
		}
		return landing.Stage, nil
	}
	return exportStage(cfg, spec.Name)
}
