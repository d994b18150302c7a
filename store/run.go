package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/haulier/haulier/job"
)

type runRow struct {
	ID           int64 `gorm:"primaryKey"`
	Job          string
	Connection   string
	Type         string
	Cause        string
	AskedBy      string
	SlotWall     string
	SlotOffset   int
	SlotDue      int64
	SlotZone     string
	Attempt      int
	AttemptOf    int64
	Deaths       int
	Follows      int64
	Revision     int64
	RetryAt      int64
	Started      int64
	Ended        int64
	State        string
	FilesOK      int `gorm:"column:files_ok"`
	FilesFailed  int
	FilesSkipped int
	FilesHeld    int
	BytesDown    int64
	BytesUp      int64
	Reason       string
	Note         string
	OnlyName     string
	Forced       bool
}

func (runRow) TableName() string { return "runs" }

func runRowOf(r job.Run) runRow {
	row := runRow{
		ID: r.ID, Job: r.Job, Connection: r.Connection, Type: string(r.Type), Cause: string(r.Trigger), AskedBy: r.By,
		Attempt: r.Attempt, AttemptOf: r.AttemptOf, Deaths: r.Deaths, Follows: r.Follows, Revision: r.Revision, RetryAt: micros(r.RetryAt),
		Started: micros(r.Started), Ended: micros(r.Ended), State: string(r.State),
		FilesOK: r.Counts.OK, FilesFailed: r.Counts.Failed, FilesSkipped: r.Counts.Skipped, FilesHeld: r.Counts.Held,
		BytesDown: r.Bytes.Down, BytesUp: r.Bytes.Up, Reason: reasonText(r.Reason), Note: r.Note,
		OnlyName: r.Only, Forced: r.Force,
	}
	if r.Slot != nil {
		row.SlotWall, row.SlotOffset, row.SlotDue, row.SlotZone = r.Slot.Wall, r.Slot.Offset, micros(r.Slot.Due), r.Slot.Zone
	}
	return row
}

func (r runRow) run() job.Run {
	run := job.Run{
		ID: r.ID, Job: r.Job, Connection: r.Connection, Type: job.Type(r.Type), Trigger: job.Trigger(r.Cause), By: r.AskedBy,
		Attempt: r.Attempt, AttemptOf: r.AttemptOf, Deaths: r.Deaths, Follows: r.Follows, Revision: r.Revision, RetryAt: instant(r.RetryAt),
		Started: instant(r.Started), Ended: instant(r.Ended), State: job.RunState(r.State),
		Counts: job.Counts{OK: r.FilesOK, Failed: r.FilesFailed, Skipped: r.FilesSkipped, Held: r.FilesHeld},
		Bytes:  job.Bytes{Down: r.BytesDown, Up: r.BytesUp}, Reason: reasonFrom(r.Reason), Note: r.Note,
		Only: r.OnlyName, Force: r.Forced,
	}
	if r.SlotWall != "" {
		run.Slot = &job.Slot{Job: r.Job, Wall: r.SlotWall, Offset: r.SlotOffset, Due: instant(r.SlotDue), Zone: r.SlotZone}
	}
	return run
}

func runsOf(rows []runRow) []job.Run {
	runs := make([]job.Run, len(rows))
	for i, r := range rows {
		runs[i] = r.run()
	}
	return runs
}

// BeginRun records a run that starts: running, attempt 1 and now, unless it says otherwise. It gives the ID, and tells
// run.started; one that ends as it begins, because it may not start, tells run.STATE. Of the slot, identity and due time
// are kept with the run; in the same transaction a slot that is due ends as ran, and one that somebody asked
// for has its line in the audit list. A run that follows another is the one that
// EndRun queued for it; job.ErrExists if that one has ended.
func (s *Store) BeginRun(ctx context.Context, r job.Run) (job.Run, error) {
	row := runRowOf(r)
	row.ID, row.Attempt = 0, max(1, r.Attempt)
	if row.State == "" {
		row.State = string(job.RunRunning)
	}
	if row.Started == 0 {
		row.Started = s.now()
	}
	err := s.write(ctx, "begin a run of "+r.Job, func(tx *gorm.DB) error {
		if err := takeOwn(tx, &row); err != nil {
			return err
		}
		if err := tx.Save(&row).Error; err != nil {
			return err
		}
		if err := s.auditRun(tx, row, r.Reopen); err != nil {
			return err
		}
		if row.Ended != 0 {
			return s.over(tx, row)
		}
		if err := useSlot(tx, row); err != nil {
			return err
		}
		return s.tellRun(tx, row, job.EventRunStarted)
	})
	if err != nil {
		return job.Run{}, err
	}
	return row.run(), nil
}

