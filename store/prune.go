package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

const (
	requestsKept = 90 * 24 * time.Hour
	logsKept     = 30 * 24 * time.Hour
	eventsKept   = 30 * 24 * time.Hour
	// deliveriesKept also is how long an event is kept for the deliveries that it has.
	deliveriesKept = 90 * 24 * time.Hour
	sessionsKept   = 32 * 24 * time.Hour // since their begin: none may last longer
	// pruneBatch bounds what one transaction removes, so that writers never wait long.
	pruneBatch = 5000
)

// Pruned counts the rows that Prune removed.
type Pruned struct {
	Requests   int64 `json:"requests"`
	LogLines   int64 `json:"log_lines"`
	Deliveries int64 `json:"deliveries"`
	Events     int64 `json:"events"`
}

// Prune removes requests and deliveries older than 90 days, and log lines and events older than 30, less the events that are still to
// be told or have deliveries. The ledger, runs, slots, the audit
// list and the roll-ups behind Stats are kept for ever.
func (s *Store) Prune(ctx context.Context, now time.Time) (Pruned, error) {
	var p Pruned
	for _, part := range []struct {
		table, column string
		kept          time.Duration
		count         *int64
	}{
		{"requests", "started", requestsKept, &p.Requests},
		{"run_logs", "at", logsKept, &p.LogLines},
	} {
		n, err := s.prune(ctx, part.table, part.column, micros(now.Add(-part.kept)))
		if *part.count = n; err != nil {
			return p, err
		}
	}
	var err error
	if p.Deliveries, err = s.pruneDeliveries(ctx, micros(now.Add(-deliveriesKept))); err != nil {
		return p, err
	}
	if p.Events, err = s.pruneEvents(ctx, micros(now.Add(-eventsKept))); err != nil {
		return p, err
	}
	return p, errors.Join(s.pruneAnswers(ctx, now), s.pruneSheets(ctx, now), s.pruneAccess(ctx, now))
}

func (s *Store) prune(ctx context.Context, table, column string, before int64) (all int64, err error) {
	for {
		var n int64
		err := s.write(ctx, "remove old "+table, func(tx *gorm.DB) error {
			result := tx.Exec(`DELETE FROM `+table+` WHERE id IN (SELECT id FROM `+table+` WHERE `+column+` < ? LIMIT ?)`,
				before, pruneBatch)
			n = result.RowsAffected
			return result.Error
		})
		all += n
		if err != nil || n < pruneBatch {
			return all, err
		}
	}
}
