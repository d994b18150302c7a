package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
)

// Approvals tells what people have approved of supervised jobs.
type Approvals interface {
	Approvals(ctx context.Context, jobName string) (job.Approvals, error)
	// Approved gives the hash of the content of a file that a person approved last; empty: none was.
	Approved(ctx context.Context, file int64) (string, error)
}

// Supervises says whether a job still holds its files for a person.
func Supervises(want job.Supervised, done job.Approvals) bool {
	return done.Files < want.Files || done.Days < want.Days
}

// isSupervised says whether files are held as things stand.
func (r *frame) isSupervised(ctx context.Context) (bool, error) {
	if r.spec.Supervised == (job.Supervised{}) {
		return false, nil
	}
	done, err := r.ledger.Approvals(ctx, r.spec.Name)
	return Supervises(r.spec.Supervised, done), ledgerReason(err)
}

// unseen says whether a person has to look at a file before it goes on, and why. Given is what a person approved of it before:
// that counts for the content that was looked at, and for no other.
func (r *frame) unseen(ctx context.Context, f job.File) (*job.Reason, error) {
	if r.spec.Supervised == (job.Supervised{}) && f.Step != job.StepChecked {
		return nil, nil
	}
	given, err := r.ledger.Approved(ctx, f.ID)
	if err != nil {
		return nil, ledgerReason(err)
	}
	if given != "" && given == f.Plain.SHA256 {
		return nil, nil
	}
	done, err := r.ledger.Approvals(ctx, r.spec.Name)
	if err != nil {
		return nil, ledgerReason(err)
	}
	if given == "" && f.Step != job.StepChecked && !Supervises(r.spec.Supervised, done) {
		return nil, nil
	}
	return supervisedReason(r.spec, f, done, given), nil
}

// supervisedReason asks a person to look.
func supervisedReason(s job.Spec, f job.File, done job.Approvals, given string) *job.Reason {
	reason := &job.Reason{
		Slug: job.SlugSupervised, What: "the file waits in the stage, whole and checked, and did not land", Who: job.WhoUs,
		Cause: pick(Supervision(s.Supervised, done), "a person was to look at it, and nobody has"),
		Do:    fmt.Sprintf("look at it with haulier held show %d, then haulier approve %d, or haulier reject %d --reason TEXT", f.ID, f.ID, f.ID),
	}
	if s.Type == job.TypeExport {
		reason.What = "the file waits in the stage, sealed, and was not sent"
	}
	if given != "" {
		reason.Cause = fmt.Sprintf("what was approved has the SHA-256 %s, and what lies there now has %s: the approved copy is not in the stage any more, and the new one is another file", given, f.Plain.SHA256)
	}
	return reason
}

// Supervision says how far a supervised job has come; empty: it holds nothing.
func Supervision(want job.Supervised, done job.Approvals) string {
	switch {
	case !Supervises(want, done):
		return ""
	case want.Days > 0:
		return fmt.Sprintf("supervised: files of %d of %d days approved, automatic afterwards", done.Days, want.Days)
	}
	return fmt.Sprintf("supervised: %d of %d files approved, automatic afterwards", done.Files, want.Files)
}

// hashStaged takes the hash of what lies in a stage; fs.ErrNotExist when nothing does.
func hashStaged(ctx context.Context, stage Stage, name string) (job.Digest, error) {
	file, _, err := stage.Open(name)
	if err != nil {
		return job.Digest{}, err
	}
	sum := newMeter()
	_, err = io.Copy(sum, &cancellable{ctx, file})
	return sum.digest(), errors.Join(err, file.Close())
}

