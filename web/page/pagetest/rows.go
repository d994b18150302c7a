package pagetest

import (
	"context"
	"errors"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// Runbook gives what is booked around one of the incidents.
func (w ports) Runbook(_ context.Context, id int64) (page.Runbook, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range append(append([]job.Incident{}, w.Open...), w.Over...) {
		if i.ID == id {
			book := w.Booked
			book.Incident = i
			return book, w.Ill
		}
	}
	return page.Runbook{}, errors.Join(w.Ill, job.ErrNotFound)
}

// File gives one of the files that are found, or that a run had.
func (w ports) File(_ context.Context, id int64) (job.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.Found
	for _, outcomes := range w.Became {
		for _, o := range outcomes {
			all = append(all, o.File)
		}
	}
	for _, f := range all {
		if f.ID == id {
			return f, w.Ill
		}
	}
	return job.File{}, errors.Join(w.Ill, job.ErrNotFound)
}

// Timeline gives the steps of a file.
func (w ports) Timeline(_ context.Context, file int64) ([]page.Step, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Stepped[file], w.Ill
}

// PlanJob gives what is planned.
func (w ports) PlanJob(_ context.Context, name, by string) ([]job.Intent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Planned, w.did("plan %s by %s", name, by)
}
