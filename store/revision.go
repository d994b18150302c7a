package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Revision is a configuration as it was loaded; both texts have their secrets masked by whoever gives them.
type Revision struct {
	ID   int64     `json:"id"`
	Hash string    `json:"hash"`
	Text string    `json:"text,omitempty"`
	Diff string    `json:"diff,omitempty"` // against the revision before
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

type revisionRow struct {
	ID     int64 `gorm:"primaryKey"`
	Hash   string
	Text   string
	Diff   string
	ByWhom string
	At     int64
}

func (revisionRow) TableName() string { return "config_revisions" }

func (r revisionRow) revision() Revision {
	return Revision{r.ID, r.Hash, r.Text, r.Diff, r.ByWhom, instant(r.At)}
}

// AddRevision records a configuration, now unless it says when, and gives its number. One with the hash of the last
// revision is that revision.
func (s *Store) AddRevision(ctx context.Context, r Revision) (int64, error) {
	row := revisionRow{Hash: r.Hash, Text: r.Text, Diff: r.Diff, ByWhom: r.By, At: micros(r.At)}
	if row.At == 0 {
		row.At = s.now()
	}
	err := s.write(ctx, "record the configuration", func(tx *gorm.DB) error {
		var last []revisionRow
		if err := tx.Order("id DESC").Limit(1).Find(&last).Error; err != nil {
			return err
		}
		if len(last) == 1 && last[0].Hash == r.Hash {
			row.ID = last[0].ID
			return nil
		}
		return tx.Create(&row).Error
	})
	return row.ID, err
}

// LastRevision gives the configuration that was recorded last, if there is one.
func (s *Store) LastRevision(ctx context.Context) (Revision, bool, error) {
	revisions, err := s.Revisions(ctx, 1)
	if err != nil || len(revisions) == 0 {
		return Revision{}, false, err
	}
	return revisions[0], true, nil
}

// Revisions gives the configurations, the latest first; at most limit, or 1,000 when limit is 0.
func (s *Store) Revisions(ctx context.Context, limit int) ([]Revision, error) {
	var rows []revisionRow
	err := s.read(ctx, "read the revisions of the configuration", func(db *gorm.DB) error {
		return db.Order("id DESC").Limit(bound(limit)).Find(&rows).Error
	})
	revisions := make([]Revision, len(rows))
	for i, r := range rows {
		revisions[i] = r.revision()
	}
	return revisions, err
}
