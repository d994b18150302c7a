package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Decide writes what a person decided about a row of a state that no run may end, held or rejected: f is the row as it
// was read, made as the decision wants it. Row, timeline, event and the line of the audit list go in one transaction, so
// that a decision is either made or not. The fence rises: whoever held the row last can write no more.
//
// job.ErrStale when the row was written since it was read or is of another state, and when it would wait although a newer
// version has taken its place on the other side and its bytes are not kept here: nobody would ever look for it. A word that
// was given for its content before counts no more, unless it is said to be where it should be.
func (s *Store) Decide(ctx context.Context, from job.State, f job.File, line AuditLine) (job.File, error) {
	return s.decide(ctx, from, f, line, func(tx *gorm.DB) error { return disapprove(tx, f) })
}

// Conclude is Decide for good: the incident of the cause for which the file waited ends in the same transaction, if no other file of the
// job waits for it.
func (s *Store) Conclude(ctx context.Context, from job.State, f job.File, slug string, line AuditLine) (job.File, error) {
	return s.decide(ctx, from, f, line, func(tx *gorm.DB) error {
		if err := disapprove(tx, f); err != nil || slug == "" {
			return err
		}
		return s.settle(tx, f.Job, slug, line.Who, line.At)
	})
}

func (s *Store) decide(ctx context.Context, from job.State, f job.File, line AuditLine, beside func(tx *gorm.DB) error) (job.File, error) {
	var row fileRow
	err := s.write(ctx, "decide about "+nameOf(f), func(tx *gorm.DB) error {
		step, err := takeToDecide(tx, from, f)
		if err != nil {
			return err
		}
		f.Fence++
		if row, err = s.advance(tx, step, f, nil); err != nil {
			return err
		}
		if err = beside(tx); err != nil {
			return err
		}
		if err = s.endUnseen(tx, f.Job); err != nil {
			return err
		}
		return s.addAudit(tx, line)
	})
	if err != nil {
		return job.File{}, err
	}
	return row.file(), nil
}

// takeToDecide makes sure that the row is still as it was read, and gives its step.
func takeToDecide(tx *gorm.DB, from job.State, f job.File) (job.Step, error) {
	decided, err := nextStamp(tx)
	if err != nil {
		return "", err
	}
	var step string
	needed := f.State == job.FileWaiting && f.Kept == "" && !staged(f) // the source is
	err = one(tx.Raw(`UPDATE files SET fence = fence + 1, decided = ? WHERE id = ? AND touched = ? AND state = ?
		AND (superseded = 0 OR NOT ?) RETURNING step`, decided, f.ID, f.Touched, string(from), needed).Scan(&step))
	return job.Step(step), err
}

// staged says whether a row goes on with what lies in the stage.
func staged(f job.File) bool { return f.Step == job.StepChecked || f.Step == job.StepSealed }
