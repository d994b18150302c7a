package page

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// runShown is a page about one run.
type runShown struct {
	Run      job.Run
	Spec     *job.Spec // as configured now; nil: no longer
	Files    []fileShown
	More     int64 // the way to further files: after that number; 0: none
	Stages   []string
	Log      []LogLine
	LogMore  bool
	Progress *job.Progress
	Session  *job.Session
	Reason   *job.Reason // unless a file says it

	Supervised string // how far the job has come; empty: no file of this page waits for a person
}

// fileShown is a file of a run, stage by stage.
type fileShown struct {
	job.Outcome
	Cells  []stageCell
	Report *job.Report // what its taker says; nil: nothing
	Waits  *job.File   // as it waits for a person now; nil: it does not
}

// Word is how a file came out of a run.
func (f fileShown) Word() string {
	if f.File.State == job.FileHeld && supervised(f.File.Reason) {
		return string(WordApprove)
	}
	return string(f.File.State)
}

// stageCell is what became of a file in one stage.
type stageCell struct {
	Word string // succeeded, failed, moving; empty: not reached
	Took time.Duration
	Says string
}

const (
	filesPage = 100
	logPage   = 200
)

func (p *pages) run(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	id, err := idOf(r)
	if err != nil {
		return view{}, err
	}
	run, err := p.Ledger.Run(ctx, id)
	if err == nil && !sees(ctx, plan, run.Connection) {
		err = errUnseen
	}
	if err != nil {
		return view{}, err
	}
	shown := runShown{Run: run, Stages: importStages, Reason: run.Reason}
	if run.Type == job.TypeExport {
		shown.Stages = exportStages
	}
	if spec, err := seenJob(ctx, plan, run.Job); err == nil {
		shown.Spec = &spec
	}
	if err := p.fillFiles(r, &shown); err != nil {
		return view{}, err
	}
	if err := p.fillWaits(r, &shown); err != nil {
		return view{}, err
	}
	if shown.Log, err = p.Details.Log(ctx, id, 0, logPage+1); err != nil {
		return view{}, err
	}
	if len(shown.Log) > logPage {
		shown.Log, shown.LogMore = shown.Log[:logPage], true
	}
	v := view{Title: fmt.Sprintf("Run %d", id), Section: "runs", Body: "run", Data: shown}
	if run.Ended.IsZero() {
		v.Regions = []string{"runhead", "runfiles", "runlog"}
		if standings, err := p.House.Standings(ctx, []string{run.Job}); err == nil && len(standings) == 1 && standings[0].Run == id {
			shown.Progress = standings[0].Progress
			v.Data = shown
		}
	}
	return v, nil
}

func (p *pages) fillFiles(r *http.Request, shown *runShown) error {
	var after int64
	_, _ = fmt.Sscan(r.URL.Query().Get("after"), &after)
	outcomes, err := p.Ledger.Outcomes(r.Context(), shown.Run.ID, after)
	if err != nil {
		return err
	}
	if len(outcomes) > filesPage {
		outcomes = outcomes[:filesPage]
		shown.More = outcomes[filesPage-1].File.ID
	}
	numbers := make([]int64, len(outcomes))
	for i, o := range outcomes {
		numbers[i] = o.File.ID
	}
	steps, err := p.Details.Steps(r.Context(), shown.Run.ID, numbers)
	if err != nil {
		return err
	}
	reports, err := p.Details.Reports(r.Context(), numbers)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		shown.Files = append(shown.Files, fileShown{Outcome: o, Cells: stagesOf(o, steps[o.File.ID]), Report: report(reports, o.File.ID)})
		if shown.Session == nil && o.File.Receipt != nil {
			shown.Session = &o.File.Receipt.Session
		}
		if reason := o.File.Reason; reason != nil && shown.Reason != nil && reason.Slug == shown.Reason.Slug && reason.Cause == shown.Reason.Cause {
			shown.Reason = nil
		}
	}
	return nil
}

// fillWaits finds the files of a run that wait for a person now: that a run held one so does not say that it still does.
func (p *pages) fillWaits(r *http.Request, shown *runShown) error {
	held := slices.ContainsFunc(shown.Files, func(f fileShown) bool { return f.Word() == string(WordApprove) })
	if supervised(shown.Reason) && held {
		shown.Reason = nil // each file says it
	}
	if shown.Spec == nil || !held {
		return nil
	}
	standings, err := p.House.Standings(r.Context(), []string{shown.Spec.Name})
	for _, s := range standings {
		shown.Supervised = s.Supervised
		for i := range shown.Files {
			shown.Files[i].Waits = waitsIn(s.Waits, shown.Files[i].File.ID)
		}
	}
	return err
}

