package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// what says what became of a file: what was done, and where its source is.
func (r *exportRun) what(f job.File, did string) string {
	final, temp := naming.Printable(f.Final, 300), naming.Printable(f.Temp, 300)
	switch {
	case did != "":
	case f.State == job.FileDelivered:
		did = "was delivered as " + final
	case f.Step == job.StepRenaming:
		did = "is complete on the server, as " + temp + " or under its final name"
	case f.Step == job.StepUploaded:
		did = fmt.Sprintf("is complete on the server (%d bytes) under its temporary name %s", f.Received.Size, temp)
	case f.Step == job.StepSending && f.Temp == f.Final:
		did = "may lie on the server as " + final + ", in part or whole"
	default:
		did = "was not delivered"
	}
	return did + "; " + r.sourceOf(f)
}

// sourceOf says where the source of an export is. It lies here, so that a look tells.
func (r *exportRun) sourceOf(f job.File) string {
	if f.Aside != "" && f.Moved {
		return "its source was taken out of the outbox, first as " + naming.Printable(f.Aside, 300)
	}
	if filepath.Dir(f.Path) != r.dir {
		return "its source was not touched"
	}
	entry, err := r.outbox.Stat(r.name(f))
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Stage != "" && f.State != job.FileDelivered && !givenUp(f.State):
		return "its source is gone from the outbox, and what is sent lies in the stage as " + f.Stage
	case errors.Is(err, fs.ErrNotExist):
		return "its source is gone from the outbox"
	case err == nil && !sameVersion(f, entry):
		return "another version of it is in the outbox"
	case err == nil:
		return "it is still in the outbox"
	}
	return "its source was not touched"
}
