package main

import (
	"context"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/page"
)

// pageRows give pages single rows of the ledger.
type pageRows struct{ *store.Store }

func (r pageRows) Timeline(ctx context.Context, file int64) ([]page.Step, error) {
	steps, err := r.Steps(ctx, file)
	list := make([]page.Step, len(steps))
	for i, s := range steps {
		list[i] = page.Step{Run: s.Run, Step: s.Step, State: s.State, Slug: s.Slug, At: s.At}
	}
	return list, err
}

// pageRunbooks tell pages what is known around incidents.
type pageRunbooks struct{ *control.Daemon }

func (r pageRunbooks) Runbook(ctx context.Context, incident int64) (page.Runbook, error) {
	b, err := control.Care{Store: r.Store}.Runbook(ctx, incident, r.Config().Connections)
	shown := page.Runbook{Incident: b.Incident, Failed: b.Failed}
	if b.LastGood != nil {
		good := page.LastGood(*b.LastGood)
		shown.LastGood = &good
	}
	for _, c := range b.Changed {
		shown.Changed = append(shown.Changed, page.Change(c))
	}
	return shown, err
}

// pagePlanner plans for pages, as the API does.
type pagePlanner struct{ servers }

func (p pagePlanner) PlanJob(ctx context.Context, name, by string) ([]job.Intent, error) {
	_, intents, err := p.plan(ctx, name, by)
	return intents, err
}
