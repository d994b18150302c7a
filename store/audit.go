package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// AuditLine is one act of a person or a program.
type AuditLine struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Act    string    `json:"act"` // host-key.pin, job.run …
	Object string    `json:"object"`
	Detail string    `json:"detail,omitempty"` // never a secret
}

type auditRow struct {
	ID     int64 `gorm:"primaryKey"`
	At     int64
	Who    string
	Act    string
	Object string
	Detail string
	Chain  string
}

func (auditRow) TableName() string { return "audit" }

// link is the hash of a line and of the link before it.
func (r auditRow) link(before string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%q\n%q\n%q\n%q", before, r.At, r.Who, r.Act, r.Object, r.Detail))
	return hex.EncodeToString(sum[:])
}

// AddAudit writes a line to the audit list, of now unless it says when. The database lets no line be changed or removed.
func (s *Store) AddAudit(ctx context.Context, l AuditLine) error {
	return s.write(ctx, "write to the audit list", func(tx *gorm.DB) error { return s.addAudit(tx, l) })
}

// Acted has what somebody asks done, with its line in the audit list: both are on disk when it returns nil, and none of them otherwise.
// do is told of in Together; its error is given as it is.
func (s *Store) Acted(ctx context.Context, l AuditLine, do func(s *Store) error) error {
	var own error
	err := s.Together(ctx, l.Act+" "+l.Object, func(t *Store) error {
		if own = do(t); own != nil {
			return own
		}
		return t.AddAudit(ctx, l)
	})
	if own != nil {
		return own
	}
	return err
}

func (s *Store) addAudit(tx *gorm.DB, l AuditLine) error {
	return s.link(tx, auditRow{At: micros(l.At), Who: l.Who, Act: l.Act, Object: l.Object, Detail: l.Detail})
}

func (s *Store) audit(tx *gorm.DB, who, act, object, detail string) error {
	return s.link(tx, auditRow{Who: who, Act: act, Object: object, Detail: detail})
}

func (s *Store) link(tx *gorm.DB, row auditRow) error {
	var before string
	err := tx.Raw(`SELECT coalesce((SELECT chain FROM audit ORDER BY id DESC LIMIT 1), '')`).Scan(&before).Error
	if err != nil {
		return err
	}
	if row.At == 0 {
		row.At = s.now()
	}
	row.Chain = row.link(before)
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return tx.Exec(`UPDATE audit_end SET line = ?, chain = ?`, row.ID, row.Chain).Error
}

// Act writes down that somebody did something just now.
func (s *Store) Act(ctx context.Context, who, act, object, detail string) error {
	return s.AddAudit(ctx, AuditLine{Who: who, Act: act, Object: object, Detail: detail})
}

// Audit gives the lines before an id, the latest first; before 0 means from the end, limit 0 means 1,000.
func (s *Store) Audit(ctx context.Context, before int64, limit int) ([]AuditLine, error) {
	var rows []auditRow
	err := s.read(ctx, "read the audit list", func(db *gorm.DB) error {
		if before > 0 {
			db = db.Where("id < ?", before)
		}
		return db.Order("id DESC").Limit(bound(limit)).Find(&rows).Error
	})
	return auditLines(rows), err
}

// AuditFilter narrows the audit list; zero values narrow nothing.
type AuditFilter struct {
	Since  time.Time
	Who    string
	Object string
}

// AuditBy gives the lines that a filter leaves, the latest first; limit 0 means 1,000. Without an index on names it goes through
// the list from its end, which people look at now and then.
func (s *Store) AuditBy(ctx context.Context, f AuditFilter, limit int) ([]AuditLine, error) {
	var rows []auditRow
	err := s.read(ctx, "read the audit list", func(db *gorm.DB) error {
		if !f.Since.IsZero() {
			db = db.Where("at >= ?", micros(f.Since))
		}
		if f.Who != "" {
			db = db.Where("who = ?", f.Who)
		}
		if f.Object != "" {
			db = db.Where("object = ?", f.Object)
		}
		return db.Order("id DESC").Limit(bound(limit)).Find(&rows).Error
	})
	return auditLines(rows), err
}

func auditLines(rows []auditRow) []AuditLine {
	lines := make([]AuditLine, len(rows))
	for i, r := range rows {
		lines[i] = AuditLine{r.ID, instant(r.At), r.Who, r.Act, r.Object, r.Detail}
	}
	return lines
}

// LastAudit gives the latest line of an act on an object; one without a number when there is none.
func (s *Store) LastAudit(ctx context.Context, act, object string) (AuditLine, error) {
	var rows []auditRow
	err := s.read(ctx, "read the audit list", func(db *gorm.DB) error {
		return db.Where("object = ? AND act = ?", object, act).Order("id DESC").Limit(1).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return AuditLine{}, err
	}
	r := rows[0]
	return AuditLine{r.ID, instant(r.At), r.Who, r.Act, r.Object, r.Detail}, nil
}
