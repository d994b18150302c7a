package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Rejects keeps rejected rows and the incidents that they opened.
type Rejects interface {
	Doubts
	IncidentEnder
	Rejected(ctx context.Context, jobName string) ([]store.Rejection, error)
}

// Dismiss lets a rejected file be: nobody waits for it any more, also where it lies on. Its incident ends with the last
// file of its cause. A newer version under its name goes its own way.
func Dismiss(ctx context.Context, d Rejects, f job.File, who, why string) (job.File, error) {
	cause := f.Reason
	dropped, err := d.Decide(ctx, job.FileRejected, decided(f, AsDrop), store.AuditLine{
		At: time.Now(), Who: who, Act: "held.resolve", Object: fmt.Sprintf("file %d", f.ID), Detail: fmt.Sprintf("rejected, as %s: %s", AsDrop, why),
	})
	if err != nil {
		return f, fmt.Errorf("file %d: %w", f.ID, err)
	}
	return dropped, endRejected(ctx, d, f.Job, cause)
}

// endRejected ends the incident of a cause for which nothing lies there rejected any more.
func endRejected(ctx context.Context, d Rejects, jobName string, cause *job.Reason) error {
	left, err := d.Rejected(ctx, jobName)
	if err != nil || cause == nil || slices.ContainsFunc(left, func(r store.Rejection) bool { return r.Slug == cause.Slug }) {
		return err
	}
	return d.Resolve(ctx, "job/"+jobName+"/"+cause.Slug, time.Now())
}
