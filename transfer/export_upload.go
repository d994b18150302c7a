package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// send uploads what a person need not look at, or has approved.
func (r *exportRun) send(ctx context.Context, f *job.File, moved *int64, early *glances) error {
	if again, err := r.attend(ctx, f); again || err != nil {
		return err
	}
	return r.upload(ctx, f, moved, early)
}

// upload is X3 to X5: the row names where the bytes go before the first of them is sent, and says uploaded when CLOSE
// was acknowledged and the count is whole.
func (r *exportRun) upload(ctx context.Context, f *job.File, moved *int64, early *glances) error {
	if lost, err := r.stageLost(ctx, f); lost || err != nil {
		return err
	}
	if err := r.lookFirst(ctx, f); err != nil {
		return err
	}
	temp := f.Final
	if !r.way.direct {
		temp = naming.Temp(f.Final, f.ID, f.Fence, r.way.suffix)
	}
	if ours(*f) && f.Temp != temp { // of an attempt that is over
		f.Leftovers = append(slices.Clip(f.Leftovers), f.Temp)
	}
	f.Temp = temp
	if err := r.advance(ctx, f, job.StepSending); err != nil { // X3
		return err
	}
	*early = glances{}
	err := r.put(ctx, f, moved, early) // X4
	if err == nil {
		r.glanceAtBoth(ctx, *f, early)
	}
	early.settled()
	if err != nil {
		return r.uploadFailed(ctx, f, err)
	}
	return r.verifyUpload(ctx, f, early.temp.saw()) // X5
}

