package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Rename lets the job of a new name carry on the history of an old one: its files, slots, runs, requests and counts.
// It is done once and audited; done already, or without an old job, it changes nothing. When both jobs have seen the
// same path or slot their histories cannot be one, and nothing changes: job.ErrExists. The caller sees to it that neither
// job is at work: a run would go on under the old name, without its history.
func (s *Store) Rename(ctx context.Context, old, new string) error {
	act := fmt.Sprintf("carry the history of job %s on as %s", old, new)
	return s.write(ctx, act, func(tx *gorm.DB) error {
		var row struct {
			RenamedTo                    string
			Connection                   string
			FirstLoaded, Loaded, Removed int64
		}
		result := tx.Raw(`SELECT * FROM jobs WHERE name = ?`, old).Scan(&row)
		if result.Error != nil || row.RenamedTo != "" {
			return result.Error
		}
		loaded := result.RowsAffected > 0
		if was, err := hasRun(tx, old); err != nil || (!loaded && !was) {
			return err
		}
		if old == new {
			return fmt.Errorf("%w: a job cannot follow itself", job.ErrExists)
		}
		for _, move := range moves {
			if err := tx.Exec(move, map[string]any{"old": old, "new": new}).Error; err != nil {
				return err
			}
		}
		if loaded {
			err := tx.Exec(`INSERT INTO jobs (name, connection, first_loaded, loaded) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
				first_loaded = min(first_loaded, excluded.first_loaded), loaded = min(loaded, excluded.loaded)`,
				new, row.Connection, row.FirstLoaded, row.Loaded).Error
			if err != nil {
				return err
			}
			err = tx.Exec(`UPDATE jobs SET renamed_to = ?, removed = ? WHERE name = ?`, new, s.now(), old).Error
			if err != nil {
				return err
			}
		}
		return s.audit(tx, "config", "job.rename", new, "carries on the history of "+old)
	})
}

// hasRun says whether there are runs or files of a job: one that was only run by hand was never loaded.
func hasRun(tx *gorm.DB, name string) (bool, error) {
	var was bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM runs WHERE job = @name) OR EXISTS (SELECT 1 FROM files WHERE job = @name)`,
		map[string]any{"name": name}).Scan(&was).Error
	return was, err
}

// moves carry the rows over. Counts are added to those that the new job may have already.
var moves = []string{
	`UPDATE files SET job = @new WHERE job = @old`,
	`UPDATE approvals SET job = @new WHERE job = @old`,
	`UPDATE slots SET job = @new WHERE job = @old`,
	`UPDATE runs SET job = @new WHERE job = @old`,
	`UPDATE requests SET job = @new WHERE job = @old`,
	`INSERT INTO request_quarters SELECT connection, quarter, @new, direction, ok, failed, bytes FROM request_quarters
		WHERE job = @old ON CONFLICT DO UPDATE SET ok = ok + excluded.ok, failed = failed + excluded.failed,
		bytes = bytes + excluded.bytes`,
	`DELETE FROM request_quarters WHERE job = @old`,
	`INSERT INTO request_totals SELECT connection, @new, direction, ok, failed, bytes, attempts_ok, attempts_failed
		FROM request_totals WHERE job = @old ON CONFLICT DO UPDATE SET ok = ok + excluded.ok,
		failed = failed + excluded.failed, bytes = bytes + excluded.bytes,
		attempts_ok = attempts_ok + excluded.attempts_ok, attempts_failed = attempts_failed + excluded.attempts_failed`,
	`DELETE FROM request_totals WHERE job = @old`,
	`UPDATE OR IGNORE incident_jobs SET job = @new WHERE job = @old`,
	`DELETE FROM incident_jobs WHERE job = @old`,
	`UPDATE OR IGNORE incidents SET cause = 'job/' || @new || substr(cause, length('job/' || @old) + 1)
		WHERE substr(cause, 1, length('job/' || @old || '/')) = 'job/' || @old || '/'`,
	`UPDATE OR IGNORE expectations SET job = @new WHERE job = @old`,
	`DELETE FROM expectations WHERE job = @old`,
	`DELETE FROM looks WHERE job = @old`,
	`UPDATE report_waits SET job = @new WHERE job = @old`,
	`UPDATE OR IGNORE report_jobs SET job = @new WHERE job = @old`,
	`DELETE FROM report_jobs WHERE job = @old`,
	`UPDATE OR IGNORE pauses SET name = @new WHERE kind = 'job' AND name = @old`,
}
