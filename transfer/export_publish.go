package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// publish is X6: the complete temporary gets its final name. The row says so before the request is sent.
func (r *exportRun) publish(ctx context.Context, f *job.File, early *glances) error {
	if r.way.direct {
		return r.turnDirect(ctx, f)
	}
	if r.sees() {
		entry, err := r.lookAtFinal(ctx, *f, early)
		if err != nil {
			return err
		}
		if entry != nil && sameFinal(*f, *entry) {
			if done, err := r.renamedAlready(ctx, f); done || err != nil {
				return err
			}
		}
		if entry != nil {
			if err := r.taken(*f); err != nil {
				return err
			}
		}
	}
	f.Means = r.way.means()
	if err := r.advance(ctx, f, job.StepRenaming); err != nil {
		return err
	}
	var after glances
	var refused []glances // behind renames that were
	err := r.rename(ctx, f, func() { refused, after = append(refused, after), r.glanceBehind(ctx, *f) })
	for _, looks := range append(refused, after) {
		looks.settled()
	}
	switch {
	case err == nil:
		return r.published(ctx, f, after)
	case unknown(err):
		return err // nobody knows: the row stands at renaming, and the next attempt looks
	}
	return r.renameRefused(ctx, f, err)
}

// published goes on behind a rename that was acknowledged: what was seen at once suffices if it is the whole picture.
func (r *exportRun) published(ctx context.Context, f *job.File, after glances) error {
	whole := false
	err := failpoint.Around("X7", func() error {
		whole = r.checks() && after.showIt(*f)
		return nil
	})
	switch {
	case err != nil:
		return err
	case whole:
		return r.readBack(ctx, f)
	}
	return r.confirm(ctx, f, true)
}

// rename renames by the best means. Where a server will not rename onto an existing file, and has no way to replace it, the
// older one is renamed aside first, if the job says that it may be replaced; cleanTemps removes it there.
func (r *exportRun) rename(ctx context.Context, f *job.File, sent func()) error {
	err := r.renameOnce(ctx, *f, sent)
	if err == nil || unknown(err) || r.want.IfExists != job.ExistsReplace || r.way.posix || !r.sees() {
		return err
	}
	now, lookErr := r.observe(ctx, f, false)
	if lookErr != nil || !now.temp || !now.final || now.ours {
		return errors.Join(err, lookErr)
	}
	if err := r.moveOlder(ctx, f); err != nil {
		return err
	}
	return r.renameOnce(ctx, *f, sent)
}

// moveOlder takes what lies under the final name out of the way. After a REMOVE that was not answered, nobody could tell whether it
// will be done yet, on our own file then. A rename is seen by the name that it gives: new for each attempt, and in the row before.
func (r *exportRun) moveOlder(ctx context.Context, f *job.File) error {
	aside := naming.Join(path.Dir(f.Final), naming.Aside(f.ID, f.Fence, path.Base(f.Temp)))
	f.Leftovers = append(slices.Clip(f.Leftovers), aside)
	if err := r.advance(ctx, f, job.StepRenaming); err != nil {
		return err
	}
	return failpoint.Around("X6.older", func() error { return r.remote.Rename(ctx, f.Final, aside, f.Means) })
}

// settleOlder is for rows that a run left when it was moving an older file. If that is not to be seen under its new name, the rename
// may be done yet, on what has the final name by then: the file that we say is delivered. So an empty file takes the new name,
// and stays there: moveOlder is for servers that rename onto nothing.
func (r *exportRun) settleOlder(ctx context.Context, f *job.File) error {
	last := len(f.Leftovers) - 1
	if last < 0 {
		return nil
	}
	aside := f.Leftovers[last]
	if id, _, ok := naming.ParseAside(path.Base(aside)); !ok || id != f.ID {
		return nil
	}
	entry, err := r.stat(ctx, aside)
	if err != nil || (entry != nil && entry.Size > 0) {
		return err
	}
	if err := failpoint.Around("X6.guard", func() error { return r.putEmpty(ctx, *f, aside) }); err != nil {
		return err
	}
	f.Leftovers = f.Leftovers[:last]
	r.note(fmt.Sprintf("%s stays on the server, empty, because a rename to that name was not answered and must not be done late; the customer may delete it tomorrow", naming.Printable(aside, 300)))
	return r.advance(ctx, f, job.StepRenaming)
}

func (r *exportRun) renameOnce(ctx context.Context, f job.File, sent func()) error {
	return failpoint.Around("X6", func() error { return r.remote.Rename(ctx, f.Temp, f.Final, f.Means, sent) })
}

