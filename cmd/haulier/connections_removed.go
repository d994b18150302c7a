package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// removal is what is left of a connection that is no longer configured.
type removal struct {
	Since    *time.Time        `json:"since"`    // when a configuration without it was first loaded; null: none was yet
	Revision int64             `json:"revision"` // the last configuration that had it; 0: none is recorded
	Loaded   *time.Time        `json:"loaded"`   // when that was loaded
	LastRun  *historyLine      `json:"last_run"` // null: none
	Left     control.Leftovers `json:"left"`     // what connections purge deletes
}

// removedLines tells of the connections that the store knows and the configuration does not have, as they were when it
// last had them.
func removedLines(ctx context.Context, cfg *config.Config, s *store.Store) ([]connectionLine, error) {
	if s == nil {
		return nil, nil
	}
	known, err := s.Connections(ctx)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(known, func(name string, _ time.Time) bool { _, here := cfg.Connections[name]; return here })
	names := slices.Sorted(maps.Keys(known))
	last, err := control.LastWith(ctx, s, names...)
	if err != nil {
		return nil, err
	}
	lines := make([]connectionLine, len(names))
	for i, name := range names {
		before, c := asItWas(last[name], name)
		if lines[i], err = connectionLineOf(ctx, before, s, c); err != nil {
			return nil, err
		}
		lines[i].State = connectionRemoved
	}
	return lines, nil
}

// asItWas gives a removed connection and its configuration; little more than the name when none is recorded.
func asItWas(was control.Was, name string) (*config.Config, job.Connection) {
	if was.Config == nil {
		return &config.Config{}, job.Connection{Name: name, DisplayName: name}
	}
	return was.Config, was.Config.Connections[name]
}

// findRemoved finds a connection that is no longer configured, and when a configuration without it was first loaded.
func findRemoved(ctx context.Context, cfg *config.Config, s *store.Store, name string) (since time.Time, err error) {
	if s == nil {
		_, err = findConnection(cfg, name)
		return since, err
	}
	known, err := s.Connections(ctx)
	if err != nil {
		return since, err
	}
	since, found := known[name]
	if !found {
		_, err = findConnection(cfg, name)
	}
	return since, err
}

func (a *app) showRemoved(ctx context.Context, cfg *config.Config, s *store.Store, name string) error {
	since, err := findRemoved(ctx, cfg, s, name)
	if err != nil {
		return err
	}
	shown, err := removedDetails(ctx, cfg, s, name, since)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(shown)
	}
	a.printRemoved(cfg, shown)
	return nil
}

func removedDetails(ctx context.Context, cfg *config.Config, s *store.Store, name string, since time.Time) (connectionDetails, error) {
	left, _, err := control.FindLeftovers(ctx, s, cfg, name)
	if err != nil {
		return connectionDetails{}, err
	}
	before, c := asItWas(left.Was, name)
	d, err := detailsOf(ctx, before, s, c)
	if err != nil {
		return d, err
	}
	d.State, d.Configured = connectionRemoved, ""
	d.Removed = &removal{Since: instantOf(since), Revision: left.Was.Revision.ID, Loaded: instantOf(left.Was.Revision.At), Left: left}
	runs, err := s.Runs(ctx, store.RunFilter{Connection: name, Limit: 1})
	if len(runs) > 0 {
		last := historyOf(runs[0])
		d.Removed.LastRun = &last
	}
	return d, err
}

func (a *app) printRemoved(cfg *config.Config, d connectionDetails) {
	a.printf("%s (%s)  %s\n", d.DisplayName, d.Name, d.State)
	gone := d.Removed
	if gone.Since == nil {
		a.row("removed", "from %s; no daemon has loaded it without the connection yet", cfg.Path)
	} else {
		a.row("removed", "%s", at(*gone.Since, cfg.Timezone))
	}
	if gone.Loaded == nil {
		a.row("last loaded", "no configuration that had it is recorded")
	} else {
		a.row("last loaded", "%s, revision %d", at(*gone.Loaded, cfg.Timezone), gone.Revision)
		a.row("server", "%s:%d, user %q", d.Host, d.Port, d.User)
		a.row("jobs", "%s", orNone(strings.Join(d.Jobs, ", ")))
	}
	if gone.LastRun != nil {
		a.row("last run", "%s", gone.LastRun.text(cfg.Timezone))
	}
	if d.LastSuccess != nil {
		a.row("last success", "%s", at(*d.LastSuccess, cfg.Timezone))
	}
	a.row("history", "stays: haulier history JOB, haulier connections stats %s", d.Name)
	a.printLeft(gone.Left)
}

// printLeft says what is kept of a removed connection beside its history, and how it goes.
func (a *app) printLeft(left control.Leftovers) {
	kept := leftoverParts(left)
	a.row("kept", "%s", orNone(strings.Join(kept, "; ")))
	if len(left.Kept) > 0 {
		a.row("PGP keys", "%s stay, as archived files may need them", strings.Join(left.Kept, ", "))
	}
	if len(kept) > 0 {
		a.row("to do", "haulier connections purge %s deletes what is kept; ask the customer to remove our public key from their server", left.Connection)
	}
}
