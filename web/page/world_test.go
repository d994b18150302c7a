package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// world is what pages of tests show: a scene that the tests change, and what was asked of it.
type world struct {
	plan      Plan
	standings map[string]Standing
	accounts  map[string]Account
	runs      []job.Run
	outcomes  map[int64][]job.Outcome
	steps     map[int64][]Step
	log       []LogLine
	files     []job.File
	marks     []Mark
	stats     Stats
	open      []job.Incident
	resolved  []job.Incident
	keys      []job.Key
	audit     []AuditLine
	report    Report
	days      []job.Expectation
	came      []job.File
	signs     chan job.Progress

	asked []string // what was done, in words
	fail  error    // what every act comes to
	ill   error    // what every look comes to
	sight []job.Sight
}

var brussels = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return zone
}()

// sceneNow is the time in all scenes: 03:48 in the night.
var sceneNow = time.Date(2026, 11, 24, 2, 48, 0, 0, time.UTC)

func emptyWorld() *world {
	return &world{
		plan:      Plan{Zone: brussels, Connections: map[string]job.Connection{}, Path: "haulier.yaml", Version: "test"},
		standings: map[string]Standing{}, accounts: map[string]Account{}, outcomes: map[int64][]job.Outcome{}, steps: map[int64][]Step{}, signs: make(chan job.Progress, 8),
	}
}

// addJob configures a job on a connection, and the connection with it.
func (w *world) addJob(name, connection string, word Word, cron string) {
	if _, known := w.plan.Connections[connection]; !known {
		c := job.Connection{Name: connection, DisplayName: "Customer " + connection, Entity: connection + "-nv", Enabled: true, MaxConnections: 2, Locations: map[string]job.Location{"outgoing": {Path: "/export/daily", Use: job.UseDownload}}}
		c.Host, c.Port, c.User, c.Auth.Methods, c.Auth.Key = "sftp."+connection+".example", 22, "platform", []string{"publickey"}, connection
		w.plan.Connections[connection] = c
		w.accounts[connection] = Account{Word: "active", LastSuccess: sceneNow.Add(-2 * time.Minute)}
	}
	spec := job.Spec{
		Name: name, Type: job.TypeImport, Connection: connection, Enabled: true, Position: job.Position{File: "conf.d/acme.yaml", Line: 31},
		Timing: job.Timing{Cron: cron, Zone: brussels, Overlap: job.OverlapSkip}, Retry: job.Retry{Attempts: 5, Backoff: 30 * time.Second, MaxBackoff: 15 * time.Minute},
		Import: &job.Import{Location: "outgoing", Dir: "/export/daily", Match: name + "_*.csv.pgp", Landing: "/srv/landing/" + connection},
	}
	w.plan.Jobs = append(w.plan.Jobs, spec)
	w.standings[name] = Standing{Job: name, Word: word, LastRun: 1, LastSuccess: sceneNow.Add(-20 * time.Minute), Next: sceneNow.Add(12 * time.Minute)}
}

func (w *world) options() Options {
	return Options{House: w, Ledger: w, Details: w, Figures: w, Care: w, Expects: w, Keys: keysOf{w}, Doer: w, Helper: w, Sheets: &sheets{}, Clock: func() time.Time { return sceneNow }, Look: time.Hour}
}

// handler answers the routes as somebody.
func (w *world) handler(who route.Identity) http.Handler {
	mux := http.NewServeMux()
	for _, r := range Routes(w.options()) {
		mux.HandleFunc(r.Pattern(), func(out http.ResponseWriter, in *http.Request) {
			if !who.Role.May(r.Role) {
				http.Error(out, "not yours to do", http.StatusForbidden)
				return
			}
			r.Handler(out, in.WithContext(route.With(in.Context(), who)))
		})
	}
	return mux
}

var operator = route.Identity{Name: "olivia", Role: route.Operator}

// get gives the text of a page, and its status.
func get(t *testing.T, h http.Handler, path string) (string, int) {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Body.String(), answer.Code
}

// The ports.

func (w *world) Plan() Plan { return w.plan }

func (w *world) Standings(_ context.Context, jobs []string) ([]Standing, error) {
	var list []Standing
	for _, name := range jobs {
		list = append(list, w.standings[name])
	}
	return list, w.ill
}

func (w *world) Account(_ context.Context, c job.Connection) (Account, error) {
	return w.accounts[c.Name], w.ill
}

func (w *world) Next(spec job.Spec, after time.Time, n int) ([]Upcoming, error) {
	if spec.Timing.Cron == "" {
		return nil, nil
	}
	var list []Upcoming
	for i := range n {
		list = append(list, Upcoming{Due: after.Truncate(15 * time.Minute).Add(time.Duration(i+1) * 15 * time.Minute)})
	}
	return list, nil
}

func (w *world) Watch() (<-chan job.Progress, func()) { return w.signs, func() {} }

