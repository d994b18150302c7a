package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Rows give single rows of the ledger.
type Rows interface {
	File(ctx context.Context, id int64) (job.File, error)
	// Timeline gives the steps of a file through all runs, the oldest first.
	Timeline(ctx context.Context, file int64) ([]Step, error)
}

// rowShown is a page about one file.
type rowShown struct {
	File   job.File
	Report *job.Report // what became of its records; nil: nobody said
	Steps  []Step
	Spec   *job.Spec // as configured now; nil: no longer
}

// Word is how the file stands.
func (s rowShown) Word() string { return fileShown{Outcome: job.Outcome{File: s.File}}.Word() }

// Choices are the ways to decide about it.
func (s rowShown) Choices() []choice { return choicesOf(s.File, s.Spec) }

// row shows a file of the ledger: how it stands, what was seen of it, what its records came to, and each step.
func (p *pages) row(r *http.Request) (view, error) {
	ctx := r.Context()
	f, spec, err := p.rowAsked(r)
	if err != nil {
		return view{}, err
	}
	id, shown := f.ID, rowShown{File: f, Spec: spec}
	reports, err := p.Details.Reports(ctx, []int64{id})
	if err != nil {
		return view{}, err
	}
	shown.Report = report(reports, id)
	shown.Steps, err = p.Rows.Timeline(ctx, id)
	return view{Title: fmt.Sprintf("File %d", id), Section: "runs", Body: "file", Regions: []string{"filehead", "filefacts"}, Data: shown}, err
}

// heldPage is how many files in doubt a page shows.
const heldPage = 50

type heldShown struct {
	Doubts []job.File
	Job    string // only of this one; empty: of all
	Looks  int    // files of supervised jobs among those that were looked through
	Older  int64  // the way to older files; 0: none
}

// Together are the jobs among these files that a restored ledger or a mass change holds files of.
func (s heldShown) Together() []string {
	var names []string
	for _, f := range s.Doubts {
		if restored(f) && !slices.Contains(names, f.Job) {
			names = append(names, f.Job)
		}
	}
	return names
}

// From is where a decision leads back to.
func (s heldShown) From() string {
	if s.Job == "" {
		return "/held"
	}
	return "/held?job=" + s.Job
}

// Choices are the ways to decide about one of them.
func (s heldShown) Choices(f job.File) []choice { return choicesOf(f, nil) }

// held shows the files in doubt of all jobs, with what to do about each.
func (p *pages) held(r *http.Request) (view, error) {
	q := FileQuery{Job: typed(r, "job"), States: []job.State{job.FileHeld}, Limit: heldPage, Sight: route.Of(r.Context()).Sight}
	_, _ = fmt.Sscan(r.URL.Query().Get("before"), &q.Before)
	files, older, err := p.Ledger.Files(r.Context(), q)
	shown := heldShown{Older: older, Job: q.Job}
	for _, f := range files {
		if supervised(f.Reason) {
			shown.Looks++
		} else {
			shown.Doubts = append(shown.Doubts, f)
		}
	}
	return view{Title: "Files in doubt", Section: "runs", Body: "held", Regions: []string{"heldlist"}, Data: shown}, err
}
