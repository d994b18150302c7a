package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Handler answers the JSON API on the daemon's socket, which only the system's own user may open: who asks there may
// everything, and says by himself who he is.
func Handler(o Options) http.Handler {
	routes := Routes(o)
	for i, r := range routes {
		if r.File {
			routes[i].Handler = o.audited(r.Handler)
		}
	}
	mux := route.Mux(routes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lost, yes := route.Missing(mux, r); yes {
			lost.Send(w)
			return
		}
		mux.ServeHTTP(w, r.WithContext(route.With(r.Context(), route.Identity{Role: route.Admin, Machine: true})))
	})
}

// answers lets a function answer that gives what is to be shown.
func answers(of func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := of(r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		answer(w, http.StatusOK, value)
	}
}

type api struct {
	Options
	listeners *route.Listeners // to events
	followers *route.Listeners // of runs
}

// Asked is the body of every request that triggers something.
type Asked struct {
	By     string `json:"by"`             // who asks, for the audit; it counts on the socket only
	File   string `json:"file,omitempty"` // only the file of this name
	Force  bool   `json:"force,omitempty"`
	Config string `json:"config,omitempty"` // of a retry: AsRun, or Current; empty: Current
}

// Looked is the body of a word about a file that a person looked at.
type Looked struct {
	By     string `json:"by"`               // who looked, for the audit; it counts on the socket only
	SHA256 string `json:"sha256,omitempty"` // what was looked at, or how it begins; empty: whatever it is by now
	Reason string `json:"reason,omitempty"` // of a rejection, which needs one
}

// Which configuration a retry runs with: that of the run, or that of now.
const (
	AsRun   = "as-run"
	Current = "current"
)

// RetryOf is the body that asks for a run to be done again.
func RetryOf(run job.Run) Asked {
	body := Asked{By: run.By, File: run.Only}
	if run.AsRun {
		body.Config = AsRun
	}
	return body
}

// maxBody bounds a request, in bytes.
const maxBody = 64 << 10

func asked(r *http.Request) (body Asked, err error) {
	err = read(r, &body, &body.By)
	return body, err
}

// read reads a body and who sends it.
func read(r *http.Request, body any, by *string) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		return unreadable(err, maxBody)
	}
	if who := route.Of(r.Context()); who.Name != "" { // a login knows better than what somebody says of himself
		*by = who.Name
	}
	return nil
}

func idOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, badRequest{errors.New("the path names no number")}
	}
	return id, nil
}

// askedOf reads a request about a number.
func askedOf(r *http.Request) (id int64, body Asked, err error) {
	if id, err = idOf(r); err == nil {
		body, err = asked(r)
	}
	return id, body, err
}

func (a *api) overview(r *http.Request) (any, error) {
	return a.Keeper.Overview(r.Context(), route.Of(r.Context()).Sight)
}

func (a *api) calendar(r *http.Request) (any, error) {
	return a.Calendar.CredentialCalendar(r.Context(), route.Of(r.Context()).Sight)
}

func (a *api) runJob(r *http.Request) (any, error) {
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	run, err := a.Runner.RunJob(context.WithoutCancel(r.Context()), r.PathValue("name"), job.Run{By: body.By, Only: body.File, Force: body.Force})
	return runOf(run), err
}

// runFilesMost is how many files of a run one answer has: as many as are read at once.
const runFilesMost = 500

func (a *api) run(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	q := asking{values: r.URL.Query()}
	after := q.number("after", 1, anyID, 0)
	if q.err != nil {
		return nil, q.err
	}
	run, err := a.Reader.Run(r.Context(), id)
	if err != nil {
		return nil, err
	}
	outcomes, err := a.Reader.RunFilesAfter(r.Context(), id, after)
	if err != nil {
		return nil, err
	}
	shown := RunFiles{Run: runOf(run), Outcomes: []File{}}
	if len(outcomes) == runFilesMost {
		shown.Next = outcomes[runFilesMost-1].File.ID
	}
	reports, err := a.reports(r.Context(), outcomes)
	for _, o := range outcomes {
		f := fileOf(o.File)
		f.Outcome = reports(f.ID)
		shown.Outcomes = append(shown.Outcomes, f)
	}
	return shown, err
}

func (a *api) cancel(r *http.Request) (any, error) {
	id, body, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	return Cancelled{id}, a.Runner.CancelRun(r.Context(), id, body.By)
}

func (a *api) retry(r *http.Request) (any, error) {
	id, body, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	if body.Config != "" && body.Config != AsRun && body.Config != Current {
		return nil, badRequest{fmt.Errorf("config is %q, and may be %s or %s", body.Config, AsRun, Current)}
	}
	run, err := a.Runner.RetryRun(context.WithoutCancel(r.Context()), id, job.Run{By: body.By, Only: body.File, AsRun: body.Config == AsRun})
	return runOf(run), err
}

func (a *api) file(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	f, err := a.Reader.File(r.Context(), id)
	if err != nil {
		return nil, err
	}
	reports, err := a.reports(r.Context(), []job.Outcome{{File: f}})
	shown := fileOf(f)
	shown.Outcome = reports(id)
	return shown, err
}

func (a *api) approve(r *http.Request) (any, error) {
	return lookedAt(r, func(id int64, body Looked) (job.File, error) {
		return a.Looker.ApproveFile(r.Context(), id, body.SHA256, body.By)
	})
}

func (a *api) reject(r *http.Request) (any, error) {
	return lookedAt(r, func(id int64, body Looked) (job.File, error) {
		if body.Reason == "" {
			return job.File{}, badRequest{errors.New("reason is empty: whoever has to send a right file will ask")}
		}
		return a.Looker.RejectFile(r.Context(), id, body.SHA256, body.Reason, body.By)
	})
}

// lookedAt reads a word about a file, and has it carried out.
func lookedAt(r *http.Request, do func(id int64, body Looked) (job.File, error)) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	var body Looked
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	f, err := do(id, body)
	return fileOf(f), err
}

// held gives the latest of the files that wait for a person, the oldest of them first.
func (a *api) held(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	query := FileQuery{Job: q.text("job"), States: []job.State{job.FileHeld}, Limit: listMost, Sight: route.Of(r.Context()).Sight}
	if q.err != nil {
		return nil, q.err
	}
	rows, _, err := a.Lists.Files(r.Context(), query)
	files := make([]File, len(rows))
	for i, f := range rows {
		files[len(rows)-1-i] = fileOf(f)
	}
	return files, err
}

// eventsMost is how many events one answer carries.
const eventsMost = 500

func (a *api) events(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	after := q.number("after", 0, anyID, 0)
	if q.err != nil {
		return nil, q.err
	}
	events, next, more, err := a.Lists.Events(r.Context(), after, eventsMost, route.Of(r.Context()).Sight)
	return EventList{append([]job.Event{}, events...), next, more}, err
}

func (a *api) reload(r *http.Request) (any, error) {
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	return a.Keeper.ReloadConfig(context.WithoutCancel(r.Context()), body.By)
}
