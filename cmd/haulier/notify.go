package main

import (
	"encoding/json"
	"maps"
	"slices"
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
		Route:      func(e job.Event) []string { return alerted(current(), e) },
		Connection: func(name string) (job.Connection, bool) { c, found := current().Connections[name]; return c, found },
		Zone:       func() *time.Location { return current().Timezone },
	}
	if d != nil {
		o.Log, o.Alive = d.Logger, d.Alive
	}
	return o
}

// alerted names the channels that an alert goes to: those of the jobs that it touches, and of what is no job's, or of jobs that are gone, those of defaults.
func alerted(cfg *config.Config, e job.Event) []string {
	var about struct {
		Kind   job.AlertKind `json:"kind"`
		Jobs   []string      `json:"jobs"`
		Missed []string      `json:"missed"` // of them, those whose deadline has passed: their missing files are told with this
	}
	if json.Unmarshal(e.Data, &about) != nil {
		return nil
	}
	over := e.Type == "alert.resolved"
	names := map[string]bool{}
	add := func(a job.Alert, kind job.AlertKind) {
		for _, name := range a.Channels(kind, over) {
			names[name] = true
		}
	}
	known := false
	for _, name := range about.Jobs {
		spec, found := cfg.Job(name)
		known = known || found
		if found {
			add(spec.Alert, about.Kind)
		}
		if found && slices.Contains(about.Missed, name) {
			add(spec.Alert, job.AlertMissing)
		}
	}
	if !known {
		add(cfg.Alert, about.Kind)
	}
	return slices.Sorted(maps.Keys(names))
}
