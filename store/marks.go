package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Mark is one place on the strip of a job: a due time with what came of it, or a run that somebody asked for.
type Mark struct {
	Job   string
	At    time.Time // when it was due, or when the run began
	State string    // of the run, after its retries; of the due time when nothing ran: due, skipped, missed, coalesced
	Slug  string    // why it did not succeed; empty when it did
	Run   int64     // the latest attempt; 0: nothing ran
}

// marksMost bounds the marks of one call.
const marksMost = 10_000

// Marks gives what was due from one time to before another, and what ran by hand, of these jobs, each job's oldest first: of each the
// latest most, and 10,000 in all.
func (s *Store) Marks(ctx context.Context, jobs []string, from, to time.Time, most int) (marks []Mark, err error) {
	most = min(most, marksMost/max(1, len(jobs)))
	err = s.read(ctx, "read what ran", func(db *gorm.DB) error {
		for _, name := range jobs {
			some, err := marksOf(db, name, micros(from), micros(to), most)
			if err != nil {
				return err
			}
			marks = append(marks, some...)
		}
		return nil
	})
	return marks, err
}

// marksQuery looks at the end of the job's slots, and of its runs that are of no slot; a slot that ran shows its latest attempt.
const marksQuery = `SELECT s.due AS at, coalesce(r.state, s.state) AS state, coalesce(r.reason, s.reason) AS reason, coalesce(r.id, 0) AS run FROM
		(SELECT due, state, reason, run FROM slots INDEXED BY slots_due WHERE job = @job AND due >= @from AND due < @to ORDER BY due DESC LIMIT @most) AS s
	LEFT JOIN runs AS r ON s.state = 'ran' AND r.id = coalesce((SELECT max(id) FROM runs INDEXED BY runs_attempt
		WHERE attempt_of <> 0 AND attempt_of = s.run), s.run)
	UNION ALL
	SELECT m.started, r.state, r.reason, r.id FROM
		(SELECT id, started FROM runs INDEXED BY runs_job WHERE job = @job AND id >= @low
			AND slot_wall = '' AND attempt_of = 0 AND started >= @from AND started < @to ORDER BY id DESC LIMIT @most) AS m
	JOIN runs AS r ON r.id = coalesce((SELECT max(id) FROM runs INDEXED BY runs_attempt WHERE attempt_of <> 0 AND attempt_of = m.id), m.id)
	ORDER BY at DESC, run DESC LIMIT @most`

func marksOf(db *gorm.DB, name string, from, to int64, most int) ([]Mark, error) {
	low, err := idAt(db, from)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		At     int64
		State  string
		Reason string
		Run    int64
	}
	err = db.Raw(marksQuery, map[string]any{"job": name, "from": from, "to": to, "most": most, "low": low}).Scan(&rows).Error
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		marks[len(rows)-1-i] = Mark{Job: name, At: instant(r.At), State: r.State, Slug: slugOf(reasonFrom(r.Reason)), Run: r.Run}
	}
	return marks, err
}

// queuedLongest is how long a run may have waited to begin, and with it have a lower ID than those that began before it.
const queuedLongest = 24 * time.Hour

// idAt is an ID below which no run began at or after a time, but one that had waited for more than a day.
func idAt(db *gorm.DB, at int64) (id int64, err error) {
	err = db.Raw(`SELECT coalesce((SELECT id FROM runs INDEXED BY runs_started WHERE started < ? ORDER BY started DESC LIMIT 1), 0)`,
		at-queuedLongest.Microseconds()).Scan(&id).Error
	return id, err
}

// oddStates are those that people look for first.
var oddStates = []job.RunState{job.RunRunning, job.RunFailed, job.RunPartial, job.RunInterrupted, job.RunCancelled}

// BusyJobs gives jobs of which there are marks between two times, at most most: those with something odd first, then the others, by name.
func (s *Store) BusyJobs(ctx context.Context, sight job.Sight, from, to time.Time, most int) (names []string, err error) {
	err = s.read(ctx, "read which jobs ran", func(db *gorm.DB) error {
		low, err := idAt(db, micros(from))
		if err != nil {
			return err
		}
		table := "runs INDEXED BY runs_state"
		if !sight.Whole() {
			table = "runs INDEXED BY runs_connection"
		}
		recent := db.Table(table).Where("state IN ? AND id >= ? AND started >= ? AND started < ?", oddStates, low, micros(from), micros(to))
		err = seen(recent, "connection", sight).Distinct("job").Order("job").Limit(most).Scan(&names).Error
		if err != nil || len(names) >= most {
			return err
		}
		var others []string
		due := db.Raw(`SELECT 1 FROM slots INDEXED BY slots_due WHERE slots.job = jobs.name AND due >= ? AND due < ?`, micros(from), micros(to))
		ran := db.Raw(`SELECT 1 FROM runs INDEXED BY runs_job WHERE runs.job = jobs.name AND id >= ? AND started >= ? AND started < ?`, low, micros(from), micros(to))
		err = seen(db.Table("jobs"), "connection", sight).Where("EXISTS (?) OR EXISTS (?)", due, ran).
			Order("name").Limit(most).Pluck("name", &others).Error
		for _, name := range others {
			if len(names) < most && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return err
	})
	return names, err
}
