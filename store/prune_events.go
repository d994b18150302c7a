package store

import (
	"context"

	"gorm.io/gorm"
)

// pruneDeliveries removes deliveries that nothing more is to be done for. Those of an incident that stands are kept, for whoever has
// heard of it hears that it is over.
func (s *Store) pruneDeliveries(ctx context.Context, before int64) (all int64, err error) {
	for {
		var n int64
		err := s.write(ctx, "remove old deliveries", func(tx *gorm.DB) error {
			result := tx.Exec(`DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE made < ? AND next = 0
				AND NOT EXISTS (SELECT 1 FROM incidents WHERE id = deliveries.incident AND (resolved = 0 OR wake <> 0 OR resolved >= ?
				OR passed_to <> 0 AND resolved_by = ? AND recovery = 0)) ORDER BY made LIMIT ?)`, before, before, passedOn, pruneBatch)
			n = result.RowsAffected
			return result.Error
		})
		all += n
		if err != nil || n < pruneBatch {
			return all, err
		}
	}
}

// pruneEvents removes old events that no delivery has and that have been told to whoever is to be told. It goes through them by
// their numbers, so that the many that stay are passed once, and no transaction is long.
func (s *Store) pruneEvents(ctx context.Context, before int64) (all int64, err error) {
	var first, last int64
	err = s.read(ctx, "look for old events", func(db *gorm.DB) error {
		return db.Raw(`SELECT coalesce((SELECT min(id) FROM events), 1), min(coalesce((SELECT max(id) FROM events WHERE at < ?), 0),
			CASE WHEN EXISTS (SELECT 1 FROM channels WHERE removed = 0) THEN (SELECT event FROM routed) ELSE 0x7fffffffffffffff END)`,
			before).Row().Scan(&first, &last)
	})
	for from := first; err == nil && from <= last; from += pruneBatch {
		err = s.write(ctx, "remove old events", func(tx *gorm.DB) error {
			result := tx.Exec(`DELETE FROM events WHERE id BETWEEN ? AND ? AND at < ?
				AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.id)`, from, min(last, from+pruneBatch-1), before)
			all += result.RowsAffected
			return result.Error
		})
	}
	return all, err
}
