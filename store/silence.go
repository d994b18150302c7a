package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// silentSlug ends the cause of the incident that nobody reports what became of a job's files.
const silentSlug = "/report.silent"

func silentCause(jobName string) string { return "job/" + jobName + silentSlug }

// AwaitReports makes these the jobs whose files are to be reported within so long of their landing. Files that landed before the
// job was one of them are not waited for, and nothing is of jobs that are none any more: incidents of theirs end.
func (s *Store) AwaitReports(ctx context.Context, within map[string]time.Duration, by string) error {
	return s.write(ctx, "record whose files are to be reported", func(tx *gorm.DB) error {
		var rows []struct {
			Job    string
			Within int64
		}
		if err := tx.Raw(`SELECT * FROM report_jobs ORDER BY job`).Scan(&rows).Error; err != nil {
			return err
		}
		known := map[string]int64{}
		for _, r := range rows {
			known[r.Job] = r.Within
			if within[r.Job] > 0 {
				continue
			}
			if err := s.awaitNothing(tx, r.Job, by); err != nil {
				return err
			}
		}
		for name, limit := range within {
			if limit <= 0 || known[name] == limit.Microseconds() {
				continue
			}
			if err := s.await(tx, name, limit.Microseconds(), by); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) awaitNothing(tx *gorm.DB, jobName, by string) error {
	for _, table := range []string{"report_jobs", "report_waits"} {
		if err := tx.Exec(`DELETE FROM `+table+` WHERE job = ?`, jobName).Error; err != nil {
			return err
		}
	}
	return s.endSilence(tx, jobName, by)
}

// await sets how long may be waited. What is in time by the new measure is silent no more.
func (s *Store) await(tx *gorm.DB, jobName string, within int64, by string) error {
	err := tx.Exec(`INSERT OR REPLACE INTO report_jobs VALUES (?, ?)`, jobName, within).Error
	if err != nil {
		return err
	}
	err = tx.Exec(`UPDATE report_waits SET due = landed + @within, told = told AND landed + @within <= @now WHERE job = @job`,
		map[string]any{"within": within, "now": s.now(), "job": jobName}).Error
	if err != nil {
		return err
	}
	return s.endSilence(tx, jobName, by)
}

// endSilence ends the incident of a job's silence when none of the files that it counts is waited for any more.
func (s *Store) endSilence(tx *gorm.DB, jobName, by string) error {
	return s.resolve(tx, instant(s.now()), by, tx.Where(`cause = ? AND NOT EXISTS (SELECT 1 FROM report_waits WHERE job = ? AND told = 1)`,
		silentCause(jobName), jobName))
}

// awaitReport has a file that lands just now waited for, if its job is one whose files are.
func (s *Store) awaitReport(tx *gorm.DB, f job.File) error {
	if f.State != job.FileLanded || f.Type != job.TypeImport {
		return nil
	}
	_, err := exec(tx, `INSERT OR IGNORE INTO report_waits (file, job, landed, due) SELECT ?, job, ?, ? + within FROM report_jobs
		WHERE job = ? AND NOT EXISTS (SELECT 1 FROM file_reports WHERE file = ?)`, f.ID, s.now(), s.now(), f.Job, f.ID)
	return err
}

// SilentJobs gives jobs of which a file was not reported in time and nobody has been told, and when the next will be such a one;
// zero: none is waited for.
func (s *Store) SilentJobs(ctx context.Context, now time.Time, limit int) (names []string, next time.Time, err error) {
	err = s.read(ctx, "look for files that nobody reports", func(db *gorm.DB) error {
		err := db.Raw(`SELECT DISTINCT job FROM (SELECT job FROM report_waits WHERE told = 0 AND due <= ? ORDER BY due LIMIT ?)`, micros(now), bound(limit)).Scan(&names).Error
		if err != nil {
			return err
		}
		var due int64
		err = nothing(query(db, `SELECT due FROM report_waits WHERE told = 0 ORDER BY due LIMIT 1`).Scan(&due))
		next = instant(due)
		return err
	})
	return names, next, err
}

// TellSilence opens the incident that files of a job were not reported in time, or has it strike again for those that came to
// be so since. That these are told is written with it.
func (s *Store) TellSilence(ctx context.Context, jobName string, now time.Time, say func(job.Silence) job.Reason) (told bool, err error) {
	err = s.Together(ctx, "tell that nobody reports files of "+jobName, func(t *Store) error {
		done := t.writer.Exec(`UPDATE report_waits SET told = 1 WHERE job = ? AND due <= ? AND told = 0`, jobName, micros(now))
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		told = true
		silence, err := silenceOf(t.writer, jobName, now)
		if err != nil {
			return err
		}
		_, err = t.Strike(ctx, job.Strike{Cause: silentCause(jobName), Job: jobName, Connection: silence.First.Connection, Reason: say(silence), At: now})
		return err
	})
	return told && err == nil, err
}

func silenceOf(tx *gorm.DB, jobName string, now time.Time) (job.Silence, error) {
	silence := job.Silence{Job: jobName}
	var within, landed int64
	var path raw
	f := &silence.First
	err := query(tx, `SELECT count(*) FROM (SELECT 1 FROM report_waits WHERE job = ? AND due <= ? LIMIT ?)`, jobName, micros(now), job.SilenceCounted).Scan(&silence.Files)
	if err != nil {
		return silence, err
	}
	err = query(tx, `SELECT w.file, w.landed, w.due - w.landed, f.path, f.connection FROM report_waits w JOIN files f ON f.id = w.file
		WHERE w.job = ? ORDER BY w.due LIMIT 1`, jobName).Scan(&f.ID, &landed, &within, &path, &f.Connection)
	f.Path, f.Ended, f.Job, silence.Within = string(path), instant(landed), jobName, time.Duration(within)*time.Microsecond
	return silence, err
}
