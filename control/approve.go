package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// Looks keeps the files that supervised jobs hold for a person.
type Looks interface {
	File(ctx context.Context, id int64) (job.File, error)
	// Decide writes the row as decided, and the audit's line with it, if it is still as it was read; else job.ErrStale.
	Decide(ctx context.Context, from job.State, f job.File, line store.AuditLine) (job.File, error)
	// Approve is Decide with a word for the content of the file.
	Approve(ctx context.Context, f job.File, a job.Approval, line store.AuditLine) (job.File, error)
	// UnseenBefore gives the oldest version under the name of f that was found before it and that nobody has looked at.
	UnseenBefore(ctx context.Context, f job.File) (job.File, bool, error)
}

// Look is a person's word about one file that waits for it.
type Look struct {
	File   int64
	SHA256 string         // what was looked at, or how it begins; empty: whatever it is now
	Zone   *time.Location // whose days count; nil: UTC
	Who    string
	Why    string // of a rejection
}

// Approve lets a file of a supervised job go on: the next run lands or sends just what was looked at.
func Approve(ctx context.Context, d Looks, l Look) (job.File, error) {
	f, err := approve(ctx, d, l)
	if errors.Is(err, job.ErrStale) { // it was written meanwhile: it is judged as it stands now, if it is still the same
		l.SHA256 = f.Plain.SHA256
		return approve(ctx, d, l)
	}
	return f, err
}

func approve(ctx context.Context, d Looks, l Look) (job.File, error) {
	f, err := unseen(ctx, d, l)
	if err != nil {
		return f, err
	}
	older, waits, err := d.UnseenBefore(ctx, f)
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	if waits {
		return f, &job.Reason{
			Slug: "held.older_first", What: fmt.Sprintf("file %d was left as it is", f.ID),
			Cause: fmt.Sprintf("an older version of it, file %d, waits as well; approved later, it would come after this one", older.ID),
			Do:    fmt.Sprintf("haulier approve %d, or haulier reject %d --reason TEXT; then this one", older.ID, older.ID), Who: job.WhoUs,
		}
	}
	now := time.Now()
	next := f
	next.State, next.Reason = job.FileWaiting, nil
	written, err := d.Approve(ctx, next, job.Approval{
		File: f.ID, Job: f.Job, Day: dayOf(f, l.Zone), SHA256: f.Plain.SHA256, Who: l.Who, At: now,
	}, store.AuditLine{At: now, Who: l.Who, Act: "file.approve", Object: fmt.Sprintf("file %d", f.ID), Detail: "sha256 " + f.Plain.SHA256})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	return written, nil
}

// dayOf is the day that a file counts for: the one on which it was seen first.
func dayOf(f job.File, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return f.Seen.In(zone).Format(time.DateOnly)
}

// unseen gives a file that a person may have looked at, if it is the one that they mean.
func unseen(ctx context.Context, d Looks, l Look) (job.File, error) {
	f, err := d.File(ctx, l.File)
	if err != nil {
		return f, fmt.Errorf("file %d: %w", l.File, err)
	}
	switch {
	case f.State != job.FileHeld || f.Reason == nil || f.Reason.Slug != job.SlugSupervised || f.Plain.SHA256 == "":
		return f, &job.Reason{
			Slug: "held.not_supervised", What: fmt.Sprintf("file %d was left as it is", f.ID), Cause: standsText(f),
			Do: "haulier held list", Who: job.WhoUs,
		}
	case !strings.HasPrefix(f.Plain.SHA256, strings.ToLower(l.SHA256)):
		return f, &job.Reason{
			Slug: "held.other_content", What: fmt.Sprintf("file %d was left as it is", f.ID), Cause: "its SHA-256 is " + f.Plain.SHA256 + " by now, another one than that of what was looked at",
			Do: fmt.Sprintf("haulier held show %d", f.ID), Who: job.WhoUs,
		}
	}
	return f, nil
}

func standsText(f job.File) string {
	switch {
	case f.State != job.FileHeld:
		return "it is " + string(f.State) + ", and nobody is asked to look at it"
	case f.Reason != nil:
		return "it is held for " + f.Reason.Slug + ", which haulier held resolve decides"
	}
	return "it is held, and nobody is asked to look at it"
}

// Wiper removes what lies of a file in a stage.
type Wiper interface {
	Remove(name string) error
}

// Reject ends a file of a supervised job for good: it neither lands nor is sent, its source is left where it is, and only another version
// of it, or a retry of its run, is taken. Stage gives the one where it lies; what cannot be removed there is swept a day later.
func Reject(ctx context.Context, d Looks, l Look, stage func(job.File) (Wiper, error)) (job.File, error) {
	f, err := unseen(ctx, d, l)
	if err != nil {
		return f, err
	}
	next := f
	next.State, next.Step, next.Reason, next.Stage, next.Kept = job.FileRejected, job.StepDone, disapproved(f, l), "", ""
	written, err := d.Decide(ctx, job.FileHeld, next, store.AuditLine{
		At: time.Now(), Who: l.Who, Act: "file.reject", Object: fmt.Sprintf("file %d", f.ID), Detail: "sha256 " + f.Plain.SHA256 + ": " + l.Why,
	})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	if there, err := stage(f); err == nil {
		for _, name := range []string{f.Stage, f.Kept} {
			if name != "" {
				_ = there.Remove(name) // the sweep finds it
			}
		}
	}
	return written, nil
}

// disapproved is why a file is rejected that a person looked at.
func disapproved(f job.File, l Look) *job.Reason {
	reason := &job.Reason{
		Slug: "content.disapproved", What: naming.Printable(nameIn(f), 200) + " did not land; it was left on the server",
		Cause: naming.Printable(l.Who, 100) + " looked at it and rejected it: " + naming.Printable(l.Why, 500),
		Do:    fmt.Sprintf("ask the customer for a right one; another version is taken by itself. Was it a mistake: haulier retry %d", f.Run), Who: job.WhoCustomer,
	}
	switch {
	case f.Type == job.TypeExport:
		reason.What, reason.Who = naming.Printable(nameIn(f), 200)+" was not sent; it is still in the outbox", job.WhoUs
		reason.Do = fmt.Sprintf("have it written anew; another version is taken by itself. Was it a mistake: haulier retry %d", f.Run)
	case f.Spent:
		reason.What = naming.Printable(nameIn(f), 200) + " did not land; it is gone from the server"
		reason.Do = "ask the customer for a right one"
	}
	return reason
}

// nameIn is the name of a file in the folder where it was found.
func nameIn(f job.File) string { return f.Path[strings.LastIndexByte(f.Path, '/')+1:] }
