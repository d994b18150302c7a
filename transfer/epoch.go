package transfer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
)

// A stage remembers which life of the ledger it was last used with, and how far that life had come: EPOCH STAMP. A
// ledger of another life, or one that has not come as far, was put back from an older copy: it may have forgotten what
// was moved since, so nothing that looks new to it is taken without a person's word.

// restored compares the ledger with what the stage remembers. A stage that remembers nothing begins with the present
// ledger, unless that one is known to be a restored one that has rows of this job.
func restored(ctx context.Context, ledger Ledger, jobName, epoch string, stage Stage) (bool, error) {
	text, err := stage.Epoch(jobName)
	if err != nil {
		return false, err
	}
	older, err := isOlder(ctx, ledger, jobName, epoch, text)
	if err != nil || older || text != "" {
		return older, err
	}
	return false, stage.SetEpoch(jobName, epoch)
}

// isOlder says whether the ledger is an older copy of the one that a stage remembers; text is empty: it remembers nothing.
func isOlder(ctx context.Context, ledger Ledger, jobName, epoch, text string) (bool, error) {
	then, mark, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		return isForgetful(ctx, ledger, jobName, epoch)
	case then != epoch:
		return true, nil
	}
	reached, _ := strconv.ParseInt(mark, 10, 64) // none: 0
	stamp, err := ledger.Stamp(ctx)
	return stamp < reached, ledgerReason(err)
}

// isForgetful says whether the ledger was put back once and has rows of this job.
func isForgetful(ctx context.Context, ledger Ledger, jobName, epoch string) (bool, error) {
	if !strings.HasPrefix(epoch, job.RestoredEpoch) {
		return false, nil
	}
	found := errors.New("found")
	err := ledger.Present(ctx, jobName, func(job.File) error { return found })
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

// Looked is what a stage remembers once a run has looked at everything after a restore: what looks new is held by now,
// and a person may settle it. The job goes on holding until then.
func Looked(epoch string) string { return "looked:" + epoch }

// noteLife notes in the witness which life of the ledger this run was of, and how far it came.
func (r *frame) noteLife(ctx context.Context, whole bool) error {
	switch {
	case r.restored && whole && r.run.Only == "":
		return r.witness.SetEpoch(r.spec.Name, Looked(r.epoch))
	case !r.restored && r.did():
		return remember(ctx, r.ledger, r.spec.Name, r.epoch, r.witness)
	}
	return nil
}
