package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/haulier/haulier/job"
)

type pauseRow struct {
	Kind   string
	Name   string
	Reason string
	ByWhom string
	Since  int64
	Until  int64
}

func (pauseRow) TableName() string { return "pauses" }

func (r pauseRow) pause() job.Pause {
	return job.Pause{Kind: r.Kind, Name: r.Name, Reason: r.Reason, By: r.ByWhom, Since: instant(r.Since), Until: instant(r.Until)}
}

// Pause keeps a job or a connection from starting runs, from now unless it says since when. A pause that is there is
// replaced.
func (s *Store) Pause(ctx context.Context, p job.Pause) error {
	row := pauseRow{p.Kind, p.Name, p.Reason, p.By, micros(p.Since), micros(p.Until)}
	if row.Since == 0 {
		row.Since = s.now()
	}
	return s.write(ctx, fmt.Sprintf("pause %s %s", p.Kind, p.Name), func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "kind"}, {Name: "name"}}, UpdateAll: true,
		}).Create(&row).Error
	})
}

// Resume ends a pause; job.ErrNotFound when there is none.
func (s *Store) Resume(ctx context.Context, kind, name string) error {
	return s.write(ctx, fmt.Sprintf("resume %s %s", kind, name), func(tx *gorm.DB) error {
		result := tx.Where("kind = ? AND name = ?", kind, name).Delete(&pauseRow{})
		if result.Error == nil && result.RowsAffected == 0 {
			return job.ErrNotFound
		}
		return result.Error
	})
}

// Paused gives the pause that counts now; nil when there is none.
func (s *Store) Paused(ctx context.Context, kind, name string) (*job.Pause, error) {
	var rows []pauseRow
	err := s.read(ctx, fmt.Sprintf("look whether %s %s is paused", kind, name), func(db *gorm.DB) error {
		return db.Where("kind = ? AND name = ? AND (until = 0 OR until > ?)", kind, name, s.now()).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := rows[0].pause()
	return &p, nil
}

// Pauses gives all pauses that count now, by kind and name.
func (s *Store) Pauses(ctx context.Context) ([]job.Pause, error) {
	var rows []pauseRow
	err := s.read(ctx, "read pauses", func(db *gorm.DB) error {
		return db.Where("until = 0 OR until > ?", s.now()).Order("kind, name").Find(&rows).Error
	})
	pauses := make([]job.Pause, len(rows))
	for i, r := range rows {
		pauses[i] = r.pause()
	}
	return pauses, err
}
