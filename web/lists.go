package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Lists gives parts of what is remembered, the latest first, and where the next part begins; 0: nowhere.
type Lists interface {
	Runs(ctx context.Context, q RunQuery) (runs []job.Run, next int64, err error)
	Files(ctx context.Context, q FileQuery) (files []job.File, next int64, err error)
	Log(ctx context.Context, run, after int64, limit int) ([]LogLine, error)
	// Events gives those after one, the oldest first, and how far was looked: the after of the next question.
	Events(ctx context.Context, after int64, limit int, sight job.Sight) (events []job.Event, next int64, more bool, err error)
	// Expectations gives the days of a job from one on, the latest first.
	Expectations(ctx context.Context, jobName, since string, limit int) ([]job.Expectation, error)
}

// RunQuery says which runs are wanted; zero values narrow nothing.
type RunQuery struct {
	Job, Connection string
	States          []job.RunState
	Since           time.Time
	File            string // moved a file whose name matches this glob
	Before          int64
	Limit           int
	Sight           job.Sight
}

// FileQuery says which files are wanted; zero values narrow nothing.
type FileQuery struct {
	Job    string
	States []job.State
	Name   string // glob
	SHA256 string
	Before int64
	Limit  int
	Sight  job.Sight
}

// RunList is a part of the runs.
type RunList struct {
	Runs []Run `json:"runs"`
	Next int64 `json:"next,omitempty"` // as before, for the next part; none: that was the last
}

// FileList is a part of the ledger.
type FileList struct {
	Files []File `json:"files"`
	Next  int64  `json:"next,omitempty"`
}

// EventList is a part of what happened, the oldest first.
type EventList struct {
	Events []job.Event `json:"events"`
	Next   int64       `json:"next"` // as after, for what comes next
	More   bool        `json:"more"` // it is there already
}

// LogLine is a line of a run's log.
type LogLine struct {
	ID    int64     `json:"id"`
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Line  string    `json:"line"`
}

// RunLog is a part of a run's log, the oldest first.
type RunLog struct {
	Lines []LogLine `json:"lines"`
	Next  int64     `json:"next,omitempty"` // as after
}

const (
	listUsual = 100
	listMost  = 1000
	textMost  = 255 // bytes of what is searched for
)

// paging are the parameters of every list.
func paging(cursor string) []route.Param {
	return []route.Param{{Name: cursor, Says: "next of the part before; none: from the beginning"}, {Name: "limit", Says: "how many at most, 1 to 1000; none: 100"}}
}

// asking reads the parameters of a list, and remembers the first that cannot be read.
type asking struct {
	values url.Values
	err    error
}

func (q *asking) text(name string) string {
	text := q.values.Get(name)
	if len(text) > textMost {
		q.refuse(name, "is longer than "+strconv.Itoa(textMost)+" bytes")
	}
	return text
}

func (q *asking) number(name string, least, most, none int64) int64 {
	text := q.values.Get(name)
	if text == "" {
		return none
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		q.refuse(name, fmt.Sprintf("is no number from %d to %d", least, most))
	}
	return n
}

func (q *asking) time(name string) (at time.Time) {
	text := q.values.Get(name)
	if text == "" {
		return at
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.refuse(name, "is no time as 2026-11-24T00:15:00Z")
	}
	return at
}

func (q *asking) refuse(name, why string) {
	if q.err == nil {
		q.err = badRequest{errors.New(name + " " + why)}
	}
}

func (q *asking) limit() int { return int(q.number("limit", 1, listMost, listUsual)) }

const anyID = 1<<63 - 1

func (a *api) runs(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	query := RunQuery{
		Job: q.text("job"), Connection: q.text("connection"), Since: q.time("since"), File: q.text("file"), Before: q.number("before", 1, anyID, 0), Limit: q.limit(), Sight: route.Of(r.Context()).Sight,
	}
	if state := q.text("state"); state != "" {
		query.States = []job.RunState{job.RunState(state)}
	}
	if q.err != nil {
		return nil, q.err
	}
	runs, next, err := a.Lists.Runs(r.Context(), query)
	list := RunList{Runs: make([]Run, len(runs)), Next: next}
	for i, run := range runs {
		list.Runs[i] = runOf(run)
	}
	return list, err
}

func (a *api) files(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	query := FileQuery{Job: q.text("job"), Name: q.text("name"), SHA256: q.text("sha256"), Before: q.number("before", 1, anyID, 0), Limit: q.limit(), Sight: route.Of(r.Context()).Sight}
	if state := q.text("state"); state != "" {
		query.States = []job.State{job.State(state)}
	}
	if q.err != nil {
		return nil, q.err
	}
	files, next, err := a.Lists.Files(r.Context(), query)
	list := FileList{Files: make([]File, len(files)), Next: next}
	for i, f := range files {
		list.Files[i] = fileOf(f)
	}
	return list, err
}

func (a *api) log(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	q := asking{values: r.URL.Query()}
	after, limit := q.number("after", 1, anyID, 0), q.limit()
	if q.err != nil {
		return nil, q.err
	}
	if _, err := a.Reader.Run(r.Context(), id); err != nil {
		return nil, err
	}
	lines, err := a.Lists.Log(r.Context(), id, after, limit)
	log := RunLog{Lines: append([]LogLine{}, lines...)}
	if len(lines) == limit {
		log.Next = lines[len(lines)-1].ID
	}
	return log, err
}
