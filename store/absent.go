package store

import (
	"context"

	"gorm.io/gorm"
)

// Stamp is the highest Touched so far. A listing that begins now may judge the rows that are not beyond it.
func (s *Store) Stamp(ctx context.Context) (int64, error) {
	var value int64
	err := s.read(ctx, "read the stamp of the ledger", func(db *gorm.DB) error {
		return db.Raw(`SELECT value FROM ledger_stamp`).Scan(&value).Error
	})
	return value, err
}

// MarkAbsent records that a complete listing, begun at the stamp before, did not have these files. Rows written since
// are left to the next listing.
func (s *Store) MarkAbsent(ctx context.Context, ids []int64, before int64) error {
	for len(ids) > 0 {
		n := min(len(ids), page)
		if err := s.markAbsent(ctx, ids[:n], before); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (s *Store) markAbsent(ctx context.Context, ids []int64, before int64) error {
	return s.write(ctx, "record absent files", func(tx *gorm.DB) error {
		touched, err := stamp(tx, 1)
		if err != nil {
			return err
		}
		return tx.Exec(`UPDATE files SET absent = 1, touched = ? WHERE id IN ? AND touched <= ?`, touched, ids, before).Error
	})
}

// EndClaims ends every open claim: the fence of each row that is being worked on rises, since its holder is dead. A row
// that was claimed and not yet begun waits again. It gives the number of rows. Only the holder of the data folder's lock
// may call it, before any work.
func (s *Store) EndClaims(ctx context.Context) (int, error) {
	ended := 0
	err := s.write(ctx, "end open claims", func(tx *gorm.DB) error {
		touched, err := stamp(tx, 1)
		if err != nil {
			return err
		}
		begun := tx.Exec(`UPDATE files SET fence = fence + 1, touched = ?
			WHERE step NOT IN ('seen', 'done') AND state NOT IN ('held', 'rejected', 'skipped')`, touched)
		if begun.Error != nil {
			return begun.Error
		}
		claimed := tx.Exec(`UPDATE files SET fence = fence + 1, touched = ?, state = 'waiting'
			WHERE state = 'moving' AND step = 'seen'`, touched)
		ended = int(begun.RowsAffected + claimed.RowsAffected)
		return claimed.Error
	})
	return ended, err
}
