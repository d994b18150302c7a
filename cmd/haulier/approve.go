package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
)

func approveCommand(a *app) *cobra.Command {
	var all, hash string
	command := &cobra.Command{
		Use:   "approve FILE...",
		Short: "Let files of a supervised job go on, after a look at them",
		Long: "The first files of a supervised job wait in the stage, whole and checked: haulier held list. An approved one lands, or is\n" +
			"sent, with the next run of its job, and just in the bytes that were looked at. When enough are approved the job is automatic.",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && all == "":
				return usage(errors.New("FILE is missing; --all JOB approves all that wait"))
			case len(args) > 0 && all != "":
				return usage(errors.New("--all stands alone: it means every file of the job that waits"))
			case hash != "" && len(args) != 1:
				return usage(errors.New("--sha256 is of one FILE"))
			}
			ids, err := parseIDs("file", args)
			if err != nil {
				return err
			}
			return a.approve(cmd.Context(), ids, all, hash)
		},
	}
	command.Flags().StringVar(&all, "all", "", "approve every file of this job that waits, the oldest first")
	command.Flags().StringVar(&hash, "sha256", "", "only if the file still has this hash, or one that begins so")
	return command
}

func parseIDs(what string, args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, text := range args {
		id, err := parseID(what, text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

func (a *app) approve(ctx context.Context, ids []int64, all, hash string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	if all != "" {
		if ids, err = waiting(ctx, s, all); err != nil {
			return err
		}
		if len(ids) == 0 {
			a.say("No file of %s waits to be looked at.\n", all)
		}
	}
	for _, id := range ids {
		f, err := control.Approve(ctx, s, lookAt(ctx, cfg, s, id, hash))
		if err != nil {
			return err
		}
		if err := a.sayApproved(ctx, cfg, s, f); err != nil {
			return err
		}
	}
	return nil
}

// waiting gives the files of a job that nobody has looked at, the oldest first.
func waiting(ctx context.Context, s *store.Store, jobName string) (ids []int64, err error) {
	rows, err := s.Held(ctx, jobName)
	for _, f := range rows {
		if f.Reason != nil && f.Reason.Slug == job.SlugSupervised {
			ids = append(ids, f.ID)
		}
	}
	return ids, err
}

// lookAt is the word of this user about a file; its day is one of its job's zone.
func lookAt(ctx context.Context, cfg *config.Config, s *store.Store, id int64, hash string) control.Look {
	l := control.Look{File: id, SHA256: hash, Zone: cfg.Timezone, Who: user()}
	if f, err := s.File(ctx, id); err == nil {
		if spec, found := cfg.Job(f.Job); found {
			l.Zone = spec.Timing.Zone
		}
	}
	return l
}

func (a *app) sayApproved(ctx context.Context, cfg *config.Config, s *store.Store, f job.File) error {
	if a.json {
		return a.object(shownOf(f))
	}
	a.printf("file %d is approved, sha256 %s\n", f.ID, f.Plain.SHA256)
	spec, found := cfg.Job(f.Job)
	if !found {
		return nil
	}
	done, err := s.Approvals(ctx, f.Job)
	if err != nil {
		return err
	}
	text := transfer.Supervision(spec.Supervised, done)
	if text == "" {
		text = "automatic from now on"
	}
	a.say("%s: %s. The next run goes on with it: haulier run %s does so now.\n", f.Job, text, f.Job)
	return nil
}

func rejectCommand(a *app) *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   "reject FILE --reason TEXT",
		Short: "Refuse a file of a supervised job, after a look at it",
		Long: "What waits in the stage is removed, and the file neither lands nor is sent. Its source is left where it is; another version\n" +
			"of it is taken by itself, this one only by haulier retry RUN.",
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("file", args[0])
			if err != nil {
				return err
			}
			if why == "" {
				return usage(errors.New("--reason is needed: the customer will ask, and the audit keeps it"))
			}
			return a.reject(cmd.Context(), id, why)
		},
	}
	command.Flags().StringVar(&why, "reason", "", "why, for the audit and for whoever has to send a right one")
	return command
}

func (a *app) reject(ctx context.Context, id int64, why string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	look := lookAt(ctx, cfg, s, id, "")
	look.Why = why
	f, err := control.Reject(ctx, s, look, func(f job.File) (control.Wiper, error) { return heldStage(cfg, f) })
	if err != nil {
		return err
	}
	if a.json {
		return a.object(shownOf(f))
	}
	a.printf("file %d is %s now\n", f.ID, f.State)
	return nil
}

// heldStage is the stage where a file of a supervised job waits.
func heldStage(cfg *config.Config, f job.File) (*local.Stage, error) {
	if f.Type == job.TypeExport {
		return exportStage(cfg, f.Job)
	}
	landing, err := local.FindLanding(f.Landing)
	if err != nil {
		return nil, err
	}
	return landing.Stage, nil
}
