package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

// configOrLast is config for commands that only look: when the file is broken it says so and goes on with the
// configuration that counted last, which is the one that a daemon still works with.
func (a *app) configOrLast(ctx context.Context) (*config.Config, error) {
	cfg, err := a.config()
	var own coded
	if err == nil || !errors.As(err, &own) || own.code != exitConfig {
		return cfg, err
	}
	last, revision, lastErr := a.lastConfig(ctx)
	if lastErr != nil {
		return nil, err
	}
	a.say("Going on with the configuration that counted last, revision %d.\n", revision)
	return last, nil
}

// lastConfig loads the newest revision of the store that a broken file still names.
func (a *app) lastConfig(ctx context.Context) (*config.Config, int64, error) {
	dir, ok := config.DataDir(a.file())
	if !ok {
		return nil, 0, errors.New("the file names no data folder")
	}
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, storeFile), ReadOnly: true})
	if err != nil {
		return nil, 0, err
	}
	revision, found, err := s.LastRevision(ctx)
	if err = errors.Join(err, s.Close()); err != nil || !found {
		return nil, 0, errors.Join(err, errors.New("no configuration was recorded"))
	}
	cfg, problems := config.LoadText(revision.Text, a.file(), "the recorded configuration", config.Options{NoFiles: true})
	if cfg == nil {
		return nil, 0, problems.Reason()
	}
	cfg.DataDir = dir
	return cfg, revision.ID, nil
}
