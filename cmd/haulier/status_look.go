package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/web"
)

// How a job stands. A job has one standing: the first that is true of it, in the order of lookAt.
const (
	standingOK       = "ok"
	standingNew      = "new"
	standingRunning  = "running"
	standingCutOff   = "cut-off"
	standingFailing  = "FAILING"
	standingHeld     = "held"
	standingRejected = "rejected"
	standingDraft    = "draft"
	standingPaused   = "paused"
	standingDisabled = "disabled"
	standingLate     = "late"
	standingMissing  = "missing"
)

// standings are all of them as they are counted on the screen.
var standings = []string{
	standingOK, standingRunning, standingCutOff, standingMissing, standingLate, standingFailing, standingHeld, standingRejected, standingPaused, standingDraft, standingNew, standingDisabled,
}

// overlook is how everything stands, as scripts read it.
type overlook struct {
	At        time.Time      `json:"at"`
	Daemon    *daemonLine    `json:"daemon"` // null: none runs
	Counts    map[string]int `json:"counts"` // jobs by standing
	Jobs      []standing     `json:"jobs"`
	Incidents []job.Incident `json:"incidents"` // open
	Next      []nextRun      `json:"next"`      // soonest first
}

type daemonLine struct {
	Config   string    `json:"config"`
	Revision int64     `json:"revision"`
	Started  time.Time `json:"started"`
}

type nextRun struct {
	Job string    `json:"job"`
	At  time.Time `json:"at"`
}

// standing is how one job stands.
type standing struct {
	Job         string      `json:"job"`
	Connection  string      `json:"connection"`
	Standing    string      `json:"standing"`
	Since       *time.Time  `json:"since"`                // of the standing
	Why         string      `json:"why,omitempty"`        // paused, disabled
	Until       *time.Time  `json:"until,omitempty"`      // paused
	Run         int64       `json:"run,omitempty"`        // at work
	Trigger     job.Trigger `json:"trigger,omitempty"`    // of the run at work
	Failed      int         `json:"failed"`               // runs since the last that succeeded
	Held        int         `json:"held"`                 // files; 1,000 means at least so many
	Unseen      int         `json:"unseen"`               // of those, files of a supervised job that wait for a person to look at them
	Supervised  string      `json:"supervised,omitempty"` // how far a supervised job has come
	Rejected    []rejection `json:"rejected"`             // files that lie there, by cause, the oldest first
	LastRun     int64       `json:"last_run,omitempty"`
	LastSuccess *time.Time  `json:"last_success"`
	Error       *job.Reason `json:"error"` // of the last run

	Expected *web.Expectation `json:"expected"` // the day that is late or missing; else the one that comes; null: nothing is expected
}

// rejection is what a job rejected for one cause and nobody has dealt with.
type rejection struct {
	Files int        `json:"files"`
	Since time.Time  `json:"since"`
	Run   int64      `json:"run"`   // the last that rejected one
	Error job.Reason `json:"error"` // of the newest
}

// overlook looks at the store and at the daemon. Without a store every job is new.
func (a *app) overlook(ctx context.Context, cfg *config.Config, specs []job.Spec, one bool) (overlook, error) {
	o := overlook{At: time.Now().UTC(), Counts: map[string]int{}, Jobs: []standing{}, Incidents: []job.Incident{}, Next: []nextRun{}}
	s, err := a.lookStore(ctx, cfg)
	if err != nil {
		return o, err
	}
	if s != nil {
		// A watched status opens the store anew each time, and must not keep them all.
		defer func() { _ = a.close() }()
	}
	l := looker{ctx: ctx, cfg: cfg, store: s}
	if err := l.prepare(); err != nil {
		return o, err
	}
	for _, spec := range specs {
		st, err := l.lookAt(spec)
		if err != nil {
			return o, err
		}
		o.Jobs = append(o.Jobs, st)
		o.Counts[st.Standing]++
	}
	o.Incidents = concerning(l.incidents, specs, one)
	o.Next = a.nextRuns(ctx, cfg, &o, specs)
	return o, nil
}

// concerning leaves out incidents of other jobs when one was asked for.
func concerning(all []job.Incident, specs []job.Spec, one bool) []job.Incident {
	if !one {
		return all
	}
	some := []job.Incident{}
	for _, incident := range all {
		if slices.Contains(incident.Jobs, specs[0].Name) || strings.HasPrefix(incident.Cause, "connection/"+specs[0].Connection+"/") {
			some = append(some, incident)
		}
	}
	return some
}

