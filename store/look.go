package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Looked keeps what the last look of a job saw, in place of the one before.
func (s *Store) Looked(ctx context.Context, l job.Look) error {
	strays, err := json.Marshal(l.Strays)
	if err != nil {
		return err
	}
	return s.write(ctx, "record what "+l.Job+" saw", func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO looks (job, at, run, names, strays) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET at = excluded.at, run = excluded.run, names = excluded.names, strays = excluded.strays`,
			l.Job, micros(l.At), l.Run, l.Names, strays).Error
	})
}

// Look gives what the last look of a job saw; false: it never looked, or expected nothing when it did.
func (s *Store) Look(ctx context.Context, jobName string) (job.Look, bool, error) {
	var rows []struct {
		At, Run int64
		Names   int
		Strays  []byte
	}
	err := s.read(ctx, "read what "+jobName+" saw last", func(db *gorm.DB) error {
		return db.Raw(`SELECT at, run, names, strays FROM looks WHERE job = ?`, jobName).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return job.Look{}, false, err
	}
	l := job.Look{Job: jobName, At: instant(rows[0].At), Run: rows[0].Run, Names: rows[0].Names}
	return l, true, json.Unmarshal(rows[0].Strays, &l.Strays)
}

// mostLooks bounds how many runs of a window are counted.
const mostLooks = 10_000

// LooksSince counts the runs of a job that began after a time, as far as 10,000, and gives the last that has ended; nil: none.
func (s *Store) LooksSince(ctx context.Context, jobName string, since time.Time) (count int, last *job.Run, err error) {
	var rows []runRow
	err = s.read(ctx, "count the looks of "+jobName, func(db *gorm.DB) error {
		var floor int64 // ids rise with time: those of the job before it need not be read
		err := db.Raw(`SELECT coalesce((SELECT id FROM runs WHERE started < ? ORDER BY started DESC LIMIT 1), 0)`, micros(since)).Scan(&floor).Error
		if err != nil {
			return err
		}
		err = db.Raw(`SELECT count(*) FROM (SELECT 1 FROM runs WHERE job = ? AND id > ? AND state NOT IN ('queued', 'skipped') LIMIT ?)`,
			jobName, floor, mostLooks).Scan(&count).Error
		if err != nil {
			return err
		}
		return db.Where("job = ? AND id > ? AND ended <> 0 AND state <> 'skipped'", jobName, floor).Order("id DESC").Limit(1).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return count, nil, err
	}
	run := rows[0].run()
	return count, &run, nil
}

// LastArrivals gives the files of a job that came last, the latest first.
func (s *Store) LastArrivals(ctx context.Context, jobName string, limit int) ([]job.File, error) {
	return s.files(ctx, "read the last arrivals of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where(`job = ? AND ended <> 0 AND state IN ('landed', 'delivered', 'held', 'rejected', 'skipped')`, jobName).
			Order("ended DESC").Limit(limit)
	})
}
