package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// Daemon is the program at work for a long time: the scheduler, the configuration that counts now, and what may be
// asked of both while they run.
type Daemon struct {
	Store     *store.Store
	Scheduler *scheduler.Service
	Hub       *Hub
	Load      func(ctx context.Context) (*config.Config, config.Problems) // reads the configuration anew
	Drafts    func(cfg *config.Config)                                    // begins to test connections that never worked
	Intake    *Intake                                                     // what programs put into outboxes goes through it
	Expect    Expecter                                                    // nil: nothing is expected
	Watching  *Credentials                                                // what looks at when credentials end; nil: nobody does
	Reloading func() (over func(error))                                   // told when a reload begins and when it is over; nil: nobody is
	HeldStage func(f job.File) (Wiper, error)                             // where a file of a supervised job waits
	Channels  func(ctx context.Context, channels map[string]job.Channel)  // are told what happens from now on
	Logger    *slog.Logger
	Started   time.Time

	config   atomic.Pointer[config.Config]
	revision atomic.Int64

	reloading sync.Mutex
}

// Expecter judges by itself what must have come by when. Plan gives what makes jobs those that it judges; its error changes nothing.
type Expecter interface {
	Plan(specs []job.Spec) (count func(), err error)
}

// Config is the configuration that counts now.
func (d *Daemon) Config() *config.Config { return d.config.Load() }

// Revision is its number.
func (d *Daemon) Revision() int64 { return d.revision.Load() }

// Use makes a configuration the one that counts: the scheduler gets its jobs, and the store its revision with a masked
// diff against the one before. An error changes nothing: all that can fail comes before it is recorded.
func (d *Daemon) Use(ctx context.Context, cfg *config.Config, by string) error {
	expect := func() {}
	if d.Expect != nil {
		count, err := d.Expect.Plan(active(cfg))
		if err != nil {
			return err
		}
		expect = count
	}
	err := d.Scheduler.Load(cfg.Jobs, func() error {
		id, err := d.record(ctx, cfg, by)
		if err != nil {
			return err
		}
		d.config.Store(cfg)
		d.revision.Store(id)
		return nil
	})
	if err == nil {
		expect()
		d.tellOf(ctx, cfg)
	}
	debug.FreeOSMemory() // what a configuration is read with is many times as large as what is kept of it
	return err
}

// tellOf lets all others know of the configuration that counts.
func (d *Daemon) tellOf(ctx context.Context, cfg *config.Config) {
	if d.Watching != nil {
		d.Watching.Look()
	}
	if d.Channels != nil {
		d.Channels(ctx, cfg.Channels)
	}
	if d.Drafts != nil {
		d.Drafts(cfg)
	}
}

// active are the jobs, of which those are off whose connection is.
func active(cfg *config.Config) []job.Spec {
	specs := slices.Clone(cfg.Jobs)
	for i := range specs {
		specs[i].Enabled = specs[i].Enabled && cfg.Connections[specs[i].Connection].Enabled
	}
	return specs
}

// CauseReload is the cause of the incident that a reload was refused.
const CauseReload = "config/config.rejected_on_reload"

// record writes down in one transaction that a configuration counts from now on, and gives its number.
func (d *Daemon) record(ctx context.Context, cfg *config.Config, by string) (id int64, err error) {
	entities := map[string]string{}
	for name, c := range cfg.Connections {
		entities[name] = c.Entity
	}
	err = d.Store.Together(ctx, "record the configuration that counts", func(s *store.Store) error {
		if err := CarryOn(ctx, s, cfg.Jobs); err != nil {
			return err
		}
		if id, err = Record(ctx, s, cfg, by); err != nil {
			return err
		}
		err := errors.Join(s.MarkLoaded(ctx, jobNames(cfg)), s.MarkConnections(ctx, entities), s.AwaitReports(ctx, ReportsWanted(cfg), by), s.Resolve(ctx, CauseReload, time.Now()), endGone(ctx, s, cfg, by))
		if err != nil || d.Config() == nil { // the first is no reload
			return err
		}
		change := store.ConfigChange{Revision: id, Before: d.Revision(), By: by, Jobs: len(cfg.Jobs), Connections: len(cfg.Connections)}
		return errors.Join(s.AddAudit(ctx, store.AuditLine{At: time.Now(), Who: by, Act: "config.reload", Object: cfg.Path, Detail: fmt.Sprintf("revision %d", id)}),
			s.TellConfig(ctx, change))
	})
	return id, err
}

