package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// EventPage is a part of the queue of events, the oldest first.
type EventPage struct {
	Events []job.Event
	Next   int64 // what is asked after for the part that follows: what had been looked at
	More   bool  // there is more behind it by now
	Given  int64 // the greatest number that an event was ever given here: what was asked behind a greater one never was
}

// eventsWalked is how many events one part looks at where only looking at each tells whose they are.
const eventsWalked = 20_000

// EventPage gives the events after one that a sight shows: those about connections of its entities. It takes a moment whatever the queue holds:
// a part may be short, or empty, with more behind it.
func (s *Store) EventPage(ctx context.Context, after int64, limit int, sight job.Sight) (p EventPage, err error) {
	var rows []eventRow
	var first, last int64
	limit = bound(limit)
	err = s.read(ctx, "read events", func(db *gorm.DB) error {
		if err := db.Raw(`SELECT coalesce(min(id), 1), coalesce(max(id), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) FROM events`).Row().Scan(&first, &last, &p.Given); err != nil {
			return err
		}
		if p.Next = last; !sight.Whole() {
			p.Next = min(last, max(after, first-1)+eventsWalked) // what was pruned is not looked at
		}
		query := db.Where("id > ? AND id <= ?", after, p.Next)
		if !sight.Whole() {
			query = seen(query, "json_extract(CAST(data AS TEXT), '$.connection')", sight)
		}
		return query.Order("id").Limit(limit).Find(&rows).Error
	})
	p.Events = make([]job.Event, len(rows))
	for i, r := range rows {
		p.Events[i] = job.Event{ID: r.ID, Type: r.Type, At: instant(r.At), Data: r.Data}
	}
	if len(rows) == limit {
		p.Next = rows[limit-1].ID
	}
	p.Next = max(p.Next, after)
	p.More = p.Next < last
	return p, err
}
