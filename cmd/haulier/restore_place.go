package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// sideFiles are what belongs to the database file while it is in use.
var sideFiles = []string{"", "-wal", "-shm", "-journal"}

// storeThere is why a restore stops in front of a store.
func storeThere(path string) *job.Reason {
	return &job.Reason{
		Slug: "local.store_there", What: "nothing was changed", Cause: path + " holds a store already",
		Do: "add --replace: the present store is kept aside", Who: job.WhoUs,
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// setAside gives the present store a second name. It stays in use under its own until the rename.
func (r *restoration) setAside(ctx context.Context) error {
	present := filepath.Join(r.dataDir, storeFile)
	if !slices.ContainsFunc(sideFiles, func(side string) bool { return exists(present + side) }) {
		return nil
	}
	whole, err := r.settlePresent(ctx, present)
	if err != nil {
		return err
	}
	aside, err := freeFolder(filepath.Join(r.dataDir, "replaced-"+r.stamp))
	if err != nil {
		return fmt.Errorf("keep the present store aside: %w", err)
	}
	for _, side := range sideFiles {
		if err := os.Link(present+side, filepath.Join(aside, storeFile+side)); absent(err) != nil {
			return fmt.Errorf("keep the present store aside: %w", err)
		}
	}
	if kept := filepath.Join(aside, storeFile); exists(kept) {
		r.done.Kept = append(r.done.Kept, kept)
	} else {
		r.done.Kept = append(r.done.Kept, aside)
	}
	if err := errors.Join(syncFolder(aside), syncFolder(r.dataDir)); err != nil {
		return err
	}
	if whole {
		return nil
	}
	// No program can use this store, and what lies beside it would be taken for part of the one that comes.
	for _, side := range sideFiles[1:] {
		err = errors.Join(err, absent(os.Remove(present+side)))
	}
	return err
}

// settlePresent writes everything of the present store into its one file. A store that cannot be opened is not whole.
func (r *restoration) settlePresent(ctx context.Context, path string) (whole bool, err error) {
	if !exists(path) {
		return false, nil // of a store that somebody removed
	}
	key := store.KeySource{Path: filepath.Join(r.dataDir, masterFile)}
	s, err := store.Open(ctx, store.Options{Path: path, MasterKey: key.MasterKey})
	if err == nil {
		err = s.Close()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrFull):
		return false, err
	case err != nil:
		r.app.say("The present store cannot be opened (%v); it is kept aside as it is.\n", err)
		return false, nil
	case exists(path + "-wal"):
		return false, &job.Reason{
			Slug: "local.store_busy", What: "nothing was changed", Cause: "another haulier command reads the present store",
			Do: "wait for the other haulier command to end", Who: job.WhoUs, Temporary: true,
		}
	}
	return true, nil
}

// swap is the restore itself: before the rename the old store counts, after it the new one.
func (r *restoration) swap() error {
	if err := os.Rename(filepath.Join(r.scratch, storeFile), filepath.Join(r.dataDir, storeFile)); err != nil {
		return fmt.Errorf("put the store in its place: %w", err)
	}
	r.step("swapped")
	r.done.DataDir, r.done.Made = r.dataDir, r.contents.Made
	return syncFolder(r.dataDir)
}

// targets are where the files of the configuration go. Those that lay elsewhere go back there.
func (r *restoration) targets(contents backupContents) []string {
	targets := slices.Clone(contents.Config)
	for i, name := range targets {
		if !filepath.IsAbs(name) {
			targets[i] = filepath.Join(r.configDir, filepath.Clean("/"+name))
		}
	}
	return targets
}

// refuseConfig stops before anything is changed when a configuration is there already.
func (r *restoration) refuseConfig(contents backupContents) error {
	for _, path := range r.targets(contents) {
		if exists(path) && !r.replace {
			return usage(fmt.Errorf("nothing was changed: %s is there already; --replace keeps it aside", path))
		}
	}
	return nil
}

// placeConfig puts the configuration back, the file that includes the others last.
func (r *restoration) placeConfig() error {
	targets := r.targets(r.contents)
	for i := len(targets) - 1; i >= 0; i-- {
		if err := r.placeFile(filepath.Join(r.scratch, fmt.Sprintf(configFile, i)), targets[i]); err != nil {
			return fmt.Errorf("the store is restored; put back %s: %w", targets[i], err)
		}
		r.done.Config = append(r.done.Config, targets[i])
	}
	slices.Reverse(r.done.Config)
	return nil
}

func (r *restoration) placeFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if exists(to) {
		aside := to + ".replaced-" + r.stamp
		if err := os.Link(to, aside); err != nil {
			return err
		}
		r.done.Kept = append(r.done.Kept, aside)
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // read only
	draft := filepath.Join(filepath.Dir(to), ".restored-"+filepath.Base(to)+"-"+r.stamp)
	if err := writePrivate(draft, source); err != nil {
		return errors.Join(err, absent(os.Remove(draft)))
	}
	if err := os.Rename(draft, to); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	return syncFolder(filepath.Dir(to))
}

// report says what was done, and what has to be done next.
func (r *restoration) report() error {
	if r.app.json {
		return r.app.object(r.done)
	}
	r.app.printf("restored %s of %s into %s\n", r.file, r.done.Made.Format("2006-01-02 15:04:05 MST"), r.done.DataDir)
	for _, path := range r.done.Kept {
		r.app.printf("kept what was there before as %s\n", path)
	}
	for _, path := range r.done.Config {
		r.app.printf("wrote %s\n", path)
	}
	r.app.printf("runs, files and all else are numbered above %d from now on\n", r.done.Above)
	r.app.say("\nEach job now holds what it would otherwise take a second time. Next, for each job:\n" +
		"  haulier plan JOB          what it would do\n" +
		"  haulier run JOB           looks, and holds what the ledger does not know\n" +
		"  haulier reconcile JOB     lists that; with --as it settles it\n")
	return nil
}
