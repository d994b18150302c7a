package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp"
)

// Pause keeps a job or a connection from starting runs.
func Pause(ctx context.Context, s *store.Store, p job.Pause) error {
	line := store.AuditLine{Who: p.By, Act: p.Kind + ".pause", Object: p.Name, Detail: p.Reason}
	return s.Acted(ctx, line, func(t *store.Store) error { return t.Pause(ctx, p) })
}

// ResumeJob lets a job start again; a job.Reason that is job.ErrNotFound when it is not paused.
func ResumeJob(ctx context.Context, s *store.Store, name, by string) error {
	err := s.Acted(ctx, store.AuditLine{Who: by, Act: "job.resume", Object: name}, func(t *store.Store) error {
		return t.Resume(ctx, "job", name)
	})
	if errors.Is(err, job.ErrNotFound) {
		return &job.Reason{
			Slug: "job.not_paused", What: fmt.Sprintf("nothing was changed: job %s is not paused", name), Cause: "somebody has resumed it already, or nobody paused it",
			Do: "nothing: it starts at its next time", Who: job.WhoUs, Err: err,
		}
	}
	return err
}

// ResumeConnection lets the jobs of a connection start again, and one login through the breaker of its account, which may be open
// whether the connection was paused or not.
func ResumeConnection(ctx context.Context, s *store.Store, c job.Connection, by string) error {
	return s.Acted(ctx, store.AuditLine{Who: by, Act: "connection.resume", Object: c.Name}, func(t *store.Store) error {
		if err := t.Resume(ctx, "connection", c.Name); err != nil && !errors.Is(err, job.ErrNotFound) {
			return err
		}
		_, err := sftp.LetThrough(ctx, t, accountOf(c.Endpoint), time.Now())
		return err
	})
}
