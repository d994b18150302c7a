package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

func showCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Files and timeline of one run",
		Args:  exactly("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("run", args[0])
			if err != nil {
				return err
			}
			return a.show(cmd.Context(), id)
		},
	}
}

// parseID reads the number of a run or file.
func parseID(what, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usage(fmt.Errorf("%q is no number of a %s", text, what))
	}
	return id, nil
}

// shownRun is a run with its files as scripts read it.
type shownRun struct {
	historyLine
	FilesOf []shownFile `json:"files"`
	Counts  job.Counts  `json:"counts"`
}

// shownFile is a file of a run as scripts read it.
type shownFile struct {
	ID      int64        `json:"id"`
	Name    string       `json:"name"`
	Remote  string       `json:"remote"`
	Local   string       `json:"local"`
	Size    int64        `json:"size"`
	SHA256  string       `json:"sha256"`
	State   job.State    `json:"state"`
	Proof   job.Proof    `json:"proof"`
	Error   *job.Reason  `json:"error"`
	Receipt *job.Receipt `json:"receipt,omitempty"`
	Outcome *job.Report  `json:"outcome,omitempty"` // what its taker reports
}

func shownOf(f job.File) shownFile {
	s := shownFile{
		ID: f.ID, Name: naming.Printable(base(f.Path), 300), Size: f.Size, SHA256: f.Plain.SHA256, State: f.State, Proof: f.Proof, Error: f.Reason, Receipt: f.Receipt,
		Remote: naming.Printable(f.Path, 1000), Local: naming.Printable(f.Local, 1000),
	}
	if f.Type == job.TypeExport {
		s.Remote, s.Local = naming.Printable(f.Final, 1000), naming.Printable(f.Path, 1000)
	}
	return s
}

func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

func (a *app) show(ctx context.Context, id int64) error {
	cfg, s, err := a.reading(ctx)
	if err != nil {
		return err
	}
	run, err := s.Run(ctx, id)
	if err != nil {
		return fmt.Errorf("run %d: %w", id, err)
	}
	outcomes, err := s.RunFiles(ctx, id)
	if err != nil {
		return err
	}
	reports, err := reportsOf(ctx, s, outcomes)
	if err != nil {
		return err
	}
	if a.json {
		shown := shownRun{historyLine: historyOf(run), Counts: run.Counts, FilesOf: []shownFile{}}
		for _, o := range outcomes {
			f := shownOf(o.File)
			f.Outcome = reportOf(reports, f.ID)
			shown.FilesOf = append(shown.FilesOf, f)
		}
		return a.object(shown)
	}
	a.printf("%s\n", historyText(run, cfg.Timezone))
	if run.Slot != nil {
		a.printf("scheduled for %s\n", run.Slot.Due.In(cfg.Timezone).Format("Mon 2006-01-02 15:04 MST"))
	}
	if run.Revision != 0 {
		a.printf("configuration revision %d\n", run.Revision)
	}
	if run.Note != "" {
		a.printf("note: %s\n", run.Note)
	}
	for _, o := range outcomes {
		if err := a.showFile(ctx, s, o, reportOf(reports, o.File.ID), cfg.Timezone); err != nil {
			return err
		}
	}
	if run.Reason != nil && !toldWithFile(run.Reason, outcomes) {
		a.printf("%s", reasonText(run.Reason, "", a.colored(a.stdout)))
	}
	return nil
}

// showFile shows a file of a run: what became of it, where it is, its hashes, and when it took which step.
func (a *app) showFile(ctx context.Context, s *store.Store, o job.Outcome, report *job.Report, zone *time.Location) error {
	f := shownOf(o.File)
	a.printf("\nfile %d  %s  %s  %s\n", f.ID, f.Name, size(f.Size), f.State)
	a.printf("  remote  %s\n  local   %s\n", f.Remote, f.Local)
	if f.SHA256 != "" {
		a.printf("  sha256  %s\n", f.SHA256)
	}
	if f.Proof != "" {
		a.printf("  proof   %s\n", f.Proof)
	}
	if e := o.File.Envelope; e != nil && e.DecryptedWith != "" {
		a.printf("  pgp     %s, decrypted with %s %s\n", e.Container, e.KeyName, e.DecryptedWith)
	}
	steps, err := s.Steps(ctx, o.File.ID)
	if err != nil {
		return err
	}
	var before store.Step
	for _, step := range steps {
		anew := step.Step == before.Step && step.State == before.State && step.Slug == before.Slug
		before = step
		if step.Run != o.Run || anew {
			continue // another run's, or more facts of a step that was taken already
		}
		a.printf("  %s  %s\n", step.At.In(zone).Format("15:04:05.000 MST"), step.Step)
	}
	if report != nil {
		a.printf("  outcome %s\n", reportText(*report, zone))
	}
	if f.Error != nil {
		a.printf("%s", reasonText(f.Error, "  ", a.colored(a.stdout)))
	}
	return nil
}
