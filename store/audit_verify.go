package store

import (
	"context"

	"gorm.io/gorm"
)

// AuditEnd is the last line of the audit list, as it is to be kept elsewhere: who can write the whole store could write a
// list that hangs together, but not one that ends in this.
type AuditEnd struct {
	Line  int64  `json:"line"`
	Chain string `json:"chain"`
}

// Verified is what a look through the whole audit list found.
type Verified struct {
	Lines int64    `json:"lines"`
	End   AuditEnd `json:"end"`
	Break int64    `json:"break,omitempty"` // the first line that was altered, or follows one that was removed; 0: none
	Lost  bool     `json:"lost,omitempty"`  // lines are gone at the end
}

// Whole says that every line is there as it was written.
func (v Verified) Whole() bool { return v.Break == 0 && !v.Lost }

// VerifyAudit looks through the audit list as it stands. Has, if it has a line, is an end that was noted before: the list must still
// have it.
func (s *Store) VerifyAudit(ctx context.Context, has AuditEnd) (Verified, error) {
	var v Verified
	err := s.read(ctx, "verify the audit list", func(db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error { return v.look(tx, has) })
	})
	return v, err
}

func (v *Verified) look(tx *gorm.DB, has AuditEnd) error {
	noted := has.Line == 0
	for {
		var rows []auditRow
		if err := tx.Where("id > ?", v.End.Line).Order("id").Limit(page).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			if r.link(v.End.Chain) != r.Chain {
				v.Break = r.ID
				return nil
			}
			v.Lines, v.End = v.Lines+1, AuditEnd{r.ID, r.Chain}
			noted = noted || v.End == has
		}
		if len(rows) == 0 {
			break
		}
	}
	var kept AuditEnd
	err := tx.Raw(`SELECT line, chain FROM audit_end`).Scan(&kept).Error
	v.Lost = kept != v.End || !noted
	return err
}

// auditBreak gives the first line that was altered or is missing; 0 when the list is whole.
func (s *Store) auditBreak(ctx context.Context) (int64, error) {
	v, err := s.VerifyAudit(ctx, AuditEnd{})
	if v.Lost {
		return v.End.Line + 1, err
	}
	return v.Break, err
}
