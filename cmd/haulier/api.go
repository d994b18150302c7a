package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/page"
)

// apiOptions plugs the API into the daemon.
func apiOptions(at servers) web.Options {
	d := at.daemon
	house := &pageHouse{daemon: d}
	o := web.Options{Runner: d, Keeper: d, Reader: d.Store, Outbox: d.Store, Reporter: d, Calendar: d, Looker: d, Decider: pageLooker{d, house}, Alive: d.Alive, Version: thisBuild().Version}
	o.Care = control.Care{Store: d.Store}
	o.Lists, o.Jobs, o.Days = apiLists{d.Store}, apiJobs{d, house}, apiJobs{d, house}
	o.Contents, o.Audit, o.Checker, o.Intake = d, d.Store, checker{}, intake{d}
	o.Connections, o.Servers, o.Keys, o.Sheets = apiConnections{d, pageDoer{d, at.turns, house}}, apiServers{at}, apiKeys{d}, apiSheets{sheets{d.Config, d.Store, d.Logger}}
	o.Hears = apiHears{pageHears{d.Config, d.Store}}
	return o
}

// apiLists read for the API what the store remembers, as the pages do.
type apiLists struct{ *store.Store }

func (l apiLists) Runs(ctx context.Context, q web.RunQuery) ([]job.Run, int64, error) {
	return pageBooks(l).Runs(ctx, page.RunQuery{
		Job: q.Job, Connection: q.Connection, States: q.States, Since: q.Since, File: q.File, Before: q.Before, Limit: q.Limit, Sight: q.Sight,
	})
}

func (l apiLists) Files(ctx context.Context, q web.FileQuery) ([]job.File, int64, error) {
	return pageBooks(l).Files(ctx, page.FileQuery{Job: q.Job, States: q.States, Name: q.Name, SHA256: q.SHA256, Before: q.Before, Limit: q.Limit, Sight: q.Sight})
}

func (l apiLists) Events(ctx context.Context, after int64, limit int, sight job.Sight) (events []job.Event, next int64, more bool, err error) {
	p, err := l.EventPage(ctx, after, limit, sight)
	if err == nil && after > p.Given { // of a ledger that was lost: whoever waits behind it would wait in silence
		err = &job.Reason{
			Slug: "api.unknown_event", What: "nothing was told", Cause: fmt.Sprintf("there has been no event %d here, and the last one was given %d: the ledger was restored, or is another one", after, p.Given),
			Do: "begin anew, without after or Last-Event-ID", Who: job.WhoUs, Err: job.ErrStale,
		}
	}
	return p.Events, p.Next, p.More, err
}

func (l apiLists) Log(ctx context.Context, run, after int64, limit int) ([]web.LogLine, error) {
	lines, err := l.LogLines(ctx, run, after, limit)
	list := make([]web.LogLine, len(lines))
	for i, line := range lines {
		list[i] = web.LogLine{ID: line.ID, At: line.At.UTC(), Level: line.Level, Line: line.Line}
	}
	return list, err
}

// apiJobs tells the API how jobs stand, as the pages do.
type apiJobs struct {
	daemon *control.Daemon
	house  *pageHouse
}

func (j apiJobs) Jobs(ctx context.Context, sight job.Sight) ([]web.Job, error) {
	cfg := j.daemon.Config()
	var specs []job.Spec
	for _, spec := range cfg.Jobs {
		if sight.Sees(cfg.Connections[spec.Connection].Entity) {
			specs = append(specs, spec)
		}
	}
	return j.shown(ctx, specs)
}

func (j apiJobs) Job(ctx context.Context, name string) (web.Job, error) {
	spec, err := j.spec(name)
	if err != nil {
		return web.Job{}, err
	}
	jobs, err := j.shown(ctx, []job.Spec{spec})
	if err != nil {
		return web.Job{}, err
	}
	return jobs[0], nil
}

func (j apiJobs) spec(name string) (job.Spec, error) {
	spec, found := j.daemon.Config().Job(name)
	if !found {
		return spec, fmt.Errorf("job %s: %w", naming.Printable(name, 100), job.ErrNotFound)
	}
	return spec, nil
}

func (j apiJobs) shown(ctx context.Context, specs []job.Spec) ([]web.Job, error) {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	standings, err := j.house.Standings(ctx, names)
	if err != nil {
		return nil, err
	}
	cfg := j.daemon.Config()
	jobs := make([]web.Job, len(specs))
	for i, spec := range specs {
		st := standings[i]
		jobs[i] = web.Job{
			Name: spec.Name, Type: spec.Type, Connection: spec.Connection, Entity: cfg.Connections[spec.Connection].Entity, Enabled: spec.Enabled,
			Schedule: spec.Timing.Cron, Timezone: spec.Timing.Zone.String(), Standing: string(st.Word), Since: st.Since.UTC(), Until: st.Until.UTC(), Why: st.Why,
			Run: st.Run, Next: st.Next.UTC(), LastRun: st.LastRun, LastSuccess: st.LastSuccess.UTC(), Held: st.Held, Rejected: st.Rejected, Error: st.Reason,
		}
	}
	return jobs, nil
}

func (j apiJobs) Upcoming(_ context.Context, name string, n int) ([]web.Upcoming, error) {
	spec, err := j.spec(name)
	if err != nil {
		return nil, err
	}
	list, err := j.house.Next(spec, time.Now(), n)
	times := make([]web.Upcoming, len(list))
	for i, u := range list {
		times[i] = web.Upcoming{Due: u.Due.UTC(), Starts: u.Starts.UTC(), Notes: u.Notes}
	}
	return times, err
}

func (j apiJobs) PauseJob(ctx context.Context, name, why, by string, until time.Time) error {
	if _, err := j.spec(name); err != nil {
		return err
	}
	return pauseFor(ctx, pageDoer{Daemon: j.daemon, house: j.house}, job.Pause{Kind: "job", Name: name, Reason: why, By: by, Until: until})
}

// pauseFor holds something up for the API.
func pauseFor(ctx context.Context, d pageDoer, p job.Pause) error {
	p.Since = time.Now()
	if p.Reason == "" || !p.Until.IsZero() && !p.Until.After(p.Since) {
		return &job.Reason{Slug: "api.bad_pause", What: "nothing was paused", Cause: "it says no reason, or a time that is over", Do: `send "reason", and "until" as a time ahead or not at all`, Who: job.WhoUs}
	}
	p.Reason = naming.Printable(p.Reason, 500)
	return d.Pause(ctx, p)
}

func (j apiJobs) ResumeJob(ctx context.Context, name, by string) error {
	if _, err := j.spec(name); err != nil {
		return err
	}
	err := pageDoer{Daemon: j.daemon, house: j.house}.Resume(ctx, "job", name, by)
	if errors.Is(err, job.ErrNotFound) { // it is not paused, which is what was asked for
		return nil
	}
	return err
}

func (j apiJobs) ExtendDay(ctx context.Context, name, day string, until time.Time, by, why string) (job.Expectation, error) {
	if _, err := j.spec(name); err != nil {
		return job.Expectation{}, err
	}
	return control.ExtendExpectation(ctx, j.daemon.Store, name, day, until, time.Now(), by, why)
}
