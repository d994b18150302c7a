package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Arrivals are the times of day at which files of a job landed, or were delivered.
type Arrivals struct {
	Files    int64
	Quarters [96]int64 // by the quarter of an hour on the clock on the wall; the first begins at midnight
	// By is the time of day by which 19 of 20 were there, and 15 minutes more: what a job may expect. Negative: there are too few to say.
	By time.Duration
}

const (
	arrivalsKept = 90 * 24 * time.Hour
	// arrivalsFew are too few to say when the next will come.
	arrivalsFew = 5
	quarterHour = 15 * time.Minute
)

// Arrivals counts what landed or was delivered in the last 90 days, by the time of day in a zone.
func (s *Store) Arrivals(ctx context.Context, jobName string, zone *time.Location, now time.Time) (a Arrivals, err error) {
	var rows []struct{ Quarter, Count int64 }
	err = s.read(ctx, "read when files of "+jobName+" came", func(db *gorm.DB) error {
		return db.Raw(`SELECT ended / 900000000 AS quarter, count(*) AS count FROM files INDEXED BY files_arrived
			WHERE job = ? AND state IN ('landed', 'delivered') AND ended >= ? AND ended <= ? GROUP BY quarter`,
			jobName, micros(now.Add(-arrivalsKept)), micros(now)).Scan(&rows).Error
	})
	for _, r := range rows {
		at := time.Unix(r.Quarter*900, 0).In(zone)
		a.Quarters[at.Hour()*4+at.Minute()/15] += r.Count
		a.Files += r.Count
	}
	a.By = a.by()
	return a, err
}

// by begins to count after the longest time in which nothing ever comes: a night that ends after midnight is one night.
func (a Arrivals) by() time.Duration {
	if a.Files < arrivalsFew {
		return -1
	}
	begin, count := a.quiet(), int64(0)
	for i := range len(a.Quarters) {
		q := (begin + i) % len(a.Quarters)
		if count += a.Quarters[q]; count*20 >= a.Files*19 {
			return time.Duration((q+2)%len(a.Quarters)) * quarterHour // its end, and a quarter more
		}
	}
	return -1
}

// quiet is the quarter behind the longest row of empty ones.
func (a Arrivals) quiet() (begin int) {
	longest, empty := 0, 0
	for i := range 2 * len(a.Quarters) {
		if a.Quarters[i%len(a.Quarters)] > 0 {
			if empty > longest {
				longest, begin = empty, i%len(a.Quarters)
			}
			empty = 0
			continue
		}
		empty++
	}
	return begin
}

// Arrived gives the files of a job that landed or were delivered last, the latest first; at most 1,000.
func (s *Store) Arrived(ctx context.Context, jobName string, limit int) (files []job.File, err error) {
	err = s.read(ctx, "read what came of "+jobName, func(db *gorm.DB) error {
		files, err = filesIn(db.Table("files INDEXED BY files_arrived").Where("job = ? AND state IN ('landed', 'delivered')", jobName).
			Order("ended DESC, id DESC").Limit(bound(limit)))
		return err
	})
	return files, err
}

// StepsOf gives the timelines of files within one run, oldest first; of each the last 100 lines.
func (s *Store) StepsOf(ctx context.Context, run int64, files []int64) (steps map[int64][]Step, err error) {
	steps = make(map[int64][]Step, len(files))
	err = s.read(ctx, "read the steps of files", func(db *gorm.DB) error {
		for _, file := range files {
			var rows []stepRow
			if err := db.Where("file = ? AND run = ?", file, run).Order("id DESC").Limit(100).Find(&rows).Error; err != nil {
				return err
			}
			slices.Reverse(rows)
			for _, r := range rows {
				steps[file] = append(steps[file], r.step())
			}
		}
		return nil
	})
	return steps, err
}
