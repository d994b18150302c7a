package main

import (
	"context"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
	"github.com/haulier/haulier/notify/shout"
	"github.com/haulier/haulier/store"
)

// notifyOptions plug together what tells people and systems. Daemon is nil where a command sends by itself.
func (a *app) notifyOptions(current func() *config.Config, s *store.Store, d *control.Daemon) notify.Options {
	o := notify.Options{
		Outbox: s, Tray: s, Secrets: control.Vault{Store: s}, Shout: shout.Send, Version: thisBuild().Version,
		Route: func(ctx context.Context, e job.Event) (job.Route, error) {
			return control.Alerted(ctx, current(), s, e)
		},
		Connection: func(name string) (job.Connection, bool) { c, found := current().Connections[name]; return c, found },
		Zone:       func() *time.Location { return current().Timezone },
	}
	if d != nil {
		o.Log, o.Alive = d.Logger, d.Alive
	}
	return o
}
