package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/web"
)

// apiConnections tell the API how connections stand, as haulier connections does.
type apiConnections struct {
	*control.Daemon
	doer pageDoer
}

// noSuchConnection is what the API says of a name that is none.
func noSuchConnection(name string) error {
	return fmt.Errorf("connection %s: %w", naming.Printable(name, 100), job.ErrNotFound)
}

func (c apiConnections) Connections(ctx context.Context, sight job.Sight, after string, limit int) (list []web.Connection, next string, err error) {
	cfg := c.Config()
	for _, name := range slices.Sorted(maps.Keys(cfg.Connections)) {
		spec := cfg.Connections[name]
		if name <= after || !sight.Sees(spec.Entity) {
			continue
		}
		if len(list) == limit {
			return list, list[limit-1].Name, nil
		}
		line, err := connectionLineOf(ctx, cfg, c.Store, spec)
		if err != nil {
			return nil, "", err
		}
		list = append(list, apiConnection(line))
	}
	return list, "", nil
}

func apiConnection(l connectionLine) web.Connection {
	return web.Connection{
		Name: l.Name, DisplayName: l.DisplayName, Entity: l.Entity, Host: l.Host, Port: l.Port, User: l.User, State: l.State, Jobs: l.Jobs, LastSuccess: l.LastSuccess,
	}
}

func (c apiConnections) Connection(ctx context.Context, name string) (web.ConnectionShown, error) {
	cfg := c.Config()
	spec, found := cfg.Connections[name]
	if !found {
		return web.ConnectionShown{}, noSuchConnection(name)
	}
	line, err := connectionLineOf(ctx, cfg, c.Store, spec)
	shown := web.ConnectionShown{
		Connection: apiConnection(line), Methods: append([]string{}, spec.Auth.Methods...), Key: spec.Auth.Key, Jump: []string{}, Locations: map[string]web.Location{},
	}
	for _, j := range spec.Jump {
		shown.Jump = append(shown.Jump, j.Name)
	}
	for place, l := range spec.Locations {
		shown.Locations[place] = web.Location{Path: l.Path, Use: l.Use}
	}
	if p := line.pause; p != nil {
		shown.Pause = &web.Paused{By: p.By, Reason: p.Reason, Since: p.Since.UTC(), Until: p.Until.UTC()}
	}
	if b := line.breaker; b.Open {
		shown.Refused = &web.Refused{Since: b.Since.UTC(), Until: b.Until.UTC(), Error: b.Reason}
	}
	return shown, err
}

func (c apiConnections) Figures(ctx context.Context, name string, days int) (web.ConnectionFigures, error) {
	zone := c.Config().Timezone
	s, err := c.Store.StatsOf(ctx, store.StatsQuery{Connection: name, Days: days, Zone: zone, Now: time.Now()})
	q := s.Requests
	return web.ConnectionFigures{
		Timezone: zone.String(), SuccessRate: s.SuccessRate, Bytes: web.Volume(s.Bytes), Days: points(s.Days), Hours: points(s.Hours),
		Requests: web.Requests{Total: q.Total, OK: q.OK, Failed: q.Failed, Download: web.Tally(q.Download), Upload: web.Tally(q.Upload)},
	}, err
}

func (c apiConnections) PauseConnection(ctx context.Context, name, why, by string, until time.Time) error {
	if _, found := c.Config().Connections[name]; !found {
		return noSuchConnection(name)
	}
	return pauseFor(ctx, c.doer, job.Pause{Kind: "connection", Name: name, Reason: why, By: by, Until: until})
}

func (c apiConnections) ResumeConnection(ctx context.Context, name, by string) error {
	if _, found := c.Config().Connections[name]; !found {
		return noSuchConnection(name)
	}
	return c.doer.Resume(ctx, "connection", name, by)
}

func points(days []store.Day) []web.Point {
	list := make([]web.Point, len(days))
	for i, d := range days {
		list[i] = web.Point(d)
	}
	return list
}
