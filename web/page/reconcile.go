package page

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// reconciled is a page on which somebody decides about all files of a job that a restored ledger or a mass change holds.
type reconciled struct {
	Job     string
	Held    int  // of such files, as far as was looked
	More    bool // and perhaps more
	Choices []choice
	Chosen  *choice // nil: none yet
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
	shown := reconciled{Job: spec.Name, More: older != 0, Choices: together(spec)}
	for _, f := range files {
		if restored(f) {
			shown.Held++
		}
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
	name, as := r.PathValue("name"), r.PostFormValue("as")
	n, err := p.Looker.ReconcileJob(unhurried(r), name, job.Resolution(as), by(r), why)
	return flash{Done: fmt.Sprintf("%s of %s settled as %s; it takes new files by itself again.", count(n, "file"), name, printable(as, nameMost)), Link: "/jobs/" + name, Label: "Look at the job"}, err
}
