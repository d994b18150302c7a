package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// SlugNoSuchFile: a run was asked for one file by name, and the job has none of that name.
const SlugNoSuchFile = "usage.no_such_file"

// only is what a run that is about one name saw of it.
type only struct {
	listed bool   // the name was there
	near   string // one that differs in nothing but capital letters
}

// note takes a name of the listing.
func (o *only) note(name, asked string) {
	switch {
	case asked == "":
	case name == asked:
		o.listed = true
	case strings.EqualFold(name, asked):
		o.near = name
	}
}

// sayOnly speaks for a run that was asked for one file and did nothing: silence would read as success.
func (r *frame) sayOnly(ctx context.Context) error {
	if r.run.Only == "" || r.did() || r.trouble {
		return nil
	}
	if !r.only.listed {
		return r.noSuchFile("there is no file of this name")
	}
	path := naming.Join(r.dir, r.run.Only)
	rows, err := r.ledger.Known(ctx, r.spec.Name, []string{path})
	if err != nil {
		return ledgerReason(err)
	}
	row, known := rows[path]
	switch {
	case !known:
		return r.noSuchFile("there is one, but the job's match and ignore leave it out")
	case row.State == job.FileWaiting: // said already, by work
	case row.State == job.FileHeld:
		r.note(fmt.Sprintf("%s is held: haulier held resolve %d", r.shown(row), row.ID))
	default:
		r.note(fmt.Sprintf("%s was %s; --force takes it again", r.shown(row), servedBy(row, r.spec)))
	}
	return nil
}

func (r *frame) noSuchFile(found string) error {
	where := "the outbox " + r.dir
	if r.spec.Type == job.TypeImport {
		where = r.dir + " on the server"
	}
	reason := &job.Reason{
		Slug: SlugNoSuchFile, What: naming.Printable(r.run.Only, 200) + " was not moved", Cause: fmt.Sprintf("looked in %s: %s", naming.Printable(where, 300), found),
		Do: "give the name as it is there, without a folder and without wildcards: haulier plan " + r.spec.Name, Who: job.WhoUs,
	}
	if r.only.near != "" {
		reason.Do = "did you mean " + naming.Printable(r.only.near, 200) + "?"
	}
	return reason
}
