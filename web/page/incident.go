package page

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Runbooks tell what is known around an incident.
type Runbooks interface {
	Runbook(ctx context.Context, incident int64) (Runbook, error)
}

// Runbook is what somebody needs who is called at night: when all was well last, and what is different since.
type Runbook struct {
	Incident job.Incident
	LastGood *LastGood // nil: no run of its jobs ever succeeded
	Failed   int64     // the run that failed last; 0: none
	Changed  []Change  // since the last good run, the newest first
}

// LastGood is the last run of the jobs of an incident that succeeded.
type LastGood struct {
	Run      int64
	Job      string
	At       time.Time
	Revision int64
}

// Change is something that was changed, or came to light.
type Change struct {
	At       time.Time
	What, By string
}

// incidentShown is a page about one incident.
type incidentShown struct {
	Runbook
	Seen  attended // the incident as lists show it
	Whole bool     // who looks sees what was done to everybody's keys
}

// incident shows what is known around an incident, also around one that is over.
func (p *pages) incident(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	id, err := idOf(r)
	if err != nil {
		return view{}, err
	}
	book, err := p.Runbooks.Runbook(ctx, id)
	if err != nil {
		return view{}, err
	}
	whole := route.Of(ctx).Sight.Whole()
	if !whole && !sees(ctx, plan, book.Incident.Connection) {
		return view{}, errUnseen
	}
	standings, err := p.House.Standings(ctx, jobNames(seenJobs(ctx, plan)))
	if err != nil {
		return view{}, err
	}
	shown := incidentShown{Runbook: book, Whole: whole}
	if !whole { // what people did to keys names those of others
		shown.Changed = nil
	}
	list, _ := attend(plan, []job.Incident{book.Incident}, standings)
	shown.Seen = list[0]
	shown.Seen.Told = true
	return view{Title: fmt.Sprintf("Alert %d", id), Section: "alerts", Body: "runbook", Regions: []string{"runbookhead", "runbookaround"}, Data: shown}, nil
}