// nextRuns tells when jobs run next: as the daemon says, whose retries count too, else by their schedules.
func (a *app) nextRuns(ctx context.Context, cfg *config.Config, o *overlook, specs []job.Spec) []nextRun {
	times := map[string]time.Time{}
	if d := a.daemon(ctx, cfg); d != nil {
		var said job.Overview
		if err := d.get(ctx, "/api/v1/overview", &said); err == nil {
			o.Daemon = &daemonLine{said.Config, said.Revision, said.Started.UTC()}
		}
		for _, s := range said.Jobs {
			times[s.Job] = s.Next
			if !s.Retry.IsZero() && (s.Next.IsZero() || s.Retry.Before(s.Next)) {
				times[s.Job] = s.Retry
			}
		}
	}
	list := []nextRun{}
	for i, spec := range specs {
		at, said := times[spec.Name]
		if !said {
			at = nextOf(spec)
		}
		if standing := o.Jobs[i].Standing; !at.IsZero() && standing != standingPaused && standing != standingDisabled && standing != standingDraft {
			list = append(list, nextRun{spec.Name, at.UTC()})
		}
	}
	slices.SortStableFunc(list, func(a, b nextRun) int { return a.At.Compare(b.At) })
	return list
}

// looker reads what is the same for all jobs once.
type looker struct {
	ctx   context.Context //nolint:containedctx // lives as long as one look
	cfg   *config.Config
	store *store.Store // nil: none yet

	running   map[string]job.Run
	dead      map[int64]bool       // runs of them whose process is gone
	paused    map[string]job.Pause // by kind and name
	active    map[string]bool      // connections
	incidents []job.Incident
	rejected  map[string][]rejection // by job
	expected  map[string]job.Expectation
	failing   map[string]store.Failing
}

func (l *looker) prepare() error {
	l.running, l.paused, l.active, l.incidents = map[string]job.Run{}, map[string]job.Pause{}, map[string]bool{}, []job.Incident{}
	if l.store == nil {
		return nil
	}
	if err := l.prepareRuns(); err != nil {
		return err
	}
	pauses, err := l.store.Pauses(l.ctx)
	if err != nil {
		return err
	}
	for _, pause := range pauses {
		l.paused[pause.Kind+" "+pause.Name] = pause
	}
	if l.active, err = l.store.ActiveConnections(l.ctx); err != nil {
		return err
	}
	if l.incidents, err = l.store.OpenIncidents(l.ctx); err != nil {
		return err
	}
	if err := l.prepareExpected(); err != nil {
		return err
	}
	if err := l.prepareFailing(); err != nil {
		return err
	}
	return l.prepareRejected()
}

// prepareFailing reads how jobs have failed since they last succeeded.
func (l *looker) prepareFailing() (err error) {
	names := make([]string, len(l.cfg.Jobs))
	for i, spec := range l.cfg.Jobs {
		names[i] = spec.Name
	}
	l.failing, err = l.store.Failing(l.ctx, names, transfer.SlugNoSuchFile)
	return err
}

// prepareExpected reads of each job the day that is late or missing, the latest of them, or the one that comes.
func (l *looker) prepareExpected() error {
	l.expected = map[string]job.Expectation{}
	days, err := l.store.StandingExpectations(l.ctx, nil)
	for _, e := range control.Foremost(days) {
		l.expected[e.Job] = e
	}
	return err
}

// prepareRuns reads the open runs. One that was open before nobody held the data folder, and still is, was cut off.
func (l *looker) prepareRuns() error {
	runs, err := l.store.OpenRuns(l.ctx)
	l.dead = map[int64]bool{}
	if len(runs) > 0 && err == nil && !control.Locked(l.cfg.DataDir) {
		for _, run := range runs {
			l.dead[run.ID] = true
		}
		runs, err = l.store.OpenRuns(l.ctx)
	}
	for _, run := range runs {
		if run.State != job.RunQueued {
			l.running[run.Job] = run
		}
	}
	return err
}

