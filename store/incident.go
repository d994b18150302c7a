package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Resolve ends the open incident of a cause, as it is well again; none is fine.
func (s *Store) Resolve(ctx context.Context, cause string, at time.Time) error {
	return s.ResolveBy(ctx, cause, "", at)
}

// ResolveBy ends the open incident of a cause, because of a decision of somebody; none is fine.
func (s *Store) ResolveBy(ctx context.Context, cause, by string, at time.Time) error {
	return s.write(ctx, "resolve the incident "+cause, func(tx *gorm.DB) error {
		return s.resolve(tx, at, by, tx.Where("cause = ?", cause))
	})
}

// ResolveConnection ends the open incidents of a connection: it works again, or so somebody says.
func (s *Store) ResolveConnection(ctx context.Context, name, by string, at time.Time) error {
	return s.write(ctx, "resolve the incidents of connection "+name, func(tx *gorm.DB) error {
		err := s.resolve(tx, at, by, tx.Where("connection = @name AND substr(cause, 1, length(@own)) = @own",
			map[string]any{"name": name, "own": "connection/" + name + "/"}))
		if err != nil {
			return err
		}
		return s.isUp(tx, name, micros(at), by) // it may be down without one: for a login that another connection of the account has made good
	})
}

// ResolveJob records that a job is well again: incidents of the job end, and those of its connection when every job that
// they touched is well. An incident that a rejected or held file opened goes on while such a file still lies there: a run
// that passes it by without a word has made nothing good. So does one of an expectation, which a run without a file does not meet,
// and one of files that nobody reports.
func (s *Store) ResolveJob(ctx context.Context, jobName string, at time.Time) error {
	return s.write(ctx, "resolve the incidents of "+jobName, func(tx *gorm.DB) error {
		names := map[string]any{"job": jobName, "own": "job/" + jobName + "/", "at": micros(at)}
		const goesOn = `(kind IN ('late', 'missing') OR substr(cause, -14) = '` + silentSlug + `' OR ` + stillLying + `)`
		var touched []int64
		err := tx.Raw(`UPDATE incident_jobs SET recovered = @at WHERE job = @job AND recovered = 0
			AND incident IN (SELECT id FROM incidents WHERE resolved = 0 AND NOT `+goesOn+`) RETURNING incident`, names).Scan(&touched).Error
		if err != nil {
			return err
		}
		err = s.resolve(tx, at, "", tx.Where(`(substr(cause, 1, length(@own)) = @own AND NOT `+goesOn+`)
			OR (EXISTS (SELECT 1 FROM incident_jobs WHERE incident = incidents.id AND job = @job)
			AND NOT EXISTS (SELECT 1 FROM incident_jobs WHERE incident = incidents.id AND recovered = 0))`, names))
		if err != nil {
			return err
		}
		return dueAnew(tx, touched)
	})
}

// dueAnew plans open incidents anew of which a job is well again: it may have been the one that people ought to know of.
func dueAnew(tx *gorm.DB, ids []int64) error {
	for _, id := range ids {
		row, err := incidentOf(tx, id)
		if err != nil {
			return err
		}
		if row.Resolved != 0 {
			continue
		}
		if row.Due, err = dueOf(tx, id); err != nil {
			return err
		}
		if err := row.save(tx); err != nil {
			return err
		}
	}
	return nil
}

// ResolveGone ends the incidents of jobs and connections that nobody works with any more: none of their runs can end them. What a customer has told us
// of a connection that is only switched off, as one that is being set up may be, waits on.
func (s *Store) ResolveGone(ctx context.Context, jobs, connections []string, by string, at time.Time) error {
	return s.write(ctx, "resolve the incidents of what is gone", func(tx *gorm.DB) error {
		for _, name := range jobs {
			if err := s.resolveParts(tx, name, by, at, "resolved = 0"); err != nil {
				return err
			}
		}
		for _, name := range connections {
			if err := s.resolve(tx, at, by, tx.Where("connection = ? AND kind <> ?", name, job.AlertSheet)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ResolvePart ends a job's part in the open incident of a cause, and with the last part the incident.
func (s *Store) ResolvePart(ctx context.Context, cause, jobName string, at time.Time) error {
	return s.write(ctx, "resolve the part of "+jobName+" in "+cause, func(tx *gorm.DB) error {
		return s.resolveParts(tx, jobName, "", at, "resolved = 0 AND cause = ?", cause)
	})
}

// resolveParts ends a job's part in the incidents of which something holds.
func (s *Store) resolveParts(tx *gorm.DB, name, by string, at time.Time, which string, args ...any) error {
	var touched []int64
	err := tx.Raw(`UPDATE incident_jobs SET recovered = ? WHERE job = ? AND recovered = 0
		AND incident IN (SELECT id FROM incidents WHERE `+which+`) RETURNING incident`, append([]any{micros(at), name}, args...)...).Scan(&touched).Error
	if err != nil || len(touched) == 0 {
		return err
	}
	err = s.resolve(tx, at, by, tx.Where(`id IN ? AND NOT EXISTS (SELECT 1 FROM incident_jobs WHERE incident = incidents.id AND recovered = 0)`, touched))
	if err != nil {
		return err
	}
	return dueAnew(tx, touched)
}

func (s *Store) resolve(tx *gorm.DB, at time.Time, by string, which *gorm.DB) error {
	var rows []incidentRow
	if err := tx.Where("resolved = 0").Where(which).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		row.Resolved, row.ResolvedBy = micros(at), by
		if err := row.save(tx); err != nil {
			return err
		}
		if err := row.endPassed(tx); err != nil {
			return err
		}
		err := tx.Exec(`UPDATE incident_jobs SET recovered = ? WHERE incident = ? AND recovered = 0`, row.Resolved, row.ID).Error
		if err == nil && row.ofConnection() {
			err = s.isUp(tx, row.Connection, row.Resolved, by)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