func report(reports map[int64]job.Report, file int64) *job.Report {
	if r, found := reports[file]; found {
		return &r
	}
	return nil
}

// The stages of a file, as they are headed.
var (
	importStages = []string{"find", "wait", "download", "decrypt", "publish", "source"}
	exportStages = []string{"find", "encrypt", "upload", "rename", "verify", "source"}
)

// stageAfter is the stage whose work ends with a step.
var stageAfter = map[job.Type]map[job.Step]int{
	job.TypeImport: {job.StepSeen: 0, job.StepClaimed: 1, job.StepDownloaded: 2, job.StepChecked: 3, job.StepLanding: 3, job.StepLanded: 4, job.StepRetiring: 5, job.StepDone: 5},
	job.TypeExport: {job.StepSeen: 0, job.StepQueued: 0, job.StepSealed: 1, job.StepSending: 2, job.StepUploaded: 2, job.StepRenaming: 3, job.StepDelivered: 4, job.StepDone: 5},
}

// stagesOf tells what became of a file in each stage: how far it came, how long that took, and where it stands.
func stagesOf(o job.Outcome, steps []Step) []stageCell {
	row := make([]stageCell, 6)
	reached := -1
	var before time.Time
	for _, step := range steps {
		if step.Step == job.StepDone && o.File.State == job.FileRejected { // it came to its end, and not through what lies between
			break
		}
		i, known := stageAfter[o.File.Type][step.Step]
		if !known {
			continue
		}
		if i >= reached {
			row[i].Word = "succeeded"
			if !before.IsZero() {
				row[i].Took += step.At.Sub(before)
			}
			reached = i
		}
		before = step.At
	}
	for i := range max(reached, 0) {
		if row[i].Word == "" {
			row[i].Word = "succeeded"
		}
	}
	if o.File.Type == job.TypeImport && o.File.Received.SHA256 != "" { // it is here, whatever was written down on the way
		for reached = max(reached, 0); reached < 2; reached++ {
			row[reached+1].Word = "succeeded"
		}
	}
	if reached < 0 {
		reached = 0
	}
	judge(row, o.File, reached)
	return row
}

// judge marks where a file stopped, and what there was nothing to do in.
func judge(row []stageCell, f job.File, reached int) {
	stopped := min(reached+1, len(row)-1)
	switch f.State {
	case job.FileRejected, job.FileFailed, job.FileHeld:
		if reached == len(row)-1 || reached == 0 && f.State == job.FileRejected { // a name, a size: it was seen, and not taken
			stopped = reached
		}
		row[stopped].Word = fileShown{Outcome: job.Outcome{File: f}}.Word()
		if f.Reason != nil {
			row[stopped].Says = f.Reason.Slug
		}
	case job.FileMoving:
		row[stopped].Word = "moving"
	case job.FileWaiting:
		row[stopped].Word = "waiting"
	case job.FileSkipped:
		row[stopped].Word = "skipped"
	case job.FileLanded, job.FileDelivered:
		row[4].Word = "succeeded"
	}
	work := 3
	if f.Type == job.TypeExport {
		work = 1
	}
	if f.Envelope == nil && row[work].Word == "succeeded" {
		row[work] = stageCell{}
	}
}

// runLogMost is how many lines are read at once.
const runLogMost = 1000

// logText answers the log of a run as text.
func (p *pages) logText(w http.ResponseWriter, r *http.Request) {
	id, err := idOf(r)
	if err == nil {
		var run job.Run
		if run, err = p.Ledger.Run(r.Context(), id); err == nil && !sees(r.Context(), p.House.Plan(), run.Connection) {
			err = errUnseen
		}
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="haulier-run-%d.log"`, id))
	for after := int64(0); ; {
		lines, err := p.Details.Log(r.Context(), id, after, runLogMost)
		if err != nil {
			fmt.Fprintf(w, "the rest of this log cannot be read: %s\n", route.Inside(p.Log, r, "", err).Cause)
			return
		}
		for _, line := range lines {
			after = line.ID
			if _, err := fmt.Fprintf(w, "%s %-5s %s\n", line.At.UTC().Format(time.RFC3339Nano), line.Level, printable(line.Line, 16<<10)); err != nil {
				return
			}
		}
		if len(lines) < runLogMost {
			return
		}
	}
}

// Failed are the files of a run that have something to say.
func (s runShown) Failed() []fileShown {
	return slices.DeleteFunc(slices.Clone(s.Files), func(f fileShown) bool { return f.File.Reason == nil })
}
