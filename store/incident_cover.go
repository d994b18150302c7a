package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// coveredAgain is how often an incident that another covers is looked at: the other may be over, and this one not.
const coveredAgain = time.Minute

// covered says whether an incident need not be told because another explains it: what is late or missing because its server
// cannot be reached, or because it came and was rejected or is held, is told with that. What is missing by now has the other told
// at once, also to those who have been told of it before. Of one that was told first nobody is reminded beside the other,
// which is told then, whatever it waits for.
func (r *incidentRow) covered(tx *gorm.DB, now time.Time) (bool, error) {
	kind := job.AlertKind(r.Kind)
	if r.Resolved != 0 || kind != job.AlertLate && kind != job.AlertMissing {
		return false, nil
	}
	over, ended, err := r.cover(tx, now)
	if err != nil || over == nil && !ended {
		return false, err
	}
	if over != nil && kind == job.AlertMissing && (r.Remind == 0 || over.Told == 0 || over.Recovery != 0) {
		r.Remind = micros(now) // it was passed on
		if err := over.hasten(tx, r.Last, now); err != nil {
			return false, err
		}
	}
	r.Wake = micros(now.Add(coveredAgain))
	return true, tx.Model(r).Select("wake", "remind").Updates(r).Error
}

// cover gives the incident that explains an expectation's; nil: none does. ended: one has only just ended that may have, and what
// ended it may not be counted yet. One that comes and goes is not waited for each time.
func (r *incidentRow) cover(tx *gorm.DB, now time.Time) (over *incidentRow, ended bool, err error) {
	over, err = r.explainedBy(tx)
	if err != nil || over != nil {
		return over, false, err
	}
	err = tx.Raw(`SELECT EXISTS (SELECT 1 FROM incidents WHERE resolved > @since AND reopened = 0 AND kind NOT IN ('late', 'missing')
		AND EXISTS (SELECT 1 FROM incident_jobs AS its JOIN incident_jobs AS mine ON mine.job = its.job
		WHERE its.incident = incidents.id AND mine.incident = @id))`,
		map[string]any{"since": micros(now.Add(-job.GatherFor)), "id": r.ID}).Scan(&ended).Error
	return nil, ended, err
}

// explainedBy gives the incident that explains an expectation's; nil: none does.
func (r *incidentRow) explainedBy(tx *gorm.DB) (*incidentRow, error) {
	if kind := job.AlertKind(r.Kind); r.Resolved != 0 || kind != job.AlertLate && kind != job.AlertMissing {
		return nil, nil
	}
	for _, find := range []func(*gorm.DB) ([]incidentRow, error){r.ofServer, r.ofFiles} {
		found, err := find(tx)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return &found[0], nil
		}
	}
	return nil, nil
}

// ofServer gives the incident of the connection that has struck the same job.
func (r *incidentRow) ofServer(tx *gorm.DB) (found []incidentRow, err error) {
	err = tx.Raw(`SELECT * FROM incidents WHERE resolved = 0 AND connection = @connection AND substr(cause, 1, 11) = 'connection/'
		AND EXISTS (SELECT 1 FROM incident_jobs AS its JOIN incident_jobs AS mine ON mine.job = its.job
		WHERE its.incident = incidents.id AND its.recovered = 0 AND mine.incident = @id) ORDER BY id LIMIT 1`,
		map[string]any{"connection": r.Connection, "id": r.ID}).Scan(&found).Error
	return found, err
}

// ofFiles gives the incident of the files of the job that were rejected or are held, if they are all that is missing: of each day
// as many as it lacks, and those of the last, by name and time of arrival, are there still, each with an incident that is open. Nobody relies for what is late on
// one that is not told yet.
func (r *incidentRow) ofFiles(tx *gorm.DB) (found []incidentRow, err error) {
	var days []expectationRow
	err = tx.Raw(daysThatHold, map[string]any{"verdict": r.Kind, "incident": r.ID}).Scan(&days).Error
	if err != nil || len(days) == 0 {
		return nil, err
	}
	for _, day := range days {
		if day.Held+day.Rejected < day.Wanted-day.Got {
			return nil, nil
		}
	}
	last := days[0]
	var lie struct {
		Names    int
		Incident int64
	}
	err = tx.Raw(filesOfOpenIncidents, map[string]any{"files": last.Refused}).Scan(&lie).Error
	if err != nil || lie.Names == 0 || lie.Names < last.Wanted-last.Got {
		return nil, err
	}
	err = tx.Where("id = ? AND (due <> 0 OR ? <> 'late')", lie.Incident, r.Kind).Find(&found).Error
	return found, err
}

// daysThatHold are the days that an expectation's incident is about, the latest first: those behind the last for which all came.
const daysThatHold = `SELECT * FROM expectations AS e WHERE job = (SELECT job FROM incident_jobs WHERE incident = @incident) AND verdict = @verdict
	AND day > coalesce((SELECT day FROM expectations WHERE job = e.job AND verdict IN ('met', 'recovered-late', 'recovered-missing') ORDER BY day DESC LIMIT 1), '')
	ORDER BY day DESC LIMIT 100`

// filesOfOpenIncidents counts the names of those of some files that are rejected or held still, were neither taken away nor followed by
// a version that is good, and have an incident that is open; it gives the latest of those. The files are those that would have been the
// day's: by their names, and by when they came.
const filesOfOpenIncidents = `SELECT count(DISTINCT f.name) AS names, max(i.id) AS incident FROM json_each(@files) AS k CROSS JOIN files AS f ON f.id = k.value
	JOIN incidents AS i ON i.cause = 'job/' || f.job || '/' || json_extract(f.reason, '$.slug') AND i.resolved = 0
	WHERE f.state IN ('held', 'rejected') AND f.reason <> ''
	AND NOT EXISTS (SELECT 1 FROM files AS n WHERE n.job = f.job AND n.path = f.path AND n.superseded = 0
	AND (n.absent = 1 OR n.state IN ('landed', 'delivered', 'skipped')))`

// hasten has people told of an open incident at once, for what happened at a time, unless somebody has taken it on or silenced it, or
// they were told behind that.
func (r *incidentRow) hasten(tx *gorm.DB, happened int64, now time.Time) error {
	at := micros(now)
	switch {
	case r.Recovery == 0 && max(r.Told, r.Reminded) > happened:
		return nil
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
