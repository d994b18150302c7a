package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// RunFilter says which runs are wanted; its zero value means the last 1,000.
type RunFilter struct {
	Job        string
	Connection string
	States     []job.RunState
	Since      time.Time // started at or after
	FileGlob   string    // moved a file whose name, or final name, matches: *, ? and [a-z]
	Sight      job.Sight // only of connections that it shows
	Before     int64     // only runs with a lower ID, to page
	Limit      int       // at most 1,000; 0: 1,000
}

// Runs gives runs, the latest first.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]job.Run, error) {
	return s.runs(ctx, "read runs", func(db *gorm.DB) *gorm.DB {
		db = seen(equal(equal(db, "job", f.Job), "connection", f.Connection), "connection", f.Sight)
		if len(f.States) > 0 {
			db = db.Where("state IN ?", f.States)
		}
		if !f.Since.IsZero() {
			db = db.Where("started >= ?", micros(f.Since))
		}
		if f.FileGlob != "" {
			db = db.Where(`EXISTS (SELECT 1 FROM run_files AS o JOIN files AS f ON f.id = o.file WHERE o.run = runs.id
				AND (`+globName+` OR `+globFinal+`))`, f.FileGlob, "*/"+f.FileGlob, f.FileGlob)
		}
		if f.Before > 0 {
			db = db.Where("id < ?", f.Before)
		}
		return db.Order("id DESC").Limit(bound(f.Limit))
	})
}

// LastRun gives the latest run of a job that has begun, if there is one.
func (s *Store) LastRun(ctx context.Context, jobName string) (job.Run, bool, error) {
	runs, err := s.runs(ctx, "read the last run of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND state NOT IN ('queued', 'skipped')", jobName).Order("id DESC").Limit(1)
	})
	if err != nil || len(runs) == 0 {
		return job.Run{}, false, err
	}
	return runs[0], true, nil
}

const (
	globName  = `CAST(f.name AS TEXT) GLOB ?`
	globFinal = `CAST(f.final AS TEXT) GLOB ? OR CAST(f.final AS TEXT) GLOB ?`
)

// FileFilter says which files are wanted; its zero value means the last 1,000.
type FileFilter struct {
	Job    string
	States []job.State
	Name   string // the name, or the final name, matches: *, ? and [a-z]
	SHA256 string // of the bytes as received or of the plaintext, lower-case hex
	Run    int64  // touched by this run
	Sight  job.Sight
	Before int64 // only files with a lower ID, to page
	Limit  int   // at most 1,000; 0: 1,000
}

// Files gives rows of the ledger, the latest first.
func (s *Store) Files(ctx context.Context, f FileFilter) ([]job.File, error) {
	return s.files(ctx, "read files", func(db *gorm.DB) *gorm.DB {
		db = seen(equal(db.Table("files AS f"), "job", f.Job), "connection", f.Sight)
		if len(f.States) > 0 {
			db = db.Where("state IN ?", f.States)
		}
		if f.Name != "" {
			db = db.Where("("+globName+" OR "+globFinal+")", f.Name, "*/"+f.Name, f.Name)
		}
		if f.SHA256 != "" {
			db = db.Where("(received_sha256 = ? AND received_sha256 <> '' OR plain_sha256 = ? AND plain_sha256 <> '')", f.SHA256, f.SHA256)
		}
		if f.Run > 0 {
			db = db.Where("(f.run = ? OR EXISTS (SELECT 1 FROM run_files AS o WHERE o.run = ? AND o.file = f.id))", f.Run, f.Run)
		}
		if f.Before > 0 {
			db = db.Where("f.id < ?", f.Before)
		}
		return db.Order("f.id DESC").Limit(bound(f.Limit))
	})
}

func equal(db *gorm.DB, column, value string) *gorm.DB {
	if value == "" {
		return db
	}
	return db.Where(column+" = ?", value)
}

// Requests gives the requests of a run that are still kept, in the order in which they began; at most 1,000.
func (s *Store) Requests(ctx context.Context, run int64) ([]Request, error) {
	var rows []requestRow
	err := s.read(ctx, "read requests", func(db *gorm.DB) error {
		return db.Where("run = ?", run).Order("id").Limit(knownMost).Find(&rows).Error
	})
	requests := make([]Request, len(rows))
	for i, r := range rows {
		requests[i] = Request{Attempts: r.Attempts, Request: job.Request{
			Connection: r.Connection, Entity: r.Entity, Job: r.Job, Run: r.Run, File: r.File,
			Direction: job.Direction(r.Direction), Marker: r.Marker, Location: r.Location, OK: r.OK, Slug: r.Slug, Bytes: r.Bytes,
			Started: instant(r.Started), Duration: time.Duration(r.Duration) * time.Microsecond,
		}}
	}
	return requests, err
}

// Request is a request with its retries folded in: bytes and duration are those of all attempts.
type Request struct {
	job.Request
	Attempts int
}
