package page

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// reconciled is a page on which somebody decides about all files of a job that a restored ledger or a mass change holds.
type reconciled struct {
	Job     string
	Held    int      // of such files, as far as was looked
	More    bool     // and perhaps more
	UpTo    int64    // the highest number of such a file: what comes to be held later is not decided with them
	Choices []choice // none where nothing is held
	Chosen  *choice  // nil: none yet
}

// restoredMost is how many held files of a job are looked through for those of a restore.
const restoredMost = 1000

// restored says whether a file is held because its ledger was restored, or the server showed old files as new.
func restored(f job.File) bool { return slices.Contains(job.RestoredSlugs, slugOf(f.Reason)) }

// reconciliation asks what is to become of all those files, and says what will happen.
func (p *pages) reconciliation(r *http.Request) (view, error) {
	spec, err := seenJob(r.Context(), p.House.Plan(), r.PathValue("name"))
	if err != nil {
		return view{}, err
	}
	files, older, err := p.Ledger.Files(r.Context(), FileQuery{Job: spec.Name, States: []job.State{job.FileHeld}, Limit: restoredMost, Sight: route.Of(r.Context()).Sight})
	shown := reconciled{Job: spec.Name, More: older != 0}
	for _, f := range files {
		if restored(f) {
			shown.Held++
			shown.UpTo = max(shown.UpTo, f.ID)
		}
	}
	if shown.Held > 0 {
		shown.Choices = together(spec)
	}
	shown.Chosen = chosen(shown.Choices, r.URL.Query().Get("as"))
	return view{Title: "Settle " + spec.Name, Section: "runs", Body: "reconciliation", Data: shown}, err
}

// together are the ways to decide about them.
func together(spec job.Spec) []choice {
	tail := []string{"Files that are held for other causes stay so. The job takes new files by itself again.", noted}
	if spec.Type == job.TypeExport {
		return []choice{
			{job.AsDelivered, "The customer has them…", "Yes, the customer has them", append([]string{"Each of them counts as delivered, its proof as assumed. Say so only if the customer has all of them."}, tail...)},
			{job.AsAgain, "Send them again…", "Yes, send them again", append([]string{"The next run of " + spec.Name + " sends each of them once more. What the customer has already, they get twice."}, tail...)},
			{job.AsDrop, "Never mind them…", "Yes, never mind them", append([]string{"None of them is ever moved. Their sources stay where they are; newer versions under their names are taken by themselves."}, tail...)},
		}
	}
	return []choice{
		{job.AsLanded, "They have landed…", "Yes, they have landed", append([]string{"Each of them counts as landed, also one that is truly new: look through them first. Nothing is moved; sources stay where they are."}, tail...)},
		{job.AsAgain, "Fetch them again…", "Yes, fetch them again", append([]string{"The next run of " + spec.Name + " fetches each of them once more. What has landed before comes a second time."}, tail...)},
		{job.AsDrop, "Never mind them…", "Yes, never mind them", append([]string{"None of them is ever moved. Their sources stay where they are; newer versions under their names are taken by themselves."}, tail...)},
	}
}

// reconcile ends all those doubts.
func (p *pages) reconcile(r *http.Request) (flash, error) {
	why, err := whyOf(r, "a decision")
	if err != nil {
		return flash{}, err
	}
	upTo, err := strconv.ParseInt(r.PostFormValue("upto"), 10, 64)
	if err != nil || upTo <= 0 {
		return flash{}, badRequest{errors.New("the form does not say which files were looked at")}
	}
	name, as := r.PathValue("name"), r.PostFormValue("as")
	n, left, err := p.Looker.ReconcileJob(unhurried(r), name, job.Settling{As: job.Resolution(as), UpTo: upTo, By: by(r), Why: why})
	goes := "it takes new files by itself again."
	if left > 0 {
		goes = fmt.Sprintf("%s more came to be held since that page was made, and stay so: look at them, and settle them, too. Until then the job holds what looks new.", count(left, "file"))
	}
	return flash{Done: fmt.Sprintf("%s of %s settled as %s; %s", count(n, "file"), name, printable(as, nameMost), goes), Link: "/jobs/" + name, Label: "Look at the job"}, err
}