// endGone ends the incidents of jobs and connections that are no longer at work: nothing that they do could end them.
func endGone(ctx context.Context, s *store.Store, cfg *config.Config, by string) error {
	open, err := s.WhoseIncidents(ctx)
	by += " (taken out of the configuration, or disabled)"
	var jobs, connections []string
	for _, name := range open.Jobs {
		if spec, found := cfg.Job(name); !found || !spec.Enabled {
			jobs = append(jobs, name)
		}
	}
	for _, name := range open.Connections {
		c, found := cfg.Connections[name]
		if !found || !c.Enabled {
			connections = append(connections, name)
		}
		if !found {
			err = errors.Join(err, s.ResolveBy(ctx, store.SheetCause(name), by, time.Now()))
		}
	}
	return errors.Join(err, s.ResolveGone(ctx, jobs, connections, by, time.Now()))
}

// Renamer gives the history of one job to another.
type Renamer interface {
	Rename(ctx context.Context, old, new string) error
}

// CarryOn gives the jobs that were renamed (formerly) the history of their old names. It comes before any of them runs:
// without its history a job takes everything a second time.
func CarryOn(ctx context.Context, book Renamer, jobs []job.Spec) error {
	for _, spec := range jobs {
		if spec.Formerly == "" {
			continue
		}
		err := book.Rename(ctx, spec.Formerly, spec.Name)
		switch {
		case errors.Is(err, job.ErrExists):
			return &job.Reason{
				Slug: "config.two_histories", What: "nothing was started or changed",
				Cause: fmt.Sprintf("job %q cannot carry on the history of %q: it has one of its own by now, with the same files in it", spec.Name, spec.Formerly),
				Do:    fmt.Sprintf("take `formerly: %s` out of job %q", spec.Formerly, spec.Name), Who: job.WhoUs,
			}
		case err != nil && !errors.Is(err, job.ErrNotFound):
			return err
		}
	}
	return nil
}

func jobNames(cfg *config.Config) []string {
	names := make([]string, len(cfg.Jobs))
	for i, spec := range cfg.Jobs {
		names[i] = spec.Name
	}
	return names
}

// Reload reads the configuration anew. One with errors changes nothing: the old one goes on.
func (d *Daemon) Reload(ctx context.Context, by string) (done job.Reloaded, err error) {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	if d.Reloading != nil {
		over := d.Reloading()
		defer func() { over(err) }()
	}
	before := d.Config()
	cfg, problems := d.Load(ctx)
	if problems.Errors() > 0 {
		return job.Reloaded{}, d.refused(ctx, rejected(problems), by)
	}
	diff := config.Diff(config.Masked(before), config.Masked(cfg))
	restart := config.RestartNeeded(before, cfg)
	if err := d.Use(ctx, cfg, by); err != nil {
		return job.Reloaded{}, d.refused(ctx, err, by)
	}
	d.Logger.Info("configuration loaded", "revision", d.Revision(), "jobs", len(cfg.Jobs), "by", by)
	return job.Reloaded{Revision: d.Revision(), Diff: diff, Restart: append([]string{}, restart...), Warnings: problems.Warnings()}, nil
}

// refused has the log, the incidents and an event tell that a configuration does not count, and gives the reason back.
func (d *Daemon) refused(ctx context.Context, why error, by string) error {
	d.Logger.Error("configuration rejected", "error", why)
	var reason *job.Reason
	if !errors.As(why, &reason) {
		return why
	}
	now := d.Config()
	change := store.ConfigChange{Revision: d.Revision(), By: by, Jobs: len(now.Jobs), Connections: len(now.Connections), Reason: reason}
	err := d.Store.Together(ctx, "record that a configuration was refused", func(s *store.Store) error {
		_, err := s.Raise(ctx, CauseReload, "", *reason, time.Now())
		return errors.Join(err, s.TellConfig(ctx, change))
	})
	return errors.Join(why, err)
}

func rejected(problems config.Problems) *job.Reason {
	return &job.Reason{
		Slug: "config.rejected_on_reload", What: "the old configuration goes on unchanged",
		Cause: fmt.Sprintf("errors in the new one: %d; the first: %s", problems.Errors(), firstError(problems)), Do: "haulier check", Who: job.WhoUs,
	}
}

