package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Redeliver lets a delivery be attempted again, by its old message id, whatever became of it; a channel that was given up gets a
// new chance. job.ErrNotFound: there is none of this number; job.ErrStale: its channel is not in the configuration any more.
func (s *Store) Redeliver(ctx context.Context, id int64, by string) error {
	return s.write(ctx, fmt.Sprintf("deliver %d again", id), func(tx *gorm.DB) error {
		var row deliveryRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		if err := s.revive(tx, row.Channel); err != nil {
			return err
		}
		if err := tx.Exec(redeliver+` WHERE id = ?`, job.DeliveryPending, s.now(), id).Error; err != nil {
			return err
		}
		return s.audit(tx, by, "delivery.redeliver", fmt.Sprintf("delivery %d", id), "channel "+row.Channel)
	})
}

const redeliver = `UPDATE deliveries SET state = ?, next = ?, rung = 0, detail = 'asked for again'`

func (s *Store) revive(tx *gorm.DB, channel string) error {
	return one(tx.Exec(`UPDATE channels SET failures = 0, disabled = 0, gone = 0 WHERE name = ? AND removed = 0`, channel))
}

// RedeliverMissed lets all deliveries of a channel be attempted again that did not arrive, those made at or after a time; how many is
// said. Errors are those of Redeliver.
func (s *Store) RedeliverMissed(ctx context.Context, which job.Deliveries, by string) (count int64, err error) {
	act := "deliver what channel " + which.Channel + " missed"
	for {
		var n int64
		err := s.write(ctx, act, func(tx *gorm.DB) error {
			if err := s.revive(tx, which.Channel); err != nil {
				return err
			}
			result := tx.Exec(redeliver+` WHERE id IN (SELECT id FROM deliveries WHERE channel = ? AND state IN (?, ?, ?) AND made >= ?
				ORDER BY id LIMIT ?)`, job.DeliveryPending, s.now(), which.Channel,
				job.DeliveryFailed, job.DeliveryDisabled, job.DeliveryDropped, micros(which.Since), pruneBatch)
			n = result.RowsAffected
			return result.Error
		})
		count += n
		if err != nil {
			return count, err
		}
		if n < pruneBatch {
			return count, s.AddAudit(ctx, AuditLine{Who: by, Act: "delivery.redeliver", Object: "channel " + which.Channel, Detail: fmt.Sprintf("%d deliveries", count)})
		}
	}
}
