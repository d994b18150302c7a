package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Revision is a configuration as it was loaded; both texts have their secrets masked by whoever gives them. Revisions of
// one hash have one text and one path; the text is stored once.
type Revision struct {
	ID   int64     `json:"id"`
	Hash string    `json:"hash"`
	Path string    `json:"path,omitempty"` // of the file, to which paths in it are relative; empty: not known
	Text string    `json:"text,omitempty"`
	Diff string    `json:"diff,omitempty"` // against the revision before
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

type revisionRow struct {
	ID     int64 `gorm:"primaryKey"`
	Hash   string
	Path   string
	Text   string // empty: as in the first revision of this hash
	Diff   string
	ByWhom string
	At     int64
}

func (revisionRow) TableName() string { return "config_revisions" }

func (r revisionRow) revision() Revision {
	return Revision{r.ID, r.Hash, r.Path, r.Text, r.Diff, r.ByWhom, instant(r.At)}
}

// AddRevision records a configuration, now unless it says when, and gives its number. One with the hash of the last
// revision is that revision.
func (s *Store) AddRevision(ctx context.Context, r Revision) (int64, error) {
	row := revisionRow{Hash: r.Hash, Path: r.Path, Text: r.Text, Diff: r.Diff, ByWhom: r.By, At: micros(r.At)}
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
		var same int64
		if err := tx.Model(&revisionRow{}).Where("hash = ?", r.Hash).Count(&same).Error; err != nil {
			return err
		}
		if same > 0 {
			row.Text = ""
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

// Revision gives a configuration by its number; job.ErrNotFound when there is none.
func (s *Store) Revision(ctx context.Context, id int64) (Revision, error) {
	var row revisionRow
	err := s.read(ctx, fmt.Sprintf("read revision %d of the configuration", id), func(db *gorm.DB) error {
		return db.Select(wholeRevision).Take(&row, id).Error
	})
	return row.revision(), err
}

// wholeRevision are the columns of a revision, with its text wherever that is stored.
const wholeRevision = `id, hash, path, diff, by_whom, at, coalesce((SELECT text FROM config_revisions AS first
	WHERE first.hash = config_revisions.hash ORDER BY id LIMIT 1), '') AS text`

// Revisions gives the configurations, the latest first; at most limit, or 1,000 when limit is 0.
func (s *Store) Revisions(ctx context.Context, limit int) ([]Revision, error) {
	var rows []revisionRow
	err := s.read(ctx, "read the revisions of the configuration", func(db *gorm.DB) error {
		return db.Select(wholeRevision).Order("id DESC").Limit(bound(limit)).Find(&rows).Error
	})
	revisions := make([]Revision, len(rows))
	for i, r := range rows {
		revisions[i] = r.revision()
	}
	return revisions, err
}

// RevisionsOf gives the latest of the last 1,000 revisions in which something of a connection changed, with their whole diffs and without
// their texts; at most limit.
func (s *Store) RevisionsOf(ctx context.Context, connection string, limit int) ([]Revision, error) {
	var rows []revisionRow
	err := s.read(ctx, "read the revisions of connection "+connection, func(db *gorm.DB) error {
		return db.Raw(`SELECT * FROM (SELECT id, hash, path, diff, by_whom, at FROM config_revisions ORDER BY id DESC LIMIT ?)
			WHERE instr(diff, ?) > 0 ORDER BY id DESC LIMIT ?`, knownMost, " connections."+connection+".", bound(limit)).Scan(&rows).Error
	})
	revisions := make([]Revision, len(rows))
	for i, r := range rows {
		revisions[i] = r.revision()
	}
	return revisions, err
}