func firstError(problems config.Problems) string {
	for _, p := range problems.List {
		if p.Severity == config.Error {
			return p.String()
		}
	}
	return ""
}

// SlugBusy: the job runs already.
const SlugBusy = "run.busy"

// RunJob begins a run by hand. The run has its line of the audit list as it begins.
func (d *Daemon) RunJob(ctx context.Context, name string, asked job.Run) (job.Run, error) {
	begun, err := d.Scheduler.RunNow(ctx, name, asked)
	if errors.Is(err, scheduler.ErrRunning) {
		return job.Run{}, &job.Reason{
			Slug: SlugBusy, What: "nothing was begun", Cause: "the job runs already, and never twice at once", Do: "haulier status " + name, Who: job.WhoUs, Err: errors.Join(err, job.ErrExists),
		}
	}
	if errors.Is(err, job.ErrNotFound) {
		return job.Run{}, &job.Reason{
			Slug: "usage.no_such_job", What: "nothing was begun", Cause: fmt.Sprintf("the configuration that the daemon works with has no job %q", naming.Printable(name, 100)),
			Do: "haulier reload, if the job is new there; else haulier jobs list shows what there is", Who: job.WhoUs, Err: err,
		}
	}
	if err != nil {
		return job.Run{}, err
	}
	return begun.Run, nil
}

// lookFirst is when the store is asked again whether a run has ended; the longer a run takes, the less often, up to lookLast.
const (
	lookFirst = 100 * time.Millisecond
	lookLast  = time.Second
)

