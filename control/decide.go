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

// Doubts keeps the rows in doubt.
type Doubts interface {
	File(ctx context.Context, id int64) (job.File, error)
	Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error)
	// Conclude writes the row as decided if it is still as it was read, else job.ErrStale. In the same transaction the audit gets its line, and
	// the incident of the cause ends with the last file that waits for it.
	Conclude(ctx context.Context, from job.State, f job.File, slug string, line store.AuditLine) (job.File, error)
	LastAudit(ctx context.Context, act, object string) (store.AuditLine, error)
}

// Resolve ends the doubt about one file as somebody decided, or lets a rejected one be (AsDrop): nobody waits for it any more. The same
// decision again changes nothing, and gives the file as it stands; another one about what is decided is refused.
func Resolve(ctx context.Context, d Doubts, w job.Decision) (job.File, error) {
	f, err := resolve(ctx, d, w)
	if errors.Is(err, job.ErrStale) { // it was written meanwhile: it is judged as it stands now
		return resolve(ctx, d, w)
	}
	return f, err
}

func resolve(ctx context.Context, d Doubts, w job.Decision) (job.File, error) {
	f, err := d.File(ctx, w.File)
	if err != nil {
		return f, fmt.Errorf("file %d: %w", w.File, err)
	}
	was, judges := "", []judge{looked, fits, known, newest}
	switch {
	case f.State == job.FileRejected && w.As == job.AsDrop:
		was, judges = "rejected, ", []judge{known}
	case f.State != job.FileHeld:
		return f, decidedBefore(ctx, d, f, w)
	}
	for _, fit := range judges {
		if err := fit(ctx, d, f, w); err != nil {
			return f, err
		}
	}
	return conclude(ctx, d, f, w, was)
}

// judge says why a decision about a file is not taken; nil: it may be.
type judge func(context.Context, Doubts, job.File, job.Decision) error

// looked keeps what waits for a person's look for that: such a file is whole, in the stage, and nowhere else, so that there is no doubt to end.
func looked(_ context.Context, _ Doubts, f job.File, _ job.Decision) error {
	if f.Reason == nil || f.Reason.Slug != job.SlugSupervised {
		return nil
	}
	return &job.Reason{
		Slug: "held.supervised", What: fmt.Sprintf("file %d was left as it is", f.ID), Cause: "it is in no doubt: it waits for a person to look at it, and has neither landed nor been sent",
		Do: fmt.Sprintf("look at it, then haulier approve %d, or haulier reject %d --reason TEXT", f.ID, f.ID), Who: job.WhoUs, Err: job.ErrStale,
	}
}

// actResolve is the act of the audit list under which a decision stands: what was, then "as VERDICT: WHY".
const actResolve = "held.resolve"

func conclude(ctx context.Context, d Doubts, f job.File, w job.Decision, was string) (job.File, error) {
	slug := ""
	if f.Reason != nil {
		slug = f.Reason.Slug
	}
	written, err := d.Conclude(ctx, f.State, decided(f, w.As), slug, store.AuditLine{
		At: time.Now(), Who: w.By, Act: actResolve, Object: fmt.Sprintf("file %d", f.ID), Detail: fmt.Sprintf("%sas %s: %s", was, w.As, w.Why),
	})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	return written, nil
}

// decidedBefore is nil where a file is as it is because somebody has decided just that.
func decidedBefore(ctx context.Context, d Doubts, f job.File, w job.Decision) error {
	line, err := d.LastAudit(ctx, actResolve, fmt.Sprintf("file %d", f.ID))
	if err != nil {
		return fmt.Errorf("file %d: %w", f.ID, err)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(line.Detail, "rejected, "), ":")
	as := job.Resolution(strings.TrimPrefix(text, "as "))
	switch {
	case line.ID == 0 || !standsAs(as, f.State):
		return &job.Reason{
			Slug: "held.not_held", What: fmt.Sprintf("file %d was left as it is", f.ID), Cause: "it is " + string(f.State) + ", not held",
			Do: "haulier held list", Who: job.WhoUs, Err: job.ErrStale,
		}
	case as == w.As:
		return nil
	}
	return &job.Reason{
		Slug: "held.decided", What: fmt.Sprintf("file %d was left as it is: %s", f.ID, f.State),
		Cause: fmt.Sprintf("%s has decided about it at %s, as %s", naming.Printable(line.Who, 100), line.At.UTC().Format(time.RFC3339), as),
		Do:    "talk to them; what is decided is not decided again", Who: job.WhoUs, Err: job.ErrStale,
	}
}

// standsAs says whether a file of this state is as a decision has left it, or on the way that it has opened.
func standsAs(as job.Resolution, now job.State) bool {
	switch as {
	case job.AsLanded:
		return now == job.FileLanded
	case job.AsDelivered:
		return now == job.FileDelivered
	case job.AsDrop:
		return now == job.FileSkipped
	case job.AsAgain:
		return now == job.FileWaiting || now == job.FileMoving || now == job.FileLanded || now == job.FileDelivered
	}
	return false
}

// known keeps a decision about one doubt from ending another that has come since.
func known(_ context.Context, _ Doubts, f job.File, w job.Decision) error {
	by := "a reason that nobody wrote down"
	if f.Reason != nil {
		by = f.Reason.Slug
	}
	about := naming.Printable(w.About, 100)
	switch other := w.About != "" && (f.Reason == nil || by != w.About); {
	case other:
	case w.Fence != nil && *w.Fence != f.Fence:
		about = "what it was before somebody decided, or a run took it once more"
	default:
		return nil
	}
	return &job.Reason{
		Slug: "held.other_doubt", What: fmt.Sprintf("file %d was left as it is", f.ID),
		Cause: fmt.Sprintf("it is %s for %s by now, and the decision is about %s", f.State, by, about),
		Do:    fmt.Sprintf("haulier held show %d, then decide about that", f.ID), Who: job.WhoUs, Err: job.ErrStale,
	}
}

func fits(_ context.Context, _ Doubts, f job.File, w job.Decision) error {
	switch as := w.As; {
	case as == job.AsAgain, as == job.AsDrop:
	case as == job.AsLanded && f.Type == job.TypeImport:
	case as == job.AsDelivered && f.Type == job.TypeExport:
	default:
		return &job.Reason{
			Slug: "held.verdict", What: "the file was left as it is", Cause: fmt.Sprintf("%q does not fit a file of an %s job", naming.Printable(string(as), 100), f.Type),
			Do: "use --as landed (imports), delivered (exports), again or drop", Who: job.WhoUs,
		}
	}
	return nil
}

// newest keeps a version from being moved again that another one has taken the place of: nobody would look for it. What is
// kept here of a source that is used up needs nobody to look.
func newest(ctx context.Context, d Doubts, f job.File, w job.Decision) error {
	if w.As != job.AsAgain || onlyCopy(f) {
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
