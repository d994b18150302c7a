package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Former gives the newest other row of the same job and path that landed or was delivered.
func (s *Store) Former(ctx context.Context, f job.File) (job.File, bool, error) {
	return s.newestOf(ctx, "look for the version before", f, "id <> ? AND state IN ('landed', 'delivered')", f.ID)
}

// HolderOf gives the newest row of the same job and path whose source lies, or is to lie, under the name aside.
func (s *Store) HolderOf(ctx context.Context, f job.File, aside string) (job.File, bool, error) {
	return s.newestOf(ctx, "look for the version aside of", f, "aside = ?", raw(aside))
}

// VersionOf gives the newest row of the same job and path that is of the entry's size and time, as far as it tells a time.
func (s *Store) VersionOf(ctx context.Context, f job.File, entry job.Entry) (job.File, bool, error) {
	return s.newestOf(ctx, "look for the row of a version of", f, "size = ? AND (mtime = ? OR ? = 0)", entry.Size, entry.ModTime, entry.ModTime)
}

func (s *Store) newestOf(ctx context.Context, act string, f job.File, which string, args ...any) (job.File, bool, error) {
	rows, err := s.files(ctx, fmt.Sprintf("%s %s", act, nameOf(f)), func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND path = ?", f.Job, raw(f.Path)).Where(which, args...).Order("generation DESC").Limit(1)
	})
	if err != nil || len(rows) == 0 {
		return job.File{}, false, err
	}
	return rows[0], true, nil
}

// LandedIn says whether a file of any job has landed in the folder. No index helps: it is asked only for a landing that is not there.
func (s *Store) LandedIn(ctx context.Context, landing string) (bool, error) {
	rows, err := s.files(ctx, "look for what has landed in "+landing, func(db *gorm.DB) *gorm.DB {
		return db.Where("landing = ? AND state = 'landed'", raw(landing)).Limit(1)
	})
	return len(rows) > 0, err
}

// Expired gives rows that keep a local copy and ended before a time, oldest first.
func (s *Store) Expired(ctx context.Context, jobName string, before time.Time, limit int) ([]job.File, error) {
	return s.files(ctx, "look for kept copies of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND archived <> x'' AND ended <> 0 AND ended < ?", jobName, micros(before)).Order("ended").Limit(limit)
	})
}

// Overwritten says whether a newer row, of any job, keeps its copy under the name of f's. A copy has its source's name, for which there is an index.
func (s *Store) Overwritten(ctx context.Context, f job.File) (bool, error) {
	rows, err := s.files(ctx, "look whose copy "+nameOf(f)+" names", func(db *gorm.DB) *gorm.DB {
		return db.Where("name = ? AND id > ? AND archived = ?", raw(baseName(f.Path)), f.ID, raw(f.Archived)).Limit(1)
	})
	return len(rows) > 0, err
}

// Littering gives rows that may have left a temporary on the server: of an attempt before the last, or of the last when the row
// is done and the temporary is not known to have become the final file. Held rows keep theirs.
func (s *Store) Littering(ctx context.Context, jobName string, after int64, limit int) ([]job.File, error) {
	return s.files(ctx, "look for leftovers of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where(`job = ? AND id > ? AND state <> 'held' AND (leftovers <> x'' OR
			(temp <> x'' AND temp <> final AND step = 'done' AND (state <> 'delivered' OR proof = 'assumed')))`, jobName, after).
			Order("id").Limit(limit)
	})
}
