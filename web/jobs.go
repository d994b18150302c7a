package web

import (
	"context"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Jobs tells how jobs stand, and holds them up.
type Jobs interface {
	Jobs(ctx context.Context, sight job.Sight) ([]Job, error)
	Job(ctx context.Context, name string) (Job, error)
	Upcoming(ctx context.Context, name string, n int) ([]Upcoming, error)
	PauseJob(ctx context.Context, name, why, by string, until time.Time) error
	ResumeJob(ctx context.Context, name, by string) error
}

// Job is a configured job and how it stands.
type Job struct {
	Name        string      `json:"job"`
	Type        job.Type    `json:"type"`
	Connection  string      `json:"connection"`
	Entity      string      `json:"entity,omitempty"`
	Enabled     bool        `json:"enabled"`
	Schedule    string      `json:"schedule,omitempty"`
	Timezone    string      `json:"timezone"`
	Standing    string      `json:"standing"`
	Since       time.Time   `json:"since,omitzero"`
	Until       time.Time   `json:"until,omitzero"` // of a pause
	Why         string      `json:"why,omitempty"`
	Run         int64       `json:"run,omitempty"` // at work
	Next        time.Time   `json:"next,omitzero"`
	LastRun     int64       `json:"last_run,omitempty"`
	LastSuccess time.Time   `json:"last_success,omitzero"`
	Held        int         `json:"held"`
	Rejected    int         `json:"rejected"`
	Error       *job.Reason `json:"error"`
}

// Upcoming is a time ahead of a job.
type Upcoming struct {
	Due    time.Time `json:"due"`
	Starts time.Time `json:"starts"` // due, and the job's jitter
	Notes  []string  `json:"notes,omitempty"`
}

// Pausing is the body that asks for a job to be paused.
type Pausing struct {
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // none: until it is resumed
}

func (a *api) jobs(r *http.Request) (any, error) {
	jobs, err := a.Jobs.Jobs(r.Context(), route.Of(r.Context()).Sight)
	return append([]Job{}, jobs...), err
}

func (a *api) job(r *http.Request) (any, error) { return a.Jobs.Job(r.Context(), r.PathValue("name")) }

// upcomingMost bounds the times ahead that one answer has.
const upcomingMost = 100

func (a *api) next(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	n := q.number("n", 1, upcomingMost, 5)
	if q.err != nil {
		return nil, q.err
	}
	list, err := a.Jobs.Upcoming(r.Context(), r.PathValue("name"), int(n))
	return append([]Upcoming{}, list...), err
}

func (a *api) pause(r *http.Request) (any, error) {
	var body Pausing
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if err := a.Jobs.PauseJob(r.Context(), name, body.Reason, body.By, body.Until); err != nil {
		return nil, err
	}
	return a.Jobs.Job(r.Context(), name)
}

func (a *api) resume(r *http.Request) (any, error) {
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if err := a.Jobs.ResumeJob(r.Context(), name, body.By); err != nil {
		return nil, err
	}
	return a.Jobs.Job(r.Context(), name)
}
