package page

import (
	"net/http"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// jobLine is a job in a list.
type jobLine struct {
	Spec job.Spec
	Standing
	When string
}

// jobsMost is how many jobs a list shows.
const jobsMost = 200

type jobsListed struct {
	Lines []jobLine
	Left  int
	Words []wordCount
	Word  string // only those; empty: all
	Named string // only those whose name has it
}

func (p *pages) jobs(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	specs := seenJobs(ctx, plan)
	standings, err := p.House.Standings(ctx, jobNames(specs))
	if err != nil {
		return view{}, err
	}
	listed := jobsListed{Words: countWords(standings), Word: r.URL.Query().Get("state"), Named: typed(r, "name")}
	for _, line := range jobLines(specs, standings) {
		switch {
		case listed.Word != "" && string(line.Word) != listed.Word, !strings.Contains(line.Spec.Name, listed.Named):
		case len(listed.Lines) == jobsMost:
			listed.Left++
		default:
			listed.Lines = append(listed.Lines, line)
		}
	}
	return view{Title: "Jobs", Section: "jobs", Body: "jobs", Regions: []string{"joblist"}, Data: listed}, nil
}

// jobLines are the jobs with trouble first.
func jobLines(specs []job.Spec, standings []Standing) []jobLine {
	byJob := map[string]Standing{}
	for _, s := range standings {
		byJob[s.Job] = s
	}
	lines := make([]jobLine, len(specs))
	for i, spec := range specs {
		lines[i] = jobLine{Spec: spec, Standing: byJob[spec.Name], When: inWords(spec.Timing)}
	}
	slices.SortStableFunc(lines, func(a, b jobLine) int { return trouble(a.Word) - trouble(b.Word) })
	return lines
}

// jobShown is a page about one job.
type jobShown struct {
	Spec     job.Spec
	Standing Standing
	Sentence string
	Next     []Upcoming
	Runs     []job.Run
	Open     []attended
	Held     []job.File
	Expect   string // in words; empty: nothing is expected
	Days     []job.Expectation
	Arrivals arrivals
	Planned  *planned // what somebody has asked for last; nil: nobody has
}

const (
	jobRuns  = 15
	heldMost = 20
)

func (p *pages) job(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	spec, err := seenJob(ctx, plan, r.PathValue("name"))
	if err != nil {
		return view{}, err
	}
	standings, err := p.House.Standings(ctx, []string{spec.Name})
	if err != nil {
		return view{}, err
	}
	shown := jobShown{Spec: spec, Sentence: sentence(spec), Planned: p.plans.of(spec.Name)}
	for _, s := range standings {
		shown.Standing = s
	}
	sight := route.Of(ctx).Sight
	if shown.Runs, _, err = p.Ledger.Runs(ctx, RunQuery{Job: spec.Name, Limit: jobRuns, Sight: sight}); err != nil {
		return view{}, err
	}
	if err := p.fillHeld(r, &shown); err != nil {
		return view{}, err
	}
	open, err := p.Care.Incidents(ctx, sight)
	if err != nil {
		return view{}, err
	}
	shown.Open, _ = attend(plan, concerning(open, spec), standings)
	if err := p.expected(ctx, spec, &shown); err != nil {
		return view{}, err
	}
	shown.Next, err = p.House.Next(spec, p.Clock(), 5)
	return view{Title: spec.Name, Section: "jobs", Body: "job", Regions: []string{"jobhead", "jobruns"}, Data: shown}, err
}

// fillHeld finds the files in doubt, among those that only wait for a person to look at them.
func (p *pages) fillHeld(r *http.Request, shown *jobShown) error {
	if shown.Standing.Held == 0 {
		return nil
	}
	q := FileQuery{Job: shown.Spec.Name, States: []job.State{job.FileHeld}, Limit: heldMost + shown.Standing.Waiting, Sight: route.Of(r.Context()).Sight}
	held, _, err := p.Ledger.Files(r.Context(), q)
	held = slices.DeleteFunc(slices.Clone(held), func(f job.File) bool { return supervised(f.Reason) })
	shown.Held = held[:min(len(held), heldMost)]
	return err
}

// Waiting are the files of the job that wait for a person.
func (s jobShown) Waiting() waiting { return waitingOf(s.Standing) }

// concerning are the incidents that touch a job.
func concerning(open []job.Incident, spec job.Spec) []job.Incident {
	var some []job.Incident
	for _, incident := range open {
		if slices.Contains(incident.Jobs, spec.Name) || strings.HasPrefix(incident.Cause, "job/"+spec.Name+"/") || strings.HasPrefix(incident.Cause, "connection/"+spec.Connection+"/") {
			some = append(some, incident)
		}
	}
	return some
}
