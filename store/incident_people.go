package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// AckIncident records that somebody has taken an open incident on: nobody is reminded of it any more. Whoever comes later
// takes it over. job.ErrNotFound: there is none of this number; job.ErrStale: it is over.
func (s *Store) AckIncident(ctx context.Context, id int64, by, note string, at time.Time) (job.Incident, error) {
	return s.decideIncident(ctx, id, "alert.ack", by, note, at, func(r *incidentRow) {
		r.Acked, r.AckedBy, r.AckNote = micros(at), by, short(note)
	})
}

// SilenceIncident keeps an open incident from being told or reminded of until a time; that it is over is told all the same.
// Errors are those of AckIncident.
func (s *Store) SilenceIncident(ctx context.Context, id int64, by, why string, until, at time.Time) (job.Incident, error) {
	detail := "until " + utc(until) + ": " + short(why)
	return s.decideIncident(ctx, id, "alert.silence", by, detail, at, func(r *incidentRow) {
		r.SilencedUntil, r.SilencedBy, r.SilenceReason = micros(until), by, short(why)
	})
}

// UnsilenceIncident lets an open incident be told of again. Errors are those of AckIncident.
func (s *Store) UnsilenceIncident(ctx context.Context, id int64, by string, at time.Time) (job.Incident, error) {
	return s.decideIncident(ctx, id, "alert.unsilence", by, "", at, func(r *incidentRow) {
		r.SilencedUntil, r.SilencedBy, r.SilenceReason = 0, "", ""
	})
}

func (s *Store) decideIncident(ctx context.Context, id int64, act, by, detail string, at time.Time, change func(*incidentRow)) (i job.Incident, err error) {
	err = s.write(ctx, fmt.Sprintf("change incident %d", id), func(tx *gorm.DB) error {
		row, err := incidentOf(tx, id)
		if err != nil {
			return err
		}
		if row.Resolved != 0 {
			return job.ErrStale
		}
		change(&row)
		if err := row.save(tx); err != nil {
			return err
		}
		i = row.incident()
		if err := nameJobs(tx, &i); err != nil {
			return err
		}
		return s.addAudit(tx, AuditLine{At: at, Who: by, Act: act, Object: fmt.Sprintf("incident %d (%s)", id, row.Cause), Detail: short(detail)})
	})
	return i, err
}
