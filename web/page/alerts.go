package page

import (
	"net/http"
	"time"

	"github.com/haulier/haulier/web/route"
)

type alertsListed struct {
	Open     []attended
	More     int
	Resolved []attended
	Since    time.Duration
}

// resolvedFor is how long resolved incidents stay on the page.
const resolvedFor = 7 * 24 * time.Hour

func (p *pages) alerts(r *http.Request) (view, error) {
	ctx, plan, sight := r.Context(), p.House.Plan(), route.Of(r.Context()).Sight
	standings, err := p.House.Standings(ctx, jobNames(seenJobs(ctx, plan)))
	if err != nil {
		return view{}, err
	}
	open, err := p.Care.Incidents(ctx, sight)
	if err != nil {
		return view{}, err
	}
	past, err := p.Care.Resolved(ctx, p.Clock().Add(-resolvedFor), sight)
	if err != nil {
		return view{}, err
	}
	listed := alertsListed{Since: resolvedFor}
	listed.Open, listed.More = attend(plan, open, standings)
	listed.Resolved, _ = attend(plan, past, standings)
	return view{Title: "Alerts", Section: "alerts", Body: "alerts", Regions: []string{"alertlist", "resolvedlist"}, Data: listed}, nil
}
