package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/web"
)

// meter measures what the daemon does and reads the rest from the store, at each scrape.
type meter struct {
	store     *store.Store
	cfg       func() *config.Config
	standings func() []scheduler.Standing
	lag       func() time.Duration
	told      func() map[notify.Count]int64 // deliveries; nil: none are made

	mu        sync.Mutex
	reloaded  time.Time
	transfers map[[2]string]*web.Histogram // by connection and direction
	runs      map[[2]string]*web.Histogram // by job and state
	failures  map[[2]string]int64          // by connection and slug
	open      map[string]int               // sessions by connection
}

func newMeter(s *store.Store, cfg func() *config.Config) *meter {
	return &meter{
		store: s, cfg: cfg, transfers: map[[2]string]*web.Histogram{}, runs: map[[2]string]*web.Histogram{},
		failures: map[[2]string]int64{}, open: map[string]int{},
	}
}

// attend makes the meter see everything that the runs of a system do.
func (m *meter) attend(sys *system) {
	sys.runner.Importer.Ledger = meteredLedger{sys.runner.Importer.Ledger, m}
	sys.runner.Exporter.Ledger = meteredLedger{sys.runner.Exporter.Ledger, m}
	dial := sys.runner.Sessions
	sys.runner.Sessions = func(ctx context.Context, c job.Connection) (control.Session, error) {
		session, err := dial(ctx, c)
		if err != nil {
			return nil, err
		}
		m.count(c.Name, 1)
		return &meteredSession{Session: session, closed: sync.OnceFunc(func() { m.count(c.Name, -1) })}, nil
	}
}

// meteredLedger sees every request that is recorded.
type meteredLedger struct {
	transfer.Ledger
	meter *meter
}

func (l meteredLedger) Request(ctx context.Context, r job.Request) error {
	l.meter.requested(r)
	return l.Ledger.Request(ctx, r)
}

func (l meteredLedger) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	written, err := l.Ledger.Advance(ctx, from, f, beside)
	if err == nil {
		l.meter.requested(beside.Requests...)
	}
	return written, err
}

func (m *meter) requested(requests ...job.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range requests {
		observe(m.transfers, [2]string{r.Connection, string(r.Direction)}, r.Duration)
	}
}

// meteredSession sees its end.
type meteredSession struct {
	control.Session
	closed func()
}

func (s *meteredSession) Close() error {
	defer s.closed()
	return s.Session.Close()
}

func (m *meter) count(connection string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[connection] += n
}

func observe(all map[[2]string]*web.Histogram, key [2]string, d time.Duration) {
	if all[key] == nil {
		all[key] = &web.Histogram{}
	}
	all[key].Observe(d)
}

// meteredRunner sees what runs come to.
type meteredRunner struct {
	scheduler.Runner
	meter *meter
}

func (r meteredRunner) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	began := time.Now()
	result := r.Runner.Run(ctx, spec, run)
	r.meter.ended(spec, result, time.Since(began))
	return result
}

func (m *meter) ended(spec job.Spec, result job.Result, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	observe(m.runs, [2]string{spec.Name, string(result.State)}, took)
	if result.Reason == nil {
		return
	}
	switch area, _, _ := strings.Cut(result.Reason.Slug, "."); area {
	case "net", "ssh", "host_key", "auth", "key":
		m.failures[[2]string{spec.Connection, result.Reason.Slug}]++
	}
}

// loaded notes that a configuration counts from now on.
func (m *meter) loaded() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reloaded = time.Now()
}

// Figures reads everything anew.
func (m *meter) Figures(ctx context.Context) (web.Figures, error) {
	b := thisBuild()
	f := web.Figures{Version: b.Version, Go: b.Go, Lag: m.lag(), StagingFree: freeBytes(m.cfg().DataDir)}
	m.measured(&f)
	for _, fill := range []func(context.Context, *web.Figures) error{m.totals, m.jobs, m.expected, m.connections, m.keys, m.deliveries, m.alerts} {
		if err := fill(ctx, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

// deliveries fills in how attempts to tell went.
func (m *meter) deliveries(_ context.Context, f *web.Figures) error {
	if m.told == nil {
		return nil
	}
	counts := m.told()
	order := slices.SortedFunc(maps.Keys(counts), func(a, b notify.Count) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), strings.Compare(a.Status, b.Status))
	})
	for _, c := range order {
		f.Deliveries = append(f.Deliveries, web.DeliveryFigure{Channel: c.Channel, Status: c.Status, Count: counts[c]})
	}
	return nil
}

// measured fills in what the process has seen itself.
func (m *meter) measured(f *web.Figures) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.Reloaded = m.reloaded
	for _, key := range sortedPairs(m.transfers) {
		f.Transfers = append(f.Transfers, web.Timing{Labels: []web.Label{{Name: "connection", Value: key[0]}, {Name: "direction", Value: key[1]}}, Histogram: *m.transfers[key]})
	}
	for _, key := range sortedPairs(m.runs) {
		f.RunTimes = append(f.RunTimes, web.Timing{Labels: []web.Label{{Name: "job", Value: key[0]}, {Name: "status", Value: key[1]}}, Histogram: *m.runs[key]})
	}
	for _, key := range sortedPairs(m.failures) {
		f.Failures = append(f.Failures, web.FailureFigure{Connection: key[0], Slug: key[1], Count: m.failures[key]})
	}
}

