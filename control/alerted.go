package control

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Touched finds the jobs of an incident, some at a time.
type Touched interface {
	JobsOfIncident(ctx context.Context, id int64, after string, limit int) ([]store.JobOfIncident, error)
}

// Alerted says where an alert goes: to the channels of the jobs that it touches, and of what is no job's, or of jobs that are gone, to those
// of defaults. What is the process's own goes to those of defaults alone, whatever jobs it touches: it names them, and a job's channels may be
// one customer's. The event names some of the jobs; where there are more, the book has them.
func Alerted(ctx context.Context, cfg *config.Config, book Touched, e job.Event) (job.Route, error) {
	var about struct {
		ID     int64         `json:"id"`
		Cause  string        `json:"cause_key"`
		Kind   job.AlertKind `json:"kind"`
		Jobs   []string      `json:"jobs"`
		Total  int           `json:"jobs_total"`
		Missed []string      `json:"missed"` // of them, those whose deadline has passed: their missing files are told with this
	}
	if json.Unmarshal(e.Data, &about) != nil {
		return job.Route{}, nil
	}
	w := ways{cfg: cfg, kind: about.Kind, told: map[string]bool{}, quiet: map[string]bool{}, loud: map[string]bool{}}
	if strings.HasPrefix(about.Cause, "process/") {
		w.add(cfg.Alert, about.Kind)
		return w.route(), nil
	}
	for _, name := range about.Jobs {
		w.job(name, slices.Contains(about.Missed, name))
	}
	for last, more := "", about.Total > len(about.Jobs); more; {
		some, err := book.JobsOfIncident(ctx, about.ID, last, 0)
		if err != nil {
			return job.Route{}, err
		}
		for _, its := range some {
			w.job(its.Job, its.Missed)
			last = its.Job
		}
		more = len(some) > 0
	}
	if !w.known {
		w.add(cfg.Alert, about.Kind)
	}
	return w.route(), nil
}

// ways are the channels that an alert goes to, as they are found.
type ways struct {
	cfg   *config.Config
	kind  job.AlertKind
	known bool // a job is in the configuration

	told        map[string]bool
	quiet, loud map[string]bool // need not hear the end, by one who tells them; hear it, by another
}

func (w *ways) job(name string, missed bool) {
	spec, found := w.cfg.Job(name)
	if !found {
		return
	}
	w.known = true
	w.add(spec.Alert, w.kind)
	if missed {
		w.add(spec.Alert, job.AlertMissing)
	}
}

func (w *ways) add(a job.Alert, kind job.AlertKind) {
	for _, name := range a.Channels(kind) {
		w.told[name] = true
		if a.Recovered == nil || slices.Contains(a.Recovered, name) {
			w.loud[name] = true
		} else {
			w.quiet[name] = true
		}
	}
}

func (w *ways) route() job.Route {
	maps.DeleteFunc(w.quiet, func(name string, _ bool) bool { return w.loud[name] })
	return job.Route{Told: slices.Sorted(maps.Keys(w.told)), Quiet: slices.Sorted(maps.Keys(w.quiet))}
}
