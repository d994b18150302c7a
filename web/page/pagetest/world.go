// Package pagetest has scenes for tests of the pages: a world behind their ports that the tests change.
package pagetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/route"
)

// World is what the pages show: a scene that tests change, and what was asked of it.
type World struct {
	mu sync.Mutex // held while a port is asked, and by Change

	Configured page.Plan
	Stand      map[string]page.Standing
	Stood      map[string]page.Account
	Ran        []job.Run
	Became     map[int64][]job.Outcome
	Stepped    map[int64][]page.Step
	Logged     []page.LogLine
	Found      []job.File
	Left       int   // files that a settling leaves
	Older      int64 // where older files begin
	Marked     []page.Mark
	Counted    page.Stats
	Open       []job.Incident
	Over       []job.Incident
	Kept       []job.Key
	Dated      []job.CalendarEntry
	Did        []page.AuditLine
	Tested     page.Report
	Days       []job.Expectation
	Came       []job.File
	Signs      chan job.Progress
	Sheets     Sheets
	Booked     page.Runbook
	Planned    []job.Intent

	Asked  []string // what was done, in words
	Fail   error    // what every act comes to
	Ill    error    // what every look comes to
	Sights []job.Sight
	Log    *slog.Logger // gets what goes wrong inside; nil: nobody reads it
}

// Change changes the scene while it is looked at.
func (w *World) Change(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// Brussels is the zone of all scenes.
var Brussels = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return zone
}()

// Now is the time in all scenes: 03:48 in the night.
var Now = time.Date(2026, 11, 24, 2, 48, 0, 0, time.UTC)

// Empty is a world in which nothing is configured.
func Empty() *World {
	return &World{
		Configured: page.Plan{Public: &url.URL{Scheme: "https", Host: "haulier.example"}, Zone: Brussels, Connections: map[string]job.Connection{}, Path: "haulier.yaml", Version: "test"},
		Stand:      map[string]page.Standing{}, Stood: map[string]page.Account{}, Became: map[int64][]job.Outcome{}, Stepped: map[int64][]page.Step{}, Signs: make(chan job.Progress, 8),
	}
}

// AddJob configures a job on a connection, and the connection with it.
func (w *World) AddJob(name, connection string, word page.Word, cron string) {
	if _, known := w.Configured.Connections[connection]; !known {
		c := job.Connection{Name: connection, DisplayName: "Customer " + connection, Entity: connection + "-nv", Enabled: true, MaxConnections: 2, Locations: map[string]job.Location{"outgoing": {Path: "/export/daily", Use: job.UseDownload}}}
		c.Host, c.Port, c.User, c.Auth.Methods, c.Auth.Key = "sftp."+connection+".example", 22, "platform", []string{"publickey"}, connection
		c.Timeouts = job.Timeouts{Connect: 15 * time.Second, Handshake: 30 * time.Second, Operation: 30 * time.Second, Stall: time.Minute, Floor: 1024, FloorOver: 5 * time.Minute}
		w.Configured.Connections[connection] = c
		w.Stood[connection] = page.Account{Word: "active", LastSuccess: Now.Add(-2 * time.Minute)}
	}
	spec := job.Spec{
		Name: name, Type: job.TypeImport, Connection: connection, Enabled: true, Position: job.Position{File: "conf.d/acme.yaml", Line: 31},
		Timing: job.Timing{Cron: cron, Zone: Brussels, Overlap: job.OverlapSkip}, Retry: job.Retry{Attempts: 5, Backoff: 30 * time.Second, MaxBackoff: 15 * time.Minute},
		Limits: job.Limits{Timeout: 2 * time.Hour, MaxFileSize: 10 << 30, MaxFiles: 1000, MinFreeSpace: 5 << 30},
		Import: &job.Import{Location: "outgoing", Dir: "/export/daily", Match: name + "_*.csv.pgp", Landing: "/srv/landing/" + connection},
	}
	w.Configured.Jobs = append(w.Configured.Jobs, spec)
	w.Stand[name] = page.Standing{Job: name, Word: word, LastRun: 1, LastSuccess: Now.Add(-20 * time.Minute), Next: Now.Add(12 * time.Minute)}
}

// Options plug the world into the pages.
func (w *World) Options() page.Options {
	p := ports{w}
	return page.Options{
		House: p, Ledger: p, Details: p, Figures: p, Care: p, Expects: p, Keys: keysOf{p}, Doer: p, Looker: p, Helper: p, Rows: p, Planner: p, Runbooks: p, Sheets: &w.Sheets, Hears: &w.Sheets,
		Clock: func() time.Time { return Now }, Look: time.Hour, Log: w.Log,
	}
}

