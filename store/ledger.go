package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// See begins the next generation of (f.Job, f.Path): SeeMany with one file.
func (s *Store) See(ctx context.Context, f job.File) (job.File, error) {
	files, err := s.SeeMany(ctx, []job.File{f})
	if err != nil {
		return job.File{}, err
	}
	return files[0], nil
}

// SeeMany begins the next generation of each path, in the order given and in one transaction.
//
// The rows stand at StepSeen, waiting unless a file says otherwise, unclaimed (fence 0), present and neither moved nor
// stayed; all other facts are taken as they are. A row that is rejected, held or failed from the start is told at once,
// as by Advance. What comes back bears ID, Generation, Touched and Seen.
func (s *Store) SeeMany(ctx context.Context, files []job.File) ([]job.File, error) {
	seen := make([]job.File, 0, len(files))
	err := s.write(ctx, "record files that were seen", func(tx *gorm.DB) error {
		for _, f := range files {
			row, err := s.see(tx, f)
			if err != nil {
				return fmt.Errorf("%s %q: %w", f.Job, f.Path, err)
			}
			seen = append(seen, row.file())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

func (s *Store) see(tx *gorm.DB, f job.File) (fileRow, error) {
	row, now := rowOf(f), s.now()
	row.ID, row.Fence, row.Absent, row.Moved, row.Stayed, row.Began, row.Ended = 0, 0, false, false, 0, 0, 0
	row.Step, row.Seen = string(job.StepSeen), now
	if f.State == "" {
		row.State = string(job.FileWaiting)
	}
	if isEnd(job.State(row.State)) {
		row.Ended = now
	}
	var err error
	if row.Touched, err = stamp(tx); err != nil {
		return row, err
	}
	if row.Generation, err = supersede(tx, f.Job, row.Path); err != nil {
		return row, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return row, err
	}
	return row, s.recordStep(tx, row, "")
}

// supersede marks the newest generation of a path as no longer that, and numbers the next.
func supersede(tx *gorm.DB, jobName string, path raw) (next int64, err error) {
	err = tx.Raw(`SELECT coalesce(max(generation), 0) + 1 FROM files WHERE job = ? AND path = ?`, jobName, path).Scan(&next).Error
	if err != nil || next == 1 {
		return next, err
	}
	return next, tx.Exec(`UPDATE files SET superseded = 1 WHERE job = ? AND path = ? AND generation = ?`, jobName, path, next-1).Error
}

// stamp counts one write to the ledger.
func stamp(tx *gorm.DB) (int64, error) {
	var value int64
	err := tx.Raw(`UPDATE ledger_stamp SET value = value + 1 RETURNING value`).Scan(&value).Error
	return value, err
}

// Claim takes a row, as it was read, for a run: its fence rises, so that whoever held it before can write no more.
// The state becomes moving, except for a file that has landed or was delivered and only is to be tidied up after.
// job.ErrStale when the row was written since it was read.
func (s *Store) Claim(ctx context.Context, f job.File, run int64) (job.File, error) {
	var row fileRow
	err := s.write(ctx, fmt.Sprintf("claim %s %q", f.Job, f.Path), func(tx *gorm.DB) error {
		touched, err := stamp(tx)
		if err != nil {
			return err
		}
		err = one(tx.Exec(`UPDATE files SET fence = fence + 1, run = ?, began = ?, touched = ?,
			state = CASE WHEN state IN ('landed', 'delivered') THEN state ELSE 'moving' END WHERE id = ? AND touched = ?`,
			run, s.now(), touched, f.ID, f.Touched))
		if err != nil {
			return err
		}
		return tx.Take(&row, f.ID).Error
	})
	if err != nil {
		return job.File{}, err
	}
	return row.file(), nil
}

// Advance moves a claimed row: it writes step, state, reason and all facts of f if the row still stands at from under
// f's fence, and else gives job.ErrStale. With it, in the same transaction, go a line of the file's timeline and, when
// the state became landed, delivered, rejected, held or failed, the event file.STATE.
//
// Job, path, generation, fence and the times of first sight and of the claim are never written. Ended is set to now when the state became
// a final one and f names no other end.
func (s *Store) Advance(ctx context.Context, from job.Step, f job.File) (job.File, error) {
	var row fileRow
	err := s.write(ctx, fmt.Sprintf("advance %s %q to %s", f.Job, f.Path, f.Step), func(tx *gorm.DB) error {
		var err error
		row, err = s.advance(tx, from, f)
		return err
	})
	if err != nil {
		return job.File{}, err
	}
	return row.file(), nil
}

func (s *Store) advance(tx *gorm.DB, from job.Step, f job.File) (fileRow, error) {
	var old fileRow
	err := tx.Where("id = ? AND fence = ? AND step = ?", f.ID, f.Fence, string(from)).Take(&old).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return old, job.ErrStale
	}
	if err != nil {
		return old, err
	}
	row := rowOf(f)
	if row.State != old.State && isEnd(f.State) && (row.Ended == 0 || row.Ended == old.Ended) {
		row.Ended = s.now()
	}
	if row.Touched, err = stamp(tx); err != nil {
		return row, err
	}
	err = one(tx.Model(&fileRow{}).Where("id = ? AND fence = ? AND step = ?", f.ID, f.Fence, string(from)).
		Select(facts).Updates(&row))
	if err != nil {
		return row, err
	}
	row.keep(old)
	return row, s.recordStep(tx, row, old.State)
}

// keep takes from the row as it was what Advance does not write.
func (r *fileRow) keep(old fileRow) {
	r.Job, r.Type, r.Path, r.Generation, r.Superseded = old.Job, old.Type, old.Path, old.Generation, old.Superseded
	r.Seen, r.Began, r.Name = old.Seen, old.Began, old.Name
}

// isEnd says whether a file in this state waits for nothing that this run could still do.
func isEnd(state job.State) bool {
	switch state {
	case job.FileLanded, job.FileDelivered, job.FileHeld, job.FileRejected, job.FileFailed, job.FileSkipped:
		return true
	}
	return false
}

// recordStep writes the line of the timeline and, when the state became one that is told, the event.
func (s *Store) recordStep(tx *gorm.DB, row fileRow, before string) error {
	step := stepRow{File: row.ID, Run: row.Run, Step: row.Step, State: row.State, Slug: slugOf(reasonFrom(row.Reason)), At: s.now()}
	if err := tx.Create(&step).Error; err != nil {
		return err
	}
	state := job.State(row.State)
	if row.State == before || !isEnd(state) || state == job.FileSkipped {
		return nil
	}
	return s.tellFile(tx, row.file())
}
