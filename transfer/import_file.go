package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// take moves the files at the paths, several at a time, until one failure makes it useless to go on.
func (r *importRun) take(ctx context.Context, paths []string) error {
	for start := 0; start < len(paths) && !r.over(); start += batch {
		part := paths[start:min(start+batch, len(paths))]
		rows, err := r.Ledger.Known(ctx, r.spec.Name, part)
		if err != nil {
			return ledgerReason(err)
		}
		r.takeBatch(ctx, part, rows)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (r *importRun) takeBatch(ctx context.Context, paths []string, rows map[string]job.File) {
	var movers sync.WaitGroup
	turns := make(chan struct{}, r.parallel())
	for _, path := range paths {
		if r.over() || ctx.Err() != nil || !r.another() {
			break
		}
		r.seq++
		f, seq := rows[path], r.seq
		turns <- struct{}{}
		movers.Go(func() {
			defer func() { <-turns }()
			r.file(ctx, f, seq)
		})
	}
	movers.Wait()
}

func (r *importRun) parallel() int {
	switch {
	case r.readOnce:
		return 1
	case r.Parallel > 0:
		return r.Parallel
	}
	return 4
}

// another says whether max_files allows one more, and notes the first time that it does not.
func (r *importRun) another() bool {
	limit := r.spec.Limits.MaxFiles
	if limit == 0 || r.seq < limit {
		return true
	}
	if r.seq == limit {
		r.note(fmt.Sprintf("stopped after %d files, the limit max_files; the next run goes on", limit))
		r.seq++
	}
	return false
}

// file moves one file from the claim to the end, and writes down what became of it.
func (r *importRun) file(ctx context.Context, f job.File, seq int) {
	began := time.Now()
	f, err := r.Ledger.Claim(keep(ctx), f, r.run.ID) // C3: the lease; the source is not touched
	if err != nil {
		r.lost(err)
		return
	}
	var moved int64
	if r.restored {
		err = r.forgotten(f)
	} else if err = r.acceptable(f); err == nil {
		err = r.move(ctx, &f, seq, &moved)
	}
	r.settle(ctx, f, err, began, moved)
}

// lost is told of a claim that did not come about. Somebody else has the file, or the ledger does not answer.
func (r *importRun) lost(err error) {
	if err = ignoreStale(err); err != nil {
		r.fail(asReason(ledgerReason(err)))
	}
}

func ignoreStale(err error) error {
	if errors.Is(err, job.ErrStale) {
		return nil
	}
	return err
}

// settle writes down how a file ended in this run.
func (r *importRun) settle(ctx context.Context, f job.File, err error, began time.Time, moved int64) {
	if errors.Is(err, job.ErrStale) {
		return // the row belongs to somebody else by now; what they write is true
	}
	if err != nil {
		to := f.Step
		f.State, f.Reason = outcome(ctx, err)
		if to == job.StepLanded || to == job.StepRetiring {
			f.State = job.FileLanded // only the source is not where it should be
		}
		r.place(&f)
		switch {
		case f.State == job.FileRejected, f.State == job.FileSkipped:
			to = job.StepDone
		case f.Reason.Slug == slugSizeChanged:
			to = job.StepSeen // the next run that finds it quiet takes it up again
		}
		if err := r.advance(ctx, &f, to); err != nil {
			r.lost(err)
			return
		}
	}
	r.let(ctx, f, began, moved)
}

// outcome turns an error into the state that it leaves a file in.
func outcome(ctx context.Context, err error) (job.State, *job.Reason) {
	var decided *decision
	if errors.As(err, &decided) {
		return decided.state, decided.reason
	}
	reason := ended(ctx, err)
	switch {
	case ctx.Err() != nil:
		return job.FileFailed, reason
	case reason.Slug == "pgp.key_missing", reason.Slug == "pgp.key_locked", reason.Slug == "pgp.recipient_key":
		return job.FileFailed, reason // the key is to blame, not the file: with another one the next run takes it
	case area(reason) == "pgp", area(reason) == "content":
		return job.FileRejected, reason
	case reason.Slug == slugSizeChanged:
		return job.FileHeld, reason
	}
	return job.FileFailed, reason
}

// decision is an error that knows the state in which it leaves its file.
type decision struct {
	state  job.State
	reason *job.Reason
}

func (d *decision) Error() string { return d.reason.Error() }
func (d *decision) Unwrap() error { return d.reason }

// place names the file in a reason that was made by somebody who did not know it.
func (r *importRun) place(f *job.File) {
	own := *f.Reason // several files may fail of one cause
	f.Reason = &own
	rest, nameless := strings.CutPrefix(f.Reason.What, "the file ")
	switch {
	case nameless:
		f.Reason.What = r.shown(*f) + " " + rest
	case f.Reason.What == "":
		f.Reason.What = r.shown(*f) + " did not land"
	default:
		return
	}
	if f.Aside != "" && f.State != job.FileLanded {
		f.Reason.What += "; it lies on the server as " + naming.Printable(f.Aside, 300)
		return
	}
	f.Reason.What += "; it was left on the server"
}

// shown is the file's name for people.
func (r *importRun) shown(f job.File) string {
	return naming.Printable(baseName(f.Path, r.want.Dir), 200)
}

// let lets go of a file: it is counted, and the run remembers how it left it.
func (r *importRun) let(ctx context.Context, f job.File, began time.Time, moved int64) {
	r.add(f)
	err := r.Ledger.Outcome(keep(ctx), job.Outcome{Run: r.run.ID, File: f, Bytes: moved, Duration: time.Since(began)})
	if err != nil {
		r.fail(asReason(ledgerReason(err)))
	}
	r.tell(job.Progress{
		File: f.ID, Name: r.shown(f), Stage: job.StageEnd, Done: f.Received.Size, Total: f.Size,
		State: f.State, Detail: f.Local, Reason: f.Reason,
	})
}

// move takes a claimed file through C4 to C15.
func (r *importRun) move(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if err := r.claimRemote(ctx, f); err != nil {
		return err
	}
	need := f.Size
	if r.opener != nil {
		need *= opened
	}
	if err := r.space.reserve(need); err != nil {
		return err
	}
	defer r.space.release(need)

	opened, err := r.fetchAndOpen(ctx, f, moved)
	if err != nil {
		return err
	}
	return r.finish(ctx, f, opened, seq)
}

// finish takes a file that lies whole and opened in the stage to its end.
func (r *importRun) finish(ctx context.Context, f *job.File, opened string, seq int) error {
	if err := r.check(ctx, f, opened); err != nil {
		return errors.Join(err, r.landing.Remove(opened))
	}
	if err := r.land(ctx, f, opened, seq); err != nil {
		return err
	}
	return r.retire(ctx, f)
}

// claimRemote is C4: with claim: rename the source is moved aside before it is fetched, which settles who has it. On
// read-once servers the row says that a fetch is about to begin.
func (r *importRun) claimRemote(ctx context.Context, f *job.File) error {
	if f.Aside != "" || (!r.want.Claim && !r.readOnce) {
		return nil
	}
	next := *f // a row that could not be written must not remember where the source would have gone
	if r.want.Claim {
		next.Aside = r.asideOf(next)
	}
	if err := r.advance(ctx, &next, job.StepClaimed); err != nil {
		return err
	}
	*f = next
	if !r.want.Claim {
		return nil
	}
	if err := r.moveAside(ctx, f); err != nil || f.Moved {
		return err
	}
	return r.replaced(*f)
}

// replaced is for a version in whose place another one was, once it had been moved aside: that one is adopted.
func (r *importRun) replaced(f job.File) error {
	return &decision{job.FileSkipped, &job.Reason{
		Slug: slugWithdrawn, What: r.shown(f) + " did not land in this version", Cause: "the customer put another version in its place before it could be fetched",
		Do: "nothing: the other version is taken", Who: job.WhoCustomer,
	}}
}

// check looks at the opened file before anybody else can.
func (r *importRun) check(ctx context.Context, f *job.File, opened string) error {
	if f.Plain.Size == 0 && !r.want.AllowEmpty {
		return &decision{job.FileRejected, emptyReason(r.shown(*f))}
	}
	if r.want.Duplicates == job.DuplicatesLand || r.run.Force {
		return nil
	}
	former, found, err := r.Ledger.Former(ctx, *f)
	if err != nil {
		return ledgerReason(err)
	}
	if !found || former.Plain.SHA256 != f.Plain.SHA256 {
		return nil
	}
	reason := &job.Reason{
		Slug: slugDuplicate, What: r.shown(*f) + " did not land again",
		Cause: fmt.Sprintf("its content is that of the version before, file %d, which landed on %s", former.ID, former.Ended.UTC().Format("2006-01-02 15:04 UTC")),
		Do:    "nothing, or set duplicates: land", Who: job.WhoCustomer,
	}
	if r.want.Duplicates == job.DuplicatesHold {
		return &decision{job.FileHeld, reason}
	}
	return &decision{job.FileSkipped, reason}
}
