package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

const (
	// knownMost bounds one call of Known.
	knownMost = 1000
	// page is how many rows are held in memory while many are read.
	page = 500
)

// Known gives the newest generation of each path that the job has ever seen; paths that are not in the map are new.
// At most 1,000 paths a call.
func (s *Store) Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error) {
	if len(paths) > knownMost {
		return nil, fmt.Errorf("look up %d paths of %s: at most %d a call", len(paths), jobName, knownMost)
	}
	known := make(map[string]job.File, len(paths))
	if len(paths) == 0 {
		return known, nil
	}
	asked := make([]raw, len(paths))
	for i, p := range paths {
		asked[i] = raw(p)
	}
	var rows []fileRow
	err := s.read(ctx, "look up paths of "+jobName, func(db *gorm.DB) error {
		return db.Where("job = ? AND path IN ? AND superseded = 0", jobName, asked).Find(&rows).Error
	})
	for _, r := range rows {
		known[string(r.Path)] = r.file()
	}
	return known, err
}

// Unfinished gives the rows that a run began and none ended, oldest first: beyond StepSeen, not at StepDone, and
// neither held, rejected nor skipped.
func (s *Store) Unfinished(ctx context.Context, jobName string) ([]job.File, error) {
	return s.files(ctx, "read unfinished files of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND step NOT IN ('seen', 'done') AND state NOT IN ('held', 'rejected', 'skipped')", jobName).
			Order("id")
	})
}

// Waiting gives the newest rows of the job that are seen and wait to be taken, oldest first; at most 1,000.
func (s *Store) Waiting(ctx context.Context, jobName string) ([]job.File, error) {
	return s.files(ctx, "read waiting files of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND state = 'waiting' AND step = 'seen' AND superseded = 0 AND absent = 0", jobName).
			Order("id").Limit(knownMost)
	})
}

// Held gives every file in doubt, oldest first; at most 1,000. An empty name means all jobs.
func (s *Store) Held(ctx context.Context, jobName string) ([]job.File, error) {
	return s.files(ctx, "read held files", func(db *gorm.DB) *gorm.DB {
		db = db.Where("state = 'held'").Order("id").Limit(knownMost)
		if jobName != "" {
			db = db.Where("job = ?", jobName)
		}
		return db
	})
}

func (s *Store) files(ctx context.Context, act string, query func(*gorm.DB) *gorm.DB) ([]job.File, error) {
	var rows []fileRow
	err := s.read(ctx, act, func(db *gorm.DB) error { return query(db).Find(&rows).Error })
	return filesOf(rows), err
}

// File gives one row; job.ErrNotFound when there is none.
func (s *Store) File(ctx context.Context, id int64) (job.File, error) {
	var row fileRow
	err := s.read(ctx, fmt.Sprintf("read file %d", id), func(db *gorm.DB) error { return db.Take(&row, id).Error })
	return row.file(), err
}

// present is as the index files_present has it.
const present = `absent = 0 AND (superseded = 0 OR (step = 'seen' AND state IN ('waiting', 'moving', 'failed')))`

// Present gives to each the newest generation of every path of the job that no complete listing has missed, whatever
// its step, and older ones that wait to be taken, in the order of first sight. Memory is bounded; each may write to the store.
func (s *Store) Present(ctx context.Context, jobName string, each func(job.File) error) error {
	for after := int64(0); ; {
		files, err := s.files(ctx, "read present files of "+jobName, func(db *gorm.DB) *gorm.DB {
			return db.Where("job = ? AND id > ? AND "+present, jobName, after).Order("id").Limit(page)
		})
		if err != nil || len(files) == 0 {
			return err
		}
		for _, f := range files {
			if err := each(f); err != nil {
				return err
			}
		}
		after = files[len(files)-1].ID
	}
}
