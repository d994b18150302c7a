package transfer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
)

// A stage remembers which life of the ledger it was last used with, and how far that life had come: EPOCH STAMP. A
// ledger of another life, or one that has not come as far, was put back from an older copy: it may have forgotten what
// was moved since, so nothing that looks new to it is taken without a person's word.

// Memory is where a stage remembers, for each job, which life of the ledger it was last used with.
type Memory interface {
	Epoch(jobName string) (string, error)
	SetEpoch(jobName, epoch string) error
}

// CarryOn lets a job that has another name by now remember what it remembered under the former one. A stage that has
// forgotten a job proves nothing of it.
func CarryOn(stage Memory, s job.Spec) error {
	if s.Formerly == "" {
		return nil
	}
	if life, err := stage.Epoch(s.Name); err != nil || life != "" {
		return err
	}
	life, err := stage.Epoch(s.Formerly)
	if err != nil || life == "" {
		return err
	}
	return stage.SetEpoch(s.Name, life)
}

// judgeLedger compares the ledger with what the witness remembers.
func (r *frame) judgeLedger(ctx context.Context) (err error) {
	if r.stamp, err = r.ledger.Stamp(ctx); err != nil {
		return ledgerReason(err)
	}
	if err := CarryOn(r.witness, r.spec); err != nil {
		return err
	}
	if r.life, err = r.witness.Epoch(r.spec.Name); err != nil {
		return err
	}
	r.restored, err = isOlder(ctx, r.ledger, r.spec.Name, r.epoch, r.life)
	return err
}

// settleIn notes in stages that remember nothing of this job that the present ledger uses them. Until a run has looked after every
// row that was begun before, they are new: what is not in them proves nothing. A stage that is only visited need not know
// what happens from now on.
func (r *frame) settleIn() error {
	for _, stage := range []Stage{r.machine.stages()[0], r.witness} {
		life, err := stage.Epoch(r.spec.Name)
		if err == nil && life == "" && !(r.restored && stage == r.witness) {
			err = stage.SetEpoch(r.spec.Name, r.epoch)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// noteStart notes how far the ledger has come before files move: should it lose its log after that, it is known to be older.
func (r *frame) noteStart(ctx context.Context) error {
	if r.restored {
		return nil
	}
	return remember(ctx, r.ledger, r.spec.Name, r.epoch, r.witness)
}

// isOlder says whether the ledger is an older copy of the one that a stage remembers; text is empty: it remembers nothing.
func isOlder(ctx context.Context, ledger Ledger, jobName, epoch, text string) (bool, error) {
	then, reached := parseLife(text)
	switch {
	case text == "":
		return isForgetful(ctx, ledger, jobName, epoch)
	case then != epoch:
		return true, nil
	}
	stamp, err := ledger.Stamp(ctx)
	return stamp < reached, ledgerReason(err)
}

// parseLife reads what a stage remembers: EPOCH STAMP. A stamp that cannot be read is one that no ledger has reached, so
// that a person is asked; no stamp is 0.
func parseLife(text string) (epoch string, stamp int64) {
	epoch, mark, found := strings.Cut(text, " ")
	if !found {
		return epoch, 0
	}
	number, err := strconv.ParseUint(mark, 10, 63)
	if err != nil {
		return epoch, math.MaxInt64
	}
	return epoch, int64(number)
}

// isForgetful says whether the ledger was put back once and has rows of this job.
func isForgetful(ctx context.Context, ledger Ledger, jobName, epoch string) (bool, error) {
	if !strings.HasPrefix(epoch, job.RestoredEpoch) {
		return false, nil
	}
	found := errors.New("found")
	err := ledger.Standing(ctx, jobName, func(job.Standing) error { return found })
	if errors.Is(err, found) {
		return true, nil
	}
	return false, ledgerReason(err)
}

// remember notes in the stage how far the ledger has come. A note that is older than the truth does no harm.
func remember(ctx context.Context, ledger Ledger, jobName, epoch string, stage Stage) error {
	stamp, err := ledger.Stamp(keep(ctx))
	if err != nil {
		return ledgerReason(err)
	}
	return stage.SetEpoch(jobName, fmt.Sprintf("%s %d", epoch, stamp))
}

// Looked is what a stage remembers, with a stamp, once a run has looked at everything after a restore: what looks new is
// held by now, and a person may settle it. The job goes on holding until then.
func Looked(epoch string) string { return "looked:" + epoch }

// Unseen says whether a ledger of this epoch and stamp was put back, as far as a stage that remembers life can tell, and no
// run has looked at everything since. A stage that remembers nothing tells nothing of a ledger that is known to be restored.
func Unseen(life, epoch string, stamp int64) bool {
	then, reached := parseLife(life)
	switch then {
	case "":
		return strings.HasPrefix(epoch, job.RestoredEpoch)
	case epoch, Looked(epoch):
		return stamp < reached
	}
	return true
}

// lookedAt is how far this life of the ledger had come when the first whole look after a restore began. Only what was
// decided since counts in it: a decision of before may have been carried out by the life that is lost.
func (r *frame) lookedAt() (stamp int64, looked bool) {
	then, at := parseLife(r.life)
	return at, then == Looked(r.epoch) && at <= r.stamp
}

// forgets says whether a restored ledger may have forgotten that the row was served. It has not when a person has said
// since the look that the file is to be moved.
func (r *frame) forgets(f job.File) bool {
	at, looked := r.lookedAt()
	return r.restored && (!looked || f.Decided <= at)
}

// noteLife notes in the witness which life of the ledger this run was of, and how far it came. When somebody reconciled
// while it ran, their word stands.
func (r *frame) noteLife(ctx context.Context, whole bool) error {
	switch {
	case r.restored && whole && r.run.Only == "":
		at, looked := r.lookedAt()
		if !looked {
			at = r.stamp
		}
		return r.witness.ChangeEpoch(r.spec.Name, r.life, fmt.Sprintf("%s %d", Looked(r.epoch), at))
	case !r.restored && r.did():
		return remember(ctx, r.ledger, r.spec.Name, r.epoch, r.witness)
	}
	return nil
}