// auditRun writes down who asked for a run by hand.
func (s *Store) auditRun(tx *gorm.DB, row runRow, again int64) error {
	if row.Cause != string(job.TriggerManual) {
		return nil
	}
	detail := fmt.Sprintf("run %d", row.ID)
	if row.OnlyName != "" {
		detail += ", only " + short(row.OnlyName)
	}
	if again != 0 {
		return s.audit(tx, row.AskedBy, "run.retry", fmt.Sprintf("run %d", again), detail)
	}
	return s.audit(tx, row.AskedBy, "job.run", row.Job, detail)
}

// takeOwn gives a run the row that is there for it: one that was begun by a write whose answer was lost, else the one
// that is queued to follow.
func takeOwn(tx *gorm.DB, row *runRow) error {
	var own []runRow
	err := tx.Where(`job = @job AND ended = 0 AND (@follows <> 0 AND (follows = @follows OR state = 'queued')
		OR @wall <> '' AND slot_wall = @wall AND slot_offset = @offset AND attempt = @attempt)`,
		map[string]any{"job": row.Job, "follows": row.Follows, "wall": row.SlotWall, "offset": row.SlotOffset, "attempt": row.Attempt}).
		Order("state = 'queued'").Limit(1).Find(&own).Error
	for _, o := range own {
		row.ID, row.Follows = o.ID, o.Follows
	}
	return err
}

// useSlot ends the slot that a run was begun for, unless an earlier attempt did.
func useSlot(tx *gorm.DB, row runRow) error {
	return tx.Model(&slotRow{}).Where("job = ? AND wall = ? AND utc_offset = ? AND state = 'due'", row.Job, row.SlotWall, row.SlotOffset).
		Updates(map[string]any{"state": string(job.SlotRan), "run": row.ID}).Error
}

// EndRun records what a run came to, once: a run that has ended gives job.ErrStale. With it goes the event run.STATE.
// In the same transaction a run of each follower is queued; a follower for which one waits already has that.
func (s *Store) EndRun(ctx context.Context, r job.Run, followers ...job.Run) error {
	row := runRowOf(r)
	if row.Ended == 0 {
		row.Ended = s.now()
	}
	return s.write(ctx, fmt.Sprintf("end run %d", r.ID), func(tx *gorm.DB) error {
		result := tx.Model(&runRow{}).Where("id = ? AND ended = 0", r.ID).Select("retry_at", "ended", "state", "deaths", "files_ok",
			"files_failed", "files_skipped", "files_held", "bytes_down", "bytes_up", "reason", "note").Updates(&row)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected == 0 {
			return orNotFound(tx.Model(&runRow{}).Where("id = ?", r.ID))
		}
		var ended runRow
		if err := tx.Take(&ended, r.ID).Error; err != nil {
			return err
		}
		for _, f := range followers {
			if err := queue(tx, f, ended); err != nil {
				return err
			}
		}
		return s.over(tx, ended)
	})
}

// over counts a run that has ended, and tells of it.
func (s *Store) over(tx *gorm.DB, row runRow) error {
	err := tx.Exec(`INSERT INTO run_totals VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1`, row.Job, row.State).Error
	if err != nil {
		return err
	}
	return s.tellRun(tx, row, "run."+row.State)
}

// queue records that a job is to run because a run of another ended.
func queue(tx *gorm.DB, follower job.Run, ended runRow) error {
	row := runRowOf(follower)
	row.ID, row.Cause, row.State, row.Attempt = 0, string(job.TriggerAfter), string(job.RunQueued), 1
	row.Follows, row.Started = ended.ID, ended.Ended
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
}

