package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Approve writes what a person decided about a held row, and their word for its content, in one transaction; as Decide
// otherwise. A file counts once, however often it is approved.
func (s *Store) Approve(ctx context.Context, f job.File, a job.Approval, line AuditLine) (job.File, error) {
	return s.decide(ctx, job.FileHeld, f, line, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO approvals (file, job, day, sha256, who, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (file) DO UPDATE SET day = excluded.day, sha256 = excluded.sha256, who = excluded.who, at = excluded.at`,
			f.ID, f.Job, a.Day, a.SHA256, a.Who, micros(a.At)).Error
	})
}

// disapprove forgets the word for a file that is not to go on as it was looked at.
func disapprove(tx *gorm.DB, f job.File) error {
	if f.State == job.FileLanded || f.State == job.FileDelivered {
		return nil
	}
	return tx.Exec(`DELETE FROM approvals WHERE file = ?`, f.ID).Error
}

// Approvals counts what people have approved of a job.
func (s *Store) Approvals(ctx context.Context, jobName string) (job.Approvals, error) {
	var a job.Approvals
	err := s.read(ctx, "count the approvals of "+jobName, func(db *gorm.DB) error {
		return db.Raw(`SELECT count(*) AS files, count(DISTINCT day) AS days FROM approvals WHERE job = ?`, jobName).Scan(&a).Error
	})
	return a, err
}

// ApprovalsOfAll counts what people have approved of each job of which they have approved something.
func (s *Store) ApprovalsOfAll(ctx context.Context) (map[string]job.Approvals, error) {
	var rows []struct {
		Job         string
		Files, Days int
	}
	err := s.read(ctx, "count the approvals of all jobs", func(db *gorm.DB) error {
		return db.Raw(`SELECT job, count(*) AS files, count(DISTINCT day) AS days FROM approvals GROUP BY job`).Scan(&rows).Error
	})
	all := make(map[string]job.Approvals, len(rows))
	for _, r := range rows {
		all[r.Job] = job.Approvals{Files: r.Files, Days: r.Days}
	}
	return all, err
}

// Approved gives the hash of the content of a file that a person approved last; empty: none was.
func (s *Store) Approved(ctx context.Context, file int64) (string, error) {
	var hash string
	err := s.read(ctx, "read the approval of a file", func(db *gorm.DB) error {
		return db.Raw(`SELECT sha256 FROM approvals WHERE file = ?`, file).Scan(&hash).Error
	})
	return hash, err
}

// unseenFile is true of held rows that nobody has looked at yet, as a supervised job asks for.
const unseenFile = `state = 'held' AND json_extract(files.reason, '$.slug') = '` + job.SlugSupervised + `'`

// endUnseen ends the incident of a job's files that waited to be looked at, with the last of them.
func (s *Store) endUnseen(tx *gorm.DB, jobName string) error {
	own := "job/" + jobName + "/"
	return s.resolve(tx, time.Now(), "", tx.Where(`cause = ? AND NOT EXISTS (SELECT 1 FROM files WHERE job = ? AND `+unseenFile+`)`, own+job.SlugSupervised, jobName))
}

// UnseenBefore gives the oldest row of the same job and path as f that was found before it and that nobody has looked at.
func (s *Store) UnseenBefore(ctx context.Context, f job.File) (job.File, bool, error) {
	files, err := s.files(ctx, "look for older versions of "+nameOf(f), func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND path = ? AND generation < ? AND "+unseenFile, f.Job, raw(f.Path), f.Generation).Order("generation").Limit(1)
	})
	if err != nil || len(files) == 0 {
		return job.File{}, false, err
	}
	return files[0], true, nil
}
