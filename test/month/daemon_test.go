package month

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
	"github.com/haulier/haulier/scheduler/expect"
	"github.com/haulier/haulier/store"
)

// daemon is what tells people, as `haulier serve` has it, over one store. It knows nothing that is not there:
// it can be stopped at any time, and another takes its place.
type daemon struct {
	t       *testing.T
	office  *office
	seen    map[job.Type]map[job.Verdict]bool // how days stood
	path    string
	cfg     *config.Config
	store   *store.Store
	books   *books
	runner  *control.Runner
	expects *expect.Service
	keys    *control.Credentials
	post    *notify.Service
	stop    func()
}

func newDaemon(t *testing.T, cfg *config.Config) *daemon {
	t.Helper()
	return &daemon{t: t, cfg: cfg, path: filepath.Join(t.TempDir(), "haulier.db"), office: newOffice(t), seen: map[job.Type]map[job.Verdict]bool{}}
}

func (d *daemon) start() {
	d.t.Helper()
	var err error
	if d.store, err = store.Open(d.t.Context(), store.Options{Path: d.path}); err != nil {
		d.t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	current := func() *config.Config { return d.cfg }
	d.books = newBooks(d.store, d.seen)
	d.runner = &control.Runner{
		Sessions:    func(context.Context, job.Connection) (control.Session, error) { return nil, refused() },
		Connections: func(name string) (job.Connection, bool) { c, found := d.cfg.Connections[name]; return c, found },
		Book:        d.store, Logger: quiet,
	}
	d.expects = expect.New(expect.Options{Store: d.books, Evidence: d.store, Names: control.ExpectedNames, Log: quiet})
	d.keys = control.NewCredentials(d.books, current, quiet)
	alerts := &control.AlertClock{Book: d.books, Config: current, Logger: quiet}
	pulse := control.Pulse{Silence: func() time.Duration { return 0 }, Ask: func(ctx context.Context) error { _, err := d.store.Epoch(ctx); return err }}
	d.post = notify.New(notify.Options{
		Outbox: d.books, Tray: d.books, Secrets: d.office, Shout: d.office.page, Resolve: resolved, Dial: d.office.dial, Alive: pulse.Alive, Version: "month", Log: quiet,
		Route: func(ctx context.Context, e job.Event) (job.Route, error) {
			return control.Alerted(ctx, current(), d.store, e)
		},
		Connection: d.runner.Connections,
		Zone:       func() *time.Location { return current().Timezone },
	})
	ctx, cancel := context.WithCancel(d.t.Context())
	var loops sync.WaitGroup
	for _, run := range []func(context.Context){d.expects.Run, d.keys.Run, alerts.Run, d.post.Run} {
		loops.Go(func() { run(ctx) })
	}
	d.stop = func() {
		cancel()
		loops.Wait()
		if err := d.store.Close(); err != nil {
			d.t.Error(err)
		}
	}
	d.load()
}

// load makes the configuration the one that counts.
func (d *daemon) load() {
	d.t.Helper()
	if err := d.expects.Load(d.cfg.Jobs); err != nil {
		d.t.Fatal(err)
	}
	d.keys.Look()
	if err := d.post.Use(d.t.Context(), d.cfg.Channels); err != nil {
		d.t.Fatal(err)
	}
}

func refused() *job.Reason {
	return &job.Reason{Slug: "net.refused", What: "nothing was moved", Cause: "the server says no", Do: "ask them", Who: job.WhoNetwork, Temporary: true}
}

// begin records a run as the scheduler does.
func (d *daemon) begin(spec job.Spec) job.Run {
	d.t.Helper()
	run, err := d.store.BeginRun(d.t.Context(), job.Run{Job: spec.Name, Connection: spec.Connection, Type: spec.Type, Trigger: job.TriggerSchedule})
	if err != nil {
		d.t.Fatal(err)
	}
	return run
}

func (d *daemon) end(run job.Run) {
	d.t.Helper()
	if err := d.store.EndRun(d.t.Context(), run); err != nil {
		d.t.Fatal(err)
	}
	d.expects.Poke(run.Job)
}

// fails is a run that finds its server dead.
func (d *daemon) fails(name string) {
	d.t.Helper()
	spec, _ := d.cfg.Job(name)
	run := d.begin(spec)
	result := d.runner.Run(d.t.Context(), spec, run)
	run.State, run.Reason = result.State, result.Reason
	if run.Reason == nil || run.Reason.Slug != "net.refused" {
		d.t.Fatalf("%s came to %s: %v", name, run.State, run.Reason)
	}
	d.end(run)
}

// brings is a run that works, and brings these files.
func (d *daemon) brings(name string, files ...string) {
	d.t.Helper()
	spec, _ := d.cfg.Job(name)
	run := d.begin(spec)
	state := job.FileLanded
	if spec.Type == job.TypeExport {
		state = job.FileDelivered
	}
	for _, file := range files {
		d.moves(spec, run, file, state, nil)
	}
	ctx, now := d.t.Context(), time.Now()
	if err := d.store.ResolveJob(ctx, name, now); err != nil {
		d.t.Fatal(err)
	}
	if err := d.store.ResolveConnection(ctx, spec.Connection, "", now); err != nil {
		d.t.Fatal(err)
	}
	run.State, run.Counts.OK = job.RunSucceeded, len(files)
	d.end(run)
}

// rejects is a run whose file is in clear.
func (d *daemon) rejects(name, file string) {
	d.t.Helper()
	spec, _ := d.cfg.Job(name)
	run := d.begin(spec)
	why := &job.Reason{Slug: "pgp.not_encrypted", What: "it did not land", Cause: "it is in clear", Do: "ask for an encrypted one", Who: job.WhoCustomer}
	d.moves(spec, run, file, job.FileRejected, why)
	_, err := d.store.Strike(d.t.Context(), job.Strike{
		Cause: "job/" + name + "/" + why.Slug, Job: name, Connection: spec.Connection, Reason: *why, At: time.Now(), Chain: run.ID, After: spec.Alert.After,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	run.State, run.Reason, run.Counts.Failed = job.RunFailed, why, 1
	d.end(run)
}

// moves takes a new version of a file through the ledger.
func (d *daemon) moves(spec job.Spec, run job.Run, file string, state job.State, why *job.Reason) {
	d.t.Helper()
	ctx := d.t.Context()
	f, err := d.store.See(ctx, job.File{
		Job: spec.Name, Connection: spec.Connection, Type: spec.Type, Path: "/out/" + spec.Name + "_" + file, Dir: "/out", Run: run.ID, Size: 1, ModTime: time.Now().Unix(),
	})
	if err == nil {
		f, err = d.store.Claim(ctx, f, run.ID)
	}
	if err == nil {
		f.State, f.Step, f.Reason = state, job.StepDone, why
		_, err = d.store.Advance(ctx, job.StepSeen, f, job.Beside{})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// resolved is where every name leads.
func resolved(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil
}
