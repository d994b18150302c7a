package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// lyingRejected is true of rows that nobody has dealt with: rejected, the newest of their path, and not seen to be gone.
const lyingRejected = `state = 'rejected' AND superseded = 0 AND absent = 0`

// stillLying is true of the incident @own||SLUG while the job @job has a file that lies there rejected for that, or is held.
const stillLying = `(EXISTS (SELECT 1 FROM files WHERE job = @job AND ` + lyingRejected + `
	AND incidents.cause = @own || json_extract(files.reason, '$.slug'))
	OR EXISTS (SELECT 1 FROM files WHERE state = 'held' AND job = @job AND reason <> ''
	AND incidents.cause = @own || json_extract(files.reason, '$.slug')))`

// HeldBy gives the causes for which a run holds files, each as of the newest of them.
func (s *Store) HeldBy(ctx context.Context, run int64) ([]job.Reason, error) {
	var rows []string
	err := s.read(ctx, "read why files are held", func(db *gorm.DB) error {
		return db.Raw(`SELECT reason FROM files WHERE id IN (SELECT max(id) FROM files WHERE state = 'held' AND run = ? AND reason <> ''
			GROUP BY json_extract(reason, '$.slug')) ORDER BY id`, run).Scan(&rows).Error
	})
	reasons := make([]job.Reason, len(rows))
	for i, text := range rows {
		reasons[i] = *reasonFrom(text)
	}
	return reasons, err
}

// Settle ends the incident of a job for a cause for which no file waits for anybody any more, because somebody has decided.
func (s *Store) Settle(ctx context.Context, jobName, slug, by string, at time.Time) error {
	return s.write(ctx, "settle the incident of "+jobName, func(tx *gorm.DB) error { return s.settle(tx, jobName, slug, by, at) })
}

func (s *Store) settle(tx *gorm.DB, jobName, slug, by string, at time.Time) error {
	own := "job/" + jobName + "/"
	return s.resolve(tx, at, by, tx.Where("cause = @cause AND NOT "+stillLying, map[string]any{"cause": own + slug, "own": own, "job": jobName}))
}

// Rejection is what a job rejected for one cause and what still lies where it was.
type Rejection struct {
	Job    string
	Slug   string
	Files  int
	Since  time.Time  // the first of them
	Run    int64      // the last that rejected one
	Reason job.Reason // of the newest
}

// Rejected gives what jobs have rejected and nobody has dealt with: it was not replaced, not taken away, not tried again
// with success, and not dropped. Oldest first; an empty name means all jobs.
func (s *Store) Rejected(ctx context.Context, jobName string) ([]Rejection, error) {
	var rows []struct {
		Job, Slug  string
		Files      int
		Since, Run int64
		Reason     string
	}
	err := s.read(ctx, "read rejected files", func(db *gorm.DB) error {
		return db.Raw(`SELECT g.*, f.reason FROM (SELECT job, json_extract(reason, '$.slug') AS slug, count(*) AS files, min(ended) AS since,
			max(run) AS run, max(id) AS newest FROM files WHERE `+lyingRejected+` AND (@job = '' OR job = @job) GROUP BY job, slug) AS g
			JOIN files AS f ON f.id = g.newest ORDER BY since, slug`, map[string]any{"job": jobName}).Scan(&rows).Error
	})
	rejections := make([]Rejection, len(rows))
	for i, r := range rows {
		rejections[i] = Rejection{Job: r.Job, Slug: r.Slug, Files: r.Files, Since: instant(r.Since), Run: r.Run}
		if reason := reasonFrom(r.Reason); reason != nil {
			rejections[i].Reason = *reason
		}
	}
	return rejections, err
}
