package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/haulier/haulier/job"
)

// expectationRow is a row of the table expectations.
type expectationRow struct {
	Job, Day, Connection, Type, Zone              string
	OpensAt, ByAt, MissingAt, ClosesAt, PlannedAt int64
	Wanted, Got, Held, Rejected                   int
	Refused                                       string
	FirstAt, LastAt, FilledAt                     int64
	Verdict, Reason                               string
	JudgedAt, Version                             int64
	Closed                                        bool
	ExtendedBy, ExtendedWhy                       string
	ExtendedAt                                    int64
}

func (expectationRow) TableName() string { return "expectations" }

func expectationRowOf(e job.Expectation) expectationRow {
	row := expectationRow{
		Job: e.Job, Day: e.Day, Connection: e.Connection, Type: string(e.Type), Zone: e.Zone,
		OpensAt: micros(e.Opens), ByAt: micros(e.By), MissingAt: micros(e.Missing), ClosesAt: micros(e.Closes), PlannedAt: micros(e.Planned),
		Wanted: e.Wanted, Got: e.Got, Held: e.Held, Rejected: e.Rejected, Refused: numbersText(e.Refused),
		FirstAt: micros(e.First), LastAt: micros(e.Last), FilledAt: micros(e.Filled),
		Verdict: string(e.Verdict), Reason: reasonText(e.Reason), JudgedAt: micros(e.Judged), Version: e.Version, Closed: e.Closed,
	}
	if x := e.Extended; x != nil {
		row.ExtendedBy, row.ExtendedAt, row.ExtendedWhy = x.By, micros(x.At), x.Reason
	}
	return row
}

func (r expectationRow) expectation() job.Expectation {
	e := job.Expectation{
		Job: r.Job, Day: r.Day, Connection: r.Connection, Type: job.Type(r.Type), Zone: r.Zone,
		Opens: instant(r.OpensAt), By: instant(r.ByAt), Missing: instant(r.MissingAt), Closes: instant(r.ClosesAt), Planned: instant(r.PlannedAt),
		Wanted: r.Wanted, Got: r.Got, Held: r.Held, Rejected: r.Rejected, Refused: numbersFrom(r.Refused),
		First: instant(r.FirstAt), Last: instant(r.LastAt), Filled: instant(r.FilledAt),
		Verdict: job.Verdict(r.Verdict), Reason: reasonFrom(r.Reason), Judged: instant(r.JudgedAt), Version: r.Version, Closed: r.Closed,
	}
	if r.ExtendedAt != 0 {
		e.Extended = &job.Extension{By: r.ExtendedBy, At: instant(r.ExtendedAt), Reason: r.ExtendedWhy}
	}
	return e
}

// numbersText keeps numbers as the JSON that SQL reads.
func numbersText(ids []int64) string {
	if len(ids) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(ids) // of numbers it never fails
	return string(text)
}

func numbersFrom(text string) (ids []int64) {
	if json.Unmarshal([]byte(text), &ids) != nil || len(ids) == 0 {
		return nil
	}
	return ids
}

// BeginExpectation records a day that is to be judged; one that is there stays as it is.
func (s *Store) BeginExpectation(ctx context.Context, e job.Expectation) error {
	row := expectationRowOf(e)
	row.JudgedAt, row.Version = s.now(), 0
	return s.write(ctx, fmt.Sprintf("record what %s is expected to bring on %s", e.Job, e.Day), func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
}

// Expectation gives one day; job.ErrNotFound when it was never judged.
func (s *Store) Expectation(ctx context.Context, jobName, day string) (job.Expectation, error) {
	var row expectationRow
	err := s.read(ctx, fmt.Sprintf("read what %s was expected to bring on %s", jobName, day), func(db *gorm.DB) error {
		return db.Where("job = ? AND day = ?", jobName, day).Take(&row).Error
	})
	return row.expectation(), err
}

// Expectations gives the days of a job from one on, the latest first; at most limit, or 1,000 when limit is 0.
func (s *Store) Expectations(ctx context.Context, jobName, since string, limit int) ([]job.Expectation, error) {
	return s.expectations(ctx, "read what was expected of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND day >= ?", jobName, since).Order("day DESC").Limit(bound(limit))
	})
}