// asSeen says whether a stage still holds what a person looked at: nothing, and anything else, is not it.
func asSeen(ctx context.Context, stage Stage, name string, want job.Digest) (bool, error) {
	there, err := hashStaged(ctx, stage, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && there == want, err
}

// attend holds a file of a supervised job that is ready to land: its ready file lies in the stage, and the row says what it
// is and that a person decides. What a person approved before, in these very bytes, passes.
func (r *importRun) attend(ctx context.Context, f *job.File, opened string, seq int) error {
	reason, err := r.unseen(ctx, *f)
	if reason == nil && err == nil {
		return nil
	}
	var name string
	if err == nil {
		name, err = r.landName(f, seq)
	}
	if err != nil {
		return errors.Join(err, r.landing.Remove(opened))
	}
	ready := staged(f.ID, f.Fence, stagedReady)
	if err := failpoint.Around("C9.held", func() error { return r.landing.Promote(opened, ready) }); err != nil {
		return err
	}
	f.Stage, f.Final = ready, name
	if err := r.pass(f, job.StepChecked); err != nil {
		return err
	}
	return &decision{job.FileHeld, reason}
}

// resumeChecked goes on with a file that was held for a person, who approved it: just what was looked at lands. What came to be a
// duplicate while it waited does not.
func (r *importRun) resumeChecked(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if err := r.check(ctx, f, f.Stage); err != nil {
		return err
	}
	same, err := asSeen(ctx, r.landing, f.Stage, f.Plain)
	if err == nil && !same {
		same, err = r.remake(ctx, f)
	}
	switch {
	case err != nil:
		return err
	case !same:
		return r.seenLost(ctx, f, seq, moved)
	}
	if reason, err := r.unseen(ctx, *f); reason != nil || err != nil {
		return errors.Join(err, asDecision(reason))
	}
	name := f.Final
	if err := r.intend(ctx, f, r.vacant(name)); err != nil { // C10
		return err
	}
	if err := r.landReady(ctx, f, name); err != nil {
		return err
	}
	return r.retire(ctx, f)
}

func asDecision(reason *job.Reason) error {
	if reason == nil {
		return nil
	}
	return &decision{job.FileHeld, reason}
}

// remake opens once more what was received of a file that somebody took out of the stage, or altered there, after a person looked at it;
// false: that is not there either. The source is not asked: it was as it was read when the file was held, and may be another one by now.
func (r *importRun) remake(ctx context.Context, f *job.File) (bool, error) {
	// It has not landed, for the row would say landing, unless the ledger was put back since.
	if strings.HasPrefix(r.epoch, job.RestoredEpoch) {
		return false, r.forgotten(*f)
	}
	r.note(r.shown(*f) + " is not in the stage any more as a person looked at it; it is made anew")
	if err := r.landing.Remove(f.Stage); err != nil || f.Kept == "" {
		return false, err
	}
	if err := r.space.reserve(f.Size * opened); err != nil {
		return false, err
	}
	defer r.space.release(f.Size * opened)
	made, err := r.openReceived(ctx, f)
	if errors.Is(err, fs.ErrNotExist) {
		f.Kept = ""
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f.Stage = staged(f.ID, f.Fence, stagedReady)
	return true, failpoint.Around("C9.held", func() error { return r.landing.Promote(made, f.Stage) })
}

// seenLost fetches a file again of which nothing is left in the stage, from where it lies. Where that is another version's place by now, or
// the server does not have it any more, a person is told: nobody would look for it.
func (r *importRun) seenLost(ctx context.Context, f *job.File, seq int, moved *int64) error {
	f.Stage = ""
	switch {
	case f.Spent:
		return r.stageLost(ctx, f)
	case f.Aside != "" && f.Moved:
		f.State = job.FileMoving
		if err := r.advance(ctx, f, job.StepClaimed); err != nil {
			return err
		}
		return r.resumeClaim(ctx, f, seq, moved)
	case f.Aside != "":
		f.State = job.FileWaiting
		return r.advance(ctx, f, job.StepSeen)
	}
	rows, err := r.ledger.Known(ctx, r.spec.Name, []string{f.Path})
	if err != nil {
		return ledgerReason(err)
	}
	if rows[f.Path].ID != f.ID {
		return overtaken(*f)
	}
	return r.unclaim(ctx, f)
}

// overtaken is for a file whose copy here is lost, and in whose place on the server there is another version.
func overtaken(f job.File) error {
	return &decision{job.FileHeld, &job.Reason{
		Slug: slugStageLost, What: "the file did not land", Cause: "what a person looked at is no longer in the stage, and the customer has put another version in its place, which goes its own way",
		Do: fmt.Sprintf("if it is needed, land what a backup of the stage has by hand, then haulier held resolve %d --as landed; else --as drop", f.ID), Who: job.WhoUs,
	}}
}

// homelessChecked is seenLost in a landing that is gone, and what was received with it.
func (r *importRun) homelessChecked(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if r.forgets(*f) || strings.HasPrefix(r.epoch, job.RestoredEpoch) {
		return r.forgotten(*f)
	}
	f.Kept = ""
	return r.seenLost(ctx, f, seq, moved)
}

// attend lets an export pass whose sealed bytes a person has approved, and holds the others of a supervised job.
func (r *exportRun) attend(ctx context.Context, f *job.File) (again bool, err error) {
	if r.spec.Supervised == (job.Supervised{}) && f.Decided == 0 {
		return false, nil
	}
	reason, err := r.unseen(ctx, *f)
	switch {
	case err != nil:
		return false, err
	case reason != nil && f.Stage == "": // what a person looks at lies in the stage
		r.watched.Store(true)
		return true, r.advance(ctx, f, job.StepQueued)
	case reason != nil:
		return false, failpoint.Around("X2.held", func() error { return asDecision(reason) })
	case f.Stage == "":
		return false, nil
	}
	same, err := asSeen(ctx, r.stage, f.Stage, f.Received)
	if err != nil || same {
		return false, err
	}
	if err := r.stage.Remove(f.Stage); err != nil {
		return false, err
	}
	f.Stage = ""
	return true, r.advance(ctx, f, job.StepQueued)
}
