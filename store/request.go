package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type requestRow struct {
	ID         int64 `gorm:"primaryKey"`
	Connection string
	Entity     string
	Job        string
	Run        int64
	File       int64
	Direction  string
	Marker     bool
	Location   string
	OK         bool `gorm:"column:ok"`
	Slug       string
	Bytes      int64
	Attempts   int
	Started    int64
	Duration   int64
}

func (requestRow) TableName() string { return "requests" }

// quarter numbers the 15 minutes of UTC that a time lies in: midnight of every zone is on the edge of one.
func quarter(micros int64) int64 { return micros / (15 * time.Minute).Microseconds() }

// Request records one attempt of a get or put. A retry, known by the run of the first attempt, file, direction and marker, is
// folded into its row: attempts and bytes add up, the latest outcome counts. Rows without a run or a file never fold.
// One that does not say when it started did so now.
//
// The roll-ups are kept in the same transaction and for ever, so that they never depend on rows that are pruned: a
// request counts in the quarter of an hour in which its first attempt began, bytes in the one of their attempt.
func (s *Store) Request(ctx context.Context, r job.Request) error {
	return s.write(ctx, fmt.Sprintf("record the %s of file %d", r.Direction, r.File), func(tx *gorm.DB) error { return s.request(tx, r) })
}

var requestRows = &into{`INSERT INTO requests (connection, entity, job, run, file, direction, marker, location, ok, slug, bytes, attempts,
	started, duration)`, 14, " ON CONFLICT DO NOTHING"}

func (s *Store) request(tx *gorm.DB, r job.Request) error {
	if r.Started.IsZero() {
		r.Started = s.options.Now()
	}
	row := requestRow{
		Connection: r.Connection, Entity: r.Entity, Job: r.Job, Run: r.Run, File: r.File, Direction: string(r.Direction), Marker: r.Marker,
		Location: r.Location, OK: r.OK, Slug: r.Slug, Bytes: r.Bytes, Attempts: 1,
		Started: micros(r.Started), Duration: r.Duration.Microseconds(),
	}
	err := requestRows.insert(tx, row.Connection, row.Entity, row.Job, row.Run, row.File, row.Direction, row.Marker, row.Location,
		row.OK, row.Slug, row.Bytes, row.Attempts, row.Started, row.Duration)
	if err == nil {
		return rollUp(tx, nil, row)
	}
	if !errors.Is(err, errThere) {
		return err
	}
	first, err := firstAttempt(tx, row)
	if err != nil {
		return err
	}
	if err := fold(tx, first, row); err != nil {
		return err
	}
	return rollUp(tx, &first, row)
}

func firstAttempt(tx *gorm.DB, row requestRow) (first requestRow, err error) {
	err = tx.Where("run = ? AND file = ? AND direction = ? AND marker = ? AND run <> 0 AND file <> 0", row.Run, row.File, row.Direction, row.Marker).
		Take(&first).Error
	return first, err
}

func fold(tx *gorm.DB, first, row requestRow) error {
	return tx.Exec(`UPDATE requests SET attempts = attempts + 1, bytes = bytes + ?, duration = duration + ?, ok = ?, slug = ?
		WHERE id = ?`, row.Bytes, row.Duration, row.OK, row.Slug, first.ID).Error
}

// counts is what an attempt changes in the figures.
type counts struct {
	ok, failed, bytes          int64
	attemptsOK, attemptsFailed int64 // in the totals only
}

// rollUp counts the bytes where they moved and the outcome where the request began, taking back an earlier outcome.
func rollUp(tx *gorm.DB, first *requestRow, row requestRow) error {
	at := row.Started
	var outcome counts
	if first != nil {
		at, row.Connection, row.Job = first.Started, first.Connection, first.Job
		outcome.add(first.OK, -1)
	}
	outcome.add(row.OK, 1)
	moved := counts{bytes: row.Bytes}
	if quarter(at) == quarter(row.Started) {
		outcome.bytes, moved = row.Bytes, counts{}
	}
	figures := figure{row.Connection, row.Job, row.Direction, quarter(at)}
	if err := figures.count(tx, outcome); err != nil {
		return err
	}
	figures.quarter = quarter(row.Started)
	if err := figures.count(tx, moved); err != nil {
		return err
	}
	figures.quarter, outcome.bytes = total, row.Bytes
	outcome.attempt(row.OK)
	return figures.count(tx, outcome)
}

func (c *counts) add(ok bool, n int64) {
	if ok {
		c.ok += n
	} else {
		c.failed += n
	}
}

func (c *counts) attempt(ok bool) {
	if ok {
		c.attemptsOK++
	} else {
		c.attemptsFailed++
	}
}

// figure is a row of the roll-ups: of a quarter, or for ever.
type figure struct {
	connection, job, direction string
	quarter                    int64
}

const total = -1

// count adds to the figure, or lets that wait for what other steps add to it.
func (f figure) count(tx *gorm.DB, n counts) error {
	if n == (counts{}) {
		return nil
	}
	c := commonOf(tx)
	if c == nil || !c.trust {
		return f.add(tx, n)
	}
	if c.figures == nil {
		c.figures = map[figure]counts{}
	}
	all := c.figures[f]
	c.figures[f] = counts{all.ok + n.ok, all.failed + n.failed, all.bytes + n.bytes, all.attemptsOK + n.attemptsOK, all.attemptsFailed + n.attemptsFailed}
	return nil
}

func (f figure) add(tx *gorm.DB, n counts) error {
	if f.quarter == total {
		_, err := exec(tx, `INSERT INTO request_totals VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
			ok = ok + excluded.ok, failed = failed + excluded.failed, bytes = bytes + excluded.bytes,
			attempts_ok = attempts_ok + excluded.attempts_ok, attempts_failed = attempts_failed + excluded.attempts_failed`,
			f.connection, f.job, f.direction, n.ok, n.failed, n.bytes, n.attemptsOK, n.attemptsFailed)
		return err
	}
	_, err := exec(tx, `INSERT INTO request_quarters VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		ok = ok + excluded.ok, failed = failed + excluded.failed, bytes = bytes + excluded.bytes`,
		f.connection, f.quarter, f.job, f.direction, n.ok, n.failed, n.bytes)
	return err
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
