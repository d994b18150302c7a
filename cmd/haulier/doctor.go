package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/local"
)

func doctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look whether this machine, the store and the folders are well",
		Long: "Checks the configuration, the store and its secrets, file rights, folders, free space, what is left in the stages,\n" +
			"and whether a daemon answers. Nothing is changed and no server is dialled. Exit 16 when something fails.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

// finding is one line of the doctor's.
type finding struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok, WARN or FAIL
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"`
}

// The states of a finding.
const (
	well = "ok"
	warn = "WARN"
	ill  = "FAIL"
)

func (a *app) doctor(ctx context.Context) error {
	cfg, problems := config.Load(a.file(), config.Options{})
	findings := []finding{configFinding(problems)}
	if cfg != nil {
		findings = append(findings, dataFinding(cfg), a.daemonFinding(ctx, cfg))
		findings = append(findings, machineFindings(cfg)...)
		findings = append(findings, a.storeFindings(ctx, cfg)...)
		findings = append(findings, a.credentialFindings(ctx, cfg)...)
		for _, spec := range cfg.Jobs {
			findings = append(findings, jobFinding(cfg, spec))
			findings = append(findings, archiveFindings(spec)...)
		}
	}
	failed := false
	for _, f := range findings {
		failed = failed || f.State == ill
		if a.json {
			if err := a.object(f); err != nil {
				return err
			}
			continue
		}
		a.printf(" %-4s  %-24s %s\n", f.State, f.Name, f.Detail)
		if f.Do != "" {
			a.printf("       %-24s Do: %s\n", "", f.Do)
		}
	}
	if failed {
		return coded{exitLocal, nil}
	}
	return nil
}

func configFinding(problems config.Problems) finding {
	f := finding{Name: "configuration", State: well, Detail: problems.Summary()}
	switch {
	case problems.Errors() > 0:
		f.State, f.Do = ill, "haulier check"
	case problems.Warnings() > 0:
		f.State, f.Do = warn, "haulier check"
	}
	return f
}

func dataFinding(cfg *config.Config) finding {
	f := finding{Name: "data folder", State: well, Detail: cfg.DataDir}
	info, err := os.Stat(cfg.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.State, f.Detail = warn, cfg.DataDir+" is not there yet; the first run makes it"
	case err != nil:
		f.State, f.Detail = ill, err.Error()
	case info.Mode().Perm()&0o077 != 0:
		f.State, f.Detail, f.Do = ill, fmt.Sprintf("%s may be used by others (mode %04o)", cfg.DataDir, info.Mode().Perm()), "chmod 700 "+cfg.DataDir
	}
	return f
}

func (a *app) daemonFinding(ctx context.Context, cfg *config.Config) finding {
	if a.daemon(ctx, cfg) == nil {
		return finding{Name: "daemon", State: warn, Detail: "nobody answers on " + inData(cfg, socketFile), Do: "haulier serve"}
	}
	return finding{Name: "daemon", State: well, Detail: "answers on " + inData(cfg, socketFile)}
}

// storeFindings look at the store: whole, in time, and every secret opens.
func (a *app) storeFindings(ctx context.Context, cfg *config.Config) []finding {
	s, err := a.store(ctx, cfg, true)
	if errors.Is(err, store.ErrMissing) {
		return []finding{{Name: "store", State: warn, Detail: "there is none yet; the first command that needs it makes it"}}
	}
	if err != nil {
		return []finding{failing("store", err)}
	}
	return []finding{wholeFinding(ctx, s), secretsFinding(ctx, s), epochFinding(ctx, s), clockFinding(ctx, s)}
}

func failing(name string, err error) finding {
	f := finding{Name: name, State: ill, Detail: err.Error()}
	var reason *job.Reason
	if errors.As(err, &reason) {
		f.Detail, f.Do = reason.Cause, reason.Do
	}
	return f
}

