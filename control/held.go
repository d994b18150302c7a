package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
)

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
func decided(f job.File, as job.Resolution) job.File {
	if f.Reason != nil && f.Reason.Slug == "local.stage_lost" {
		f.Kept = "" // it is not there: again means to fetch it, once the server shows it
	}
	f.Reason = nil
	was := f.Step
	switch as {
	case job.AsLanded:
		f.Step, f.State = job.StepDone, job.FileLanded
	case job.AsDelivered:
		f.Step, f.State = job.StepDone, job.FileDelivered
		if onItsWay(was, f) {
			f.Step = job.StepDelivered // the next run leaves the marker and sees to the source
		}
		if f.Proof == "" {
			f.Proof = job.ProofAssumed
		}
	case job.AsAgain:
		f.State, f.Stage, f.Refetched, f.Absent = job.FileWaiting, "", false, false
		f.Step = job.StepSeen
		if onlyCopy(f) {
			f.Step = job.StepDownloaded
		}
	case job.AsDrop:
		f.Step, f.State = job.StepDone, job.FileSkipped
		f.Reason = &job.Reason{
			Slug: "held.dropped", What: "the file is not moved", Cause: "somebody decided so", Do: "nothing", Who: job.WhoUs,
		}
	}
	return f
}

// Restored keeps what a restored ledger or a mass change holds of a job.
type Restored interface {
	Act(ctx context.Context, who, act, object, detail string) error
	Doubts
	Held(ctx context.Context, jobName string) ([]job.File, error)
	Stamp(ctx context.Context) (int64, error)
	// Settle ends the incident of a cause for which no file of the job waits any more.
	Settle(ctx context.Context, jobName, slug, by string, at time.Time) error
}

// heldMost is how many held rows one look gives.
const heldMost = 1000

// Reconcile ends all doubts that a restored ledger or a mass change on the server left on a job: as landed or delivered,
// when the files are known to have gone through before, or again. Only then does the job take new files by itself. After
// a restore a run has to look first: without that look not all is held yet, and the rest would be taken again. What nobody knew of who
// decided (Settling.UpTo) stays held, and the job goes on holding what looks new: n were settled, left are left.
func Reconcile(ctx context.Context, d Restored, spec job.Spec, stage transfer.Memory, epoch string, w job.Settling) (n, left int, err error) {
	if err := fits(ctx, d, job.File{Type: spec.Type}, job.Decision{As: w.As}); err != nil {
		return 0, 0, err
	}
	if err := looksSince(ctx, d, spec, stage, epoch); err != nil {
		return 0, 0, err
	}
	line := fmt.Sprintf("as %s: %s", w.As, w.Why)
	if w.UpTo != 0 {
		line = fmt.Sprintf("as %s, up to file %d: %s", w.As, w.UpTo, w.Why)
	}
	if err := d.Act(ctx, w.By, "job.reconcile", spec.Name, line); err != nil {
		return 0, 0, err
	}
	n, left, rows, err := resolveRestored(ctx, d, spec.Name, w)
	for _, slug := range job.RestoredSlugs {
		err = errors.Join(err, d.Settle(ctx, spec.Name, slug, w.By, time.Now()))
	}
	switch {
	case err != nil, left > 0:
		return n, left, err
	case rows >= heldMost:
		return n, 0, &job.Reason{
			Slug: "ledger.too_many_held", What: fmt.Sprintf("%d files were settled; the job goes on holding what looks new", n),
			Cause: fmt.Sprintf("%d files or more are held for other reasons and hide the rest", rows), Do: "haulier held list " + spec.Name, Who: job.WhoUs,
		}
	}
	return n, 0, stage.SetEpoch(spec.Name, epoch)
}

// looksSince says no where a restored ledger was not looked at since.
func looksSince(ctx context.Context, d Restored, spec job.Spec, stage transfer.Memory, epoch string) error {
	if err := transfer.CarryOn(stage, spec); err != nil {
		return err
	}
	life, err := stage.Epoch(spec.Name)
	if err != nil {
		return err
	}
	stamp, err := d.Stamp(ctx)
	if err != nil {
		return err
	}
	if transfer.Unseen(life, epoch, stamp) {
		return &job.Reason{
			Slug: "ledger.look_first", What: "nothing was settled; the job goes on holding what looks new",
			Cause: "the ledger was restored and no run has looked at everything since, so what was moved before is not known to be old yet",
			Do:    fmt.Sprintf("haulier run %s (it moves nothing that looks new), then haulier reconcile %s", spec.Name, spec.Name), Who: job.WhoUs,
		}
	}
	return nil
}

// resolveRestored resolves the rows that a restore or a mass change holds, and says how many of those are left that nobody knew of, and how
// many rows of the job are held by then, as far as one look gives them.
func resolveRestored(ctx context.Context, d Restored, jobName string, w job.Settling) (n, left, rows int, err error) {
	for {
		files, err := d.Held(ctx, jobName)
		if err != nil {
			return n, 0, len(files), err
		}
		before := n
		left = 0
		for _, f := range files {
			switch {
			case f.Reason == nil || !slices.Contains(job.RestoredSlugs, f.Reason.Slug):
				continue
			case w.UpTo != 0 && f.ID > w.UpTo:
				left++
				continue
			}
			if _, err := Resolve(ctx, d, job.Decision{File: f.ID, As: w.As, About: f.Reason.Slug, By: w.By, Why: w.Why}); err != nil {
				return n, left, len(files), err
			}
			n++
		}
		if n == before {
			return n, left, len(files), nil
		}
	}
}
