package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// IncidentQuery says which incidents are wanted.
type IncidentQuery struct {
	Sight  job.Sight
	Over   bool      // also those that are over
	Ended  bool      // with Over: only those
	Since  time.Time // of those: at this time or later; zero: ever
	Before int64     // only those of a lower number, for the next page; 0: from the newest
	Limit  int       // 0, and the most: 1,000
}

// FindIncidents gives incidents, the newest first.
func (s *Store) FindIncidents(ctx context.Context, q IncidentQuery) ([]job.Incident, error) {
	return s.incidents(ctx, q.Limit, func(db *gorm.DB) *gorm.DB {
		switch {
		case !q.Over:
			db = db.Where("resolved = 0")
		case q.Ended:
			db = db.Where("resolved <> 0 AND resolved >= ?", micros(q.Since))
		case !q.Since.IsZero():
			db = db.Where("(resolved = 0 OR resolved >= ?)", micros(q.Since))
		}
		if q.Before > 0 {
			db = db.Where("id < ?", q.Before)
		}
		return seen(db, "connection", q.Sight).Order("id DESC")
	})
}

// OpenIncidents gives what needs a person, oldest first, with the jobs that are not well yet; at most 1,000.
func (s *Store) OpenIncidents(ctx context.Context) ([]job.Incident, error) {
	return s.incidents(ctx, 0, func(db *gorm.DB) *gorm.DB { return db.Where("resolved = 0").Order("id") })
}

// Incidents gives those that were open at or after a time, the latest first; at most 1,000.
func (s *Store) Incidents(ctx context.Context, since time.Time) ([]job.Incident, error) {
	return s.FindIncidents(ctx, IncidentQuery{Over: true, Since: since})
}

// Incident gives one by its number; job.ErrNotFound when there is none.
func (s *Store) Incident(ctx context.Context, id int64) (i job.Incident, err error) {
	err = s.read(ctx, fmt.Sprintf("read incident %d", id), func(db *gorm.DB) error {
		row, err := incidentOf(db, id)
		if err != nil {
			return err
		}
		i = row.incident()
		return nameJobs(db, &i)
	})
	return i, err
}

// IncidentEntity gives whose data an incident is about: the entity of its connection; empty when it is nobody's.
func (s *Store) IncidentEntity(ctx context.Context, id int64) (entity string, err error) {
	i, err := s.Incident(ctx, id)
	return i.Entity, err
}

// IncidentCounts gives how many incidents are open, by severity.
func (s *Store) IncidentCounts(ctx context.Context) (map[job.Severity]int, error) {
	counts := map[job.Severity]int{job.SeverityWarning: 0, job.SeverityError: 0}
	var rows []struct {
		Severity string
		N        int
	}
	err := s.read(ctx, "count the open incidents", func(db *gorm.DB) error {
		return db.Raw(`SELECT severity, count(*) AS n FROM incidents WHERE resolved = 0 GROUP BY severity`).Scan(&rows).Error
	})
	for _, r := range rows {
		counts[job.Severity(r.Severity)] = r.N
	}
	return counts, err
}

func (s *Store) incidents(ctx context.Context, limit int, query func(*gorm.DB) *gorm.DB) ([]job.Incident, error) {
	incidents := []job.Incident{}
	err := s.read(ctx, "read incidents", func(db *gorm.DB) error {
		var rows []incidentRow
		if err := query(db).Limit(bound(limit)).Find(&rows).Error; err != nil {
			return err
		}
		list := make([]*job.Incident, len(rows))
		incidents = make([]job.Incident, len(rows))
		for n, row := range rows {
			incidents[n] = row.incident()
			over, err := row.explainedBy(db)
			if err != nil {
				return err
			}
			if over != nil {
				incidents[n].CoveredBy = over.ID
			}
			list[n] = &incidents[n]
		}
		return nameJobs(db, list...)
	})
	return incidents, err
}

// nameJobs fills in the jobs that are not well yet, of incidents that are over all of them, and whose data it is.
func nameJobs(db *gorm.DB, incidents ...*job.Incident) error {
	byID := make(map[int64]*job.Incident, len(incidents))
	ids := make([]int64, len(incidents))
	for n, i := range incidents {
		byID[i.ID], ids[n] = i, i.ID
	}
	var jobs []struct {
		Incident int64
		Job      string
		Total    int
	}
	err := db.Raw(`SELECT incident, job, total FROM (SELECT incident, job, count(*) OVER (PARTITION BY incident) AS total,
		row_number() OVER (PARTITION BY incident ORDER BY job) AS nth FROM incident_jobs JOIN incidents ON id = incident
		WHERE incident IN ? AND (recovered = 0 OR resolved <> 0)) WHERE nth <= ? ORDER BY incident, job`, ids, job.JobsNamed).Scan(&jobs).Error
	if err != nil {
		return err
	}
	for _, r := range jobs {
		i := byID[r.Incident]
		i.Jobs, i.JobsTotal = append(i.Jobs, r.Job), r.Total
	}
	return nameEntities(db, incidents)
}

// JobOfIncident is a job that an incident touches. Missed: something is missing of it.
type JobOfIncident struct {
	Job    string
	Missed bool
}

// JobsOfIncident gives jobs of an incident by name, those behind a name, that are not well yet; of one that is over, all. At most 1,000.
func (s *Store) JobsOfIncident(ctx context.Context, id int64, after string, limit int) (jobs []JobOfIncident, err error) {
	err = s.read(ctx, fmt.Sprintf("read the jobs of incident %d", id), func(db *gorm.DB) error {
		return db.Raw(`SELECT job, EXISTS (SELECT 1 FROM incidents WHERE cause = 'job/' || its.job || '/expect.missing' AND resolved = 0) AS missed
			FROM incident_jobs AS its WHERE incident = @id AND job > @after
			AND (recovered = 0 OR EXISTS (SELECT 1 FROM incidents WHERE id = @id AND resolved <> 0)) ORDER BY job LIMIT @most`,
			map[string]any{"id": id, "after": after, "most": bound(limit)}).Scan(&jobs).Error
	})
	return jobs, err
}

func nameEntities(db *gorm.DB, incidents []*job.Incident) error {
	var names []string
	for _, i := range incidents {
		if i.Connection != "" {
			names = append(names, i.Connection)
		}
	}
	var rows []struct{ Name, Entity string }
	if err := db.Raw(`SELECT name, entity FROM connections WHERE name IN ?`, names).Scan(&rows).Error; err != nil {
		return err
	}
	entities := make(map[string]string, len(rows))
	for _, r := range rows {
		entities[r.Name] = r.Entity
	}
	for _, i := range incidents {
		i.Entity = entities[i.Connection]
	}
	return nil
}

// Whose are the jobs and connections that open incidents are about.
type Whose struct{ Jobs, Connections []string }

// WhoseIncidents gives the jobs and connections of open incidents.
func (s *Store) WhoseIncidents(ctx context.Context) (w Whose, err error) {
	err = s.read(ctx, "read whose incidents are open", func(db *gorm.DB) error {
		err := db.Raw(`SELECT DISTINCT job FROM incident_jobs JOIN incidents ON id = incident WHERE resolved = 0 AND recovered = 0`).Scan(&w.Jobs).Error
		if err != nil {
			return err
		}
		return db.Raw(`SELECT DISTINCT connection FROM incidents WHERE resolved = 0 AND connection <> ''`).Scan(&w.Connections).Error
	})
	return w, err
}