func wholeFinding(ctx context.Context, s *store.Store) finding {
	problems, err := s.Check(ctx)
	if err != nil {
		return failing("store", err)
	}
	if len(problems) > 0 {
		return finding{Name: "store", State: ill, Detail: strings.Join(problems, "; "), Do: "stop the daemon, keep a copy of data_dir, then haulier restore FILE"}
	}
	return finding{Name: "store", State: well, Detail: "whole; the audit list is unaltered"}
}

func secretsFinding(ctx context.Context, s *store.Store) finding {
	bad, err := s.CheckSecrets(ctx)
	if err != nil {
		return failing("secrets", err)
	}
	if len(bad) > 0 {
		return finding{Name: "secrets", State: ill, Detail: "these do not open: " + strings.Join(bad, ", "), Do: "put the right master key back, or set and generate them anew"}
	}
	next, err := s.NextMasterKey(ctx)
	if err != nil {
		return failing("secrets", err)
	}
	defer next.Wipe()
	if !next.Empty() {
		return finding{Name: "secrets", State: warn, Detail: "every sealed key and password opens; a rotation of the master key has begun and not ended", Do: "haulier secrets rotate"}
	}
	return finding{Name: "secrets", State: well, Detail: "every sealed key and password opens"}
}

func epochFinding(ctx context.Context, s *store.Store) finding {
	epoch, err := s.Epoch(ctx)
	if err != nil {
		return failing("epoch", err)
	}
	if strings.HasPrefix(epoch, job.RestoredEpoch) {
		return finding{Name: "epoch", State: well, Detail: epoch + " (put back from a backup; jobs hold what looks new until haulier reconcile)"}
	}
	return finding{Name: "epoch", State: well, Detail: epoch}
}

// clockSlack is how far ahead the ledger may be of the clock.
const clockSlack = time.Minute

// clockFinding sees a clock that went back behind what was recorded.
func clockFinding(ctx context.Context, s *store.Store) finding {
	runs, err := s.Runs(ctx, store.RunFilter{Limit: 1})
	if err != nil {
		return failing("clock", err)
	}
	now := time.Now()
	if len(runs) == 1 && runs[0].Started.After(now.Add(clockSlack)) {
		return finding{Name: "clock", State: ill, Detail: fmt.Sprintf("it says %s, and a run began at %s", now.UTC().Format(time.RFC3339), runs[0].Started.UTC().Format(time.RFC3339)), Do: "set the clock; no slot runs twice meanwhile"}
	}
	return finding{Name: "clock", State: well, Detail: now.UTC().Format(time.RFC3339)}
}

// jobFinding looks at the folders of a job: there, with room, and without much that runs left behind.
func jobFinding(cfg *config.Config, spec job.Spec) finding {
	f := finding{Name: "job " + spec.Name, State: well}
	dir, stage := "", filepath.Join(cfg.DataDir, stageDir, spec.Name)
	if spec.Type == job.TypeImport {
		dir, stage = spec.Import.Landing, filepath.Join(spec.Import.Landing, local.StageDir)
	} else {
		dir = spec.Export.Outbox
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && spec.Type == job.TypeImport:
		f.State, f.Detail = warn, dir+" is not there yet; the first run makes it"
		return f
	case err != nil:
		f.State, f.Detail, f.Do = ill, err.Error(), "make the outbox, or correct from.dir"
		return f
	case !info.IsDir():
		f.State, f.Detail = ill, dir+" is not a folder"
		return f
	}
	free, err := local.Free(dir)
	if err != nil {
		return failing(f.Name, err)
	}
	left := leftovers(stage)
	f.Detail = fmt.Sprintf("%s: %s free, %s older than a day in the stage", dir, size(free), count(left, "file"))
	if free < spec.Limits.MinFreeSpace {
		f.State, f.Do = ill, fmt.Sprintf("free space: limits.min_free_space is %s", size(spec.Limits.MinFreeSpace))
	}
	return f
}

// leftovers counts staged files that no run has touched for a day.
func leftovers(stage string) int {
	entries, err := os.ReadDir(stage)
	if err != nil {
		return 0
	}
	n := 0
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && !strings.HasPrefix(entry.Name(), "epoch.") && time.Since(info.ModTime()) > 24*time.Hour {
			n++
		}
	}
	return n
}
