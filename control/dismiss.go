package control

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Dismiss lets a rejected file be: nobody waits for it any more, also where it lies on. Its incident ends with the last
// file of its cause. A newer version under its name goes its own way.
func Dismiss(ctx context.Context, d Doubts, f job.File, who, why string) (job.File, error) {
	cause := f.Reason
	dropped, err := d.Decide(ctx, job.FileRejected, decided(f, AsDrop), store.AuditLine{
		At: time.Now(), Who: who, Act: "held.resolve", Object: fmt.Sprintf("file %d", f.ID), Detail: fmt.Sprintf("rejected, as %s: %s", AsDrop, why),
	})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	if cause == nil {
		return dropped, nil
	}
	return dropped, d.Settle(ctx, f.Job, cause.Slug, who, time.Now())
}