// OpenExpectations gives the days of a job of which something may still become, oldest first.
func (s *Store) OpenExpectations(ctx context.Context, jobName string) ([]job.Expectation, error) {
	return s.expectations(ctx, "read the open days of "+jobName, func(db *gorm.DB) *gorm.DB {
		return db.Where("job = ? AND closed = 0", jobName).Order("day").Limit(knownMost)
	})
}

// StandingExpectations gives of each job that somebody may see the days that are open, the oldest first; at most 1,000.
func (s *Store) StandingExpectations(ctx context.Context, sight job.Sight) ([]job.Expectation, error) {
	return s.expectations(ctx, "read what is expected", func(db *gorm.DB) *gorm.DB {
		return seen(db, "connection", sight).Where("closed = 0").Order("job, day").Limit(knownMost)
	})
}

// ExpectingJobs gives the jobs that have open days.
func (s *Store) ExpectingJobs(ctx context.Context) (names []string, err error) {
	err = s.read(ctx, "read which jobs are expected to bring something", func(db *gorm.DB) error {
		return db.Raw(`SELECT DISTINCT job FROM expectations WHERE closed = 0`).Scan(&names).Error
	})
	return names, err
}

// LastExpectation gives the latest day of a job; false: it has none.
func (s *Store) LastExpectation(ctx context.Context, jobName string) (job.Expectation, bool, error) {
	days, err := s.Expectations(ctx, jobName, "", 1)
	if err != nil || len(days) == 0 {
		return job.Expectation{}, false, err
	}
	return days[0], true, nil
}

func (s *Store) expectations(ctx context.Context, act string, query func(*gorm.DB) *gorm.DB) ([]job.Expectation, error) {
	var rows []expectationRow
	err := s.read(ctx, act, func(db *gorm.DB) error { return query(db).Find(&rows).Error })
	days := make([]job.Expectation, len(rows))
	for i, r := range rows {
		days[i] = r.expectation()
	}
	return days, err
}

// daysLooked bounds how many days before another are looked through for those that reach into it.
const daysLooked = 100

// daysInto gives the earlier days of a job whose windows reach into that of another.
func daysInto(tx *gorm.DB, e job.Expectation) ([]job.Expectation, error) {
	var rows []expectationRow
	err := tx.Raw(`SELECT * FROM (SELECT * FROM expectations WHERE job = ? AND day < ? ORDER BY day DESC LIMIT ?) WHERE closes_at > ?`,
		e.Job, e.Day, daysLooked, micros(e.Opens)).Scan(&rows).Error
	days := make([]job.Expectation, len(rows))
	for i, r := range rows {
		days[i] = r.expectation()
	}
	return days, err
}

// ExtendExpectation moves the deadline of a day as it was read, which a person asks for: the alarm of the day is taken back
// until then. The line of the audit list goes with it. job.ErrStale when the day was written since it was read.
func (s *Store) ExtendExpectation(ctx context.Context, read job.Expectation, by time.Time, x job.Extension, line AuditLine) (job.Expectation, error) {
	e := read
	e.Missing, e.By = by.Add(read.Missing.Sub(read.By)), by
	e.Verdict, e.Reason, e.Extended = job.VerdictPending, nil, &x
	if e.Closes.Before(e.Missing) {
		e.Closes = e.Missing
	}
	var err error
	err = s.Together(ctx, fmt.Sprintf("extend what %s is expected to bring on %s", e.Job, e.Day), func(t *Store) error {
		if e, err = t.writeExpectation(read, e); err != nil {
			return err
		}
		return t.addAudit(t.writer, line)
	})
	return e, err
}
