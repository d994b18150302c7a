package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Redeliver lets a delivery be attempted again, by its old message id, whatever became of it, and with an alert that it is over, if that
// was not sent for want of it; a channel that was given up gets a
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
		err := tx.Exec(redeliver+` WHERE id = @id OR incident <> 0 AND incident = @incident AND channel = @channel AND recipient = @recipient
			AND event > @event AND detail = @along`, map[string]any{
			"state": job.DeliveryPending, "now": s.now(), "id": id, "along": neverBegan,
			"incident": row.Incident, "channel": row.Channel, "recipient": row.Recipient, "event": row.Event,
		}).Error
		if err != nil {
			return err
		}
		return s.audit(tx, by, "delivery.redeliver", fmt.Sprintf("delivery %d", id), "channel "+row.Channel)
	})
}

const redeliver = `UPDATE deliveries SET state = @state, next = @now, rung = 0, detail = 'asked for again'`

func (s *Store) revive(tx *gorm.DB, channel string) error {
	return one(tx.Exec(`UPDATE channels SET failures = 0, disabled = 0, gone = 0 WHERE name = ? AND removed = 0`, channel))
}

// outdated is a delivery that an incident is over which has come back since.
const outdated = `(incident <> 0 AND EXISTS (SELECT 1 FROM events WHERE events.id = deliveries.event AND type = '` + job.EventAlertResolved + `')
	AND EXISTS (SELECT 1 FROM deliveries AS later WHERE later.incident <> 0 AND later.incident = deliveries.incident
	AND later.channel = deliveries.channel AND later.recipient = deliveries.recipient AND later.event > deliveries.event))`

// RedeliverMissed lets all deliveries of a channel be attempted again that did not arrive, those made at or after a time, but that
// an incident is over which is back; how many is said. Errors are those of Redeliver.
func (s *Store) RedeliverMissed(ctx context.Context, which job.Deliveries, by string) (count int64, err error) {
	act := "deliver what channel " + which.Channel + " missed"
	for {
		var n int64
		err := s.write(ctx, act, func(tx *gorm.DB) error {
			if err := s.revive(tx, which.Channel); err != nil {
				return err
			}
			result := tx.Exec(redeliver+` WHERE id IN (SELECT id FROM deliveries WHERE channel = @channel AND state IN @missed AND made >= @since
				AND NOT `+outdated+` ORDER BY id LIMIT @most)`, map[string]any{
				"state": job.DeliveryPending, "now": s.now(), "channel": which.Channel, "since": micros(which.Since), "most": pruneBatch,
				"missed": []job.DeliveryState{job.DeliveryFailed, job.DeliveryDisabled, job.DeliveryDropped},
			})
			if n = result.RowsAffected; result.Error != nil || count > 0 {
				return result.Error
			}
			return s.audit(tx, by, "delivery.redeliver", "channel "+which.Channel, missed(which))
		})
		count += n
		if err != nil {
			return count, err
		}
		if n < pruneBatch {
			return count, nil
		}
	}
}

// missed says which deliveries are asked for again. How many they are is not known when the first of them are.
func missed(which job.Deliveries) string {
	if which.Since.IsZero() {
		return "all that it missed"
	}
	return "all that it missed since " + utc(which.Since)
}