func (w *world) Runs(_ context.Context, q RunQuery) ([]job.Run, int64, error) {
	w.sight = append(w.sight, q.Sight)
	var some []job.Run
	for _, r := range w.runs {
		hit := (q.Job == "" || r.Job == q.Job) && (q.Connection == "" || r.Connection == q.Connection) && (len(q.States) == 0 || slices.Contains(q.States, r.State))
		if hit && (q.Before == 0 || r.ID < q.Before) && len(some) < q.Limit {
			some = append(some, r)
		}
	}
	var older int64
	if len(some) == q.Limit {
		older = some[len(some)-1].ID
	}
	return some, older, w.ill
}

func (w *world) Run(_ context.Context, id int64) (job.Run, error) {
	for _, r := range w.runs {
		if r.ID == id {
			return r, w.ill
		}
	}
	return job.Run{}, errors.Join(w.ill, job.ErrNotFound)
}

func (w *world) Outcomes(_ context.Context, run, after int64) ([]job.Outcome, error) {
	var some []job.Outcome
	for _, o := range w.outcomes[run] {
		if o.File.ID > after {
			some = append(some, o)
		}
	}
	return some, w.ill
}

func (w *world) Files(_ context.Context, q FileQuery) ([]job.File, int64, error) {
	w.sight = append(w.sight, q.Sight)
	return w.files[:min(len(w.files), q.Limit)], 0, w.ill
}

func (w *world) Expectations(context.Context, string, string, int) ([]job.Expectation, error) {
	return w.days, w.ill
}

func (w *world) Arrivals(context.Context, string, int) ([]job.File, error) { return w.came, w.ill }

func (w *world) Extend(_ context.Context, name string, until time.Time, by, why string) error {
	return w.did("extend %s to %s because %s by %s", name, until.Format("15:04"), why, by)
}

func (w *world) Ack(_ context.Context, id int64, by, note string) error {
	return w.did("ack %d by %s: %s", id, by, note)
}

func (w *world) Silence(_ context.Context, id int64, by, why string, until time.Time) error {
	return w.did("silence %d until %s because %s by %s", id, until.Format("15:04"), why, by)
}

func (w *world) Unsilence(_ context.Context, id int64, by string) error {
	return w.did("unsilence %d by %s", id, by)
}

func (w *world) Marks(_ context.Context, jobs []string, from, to time.Time, _ int) ([]Mark, error) {
	var some []Mark
	for _, m := range w.marks {
		if slices.Contains(jobs, m.Job) && !m.At.Before(from) && m.At.Before(to) {
			some = append(some, m)
		}
	}
	return some, w.ill
}

func (w *world) Steps(_ context.Context, file int64) ([]Step, error) { return w.steps[file], w.ill }

func (w *world) Log(_ context.Context, _, after int64, limit int) ([]LogLine, error) {
	var some []LogLine
	for _, l := range w.log {
		if l.ID > after && len(some) < limit {
			some = append(some, l)
		}
	}
	return some, w.ill
}

func (w *world) Requests(context.Context, int64) ([]job.Request, error) { return nil, w.ill }

func (w *world) Audit(context.Context, int64, int, ...string) ([]AuditLine, error) {
	return w.audit, w.ill
}

func (w *world) Stats(_ context.Context, _ string, days int, _ *time.Location, sight job.Sight) (Stats, error) {
	w.sight = append(w.sight, sight)
	s := w.stats
	s.Days = s.Days[max(0, len(s.Days)-days):]
	return s, w.ill
}

func (w *world) Incidents(_ context.Context, sight job.Sight) ([]job.Incident, error) {
	w.sight = append(w.sight, sight)
	return slices.Clone(w.open), w.ill
}

func (w *world) Resolved(context.Context, time.Time, job.Sight) ([]job.Incident, error) {
	return w.resolved, w.ill
}

type keysOf struct{ *world }

func (k keysOf) Keys(_ context.Context, kind job.KeyKind, name string) ([]job.Key, error) {
	var some []job.Key
	for _, key := range k.keys {
		if key.Kind == kind && (name == "" || key.Name == name) {
			some = append(some, key)
		}
	}
	return some, k.ill
}

func (w *world) did(format string, args ...any) error {
	w.asked = append(w.asked, fmt.Sprintf(format, args...))
	return w.fail
}

func (w *world) RunJob(_ context.Context, name string, asked job.Run) (job.Run, error) {
	return job.Run{ID: 77, Job: name}, w.did("run %s by %s", name, asked.By)
}

func (w *world) RetryRun(_ context.Context, id int64, asked job.Run) (job.Run, error) {
	return job.Run{ID: 78, Job: "again"}, w.did("retry %d by %s as-run %v only %q", id, asked.By, asked.AsRun, asked.Only)
}

func (w *world) CancelRun(_ context.Context, id int64, by string) error {
	return w.did("cancel %d by %s", id, by)
}

func (w *world) Pause(_ context.Context, p job.Pause) error {
	return w.did("pause %s %s for %s because %s by %s", p.Kind, p.Name, p.Until.Sub(p.Since), p.Reason, p.By)
}

func (w *world) Resume(_ context.Context, kind, name, by string) error {
	return w.did("resume %s %s by %s", kind, name, by)
}

func (w *world) Test(_ context.Context, connection, by string) (Report, error) {
	return w.report, w.did("test %s by %s", connection, by)
}
