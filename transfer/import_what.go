package transfer

import (
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// what says what became of a file: what was done, and where its source is.
func (r *importRun) what(f job.File, did string) string {
	switch {
	case did != "":
	case f.State == job.FileLanded:
		did = "has landed as " + naming.Printable(f.Local, 300)
	case f.Step == job.StepLanding:
		did = "is complete; the next run lands it as " + naming.Printable(f.Local, 300) + ", or finds that it has landed"
	default:
		did = "did not land"
	}
	return did + "; " + sourceOf(f)
}

// sourceOf says where the source of an import is.
func sourceOf(f job.File) string {
	switch aside := naming.Printable(f.Aside, 300); {
	case f.Spent && f.Kept != "" && slugOf(f) != slugStageLost && !givenUp(f.State):
		return "it is gone from the server, and what was received is kept in the stage as " + f.Kept
	case f.Spent, f.Absent, slugOf(f) == slugWithdrawn:
		return "it is gone from the server"
	case f.Aside != "" && f.Aside == f.Path:
		return "its source was removed"
	case f.Aside != "" && (f.Moved || f.Step == job.StepSeen):
		return "its source lies on the server as " + aside
	case f.Aside != "":
		return "the server was asked to rename its source to " + aside
	case f.Step == job.StepClaimed:
		return "the server gives it only once, and perhaps not again"
	case f.State == job.FileLanded:
		return "its source was not touched"
	}
	return "it was left on the server"
}
