package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// coveredAgain is how often an incident that another covers is looked at: the other may be over, and this one not.
const coveredAgain = time.Minute

// covered says whether an incident need not be told because another explains it: what is late or missing because its server
// cannot be reached is told with that, however many jobs it is. What is missing by now has the other told at once, also to those
// who have been told of it before.
func (r *incidentRow) covered(tx *gorm.DB, now time.Time) (bool, error) {
	kind := job.AlertKind(r.Kind)
	if r.Resolved != 0 || r.Told != 0 || kind != job.AlertLate && kind != job.AlertMissing {
		return false, nil
	}
	var over []incidentRow
	err := tx.Raw(`SELECT * FROM incidents WHERE resolved = 0 AND connection = @connection AND substr(cause, 1, 11) = 'connection/'
		AND EXISTS (SELECT 1 FROM incident_jobs AS its JOIN incident_jobs AS mine ON mine.job = its.job
		WHERE its.incident = incidents.id AND its.recovered = 0 AND mine.incident = @id) ORDER BY id LIMIT 1`,
		map[string]any{"connection": r.Connection, "id": r.ID}).Scan(&over).Error
	if err != nil || len(over) == 0 {
		return false, err
	}
	if kind == job.AlertMissing && r.Remind == 0 {
		r.Remind = micros(now) // it was passed on
		if err := over[0].hasten(tx, now); err != nil {
			return false, err
		}
	}
	r.Wake = micros(now.Add(coveredAgain))
	return true, tx.Model(r).Select("wake", "remind").Updates(r).Error
}

// hasten has people told of an open incident at once, unless somebody has taken it on or silenced it.
func (r *incidentRow) hasten(tx *gorm.DB, now time.Time) error {
	at := micros(now)
	switch {
	case r.Told == 0 || r.Recovery != 0:
		r.Due = at - job.GatherFor.Microseconds()
		if err := tx.Exec(`UPDATE incident_jobs SET due = ? WHERE incident = ? AND recovered = 0 AND (due = 0 OR due > ?)`, r.Due, r.ID, r.Due).Error; err != nil {
			return err
		}
	default:
		r.Remind = at
	}
	return r.save(tx)
}

// missedJobs are the jobs of an incident of which something is missing.
const missedJobs = `SELECT its.job FROM incident_jobs AS its WHERE its.incident = ? AND its.recovered = 0 AND EXISTS (SELECT 1 FROM incidents
	WHERE cause = 'job/' || its.job || '/expect.missing' AND resolved = 0) ORDER BY its.job LIMIT ?`