// DropRetry records that the next attempt of an ended run will not be made: a slot's run took its place.
func (s *Store) DropRetry(ctx context.Context, run int64) error {
	return s.write(ctx, fmt.Sprintf("drop the retry of run %d", run), func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE runs SET retry_at = 0 WHERE id = ?`, run).Error
	})
}

// OpenRuns gives the runs that have not ended, oldest first: after a crash, those that it cut off, and those that were
// queued and not begun.
func (s *Store) OpenRuns(ctx context.Context) ([]job.Run, error) {
	return s.runs(ctx, "read open runs", func(db *gorm.DB) *gorm.DB { return db.Where("ended = 0").Order("id") })
}

// PendingRetries gives the ended runs whose next attempt is due at RetryAt and was not begun, soonest first.
func (s *Store) PendingRetries(ctx context.Context) ([]job.Run, error) {
	return s.runs(ctx, "read pending retries", func(db *gorm.DB) *gorm.DB {
		return db.Where(`retry_at <> 0 AND ended <> 0 AND NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.attempt_of <> 0
			AND later.attempt_of = CASE runs.attempt_of WHEN 0 THEN runs.id ELSE runs.attempt_of END
			AND later.attempt > runs.attempt)`).Order("retry_at, id")
	})
}

// GivenUp gives the jobs of which no run has come to an end of its own since people were told that the process dies in one, each with the
// first start of that run.
func (s *Store) GivenUp(ctx context.Context) (map[string]int64, error) {
	var rows []incidentJobRow
	err := s.read(ctx, "read which runs were given up", func(db *gorm.DB) error {
		return db.Raw(`SELECT job, chain FROM incident_jobs WHERE recovered = 0 AND incident IN (SELECT id FROM incidents WHERE cause = ? AND resolved = 0)`,
			job.CauseGivenUp).Scan(&rows).Error
	})
	jobs := make(map[string]int64, len(rows))
	for _, row := range rows {
		jobs[row.Job] = row.Chain
	}
	return jobs, err
}

// Run gives one run; job.ErrNotFound when there is none.
func (s *Store) Run(ctx context.Context, id int64) (job.Run, error) {
	var row runRow
	err := s.read(ctx, fmt.Sprintf("read run %d", id), func(db *gorm.DB) error { return db.Take(&row, id).Error })
	return row.run(), err
}

func (s *Store) runs(ctx context.Context, act string, query func(*gorm.DB) *gorm.DB) ([]job.Run, error) {
	var rows []runRow
	err := s.read(ctx, act, func(db *gorm.DB) error { return query(db).Find(&rows).Error })
	return runsOf(rows), err
}

// runEvent is what is told of a run.
type runEvent struct {
	Run          int64       `json:"run_id"`
	Job          string      `json:"job"`
	Connection   string      `json:"connection"`
	Entity       string      `json:"entity,omitempty"`
	Trigger      string      `json:"trigger"`
	Attempt      int         `json:"attempt"`
	ScheduledFor string      `json:"scheduled_for,omitempty"`
	Started      string      `json:"started"`
	Ended        string      `json:"ended,omitempty"`
	State        string      `json:"state"`
	Files        *job.Counts `json:"files,omitempty"`
	Bytes        *job.Bytes  `json:"bytes,omitempty"`
	Error        *errorView  `json:"error,omitempty"`
}

func (s *Store) tellRun(tx *gorm.DB, row runRow, kind string) error {
	var entity string
	err := tx.Raw(`SELECT coalesce((SELECT entity FROM connections WHERE name = ?), '')`, row.Connection).Scan(&entity).Error
	if err != nil {
		return err
	}
	r := row.run()
	e := runEvent{
		Run: r.ID, Job: r.Job, Connection: r.Connection, Entity: entity, Trigger: row.Cause, Attempt: r.Attempt,
		ScheduledFor: utc(instant(row.SlotDue)), Started: utc(r.Started), Ended: utc(r.Ended), State: row.State,
		Error: viewOf(r.Reason),
	}
	if !r.Ended.IsZero() {
		e.Files, e.Bytes = &r.Counts, &r.Bytes
	}
	return s.tell(tx, kind, e)
}
