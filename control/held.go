package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
)

// Verdict is a person's decision about a file in doubt.
type Verdict string

// The verdicts.
const (
	AsLanded    Verdict = "landed"    // an import that is where it should be
	AsDelivered Verdict = "delivered" // an export that the customer has
	AsAgain     Verdict = "again"     // to be moved again, from the beginning
	AsDrop      Verdict = "drop"      // not to be moved
)

// Doubts keeps the rows in doubt.
type Doubts interface {
	File(ctx context.Context, id int64) (job.File, error)
	Held(ctx context.Context, jobName string) ([]job.File, error)
	Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error)
	Stamp(ctx context.Context) (int64, error)
	// Decide writes the row as decided, and the audit's line with it, if it is still as it was read; else job.ErrStale.
	Decide(ctx context.Context, from job.State, f job.File, line store.AuditLine) (job.File, error)
	// Settle ends the incident of a cause for which no file of the job waits any more.
	Settle(ctx context.Context, jobName, slug, by string, at time.Time) error
}

// Resolve ends the doubt about one file, for a reason that the audit keeps. The incident of its cause ends with the last file.
func Resolve(ctx context.Context, d Doubts, id int64, as Verdict, who, why string) (job.File, error) {
	before, err := d.File(ctx, id)
	if err != nil {
		return before, fmt.Errorf("file %d: %w", id, err)
	}
	f, err := resolveRow(ctx, d, id, as, who, why)
	if err != nil || before.Reason == nil {
		return f, err
	}
	return f, d.Settle(ctx, f.Job, before.Reason.Slug, who, time.Now())
}

func resolveRow(ctx context.Context, d Doubts, id int64, as Verdict, who, why string) (job.File, error) {
	f, err := resolve(ctx, d, id, as, who, why)
	if errors.Is(err, job.ErrStale) { // it was written meanwhile: it is judged as it stands now
		return resolve(ctx, d, id, as, who, why)
	}
	return f, err
}

func resolve(ctx context.Context, d Doubts, id int64, as Verdict, who, why string) (job.File, error) {
	f, err := d.File(ctx, id)
	if err != nil {
		return f, fmt.Errorf("file %d: %w", id, err)
	}
	if f.State != job.FileHeld {
		return f, &job.Reason{
			Slug: "held.not_held", What: fmt.Sprintf("file %d was left as it is", id), Cause: "it is " + string(f.State) + ", not held",
			Do: "haulier held list", Who: job.WhoUs,
		}
	}
	if err := fits(f.Type, as); err != nil {
		return f, err
	}
	if err := newest(ctx, d, f, as); err != nil {
		return f, err
	}
	written, err := d.Decide(ctx, job.FileHeld, decided(f, as), store.AuditLine{
		At: time.Now(), Who: who, Act: "held.resolve", Object: fmt.Sprintf("file %d", id), Detail: fmt.Sprintf("as %s: %s", as, why),
	})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", id, err)
	}
	return written, nil
}

func fits(t job.Type, as Verdict) error {
	switch {
	case as == AsAgain, as == AsDrop:
	case as == AsLanded && t == job.TypeImport:
	case as == AsDelivered && t == job.TypeExport:
	default:
		return &job.Reason{
			Slug: "held.verdict", What: "the file was left as it is", Cause: fmt.Sprintf("%q does not fit a file of an %s job", as, t),
			Do: "use --as landed (imports), delivered (exports), again or drop", Who: job.WhoUs,
		}
	}
	return nil
}

// newest keeps a version from being moved again that another one has taken the place of: nobody would look for it. What is
// kept here of a source that is used up needs nobody to look.
func newest(ctx context.Context, d Doubts, f job.File, as Verdict) error {
	if as != AsAgain || onlyCopy(f) {
		return nil
	}
	rows, err := d.Known(ctx, f.Job, []string{f.Path})
	if err != nil {
		return fmt.Errorf("file %d: %w", f.ID, err)
	}
	if latest := rows[f.Path]; latest.ID != f.ID {
		return &job.Reason{
			Slug: "held.superseded", What: fmt.Sprintf("file %d was left as it is", f.ID), Cause: fmt.Sprintf("a newer version came under its name, file %d, which goes its own way", latest.ID),
			Do: fmt.Sprintf("haulier held resolve %d --as drop", f.ID), Who: job.WhoUs,
		}
	}
	return nil
}