func (l *looker) prepareRejected() error {
	l.rejected = map[string][]rejection{}
	all, err := l.store.Rejected(l.ctx, "")
	for _, r := range all {
		l.rejected[r.Job] = append(l.rejected[r.Job], rejection{Files: r.Files, Since: r.Since.UTC(), Run: r.Run, Error: r.Reason})
	}
	return err
}

// lookAt tells how a job stands.
func (l *looker) lookAt(spec job.Spec) (standing, error) {
	st := standing{Job: spec.Name, Connection: spec.Connection, Standing: standingNew, Rejected: append([]rejection{}, l.rejected[spec.Name]...)}
	if err := l.past(&st); err != nil {
		return st, err
	}
	if err := l.supervision(&st, spec); err != nil {
		return st, err
	}
	l.judge(spec, &st)
	return st, nil
}

// judge says which standing a job has, by what is known of it.
func (l *looker) judge(spec job.Spec, st *standing) {
	pause, paused := l.paused["job "+spec.Name]
	if !paused {
		pause, paused = l.paused["connection "+spec.Connection]
	}
	if e, found := l.expected[spec.Name]; found && spec.Expect != nil {
		line := expectedLineOf(e)
		st.Expected = &line
	}
	run, running := l.running[spec.Name]
	switch {
	case running && l.dead[run.ID]:
		st.Standing, st.Run, st.Trigger, st.Since = standingCutOff, run.ID, run.Trigger, instantOf(run.Started)
	case running:
		st.Standing, st.Run, st.Trigger, st.Since = standingRunning, run.ID, run.Trigger, instantOf(run.Started)
	case !spec.Enabled:
		st.Standing, st.Why, st.Since = standingDisabled, "the job has enabled: false", nil
	case !l.cfg.Connections[spec.Connection].Enabled:
		st.Standing, st.Why, st.Since = standingDisabled, "connection "+spec.Connection+" has enabled: false", nil
	case paused:
		st.Standing, st.Why, st.Since, st.Until = standingPaused, pause.Reason, instantOf(pause.Since), instantOf(pause.Until)
	case st.Expected != nil && st.Expected.Verdict.Bad():
		st.Standing, st.Since = string(st.Expected.Verdict), &st.Expected.By
	case st.Failed > 0:
		st.Standing = standingFailing
	case !l.active[spec.Connection]:
		st.Standing = standingDraft
	case st.Held > st.Unseen:
		st.Standing = standingHeld
	case len(st.Rejected) > 0: // nothing is wrong with what only waits for a look
		st.Standing, st.Since = standingRejected, &st.Rejected[0].Since
	case st.Held > 0:
		st.Standing = standingHeld
	case st.LastSuccess != nil:
		st.Standing = standingOK
	}
}

// supervision says how far a supervised job has come.
func (l *looker) supervision(st *standing, spec job.Spec) error {
	if l.store == nil || spec.Supervised == (job.Supervised{}) {
		return nil
	}
	done, err := l.store.Approvals(l.ctx, spec.Name)
	st.Supervised = transfer.Supervision(spec.Supervised, done)
	return err
}

// past fills in what the runs of a job came to. Runs that were skipped, cancelled or interrupted,
// or asked for a file that is not there, or only hold files for a person to look at, say nothing about it.
func (l *looker) past(st *standing) error {
	if l.store == nil {
		return nil
	}
	held, err := l.store.Held(l.ctx, st.Job)
	if err != nil {
		return err
	}
	st.Held = len(held)
	for _, f := range held {
		if f.Reason != nil && f.Reason.Slug == job.SlugSupervised {
			st.Unseen++
		}
	}
	good, err := l.store.Runs(l.ctx, store.RunFilter{Job: st.Job, States: []job.RunState{job.RunSucceeded}, Limit: 1})
	if len(good) > 0 {
		st.LastSuccess, st.LastRun = instantOf(good[0].Ended), good[0].ID
	}
	l.failed(st)
	return err
}

// failed fills in how a job has failed since it last succeeded, for everybody who tells of that.
func (l *looker) failed(st *standing) {
	if f, fails := l.failing[st.Job]; fails {
		st.Failed, st.Since, st.LastRun, st.Error = f.Runs, instantOf(f.Since), f.Last.ID, f.Last.Reason
	}
}

// instantOf is a time as JSON shows it; null when there is none.
func instantOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
