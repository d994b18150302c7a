package transfer

import (
	"context"
	"fmt"

	"github.com/haulier/haulier/job"
)

// goOnFrom takes a claimed row from wherever it stands through the rest of the machine.
func (r *exportRun) goOnFrom(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if f.Step != job.StepDelivered {
		// A restored ledger believes it to be on its way: it may have been delivered since the copy was made.
		if err := r.refuses(*f); err != nil {
			return err
		}
	}
	var early glances
	for f.Step != job.StepDone {
		next := map[job.Step]func() error{
			job.StepSeen:      func() error { return r.collect(ctx, f, seq) },        // X1
			job.StepQueued:    func() error { return r.seal(ctx, f) },                // X2
			job.StepSealed:    func() error { return r.send(ctx, f, moved, &early) }, // X3 to X5
			job.StepSending:   func() error { return r.settleSending(ctx, f) },       // found by recovery
			job.StepUploaded:  func() error { return r.publish(ctx, f, &early) },     // X6
			job.StepRenaming:  func() error { return r.settleRenaming(ctx, f) },      // found by recovery
			job.StepDelivered: func() error { return r.retire(ctx, f) },              // X9
		}[f.Step]
		if next == nil {
			return fmt.Errorf("row %d stands at %q, which is no step of an export", f.ID, f.Step)
		}
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}