// onlyCopy says whether what lies in the stage is all there is of a file.
func onlyCopy(f job.File) bool { return f.Spent && f.Kept != "" }

// onItsWay says whether an export had been begun: what was to be sent is known, or its name on the server.
func onItsWay(was job.Step, f job.File) bool {
	switch was {
	case job.StepSealed, job.StepSending, job.StepUploaded, job.StepRenaming:
		return true
	}
	return f.Received.SHA256 != ""
}

// decided is the row as the verdict makes it.
func decided(f job.File, as Verdict) job.File {
	if f.Reason != nil && f.Reason.Slug == "local.stage_lost" {
		f.Kept = "" // it is not there: again means to fetch it, once the server shows it
	}
	f.Reason = nil
	was := f.Step
	switch as {
	case AsLanded:
		f.Step, f.State = job.StepDone, job.FileLanded
	case AsDelivered:
		f.Step, f.State = job.StepDone, job.FileDelivered
		if onItsWay(was, f) {
			f.Step = job.StepDelivered // the next run leaves the marker and sees to the source
		}
		if f.Proof == "" {
			f.Proof = job.ProofAssumed
		}
	case AsAgain:
		f.State, f.Stage, f.Refetched, f.Absent = job.FileWaiting, "", false, false
		f.Step = job.StepSeen
		if onlyCopy(f) {
			f.Step = job.StepDownloaded
		}
	case AsDrop:
		f.Step, f.State = job.StepDone, job.FileSkipped
		f.Reason = &job.Reason{
			Slug: "held.dropped", What: "the file is not moved", Cause: "somebody decided so", Do: "nothing", Who: job.WhoUs,
		}
	}
	return f
}

// heldMost is how many held rows one look gives.
const heldMost = 1000

// Reconcile ends all doubts that a restored ledger or a mass change on the server left on a job: as landed or delivered,
// when the files are known to have gone through before, or again. Only then does the job take new files by itself. After
// a restore a run has to look first: without that look not all is held yet, and the rest would be taken again.
func Reconcile(ctx context.Context, d Doubts, spec job.Spec, stage transfer.Memory, epoch string, as Verdict, who, why string) (int, error) {
	if err := transfer.CarryOn(stage, spec); err != nil {
		return 0, err
	}
	life, err := stage.Epoch(spec.Name)
	if err != nil {
		return 0, err
	}
	stamp, err := d.Stamp(ctx)
	if err != nil {
		return 0, err
	}
	if transfer.Unseen(life, epoch, stamp) {
		return 0, &job.Reason{
			Slug: "ledger.look_first", What: "nothing was settled; the job goes on holding what looks new",
			Cause: "the ledger was restored and no run has looked at everything since, so what was moved before is not known to be old yet",
			Do:    fmt.Sprintf("haulier run %s (it moves nothing that looks new), then haulier reconcile %s", spec.Name, spec.Name), Who: job.WhoUs,
		}
	}
	n, left, err := resolveRestored(ctx, d, spec.Name, as, who, why)
	for _, slug := range restoredSlugs {
		err = errors.Join(err, d.Settle(ctx, spec.Name, slug, who, time.Now()))
	}
	switch {
	case err != nil:
		return n, err
	case left >= heldMost:
		return n, &job.Reason{
			Slug: "ledger.too_many_held", What: fmt.Sprintf("%d files were settled; the job goes on holding what looks new", n),
			Cause: fmt.Sprintf("%d files or more are held for other reasons and hide the rest", left), Do: "haulier held list " + spec.Name, Who: job.WhoUs,
		}
	}
	return n, stage.SetEpoch(spec.Name, epoch)
}

// restoredSlugs are the causes for which a restored ledger or a mass change holds.
var restoredSlugs = []string{"ledger.restored", "remote.mass_change"}

// resolveRestored resolves the rows that a restore or a mass change holds, and says how many others are held.
func resolveRestored(ctx context.Context, d Doubts, jobName string, as Verdict, who, why string) (n, left int, err error) {
	for {
		rows, err := d.Held(ctx, jobName)
		if err != nil {
			return n, len(rows), err
		}
		before := n
		for _, f := range rows {
			if f.Reason == nil || !slices.Contains(restoredSlugs, f.Reason.Slug) {
				continue
			}
			if _, err := resolveRow(ctx, d, f.ID, as, who, why); err != nil {
				return n, len(rows), err
			}
			n++
		}
		if n == before {
			return n, len(rows), nil
		}
	}
}