// renameRefused takes the row back to uploaded: the complete temporary stays on the server, and the next run has only
// the rename to do.
func (r *exportRun) renameRefused(ctx context.Context, f *job.File, err error) error {
	// A request of a session that died, or one that was answered with a lie, may have done it.
	if r.sees() {
		now, lookErr := r.observe(ctx, f, false)
		if lookErr != nil {
			return lookErr
		}
		if r.sees() && !now.temp {
			return r.confirm(ctx, f, false)
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		return r.lostReply(ctx, f, nil) // the temporary is gone, and nobody may look where to
	}
	reason := asReason(err)
	if err := r.advance(ctx, f, job.StepUploaded); err != nil {
		return err
	}
	return &job.Reason{
		Slug:  "remote.rename_refused",
		Cause: fmt.Sprintf("the server refused to rename it to %s", naming.Printable(f.Final, 300)),
		Do:    "ask for the right to rename there; if this server takes PUT only, set profile: put-only on the connection",
		Who:   job.WhoUs, Technical: reason.Technical, Err: err,
	}
}

// renamedAlready looks whether the temporary is gone and what lies under the final name is it: then the row goes on from
// there.
func (r *exportRun) renamedAlready(ctx context.Context, f *job.File) (bool, error) {
	if !r.sees() {
		return false, nil
	}
	now, err := r.observe(ctx, f, false)
	if err != nil || !r.sees() || now.temp || !now.ours {
		return false, err
	}
	return true, r.readBack(ctx, f)
}

// sameFinal says whether what lies under the final name has our size, and the time that our temporary had.
func sameFinal(f job.File, entry job.Entry) bool {
	return entry.Size == f.Received.Size && entry.ModTime == f.TempMTime && f.TempMTime != 0
}

// turnDirect is for a row whose bytes lie under a temporary name on a server that is written to directly by now, because
// it has no rename: the file is sent once more, under its final name, and the temporary is one that an attempt left behind.
func (r *exportRun) turnDirect(ctx context.Context, f *job.File) error {
	src, err := r.openSent(ctx, f)
	if err != nil {
		return err // the temporary is all there is of it: it stays
	}
	if err := src.Close(); err != nil {
		return err
	}
	return r.advance(ctx, f, job.StepSealed)
}

// patience is how long, in all, a server may take that renames by copying.
var patience = []time.Duration{0, 200 * time.Millisecond, time.Second, 3 * time.Second, 5 * time.Second}

// observed is what lies under the two names.
type observed struct {
	temp, final bool
	ours        bool // the final one has our size, and the time that our temporary had
	fits        bool // the final one has our size
	older       bool // the final one was written before our temporary: it is another file
	newer       bool // the final one was written after it
	seen        bool // the final one was there at one of the looks, and was ours as far as that look could tell
}

func (r *exportRun) observe(ctx context.Context, f *job.File, atOnce bool) (observed, error) {
	temp, final, err := r.both(ctx, *f, atOnce)
	if err != nil || final == nil {
		return observed{temp: temp != nil}, err
	}
	return observed{
		temp: temp != nil, final: true, ours: sameFinal(*f, *final), fits: final.Size == f.Received.Size,
		older: final.ModTime != 0 && final.ModTime < f.TempMTime, newer: f.TempMTime != 0 && final.ModTime > f.TempMTime,
	}, nil
}

// confirm is X7: an OK to RENAME is no proof. It looks until the picture is whole. Acknowledged says that this run got
// the OK itself.
func (r *exportRun) confirm(ctx context.Context, f *job.File, acknowledged bool) error {
	var now observed
	for _, wait := range patience {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		if !r.sees() || (acknowledged && !r.checks()) {
			return r.unobservable(ctx, f, acknowledged)
		}
		var next observed
		err := failpoint.Around("X7", func() (err error) {
			next, err = r.observe(ctx, f, acknowledged)
			return err
		})
		if err != nil {
			return err
		}
		isIt := next.ours || (acknowledged && next.fits)
		next.seen = isIt || now.seen
		now = next
		if r.sees() && !now.temp && isIt {
			return r.readBack(ctx, f)
		}
		if !now.temp && !now.final && (now.seen || r.way.sweeps) || (!acknowledged && now.temp && (!now.final || now.older)) {
			break
		}
	}
	return r.judgePublished(ctx, f, now, acknowledged)
}

// unobservable is for servers where nobody may look.
func (r *exportRun) unobservable(ctx context.Context, f *job.File, acknowledged bool) error {
	if acknowledged {
		return r.deliver(ctx, f, job.ProofPublished)
	}
	return r.lostReply(ctx, f, nil)
}

// judgePublished decides on a picture that did not become whole.
func (r *exportRun) judgePublished(ctx context.Context, f *job.File, now observed, acknowledged bool) error {
	known, err := r.knownByContent(ctx, *f, now)
	switch {
	case err != nil:
		return err
	case known:
		return r.deliver(ctx, f, job.ProofVerified)
	case now.temp && (!now.final || now.older):
		if err := r.advance(ctx, f, job.StepUploaded); err != nil {
			return err
		}
		if acknowledged {
			return &job.Reason{
				Slug:  "remote.rename_ignored",
				Cause: "the server said OK to the rename and did nothing", Do: "ask the customer about their server; the next run renames again", Who: job.WhoCustomer,
			}
		}
		return nil // the rename never came about: goOn publishes
	case !now.temp && !now.final && (r.way.sweeps || now.seen):
		return r.deliver(ctx, f, job.ProofSwept)
	case !now.temp && !now.final && acknowledged:
		return r.vanished(ctx, f)
	case !now.temp && !now.final:
		return r.lostReply(ctx, f, nil)
	}
	return &decision{job.FileHeld, &job.Reason{
		Slug: "remote.final_differs", What: "the file was uploaded whole, and what lies under its final name is not known to be it",
		Cause: fmt.Sprintf("temporary %s: %s; final %s: %s", naming.Printable(f.Temp, 300), there(now.temp), naming.Printable(f.Final, 300), fit(now)),
		Do:    fmt.Sprintf("look at both with the customer, then haulier held resolve %d --as delivered, or --as again", f.ID), Who: job.WhoBoth,
	}}
}

// knownByContent says whether the final file is ours by its bytes, where the answer to RENAME was lost and only its time is another: a look
// that is asked for ahead of the answer to CLOSE may show the time of the last WRITE, and some servers give a file that they rename a
// new one. One that is not known to be newer than our temporary is not fetched: yesterday's may have the same bytes, and be no delivery
// of today's.
func (r *exportRun) knownByContent(ctx context.Context, f job.File, now observed) (bool, error) {
	if now.temp || !now.fits || !now.newer || r.way.once {
		return false, nil
	}
	back, err := r.fetchBack(ctx, f)
	if err != nil && (refused(err) || errors.Is(err, fs.ErrNotExist)) {
		return false, nil
	}
	return err == nil && back == f.Received, err
}

func there(yes bool) string {
	if yes {
		return "there"
	}
	return "gone"
}

func fit(now observed) string {
	switch {
	case !now.final:
		return "not there"
	case now.fits:
		return "there, with our size and another time"
	}
	return "there, with another size"
}

// settleRenaming is for rows that a run left between the request to rename and its answer: the server is looked at.
func (r *exportRun) settleRenaming(ctx context.Context, f *job.File) error {
	if err := r.settleOlder(ctx, f); err != nil {
		return err
	}
	return r.confirm(ctx, f, false)
}

// readBack is X7 for verify: readback: the file is fetched once more and hashed. Otherwise size and time suffice.
func (r *exportRun) readBack(ctx context.Context, f *job.File) error {
	if r.way.verify != job.VerifyReadback {
		return r.deliver(ctx, f, job.ProofVerified)
	}
	back, err := r.fetchBack(ctx, *f)
	switch {
	case errors.Is(err, fs.ErrNotExist): // the customer took it, just after the look that knew it
		return r.deliver(ctx, f, job.ProofVerified)
	case err != nil:
		return err
	case back == f.Received:
		return r.deliver(ctx, f, job.ProofVerified)
	}
	return &decision{job.FileHeld, &job.Reason{
		Slug: "remote.content_differs", What: "the file was published, and what the server gives back is not what was sent",
		Cause: fmt.Sprintf("sha256 sent %s, read back %s", f.Received.SHA256, pick(back.SHA256, "in another size")),
		Do:    fmt.Sprintf("tell the customer not to use %s, then haulier held resolve %d --as again", naming.Printable(f.Final, 300), f.ID), Who: job.WhoCustomer,
	}}
}

// deliver is X8: row, receipt and event in one transaction. Where nothing is left to do, it is X9 as well.
func (r *exportRun) deliver(ctx context.Context, f *job.File, proof job.Proof) error {
	f.Proof, f.State, f.Reason = proof, job.FileDelivered, nil
	f.Receipt = &job.Receipt{
		File: f.ID, Run: r.run.ID, Job: f.Job, Source: f.Path, Remote: f.Final, Plain: f.Plain, Sent: f.Received,
		Proof: proof, Means: f.Means, Session: r.remote.Facts(), Began: began(*f), Delivered: time.Now(),
	}
	if r.want.AfterSuccess.Action == job.RetireKeep && r.marker == nil {
		return r.advance(ctx, f, job.StepDone)
	}
	return r.advance(ctx, f, job.StepDelivered)
}
