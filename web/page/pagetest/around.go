package pagetest

import (
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// Doubt is the number of a file in doubt.
const Doubt = 71

// around fills in what is known around the incidents, a file in doubt, and what a plan would say.
func (w *World) around() {
	w.Booked = page.Runbook{
		LastGood: &page.LastGood{Run: 299, Job: "bigbank-out", At: Now.Add(-5 * time.Hour), Revision: 41}, Failed: 303,
		Changed: []page.Change{{At: Now.Add(-4 * time.Hour), What: "the server showed another host key: SHA256:BBB7xk2f…"}},
	}
	w.Found = append(w.Found, job.File{
		ID: Doubt, Job: "acme-segment", Connection: "acme", Type: job.TypeExport, Path: "/srv/outbox/segment_1.csv", Run: 116, State: job.FileHeld, Step: job.StepRenaming, Size: 512, Seen: Now.Add(-time.Hour),
		Reason: &job.Reason{
			Slug: "remote.vanished", What: "Whether the file arrived is not known; nothing more happens to it",
			Cause: "the connection broke behind the rename, and afterwards neither name was there", Do: "ask the customer whether segment_1.csv arrived", Who: job.WhoBoth,
		},
	})
	w.Stepped[Doubt] = []page.Step{{Run: 116, Step: job.StepSeen, State: job.FileWaiting, At: Now.Add(-time.Hour)}, {Run: 116, Step: job.StepRenaming, State: job.FileHeld, Slug: "remote.vanished", At: Now.Add(-time.Hour)}}
	w.Planned = []job.Intent{
		{Mark: job.MarkTransfer, Act: "download", Name: "employees_20261124.csv", Size: 4096, Why: "new", Detail: []string{"landed as employees_20261124.csv"}},
		{Mark: job.MarkWait, Act: "wait", Name: "employees_20261124_b.csv", Size: 12, Why: "not stable yet"},
	}
}