// Handler answers the routes as somebody.
func (w *World) Handler(who route.Identity) http.Handler {
	mux := http.NewServeMux()
	for _, r := range page.Routes(w.Options()) {
		mux.HandleFunc(r.Pattern(), func(out http.ResponseWriter, in *http.Request) {
			route.Protect(out.Header())
			if !who.Role.May(r.Role) {
				http.Error(out, "not yours to do", http.StatusForbidden)
				return
			}
			r.Handler(out, in.WithContext(route.With(in.Context(), who)))
		})
	}
	return mux
}

// Operator is somebody who may do what pages offer, and sees everything.
var Operator = route.Identity{Name: "olivia", Role: route.Operator}

// ports are those of the pages.
type ports struct{ *World }

func (w ports) Plan() page.Plan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Configured
}

func (w ports) Standings(_ context.Context, jobs []string) ([]page.Standing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []page.Standing
	for _, name := range jobs {
		list = append(list, w.Stand[name])
	}
	return list, w.Ill
}

func (w ports) Account(_ context.Context, c job.Connection) (page.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Stood[c.Name], w.Ill
}

func (w ports) Next(spec job.Spec, after time.Time, n int) ([]page.Upcoming, error) {
	if spec.Timing.Cron == "" {
		return nil, nil
	}
	var list []page.Upcoming
	for i := range n {
		list = append(list, page.Upcoming{Due: after.Truncate(15 * time.Minute).Add(time.Duration(i+1) * 15 * time.Minute)})
	}
	return list, nil
}

func (w ports) Watch() (<-chan job.Progress, func()) { return w.Signs, func() {} }

func (w ports) Runs(_ context.Context, q page.RunQuery) ([]job.Run, int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Sights = append(w.Sights, q.Sight)
	var some []job.Run
	for _, r := range w.Ran {
		hit := (q.Job == "" || r.Job == q.Job) && (q.Connection == "" || r.Connection == q.Connection) && (len(q.States) == 0 || slices.Contains(q.States, r.State))
		if hit && (q.Before == 0 || r.ID < q.Before) && len(some) < q.Limit {
			some = append(some, r)
		}
	}
	var older int64
	if len(some) == q.Limit {
		older = some[len(some)-1].ID
	}
	return some, older, w.Ill
}

func (w ports) Run(_ context.Context, id int64) (job.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.Ran {
		if r.ID == id {
			return r, w.Ill
		}
	}
	return job.Run{}, errors.Join(w.Ill, job.ErrNotFound)
}

func (w ports) Outcomes(_ context.Context, run, after int64) ([]job.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []job.Outcome
	for _, o := range w.Became[run] {
		if o.File.ID > after {
			some = append(some, o)
		}
	}
	return some, w.Ill
}

func (w ports) Files(_ context.Context, q page.FileQuery) ([]job.File, int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Sights = append(w.Sights, q.Sight)
	var some []job.File
	for _, f := range w.Found {
		c, configured := w.Configured.Connections[f.Connection]
		if (!configured || q.Sight.Sees(c.Entity)) && (len(q.States) == 0 || slices.Contains(q.States, f.State)) && len(some) < q.Limit {
			some = append(some, f)
		}
	}
	return some, w.Older, w.Ill
}

func (w ports) Expectations(context.Context, string, string, int) ([]job.Expectation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Days, w.Ill
}

func (w ports) Arrivals(context.Context, string, int) ([]job.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Came, w.Ill
}

func (w ports) Extend(_ context.Context, name string, until time.Time, by, why string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("extend %s to %s because %s by %s", name, until.Format("15:04"), why, by)
}

func (w ports) Ack(_ context.Context, id int64, by, note string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("ack %d by %s: %s", id, by, note)
}

func (w ports) Silence(_ context.Context, id int64, by, why string, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("silence %d until %s because %s by %s", id, until.Format("15:04"), why, by)
}

func (w ports) Unsilence(_ context.Context, id int64, by string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("unsilence %d by %s", id, by)
}

func (w ports) Marks(_ context.Context, jobs []string, from, to time.Time, _ int) ([]page.Mark, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []page.Mark
	for _, m := range w.Marked {
		if slices.Contains(jobs, m.Job) && !m.At.Before(from) && m.At.Before(to) {
			some = append(some, m)
		}
	}
	return some, w.Ill
}

