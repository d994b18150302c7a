package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Loaded records that a job is in the configuration, and gives the time since when its slots count: when it was first
// loaded, or loaded again after it had been removed.
func (s *Store) Loaded(ctx context.Context, jobName, connection string, now time.Time) (first time.Time, err error) {
	since, known, err := s.loadedBefore(ctx, jobName, connection)
	if err != nil || known {
		return instant(since), err
	}
	err = s.write(ctx, "record that "+jobName+" is loaded", func(tx *gorm.DB) error {
		return tx.Raw(`INSERT INTO jobs (name, connection, first_loaded, loaded) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET connection = excluded.connection, removed = 0, renamed_to = '',
			loaded = CASE removed WHEN 0 THEN loaded ELSE excluded.loaded END RETURNING loaded`,
			jobName, connection, micros(now), micros(now)).Scan(&since).Error
	})
	return instant(since), err
}

// loadedBefore gives since when the slots of a job count, if all that Loaded would write is written: a start with very many
// jobs, of which none is new, writes nothing for each.
func (s *Store) loadedBefore(ctx context.Context, jobName, connection string) (since int64, known bool, err error) {
	var found []int64
	err = s.read(ctx, "read since when "+jobName+" is loaded", func(db *gorm.DB) error {
		return db.Raw(`SELECT loaded FROM jobs WHERE name = ? AND connection = ? AND removed = 0 AND loaded <> 0`,
			jobName, connection).Scan(&found).Error
	})
	if len(found) == 0 {
		return 0, false, err
	}
	return found[0], true, err
}

// MarkLoaded records that these jobs, and no others, are in the configuration. The others keep their history.
func (s *Store) MarkLoaded(ctx context.Context, names []string) error {
	return s.write(ctx, "record which jobs are loaded", func(tx *gorm.DB) error {
		return s.markRemoved(tx, "jobs", names)
	})
}

// RemovedJobs gives the jobs that were configured once and are no longer, with when they were missed first.
func (s *Store) RemovedJobs(ctx context.Context) (map[string]time.Time, error) {
	return s.datedNames(ctx, "read removed jobs", `SELECT name, removed FROM jobs WHERE removed <> 0`)
}

// MarkConnections records the connections that the configuration has, with their entities; others are marked removed
// and keep their history.
func (s *Store) MarkConnections(ctx context.Context, entities map[string]string) error {
	return s.write(ctx, "record which connections are loaded", func(tx *gorm.DB) error {
		names := make([]string, 0, len(entities))
		for name, entity := range entities {
			names = append(names, name)
			err := tx.Exec(`INSERT INTO connections (name, entity) VALUES (?, ?)
				ON CONFLICT DO UPDATE SET entity = excluded.entity, removed = 0`, name, entity).Error
			if err != nil {
				return err
			}
		}
		return s.markRemoved(tx, "connections", names)
	})
}

// Connections gives every connection that was ever configured or worked with, and when a configuration without it was
// first loaded; zero where none was.
func (s *Store) Connections(ctx context.Context) (map[string]time.Time, error) {
	return s.datedNames(ctx, "read the connections", `SELECT name, max(removed) AS removed FROM (SELECT name, removed FROM connections
		UNION SELECT connection, 0 FROM runs UNION SELECT connection, 0 FROM request_totals) GROUP BY name`)
}

// markRemoved dates the rows of a table that are not among the names, unless they are dated already. A job that comes
// back is undated by Loaded, which must know that it was away.
func (s *Store) markRemoved(tx *gorm.DB, table string, names []string) error {
	var here []string
	if err := tx.Table(table).Where("removed = 0").Pluck("name", &here).Error; err != nil {
		return err
	}
	keep := make(map[string]struct{}, len(names))
	for _, name := range names {
		keep[name] = struct{}{}
	}
	for _, name := range here {
		if _, ok := keep[name]; ok {
			continue
		}
		if err := tx.Table(table).Where("name = ?", name).Update("removed", s.now()).Error; err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) datedNames(ctx context.Context, act, query string) (map[string]time.Time, error) {
	var rows []struct {
		Name    string
		Removed int64
	}
	err := s.read(ctx, act, func(db *gorm.DB) error { return db.Raw(query).Scan(&rows).Error })
	names := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		names[r.Name] = instant(r.Removed)
	}
	return names, err
}
