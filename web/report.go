package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/haulier/haulier/job"
)

// Reported is what a taker of files reports of one. All four counts are needed: one that is forgotten is not 0.
type Reported struct {
	By      string `json:"by,omitempty"` // as of Asked
	Created *int64 `json:"created"`
	Updated *int64 `json:"updated"`
	Deleted *int64 `json:"deleted"`
	Errored *int64 `json:"errored"`
	Note    string `json:"note,omitempty"`
	Replace bool   `json:"replace,omitempty"` // in place of another report that is kept
}

func (a *api) report(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	var body Reported
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	if body.Created == nil || body.Updated == nil || body.Deleted == nil || body.Errored == nil {
		return nil, badRequest{errors.New("created, updated, deleted and errored are needed, each of them")}
	}
	return a.Reporter.ReportFile(context.WithoutCancel(r.Context()), job.Report{
		File: id, Created: *body.Created, Updated: *body.Updated, Deleted: *body.Deleted, Errored: *body.Errored, Note: body.Note, By: body.By,
	}, body.Replace)
}

// reports finds what was reported of files.
func (a *api) reports(ctx context.Context, outcomes []job.Outcome) (of func(id int64) *job.Report, err error) {
	ids := make([]int64, len(outcomes))
	for i, o := range outcomes {
		ids[i] = o.File.ID
	}
	known, err := a.Reader.Reports(ctx, ids)
	return func(id int64) *job.Report {
		if r, found := known[id]; found {
			return &r
		}
		return nil
	}, err
}
