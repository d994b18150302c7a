package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// healthWithin is how long a daemon may take to say that it does its work.
const healthWithin = 15 * time.Second

// serving fails unless a daemon answers and does its work. Of the configuration only data_dir is read: one that is broken
// does not stop a daemon.
func (a *app) serving(ctx context.Context) error {
	socket := a.server
	if socket == "" {
		dir, ok := config.DataDir(a.file())
		if !ok {
			_, err := a.config() // says why
			return errors.Join(err, noDaemon())
		}
		socket = filepath.Join(dir, socketFile)
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	d := daemonAt(ctx, socket)
	if d == nil {
		return noDaemon()
	}
	var health web.Health
	err := d.get(ctx, "/healthz", &health)
	var reason *job.Reason
	switch {
	case err == nil && !a.quiet && !a.json:
		a.printf("haulier serves\n")
	case err == nil && a.json:
		return a.object(health)
	case err != nil && !errors.As(err, &reason):
		return &job.Reason{
			Slug: control.SlugHangs, What: "nothing is known of the jobs", Cause: "the daemon takes calls and does not answer: " + err.Error(),
			Do: "restart haulier serve, and look into its log", Who: job.WhoUs, Err: err,
		}
	}
	return err
}
