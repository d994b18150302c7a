package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type incidentRow struct {
	ID       int64 `gorm:"primaryKey"`
	Cause    string
	Reason   string
	Count    int
	Opened   int64
	Last     int64
	Resolved int64
}

func (incidentRow) TableName() string { return "incidents" }

// Raise records that a cause (connection/NAME/slug or job/NAME/slug) has struck, and whom. There is one open incident a
// cause, however often it strikes and however many jobs it touches; opened says whether this began it. The events
// alert.opened and alert.resolved go with the rows.
func (s *Store) Raise(ctx context.Context, cause, jobName string, r job.Reason, at time.Time) (opened bool, err error) {
	err = s.write(ctx, "raise the incident "+cause, func(tx *gorm.DB) error {
		var row incidentRow
		err := tx.Raw(`INSERT INTO incidents (cause, reason, count, opened, last) VALUES (?, ?, 1, ?, ?)
			ON CONFLICT (cause) WHERE resolved = 0 DO UPDATE SET reason = excluded.reason, count = count + 1, last = excluded.last
			RETURNING *`, cause, reasonText(&r), micros(at), micros(at)).Scan(&row).Error
		if err != nil {
			return err
		}
		opened = row.Count == 1
		if jobName != "" {
			err = tx.Exec(`INSERT INTO incident_jobs (incident, job) VALUES (?, ?) ON CONFLICT DO UPDATE SET recovered = 0`,
				row.ID, jobName).Error
		}
		if err != nil || !opened {
			return err
		}
		return s.tellIncident(tx, row, "opened")
	})
	return opened && err == nil, err
}

// Resolve ends the open incident of a cause; none is fine.
func (s *Store) Resolve(ctx context.Context, cause string, at time.Time) error {
	return s.write(ctx, "resolve the incident "+cause, func(tx *gorm.DB) error {
		return s.resolve(tx, at, tx.Where("cause = ?", cause))
	})
}

// ResolveJob records that a job is well again: incidents of the job end, and those of its connection when every job that
// they touched is well. An incident that a rejected file opened goes on while such a file still lies there: a run that
// passes it by without a word has made nothing good.
func (s *Store) ResolveJob(ctx context.Context, jobName string, at time.Time) error {
	return s.write(ctx, "resolve the incidents of "+jobName, func(tx *gorm.DB) error {
		names := map[string]any{"job": jobName, "own": "job/" + jobName + "/", "at": micros(at)}
		err := tx.Exec(`UPDATE incident_jobs SET recovered = @at WHERE job = @job AND recovered = 0
			AND incident IN (SELECT id FROM incidents WHERE resolved = 0 AND NOT `+stillRejected+`)`, names).Error
		if err != nil {
			return err
		}
		return s.resolve(tx, at, tx.Where(`(substr(cause, 1, length(@own)) = @own AND NOT `+stillRejected+`)
			OR (EXISTS (SELECT 1 FROM incident_jobs WHERE incident = incidents.id AND job = @job)
			AND NOT EXISTS (SELECT 1 FROM incident_jobs WHERE incident = incidents.id AND recovered = 0))`, names))
	})
}

func (s *Store) resolve(tx *gorm.DB, at time.Time, which *gorm.DB) error {
	var rows []incidentRow
	if err := tx.Where("resolved = 0").Where(which).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		if err := tx.Exec(`UPDATE incidents SET resolved = ? WHERE id = ?`, micros(at), row.ID).Error; err != nil {
			return err
		}
		row.Resolved = micros(at)
		if err := s.tellIncident(tx, row, "resolved"); err != nil {
			return err
		}
	}
	return nil
}

// OpenIncidents gives what needs a person, oldest first, with the jobs that are not well yet; at most 1,000.
func (s *Store) OpenIncidents(ctx context.Context) ([]job.Incident, error) {
	return s.incidents(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("resolved = 0").Order("id") })
}

// Incidents gives those that were open at or after a time, the latest first; at most 1,000.
func (s *Store) Incidents(ctx context.Context, since time.Time) ([]job.Incident, error) {
	return s.incidents(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("resolved = 0 OR resolved >= ?", micros(since)).Order("id DESC")
	})
}

func (s *Store) incidents(ctx context.Context, query func(*gorm.DB) *gorm.DB) ([]job.Incident, error) {
	incidents := []job.Incident{}
	err := s.read(ctx, "read incidents", func(db *gorm.DB) error {
		var rows []incidentRow
		if err := query(db).Limit(knownMost).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			i := row.incident()
			err := db.Raw(`SELECT job FROM incident_jobs WHERE incident = ? AND (recovered = 0 OR ?) ORDER BY job`,
				row.ID, row.Resolved != 0).Scan(&i.Jobs).Error
			if err != nil {
				return err
			}
			incidents = append(incidents, i)
		}
		return nil
	})
	return incidents, err
}

func (r incidentRow) incident() job.Incident {
	i := job.Incident{
		ID: r.ID, Cause: r.Cause, Jobs: []string{}, Count: r.Count,
		Opened: instant(r.Opened), Last: instant(r.Last), Resolved: instant(r.Resolved),
	}
	if reason := reasonFrom(r.Reason); reason != nil {
		i.Reason = *reason
	}
	return i
}

func (s *Store) tellIncident(tx *gorm.DB, row incidentRow, kind string) error {
	i := row.incident()
	if err := tx.Raw(`SELECT job FROM incident_jobs WHERE incident = ? ORDER BY job`, row.ID).Scan(&i.Jobs).Error; err != nil {
		return err
	}
	return s.tell(tx, "alert."+kind, struct {
		ID       int64      `json:"id"`
		Cause    string     `json:"cause_key"`
		Jobs     []string   `json:"jobs"`
		Count    int        `json:"count"`
		Opened   string     `json:"opened"`
		Resolved string     `json:"resolved,omitempty"`
		Error    *errorView `json:"error"`
	}{i.ID, i.Cause, i.Jobs, i.Count, utc(i.Opened), utc(i.Resolved), viewOf(&i.Reason)})
}
