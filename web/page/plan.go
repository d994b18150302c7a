package page

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
)

// Planner says what the next run of a job would do. It changes nothing on either side.
type Planner interface {
	PlanJob(ctx context.Context, name, by string) ([]job.Intent, error)
}

const (
	// planFor bounds how long a plan may take: it logs in and lists.
	planFor = time.Minute
	// plansAtOnce is how many plans may be made at the same time.
	plansAtOnce = 2
	// intentsEach is how many intents of each mark of a plan are kept and shown.
	intentsEach = 40
)

// planned is what the next run of a job would have done when somebody asked.
type planned struct {
	At      time.Time
	By      string
	Intents []job.Intent
	Counts  []markCount
	Further []markCount // those that are not shown
}

// markCount is how many intents have a mark.
type markCount struct {
	Says string
	N    int
}

// says are the marks of plans in words, in the order in which they are told.
var says = []struct {
	mark job.Mark
	word string
}{
	{job.MarkTransfer, "to transfer"}, {job.MarkMove, "to move"}, {job.MarkDelete, "to delete"}, {job.MarkDone, "done before"}, {job.MarkWait, "not ready"}, {job.MarkFail, "would fail"},
}

// markSays is a mark in words.
func markSays(mark job.Mark) string {
	for _, s := range says {
		if s.mark == mark {
			return s.word
		}
	}
	return string(mark)
}

func plannedOf(intents []job.Intent, by string, at time.Time) planned {
	p, counts, shown := planned{At: at, By: by}, job.CountIntents(intents), map[job.Mark]int{}
	for _, intent := range intents {
		if intent.Rest == 0 && shown[intent.Mark] < intentsEach {
			shown[intent.Mark]++
			p.Intents = append(p.Intents, intent)
		}
	}
	for _, s := range says {
		if n := counts[s.mark]; n > 0 {
			p.Counts = append(p.Counts, markCount{s.word, n})
		}
		if n := counts[s.mark] - shown[s.mark]; n > 0 {
			p.Further = append(p.Further, markCount{s.word, n})
		}
	}
	return p
}

// plan makes a plan, and keeps it for the page of its job.
func (p *pages) plan(r *http.Request) (flash, error) {
	name := r.PathValue("name")
	select {
	case p.planning <- struct{}{}:
		defer func() { <-p.planning }()
	default:
		return flash{}, &job.Reason{
			Slug: "run.busy", What: "nothing was planned, and nothing else was changed", Cause: fmt.Sprintf("%d plans are being made already", plansAtOnce), Do: "try again in a minute", Who: job.WhoUs,
		}
	}
	ctx, stop := context.WithTimeout(unhurried(r), planFor)
	defer stop()
	intents, err := p.Planner.PlanJob(ctx, name, by(r))
	if err != nil {
		return flash{}, err
	}
	p.plans.keep(name, plannedOf(intents, by(r), p.Clock()))
	return flash{Done: fmt.Sprintf("This is what the next run of %s would do now. Nothing was moved.", name), Link: "/jobs/" + name + "#plan", Label: "The plan"}, nil
}