func (w ports) Steps(_ context.Context, _ int64, files []int64) (map[int64][]page.Step, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	steps := map[int64][]page.Step{}
	for _, file := range files {
		steps[file] = w.Stepped[file]
	}
	return steps, w.Ill
}

// Reports has the first of some files reported.
func (w ports) Reports(_ context.Context, files []int64) (map[int64]job.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(files) == 0 {
		return nil, w.Ill
	}
	return map[int64]job.Report{files[0]: {Created: 214_000, Updated: 551, Errored: 3, Note: "<b>odd</b>", By: "platform", At: Now}}, w.Ill
}

func (w ports) Log(_ context.Context, _, after int64, limit int) ([]page.LogLine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []page.LogLine
	for _, l := range w.Logged {
		if l.ID > after && len(some) < limit {
			some = append(some, l)
		}
	}
	return some, w.Ill
}

func (w ports) Requests(context.Context, int64) ([]job.Request, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return nil, w.Ill
}

func (w ports) Audit(context.Context, int64, int, ...string) ([]page.AuditLine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Did, w.Ill
}

func (w ports) Stats(_ context.Context, _ string, days int, _ *time.Location, sight job.Sight) (page.Stats, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Sights = append(w.Sights, sight)
	s := w.Counted
	s.Days = s.Days[max(0, len(s.Days)-max(1, days)):]
	return s, w.Ill
}

func (w ports) Incidents(_ context.Context, sight job.Sight) ([]job.Incident, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Sights = append(w.Sights, sight)
	return slices.Clone(w.Open), w.Ill
}

func (w ports) Resolved(context.Context, time.Time, job.Sight) ([]job.Incident, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Over, w.Ill
}

type keysOf struct{ ports }

func (k keysOf) CredentialCalendar(_ context.Context, sight job.Sight) ([]job.CalendarEntry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.Sights = append(k.Sights, sight)
	return slices.Clone(k.Dated), k.Ill
}

func (k keysOf) Keys(_ context.Context, kind job.KeyKind, name string) ([]job.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var some []job.Key
	for _, key := range k.Kept {
		if key.Kind == kind && (name == "" || key.Name == name) {
			some = append(some, key)
		}
	}
	return some, k.Ill
}

func (w ports) did(format string, args ...any) error {
	w.Asked = append(w.Asked, fmt.Sprintf(format, args...))
	return w.Fail
}

func (w ports) RunJob(_ context.Context, name string, asked job.Run) (job.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.Run{ID: 77, Job: name}, w.did("run %s by %s", name, asked.By)
}

func (w ports) RetryRun(_ context.Context, id int64, asked job.Run) (job.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.Run{ID: 78, Job: "again"}, w.did("retry %d by %s as-run %v only %q", id, asked.By, asked.AsRun, asked.Only)
}

func (w ports) ApproveFile(_ context.Context, id int64, sha256, by string) (job.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.File{ID: id, Job: "supervised"}, w.did("approve %d of %.8s by %s", id, sha256, by)
}

func (w ports) RejectFile(_ context.Context, id int64, sha256, why, by string) (job.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.File{ID: id, Job: "supervised"}, w.did("reject %d of %.8s because %s by %s", id, sha256, why, by)
}

func (w ports) ReconcileJob(_ context.Context, name string, s job.Settling) (settled, left int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return 3, w.Left, w.did("reconcile %s as %s up to %d because %s by %s", name, s.As, s.UpTo, s.Why, s.By)
}

func (w ports) DecideFile(_ context.Context, d job.Decision) (job.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.File{ID: d.File, Job: "acme-segment", State: job.State(d.As)}, w.did("decide %d as %s about %s because %s by %s", d.File, d.As, d.About, d.Why, d.By)
}

func (w ports) CancelRun(_ context.Context, id int64, by string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("cancel %d by %s", id, by)
}

func (w ports) Pause(_ context.Context, p job.Pause) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("pause %s %s for %s because %s by %s", p.Kind, p.Name, p.Until.Sub(p.Since), p.Reason, p.By)
}

func (w ports) Resume(_ context.Context, kind, name, by string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.did("resume %s %s by %s", kind, name, by)
}

func (w ports) Test(_ context.Context, connection, by string) (page.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Tested, w.did("test %s by %s", connection, by)
}