func sortedPairs[V any](all map[[2]string]V) [][2]string {
	return slices.SortedFunc(maps.Keys(all), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// totals fills in what is counted from rows. Requests count by attempts: a retry that succeeds turns a failed request
// into a good one, and a counter must not fall.
func (m *meter) totals(ctx context.Context, f *web.Figures) error {
	totals, err := m.store.Totals(ctx)
	if err != nil {
		return err
	}
	for _, t := range totals {
		f.Requests = append(f.Requests, web.RequestFigure{
			Connection: t.Connection, Job: t.Job, Direction: job.Direction(t.Direction), OK: t.AttemptsOK, Failed: t.AttemptsFailed, Bytes: t.Bytes,
		})
	}
	runs, err := m.store.RunTotals(ctx)
	for _, r := range runs {
		f.Runs = append(f.Runs, web.RunFigure{Job: r.Job, State: job.RunState(r.State), Count: r.Count})
	}
	return err
}

func (m *meter) jobs(ctx context.Context, f *web.Figures) error {
	off, err := m.off(ctx)
	if err != nil {
		return err
	}
	standings := m.standings()
	slices.SortFunc(standings, func(a, b scheduler.Standing) int { return strings.Compare(a.Job, b.Job) })
	for _, s := range standings {
		last, err := m.store.LastSuccess(ctx, s.Job)
		if err != nil {
			return err
		}
		f.Jobs = append(f.Jobs, web.JobFigure{Job: s.Job, LastSuccess: last, Next: s.Next, Running: s.Run != nil, Paused: off[s.Job]})
	}
	return nil
}

// off gives the jobs that run at no time of their own: they or their connections are paused or disabled.
func (m *meter) off(ctx context.Context) (map[string]bool, error) {
	pauses, err := m.store.Pauses(ctx)
	paused := map[string]bool{}
	for _, p := range pauses {
		paused[p.Kind+" "+p.Name] = true
	}
	cfg, off := m.cfg(), map[string]bool{}
	for _, spec := range cfg.Jobs {
		c := spec.Connection
		off[spec.Name] = !spec.Enabled || !cfg.Connections[c].Enabled || paused["job "+spec.Name] || paused["connection "+c]
	}
	return off, err
}

// expected fills in how what is expected of jobs stands.
func (m *meter) expected(ctx context.Context, f *web.Figures) error {
	days, err := m.store.StandingExpectations(ctx, nil)
	for _, e := range control.Foremost(days) {
		deadline := e.By
		if e.Verdict.Bad() {
			deadline = e.Missing
		}
		f.Expected = append(f.Expected, web.ExpectedFigure{Job: e.Job, Verdict: e.Verdict, Deadline: deadline})
	}
	return err
}

func (m *meter) connections(ctx context.Context, f *web.Figures) error {
	incidents, err := m.store.OpenIncidents(ctx)
	if err != nil {
		return err
	}
	down := map[string]bool{}
	for _, incident := range incidents {
		kind, rest, _ := strings.Cut(incident.Cause, "/")
		name, _, _ := strings.Cut(rest, "/")
		down[name] = down[name] || kind == "connection"
		f.ReloadFailed = f.ReloadFailed || incident.Cause == control.CauseReload
	}
	m.mu.Lock()
	open := maps.Clone(m.open)
	m.mu.Unlock()
	all := m.cfg().Connections
	for _, name := range slices.Sorted(maps.Keys(all)) {
		active, err := m.store.ConnectionState(ctx, name)
		if err != nil {
			return err
		}
		c := all[name]
		breaker, err := m.store.Breaker(ctx, job.Account{Host: c.Host, Port: c.Port, User: c.User})
		if err != nil {
			return err
		}
		f.Connections = append(f.Connections, web.ConnectionFigure{Connection: name, Up: active && !breaker.Open && !down[name], Open: open[name]})
	}
	return nil
}

func (m *meter) keys(ctx context.Context, f *web.Figures) error {
	for _, kind := range []job.KeyKind{job.KeyPGP, job.KeyPGPPublic} {
		keys, err := m.store.Keys(ctx, kind, "")
		if err != nil {
			return err
		}
		for _, key := range keys {
			renewed := kind == job.KeyPGPPublic && key.Slot == job.SlotGrace // the end that counts is that of its next version
			if key.Slot != job.SlotRetired && !renewed && !key.Expires.IsZero() {
				f.Keys = append(f.Keys, web.KeyFigure{Key: fmt.Sprintf("%s@%d", key.Name, key.Version), Expires: key.Expires})
			}
		}
	}
	return nil
}

// freeBytes is the room on the disk of a folder; -1 when it cannot be told.
func freeBytes(dir string) int64 {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return -1
	}
	return int64(fs.Bavail) * int64(fs.Bsize)
}

func (m *meter) alerts(ctx context.Context, f *web.Figures) (err error) {
	f.Alerts, err = m.store.IncidentCounts(ctx)
	return err
}