// stageLost takes a row back to queued whose sealed bytes somebody took out of the stage, or that has none and is written directly
// by now: what is under its final name is not to change while it is sent.
func (r *exportRun) stageLost(ctx context.Context, f *job.File) (bool, error) {
	switch {
	case f.Stage == "" && r.way.direct:
		return true, r.advance(ctx, f, job.StepQueued)
	case f.Stage == "":
		return false, nil
	}
	file, _, err := r.stage.Open(f.Stage)
	if err == nil {
		return false, file.Close()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	f.Stage = ""
	return true, r.advance(ctx, f, job.StepQueued)
}

// lookFirst asks what lies under the final name before anything is sent: an older delivery, or somebody else's file.
// For direct writing its time tells later whether our bytes arrived.
func (r *exportRun) lookFirst(ctx context.Context, f *job.File) error {
	f.TempMTime = 0
	if !r.sees() {
		return nil
	}
	entry, err := r.stat(ctx, f.Final)
	if err != nil || entry == nil {
		return err
	}
	if r.way.direct {
		f.TempMTime = entry.ModTime
	}
	if f.Temp == f.Final && entry.Size <= f.Received.Size {
		return nil // an earlier attempt found the name free, or free to be replaced, and began to write there: what is longer it cannot have written
	}
	return r.taken(*f)
}

// stat looks at a name: nil when nothing is there, or when the server lets nobody look.
func (r *exportRun) stat(ctx context.Context, path string) (*job.Entry, error) {
	entry, err := r.remote.Stat(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case refused(err):
		r.blind()
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &entry, nil
}

// sees says whether the server may be asked what lies under a name.
func (r *exportRun) sees() bool { return r.way.look && !r.isBlind.Load() }

// checks says whether what was written is looked at: verify: none leaves that out, but never the look at what lies
// under a final name before it is taken.
func (r *exportRun) checks() bool { return r.sees() && r.way.verify != job.VerifyNone }

// blind learns that this server lets nobody look.
func (r *exportRun) blind() {
	r.remote.Learn(func(p *job.Profile) { p.Stat = new(bool) })
	r.isBlind.Store(true)
}

// taken says what the job wants when its final name is taken.
func (r *exportRun) taken(f job.File) error {
	reason := &job.Reason{
		Slug: "remote.name_taken", What: "the file was not published",
		Cause: fmt.Sprintf("%s exists on the server, and to.if_exists is %s", naming.Printable(f.Final, 300), r.want.IfExists),
		Do:    "set to.if_exists: replace if it may be overwritten, or ask the customer to take the file away", Who: job.WhoBoth,
	}
	switch r.want.IfExists {
	case job.ExistsReplace:
		return nil
	case job.ExistsWait:
		reason.Do = "nothing: the next run looks whether the customer has taken the file away"
		return &decision{job.FileWaiting, reason}
	}
	return reason
}

// put is X4: OPEN, WRITE and CLOSE of the whole file.
func (r *exportRun) put(ctx context.Context, f *job.File, moved *int64, early *glances) error {
	src, err := r.openSent(ctx, f)
	if err != nil {
		return err
	}
	defer src.Close()
	sum := newMeter()
	start := time.Now()
	shown := &progressWriter{to: sum, tell: func(n int64) {
		r.tell(job.Progress{File: f.ID, Name: r.shown(*f), Stage: job.StageUpload, Done: n, Total: f.Received.Size})
	}}
	var n int64
	err = failpoint.Around("X4", func() (err error) {
		n, err = r.remote.Put(ctx, f.Temp, io.TeeReader(src, shown), f.Received.Size, r.ahead(ctx, *f, early))
		return err
	})
	*moved += n
	r.moved(job.Upload, n)
	if err == nil {
		err = r.whole(f, n, sum.digest())
	} else {
		err = r.stopped(*f, n, err)
	}
	r.log(ctx, r.counted(*f, job.Upload, r.want.Location, n, start, ended(ctx, err)))
	return err
}

// fetchBack gets what lies under the final name once more. What has another size than what was sent has no digest.
func (r *exportRun) fetchBack(ctx context.Context, f job.File) (job.Digest, error) {
	began, sum := time.Now(), newMeter()
	n, err := r.remote.Get(ctx, f.Final, f.Received.Size, sum, nil)
	r.moved(job.Download, n)
	r.log(ctx, r.counted(f, job.Download, r.want.Location, n, began, ended(ctx, err)))
	var reason *job.Reason
	if errors.As(err, &reason) && reason.Slug == slugSizeChanged {
		return job.Digest{}, nil // it is the customer's copy that differs: our source did not change, and is not taken up again
	}
	return sum.digest(), err
}

// stopped says how far an upload came that did not reach its end.
func (r *exportRun) stopped(f job.File, sent int64, err error) error {
	var reason *job.Reason
	if !errors.As(err, &reason) || reason.Unknown || f.Received.Size == 0 {
		return err
	}
	told := *reason
	told.Cause += fmt.Sprintf("; the upload stopped at %d %% of %s", min(sent*100/f.Received.Size, 100), bytes(f.Received.Size))
	told.Err = err
	return &told
}

// whole compares what the server acknowledged with what was to be sent. A source that nobody hashed before is what was sent, as
// long as it is the version of the row.
func (r *exportRun) whole(f *job.File, n int64, sent job.Digest) error {
	want := f.Received
	if want.SHA256 == "" {
		want.SHA256 = sent.SHA256
	}
	switch {
	case sent != want:
		return changed() // the source was written to while it was sent
	case n != want.Size:
		return &job.Reason{
			Slug: "remote.size_mismatch", What: "the file was not delivered",
			Cause: fmt.Sprintf("%d of %d bytes were acknowledged", n, want.Size), Do: "the next run sends it again", Who: job.WhoCustomer,
		}
	case f.Received.SHA256 != "":
		return nil
	}
	if err := r.unchanged(f); err != nil {
		return err
	}
	f.Plain, f.Received = sent, sent
	return nil
}

// removeWithin is how long a part of a file may take to go away: a run that was ended has ten seconds in all.
const removeWithin = 4 * time.Second

// uploadFailed cleans up after an upload that did not come to its end, as far as the session still lives.
func (r *exportRun) uploadFailed(ctx context.Context, f *job.File, err error) error {
	if r.way.direct {
		return r.directFailed(ctx, f, err)
	}
	if unknown(err) && ctx.Err() == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(keep(ctx), removeWithin) // also behind a run that was ended
	defer cancel()
	removed := r.remote.Remove(ctx, f.Temp)
	if removed != nil && (unknown(err) || !errors.Is(removed, fs.ErrNotExist)) {
		return err // a later run removes it, by the name that the row holds
	}
	f.Temp = "" // also when nothing of it is there: it was refused, so nobody is to believe that it was taken
	var reason *job.Reason
	if removed != nil || !errors.As(err, &reason) {
		return err
	}
	told := *reason // others may hold it too
	told.Cause += "; what was there of it was removed"
	told.Err = err
	return &told
}

// directFailed is the end of a direct upload without an acknowledged CLOSE. There may be a part of the file under its
// final name, and the customer may have taken it already: what then is the job's policy.
func (r *exportRun) directFailed(ctx context.Context, f *job.File, err error) error {
	var reason *job.Reason
	switch {
	case errors.As(err, &reason) && reason.Unknown:
		return r.lostReply(ctx, f, reason)
	case ctx.Err() != nil, reason != nil && endsRun(reason):
		return err // what was under way may have arrived: the row stands at sending, and the next attempt looks
	}
	// The server said no, and CLOSE was no delivery: the next attempt writes over what lies there.
	if moved := r.advance(ctx, f, job.StepSealed); moved != nil {
		return moved
	}
	return err
}

// hashLate gives a row its hash whose upload was cut off before it had one: what was sent is the source, if that is still the version of
// the row. Else nobody can prove what it was.
func (r *exportRun) hashLate(ctx context.Context, f *job.File) error {
	if f.Received.SHA256 != "" {
		return nil
	}
	late := *f
	if err := r.hashSource(ctx, &late); err != nil {
		return err
	}
	f.Plain, f.Received = late.Plain, late.Plain
	return nil
}

// lostReply follows the job's policy where the last answer was lost and nothing can be observed.
func (r *exportRun) lostReply(ctx context.Context, f *job.File, why *job.Reason) error {
	switch r.want.OnLostReply {
	case job.LostAssume:
		err := r.hashLate(ctx, f)
		if err == nil {
			return r.deliver(ctx, f, job.ProofAssumed)
		}
		if gone := new(decision); !errors.As(err, &gone) {
			return err
		}
	case job.LostResend:
		if err := r.advance(ctx, f, job.StepSealed); err != nil || why == nil {
			return err
		}
		return why // the next attempt sends again
	}
	reason := &job.Reason{
		Slug: "remote.indeterminate", What: "the file may or may not have been delivered",
		Cause: fmt.Sprintf("the server's last answer about %s was lost, and nothing that can be seen there tells what became of it", naming.Printable(f.Final, 300)),
		Do:    fmt.Sprintf("ask the customer whether it arrived whole, then haulier held resolve %d --as delivered, or --as again", f.ID), Who: job.WhoBoth,
	}
	if why != nil {
		reason.Technical = why.Slug + ": " + why.Cause
	}
	return &decision{job.FileHeld, reason}
}

// verifyUpload is X5: what lies under the temporary name is looked at, and its time is remembered to know it again.
// A glance suffices if it shows what it should; else CLOSE was perhaps not over.
func (r *exportRun) verifyUpload(ctx context.Context, f *job.File, entry *job.Entry) error {
	if !r.checks() {
		return r.uploaded(ctx, f, job.ProofAcknowledged)
	}
	var err error
	if entry == nil || entry.Size != f.Received.Size {
		entry, err = r.stat(ctx, f.Temp)
	}
	switch {
	case err != nil:
		return err
	case entry == nil && !r.sees():
		return r.uploaded(ctx, f, job.ProofAcknowledged) // the server just said that nobody may look
	case entry == nil:
		return r.vanished(ctx, f)
	case entry.Size != f.Received.Size:
		return r.wrongSize(ctx, f, entry.Size)
	}
	f.TempMTime = entry.ModTime
	return r.uploaded(ctx, f, job.ProofSizeChecked)
}

// uploaded writes X5. Where the final name was written directly, that is the delivery.
func (r *exportRun) uploaded(ctx context.Context, f *job.File, proof job.Proof) error {
	if r.way.direct {
		return r.deliver(ctx, f, proof)
	}
	return r.pass(f, job.StepUploaded)
}

// vanished is for a file that was acknowledged and is gone: taken by a server that is known to do so, else a person
// decides. It is never sent again by itself.
func (r *exportRun) vanished(ctx context.Context, f *job.File) error {
	if r.way.sweeps {
		return r.deliver(ctx, f, job.ProofSwept)
	}
	return &decision{job.FileHeld, &job.Reason{
		Slug: "remote.vanished", What: "the file was uploaded whole and is not to be seen on the server",
		Cause: fmt.Sprintf("the server acknowledged %d bytes; now nothing lies under %s or its final name", f.Received.Size, naming.Printable(f.Temp, 300)),
		Do:    fmt.Sprintf("ask the customer whether their system takes files at once, then haulier held resolve %d --as delivered, or --as again", f.ID), Who: job.WhoCustomer,
	}}
}

func (r *exportRun) wrongSize(ctx context.Context, f *job.File, size int64) error {
	if !r.way.direct && r.remote.Remove(ctx, f.Temp) == nil {
		f.Temp = "" // nobody is to believe that it was taken
	}
	if size < 0 {
		return &job.Reason{
			Slug: "remote.size_unknown", What: r.shown(*f) + " was not published; it is still in the outbox",
			Cause: "the server acknowledged every byte and does not tell the file's size, so nobody could say whether it lies there whole",
			Do:    "if the server's word is enough, set verify: none on this connection; else ask the customer for a server that tells sizes", Who: job.WhoBoth,
		}
	}
	return &job.Reason{
		Slug: "remote.size_mismatch", What: "the file was not published",
		Cause: fmt.Sprintf("%s were sent and acknowledged, and %s lie on the server", bytes(f.Received.Size), bytes(size)),
		Do:    "ask the customer about quotas and scanners; the next run sends it again", Who: job.WhoCustomer,
	}
}

// settleSending is for rows that a run left while it sent. Under a temporary name nothing is lost: the next attempt has a new
// one. Directly written, the final name is looked at.
func (r *exportRun) settleSending(ctx context.Context, f *job.File) error {
	if f.Temp != f.Final {
		return r.settleTemp(ctx, f)
	}
	if r.sees() {
		entry, err := r.stat(ctx, f.Final)
		switch {
		case err != nil:
			return err
		case entry != nil && entry.Size != f.Received.Size:
			return r.advance(ctx, f, job.StepSealed) // a part, or what was there before: sent again over it
		case entry != nil && entry.ModTime != f.TempMTime && !r.way.sweeps && !r.way.once:
			return r.settleWhole(ctx, f)
		}
		// On a server that takes files at CLOSE, one that lies there was perhaps never closed, and will never be taken. On a
		// read-once server, to fetch it would be to use up what the customer is to have.
	}
	return r.lostReply(ctx, f, nil)
}

// settleTemp sends again under a new name, unless the server takes files at CLOSE, whatever their names, and took this one: nobody
// heard its answer then.
func (r *exportRun) settleTemp(ctx context.Context, f *job.File) error {
	if r.way.sweeps && f.Temp != "" {
		entry, err := r.stat(ctx, f.Temp)
		if err != nil {
			return err
		}
		if entry == nil {
			return r.lostReply(ctx, f, nil)
		}
	}
	return r.advance(ctx, f, job.StepSealed)
}

// settleWhole is for a directly written file that has its size, and whose WRITEs and CLOSE may not have been answered: one
// that was refused leaves a hole. What is there is fetched and compared; it is sent again over it unless it is ours.
func (r *exportRun) settleWhole(ctx context.Context, f *job.File) error {
	there, err := r.fetchBack(ctx, *f)
	switch {
	case err == nil && there != f.Received:
		return r.advance(ctx, f, job.StepSealed)
	case err != nil && !refused(err):
		return err
	}
	return r.deliver(ctx, f, job.ProofSizeChecked)
}
