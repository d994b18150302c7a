package store

import (
	"context"
	"database/sql"
	"errors"
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
	files, err := s.files(ctx, "look up paths of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND path IN ? AND superseded = 0", jobName, asked)
	})
	for _, f := range files {
		known[f.Path] = f
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
	var files []job.File
	err := s.read(ctx, act, func(db *gorm.DB) (err error) {
		files, err = filesIn(query(db.Model(&fileRow{})))
		return err
	})
	return files, err
}

// filesFrom reads whole rows.
func filesFrom(rows *sql.Rows) (files []job.File, err error) {
	var row fileRow
	fields := row.fields()
	for rows.Next() {
		if err = rows.Scan(fields...); err != nil {
			break
		}
		files = append(files, row.file())
	}
	return files, errors.Join(err, rows.Err(), rows.Close())
}

// File gives one row; job.ErrNotFound when there is none.
func (s *Store) File(ctx context.Context, id int64) (job.File, error) {
	var row fileRow
	err := s.read(ctx, fmt.Sprintf("read file %d", id), func(db *gorm.DB) error { return db.Take(&row, id).Error })
	return row.file(), err
}

// present is as the index files_present has it.
const present = `absent = 0 AND (superseded = 0 OR (step = 'seen' AND state IN ('waiting', 'moving', 'failed')))`

// Present gives those of the rows that are the newest generation of their path, or wait to be taken, and that no complete listing
// has missed; whatever their step, in the order of first sight. At most 1,000 a call.
func (s *Store) Present(ctx context.Context, ids []int64) ([]job.File, error) {
	if len(ids) > knownMost {
		return nil, fmt.Errorf("look up %d files: at most %d a call", len(ids), knownMost)
	}
	return s.files(ctx, "read present files", func(db *gorm.DB) *gorm.DB {
		return db.Where("id IN ? AND "+present, ids).Order("id")
	})
}

// standingRows reads as little as there is to know of most rows: what is present of a job, in the order of first sight.
const standingRows = `SELECT id, path, size, mtime, step = 'done' AND state <> 'held' AND moved = 0 AND aside = x''
	FROM files WHERE job = ? AND id > ? AND ` + present + ` ORDER BY id LIMIT ?`

// Standing gives to each how the rows of a job stand that Present would give. Memory is bounded. each must not ask the store.
func (s *Store) Standing(ctx context.Context, jobName string, each func(job.Standing) error) error {
	return s.read(ctx, "read how files of "+jobName+" stand", func(db *gorm.DB) error {
		for after, n := int64(0), page; n == page; {
			n = 0
			err := scan(db, standingRows, []any{jobName, after, page}, func(row job.Standing) error {
				n, after = n+1, row.ID
				return each(row)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// scan gives the rows of a statement like standingRows.
func scan(db *gorm.DB, query string, args []any, each func(job.Standing) error) error {
	rows, err := db.Statement.ConnPool.QueryContext(db.Statement.Context, query, args...)
	if err != nil {
		return err
	}
	var row job.Standing
	var path sql.RawBytes
	for rows.Next() {
		if err = rows.Scan(&row.ID, &path, &row.Size, &row.ModTime, &row.AtRest); err != nil {
			break
		}
		row.Path = path
		if err = each(row); err != nil {
			break
		}
	}
	return errors.Join(err, rows.Err(), rows.Close())
}