// WaitRun waits until a run has ended, and gives it as the store has it.
func (d *Daemon) WaitRun(ctx context.Context, id int64) (job.Run, error) {
	for wait := lookFirst; ; wait = min(wait*5/4, lookLast) {
		run, err := d.Store.Run(ctx, id)
		if err != nil || !run.Ended.IsZero() {
			return run, err
		}
		select {
		case <-ctx.Done():
			return run, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// CancelRun ends a run at work. That somebody asks for it is written down before anything is cancelled; what it came to, with the run's end.
func (d *Daemon) CancelRun(ctx context.Context, id int64, by string) error {
	run, err := d.Store.Run(ctx, id)
	if errors.Is(err, job.ErrNotFound) || err == nil && !run.Ended.IsZero() {
		return d.notAtWork(ctx, id, job.ErrNotFound)
	}
	line := store.AuditLine{Who: by, Act: "run.cancel", Object: fmt.Sprintf("run %d", id)}
	if err == nil {
		err = d.Store.AddAudit(ctx, line)
	}
	if err != nil {
		return fmt.Errorf("run %d: %w", id, err)
	}
	if err = d.Scheduler.Cancel(id, by); err == nil {
		return nil
	}
	line.Act, line.Detail = "run.not_cancelled", "it was not at work any more"
	return errors.Join(d.notAtWork(ctx, id, err), d.Store.AddAudit(context.WithoutCancel(ctx), line))
}

// notAtWork says why there is nothing to cancel.
func (d *Daemon) notAtWork(ctx context.Context, id int64, why error) error {
	cause, do := fmt.Sprintf("there is no run %d", id), "haulier status shows the runs at work"
	if run, err := d.Store.Run(ctx, id); err == nil {
		cause, do = fmt.Sprintf("run %d is not at work: it is %s", id, run.State), fmt.Sprintf("haulier show %d", id)
	}
	return &job.Reason{Slug: "run.not_at_work", What: "nothing was cancelled", Cause: cause, Do: do, Who: job.WhoUs, Err: why}
}

// RetryRun runs the job of a run again; of asked, By, Only and AsRun count.
func (d *Daemon) RetryRun(ctx context.Context, id int64, asked job.Run) (job.Run, error) {
	name, asked, err := Again(ctx, d.Store, d.Config(), id, asked)
	var reason *job.Reason
	if errors.Is(err, job.ErrNotFound) && !errors.As(err, &reason) {
		return job.Run{}, &job.Reason{
			Slug: "usage.no_such_run", What: "nothing was begun", Cause: fmt.Sprintf("there is no run %d", id), Do: "haulier history", Who: job.WhoUs, Err: err,
		}
	}
	if err != nil {
		return job.Run{}, err
	}
	return d.RunJob(ctx, name, asked)
}

// ApproveFile lets a file of a supervised job go on.
func (d *Daemon) ApproveFile(ctx context.Context, id int64, sha256, by string) (job.File, error) {
	return Approve(ctx, d.Store, d.look(ctx, id, Look{SHA256: sha256, Who: by}))
}

// RejectFile refuses a file of a supervised job.
func (d *Daemon) RejectFile(ctx context.Context, id int64, sha256, why, by string) (job.File, error) {
	return Reject(ctx, d.Store, d.look(ctx, id, Look{SHA256: sha256, Who: by, Why: why}), d.HeldStage)
}

// DecideFile ends the doubt about a file, or lets a rejected one be.
func (d *Daemon) DecideFile(ctx context.Context, w job.Decision) (job.File, error) {
	return Resolve(ctx, d.Store, w)
}

// look completes a person's word: days are those of the job's zone.
func (d *Daemon) look(ctx context.Context, id int64, l Look) Look {
	l.File, l.Zone = id, d.Config().Timezone
	if f, err := d.Store.File(ctx, id); err == nil {
		if spec, found := d.Config().Job(f.Job); found {
			l.Zone = spec.Timing.Zone
		}
	}
	return l
}

// ReportFile keeps what the platform reports of a landed file.
func (d *Daemon) ReportFile(ctx context.Context, r job.Report, replace bool) (job.Report, error) {
	return ReportFile(ctx, d.Store, r, replace)
}

// OpenContent gives out what landed, or the copy of it as it was received.
func (d *Daemon) OpenContent(ctx context.Context, id int64, received bool) (name string, digest job.Digest, body io.ReadCloser, err error) {
	c, err := OpenContent(ctx, d.Store, id, received)
	return c.Name, c.Digest, c.Body, err
}

// PutFile puts a file that a program sends into the outbox of a job.
func (d *Daemon) PutFile(ctx context.Context, jobName string, o Offer) (Put, error) {
	spec, found := d.Config().Job(jobName)
	if !found {
		return Put{}, &job.Reason{
			Slug: "usage.no_such_job", What: nothingPut, Cause: fmt.Sprintf("the configuration that the daemon works with has no job %q", naming.Printable(jobName, 100)),
			Do: "haulier jobs list shows what there is", Who: job.WhoUs, Err: job.ErrNotFound,
		}
	}
	return d.Intake.Put(ctx, spec, o)
}

// Watch gives the signs of life of a run from now on; stop ends it.
func (d *Daemon) Watch(run int64) (events <-chan job.Progress, stop func()) { return d.Hub.Watch(run) }

// ReloadConfig is Reload for the API.
func (d *Daemon) ReloadConfig(ctx context.Context, by string) (job.Reloaded, error) {
	return d.Reload(ctx, by)
}

// Overview tells how everything stands that somebody sees.
func (d *Daemon) Overview(ctx context.Context, sight job.Sight) (job.Overview, error) {
	incidents, err := d.Store.FindIncidents(ctx, store.IncidentQuery{Sight: sight})
	slices.Reverse(incidents) // the oldest first
	cfg := d.Config()
	o := job.Overview{Revision: d.Revision(), Started: d.Started, Jobs: []job.JobStanding{}, Attend: append([]job.Incident{}, incidents...)}
	if sight.Whole() {
		path, errPath := filepath.Abs(cfg.Path)
		o.Config, err = path, errors.Join(err, errPath)
	}
	for _, s := range d.Scheduler.Standings() {
		if spec, found := cfg.Job(s.Job); !sight.Whole() && !(found && sight.Sees(cfg.Connections[spec.Connection].Entity)) {
			continue
		}
		standing := job.JobStanding{Job: s.Job, Next: s.Next, Retry: s.Retry}
		if s.Run != nil {
			standing.Run = s.Run.ID
		}
		o.Jobs = append(o.Jobs, standing)
	}
	slices.SortFunc(o.Jobs, func(a, b job.JobStanding) int { return strings.Compare(a.Job, b.Job) })
	return o, err
}

// CredentialCalendar is what has a date of the credentials that somebody may see.
func (d *Daemon) CredentialCalendar(ctx context.Context, sight job.Sight) ([]job.CalendarEntry, error) {
	entries, err := Calendar(ctx, d.Store, d.Config(), time.Now())
	return Seen(entries, d.Config(), sight), err
}
