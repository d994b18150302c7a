package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Manner is how people are told of an incident, as the configuration has it.
type Manner struct {
	RemindEvery time.Duration // 0: never
	Contacts    []string      // at the customer, for whoever is told
}

// IncidentsDue gives incidents of which something is to be said at a time, the longest due first and at most limit, and
// when the next one after that is; zero: none is known.
func (s *Store) IncidentsDue(ctx context.Context, now time.Time, limit int) (ids []int64, next time.Time, err error) {
	err = s.read(ctx, "read which incidents are due", func(db *gorm.DB) error {
		err := db.Raw(`SELECT id FROM incidents WHERE wake <> 0 AND wake <= ? ORDER BY wake LIMIT ?`, micros(now), bound(limit)).Scan(&ids).Error
		if err != nil {
			return err
		}
		var wake int64
		err = db.Raw(`SELECT coalesce(min(wake), 0) FROM incidents WHERE wake <> 0 AND wake > ?`, micros(now)).Scan(&wake).Error
		next = instant(wake)
		return err
	})
	return ids, next, err
}

// TellIncident says of an incident what is due: it writes the event alert.opened, alert.reminded or alert.resolved, and with
// it that it was said. said is empty when nothing was due, or somebody else has just said it.
func (s *Store) TellIncident(ctx context.Context, id int64, now time.Time, manner func(job.Incident) Manner) (said string, err error) {
	err = s.write(ctx, "tell of an incident", func(tx *gorm.DB) error {
		row, err := incidentOf(tx, id)
		if err != nil || row.Wake == 0 || row.Wake > micros(now) {
			return err
		}
		if covered, err := row.covered(tx, now); err != nil || covered {
			return err
		}
		what, at := row.says()
		if at > micros(now) {
			return row.save(tx)
		}
		before, i := row, row.incident()
		if err := nameJobs(tx, &i); err != nil {
			return err
		}
		m := manner(i)
		waits, err := row.speak(tx, what, now, m)
		if err != nil || waits {
			return err
		}
		said = what
		return s.tellIncident(tx, before, row, what, now, m)
	})
	if err != nil {
		said = ""
	}
	return said, err
}

// speak notes that something is said now. waits: it is not, and the row has another turn.
func (r *incidentRow) speak(tx *gorm.DB, what string, now time.Time, m Manner) (waits bool, err error) {
	asRead, at := *r, micros(now)
	switch what {
	case sayOpened:
		r.Told = at
	case sayReminded:
		r.Reminded, r.Recovery = at, 0
		r.Reminders++
	case sayResolved:
		r.Recovery = at
	}
	r.ToldCount, r.Remind = r.Count, 0
	if m.RemindEvery > 0 && r.Resolved == 0 {
		r.Remind = micros(now.Add(m.RemindEvery))
	}
	_, r.Wake = r.says()
	return what == "", one(tx.Model(r).Where("wake = ? AND told = ? AND recovery = ?", asRead.Wake, asRead.Told, asRead.Recovery).
		Select("told", "told_count", "remind", "reminded", "reminders", "recovery", "wake").Updates(r))
}

// alertEvent is what is told of an incident.
type alertEvent struct {
	ID         int64         `json:"id"`
	Cause      string        `json:"cause_key"`
	Kind       job.AlertKind `json:"kind"`
	Severity   job.Severity  `json:"severity"`
	Connection string        `json:"connection,omitempty"`
	Entity     string        `json:"entity,omitempty"`
	Jobs       []string      `json:"jobs"` // at most job.JobsNamed
	JobsTotal  int           `json:"jobs_total"`
	Missed     []string      `json:"missed,omitempty"` // of the jobs, those whose deadline has passed
	Count      int           `json:"count"`
	Reopened   int           `json:"reopened,omitempty"`
	Reminders  int           `json:"reminders,omitempty"`
	Opened     string        `json:"opened"`
	Told       string        `json:"told"`
	AckedBy    string        `json:"acked_by,omitempty"`
	Resolved   string        `json:"resolved,omitempty"`
	ResolvedBy string        `json:"resolved_by,omitempty"`
	Age        int64         `json:"age_seconds"`
	Since      *sinceTold    `json:"since,omitempty"`
	Contacts   []string      `json:"contacts,omitempty"`
	Error      *errorView    `json:"error"`
}

// sinceTold is what has changed since people heard of an incident last.
type sinceTold struct {
	Strikes   int      `json:"strikes"`
	Joined    []string `json:"joined,omitempty"`    // jobs that it struck only then
	Recovered []string `json:"recovered,omitempty"` // jobs that are well again
	Reopened  bool     `json:"reopened,omitempty"`  // they were told that it was over
}

func (s *Store) tellIncident(tx *gorm.DB, before, row incidentRow, what string, now time.Time, m Manner) error {
	i := row.incident()
	if err := nameJobs(tx, &i); err != nil {
		return err
	}
	e := alertEvent{
		ID: i.ID, Cause: i.Cause, Kind: i.Kind, Severity: i.Severity, Connection: i.Connection, Entity: i.Entity, Jobs: i.Jobs, JobsTotal: i.JobsTotal,
		Count: i.Count, Reopened: i.Reopened, Reminders: i.Reminders, Opened: utc(i.Opened), Told: utc(i.Told), AckedBy: i.AckedBy,
		Resolved: utc(i.Resolved), ResolvedBy: i.ResolvedBy, Age: ageOf(i, now), Contacts: m.Contacts, Error: viewOf(&i.Reason),
	}
	if i.Kind != job.AlertLate && i.Kind != job.AlertMissing { // those say it themselves
		if err := tx.Raw(missedJobs, i.ID, job.JobsNamed).Scan(&e.Missed).Error; err != nil {
			return err
		}
	}
	if what == sayReminded {
		since, err := changedSince(tx, before)
		if err != nil {
			return err
		}
		e.Since = &since
	}
	return s.tell(tx, "alert."+what, e)
}

// ageOf is how long an incident has stood, or stood until it was over.
func ageOf(i job.Incident, now time.Time) int64 {
	return max(0, int64(earliest(i.Resolved, now).Sub(i.Opened)/time.Second))
}

func changedSince(tx *gorm.DB, r incidentRow) (since sinceTold, err error) {
	last := max(r.Told, r.Reminded, r.Recovery)
	since = sinceTold{Strikes: r.Count - r.ToldCount, Reopened: r.Recovery != 0}
	err = tx.Raw(`SELECT job FROM incident_jobs WHERE incident = ? AND recovered = 0 AND joined > ? ORDER BY job LIMIT ?`,
		r.ID, last, job.JobsNamed).Scan(&since.Joined).Error
	if err != nil {
		return since, err
	}
	err = tx.Raw(`SELECT job FROM incident_jobs WHERE incident = ? AND recovered > ? ORDER BY job LIMIT ?`,
		r.ID, last, job.JobsNamed).Scan(&since.Recovered).Error
	return since, err
}
