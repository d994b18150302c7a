package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type deliveryRow struct {
	ID         int64
	Channel    string
	Event      int64
	Recipient  string
	Contact    bool
	Connection string
	Incident   int64
	Feed       bool
	Message    string
	State      string
	Attempts   int
	Rung       int
	Made       int64
	Last       int64
	Next       int64
	Status     int
	Detail     string
	Begun      int64

	// Of the event, where it is read as well.
	Type string
	At   int64
	Data []byte
}

func (deliveryRow) TableName() string { return "deliveries" }

func (r deliveryRow) delivery() job.Delivery {
	return job.Delivery{
		ID: r.ID, Channel: r.Channel, Recipient: r.Recipient, Contact: r.Contact, Connection: r.Connection, MessageID: r.Message,
		Incident: r.Incident, Feed: r.Feed,
		Event: job.Event{ID: r.Event, Type: r.Type, At: instant(r.At), Data: r.Data},
		State: job.DeliveryState(r.State), Attempts: r.Attempts, Rung: r.Rung,
		Made: instant(r.Made), Last: instant(r.Last), Next: instant(r.Next), Status: r.Status, Detail: r.Detail,
	}
}

func deliveriesOf(rows []deliveryRow) []job.Delivery {
	all := make([]job.Delivery, len(rows))
	for i, r := range rows {
		all[i] = r.delivery()
	}
	return all
}

// withEvent reads deliveries with as much of their events as is needed.
const withEvent = `deliveries.*, events.type, events.at`

// inTurn leaves out what may not be sent before something else: that an incident is over, before all that was to be said of it by
// then, and what is to be said of it later, before that.
const inTurn = `NOT (incident <> 0 AND EXISTS (SELECT 1 FROM deliveries AS earlier JOIN events AS told ON told.id = earlier.event
	WHERE earlier.incident <> 0 AND earlier.incident = deliveries.incident AND earlier.channel = deliveries.channel
	AND earlier.recipient = deliveries.recipient AND earlier.event < deliveries.event AND earlier.next <> 0
	AND '` + job.EventAlertResolved + `' IN (events.type, told.type)))`

// DueDeliveries gives what is to be sent to a channel now, what is due longest first, with the events' data; 16 when limit
// is 0.
func (s *Store) DueDeliveries(ctx context.Context, channel string, now time.Time, limit int) ([]job.Delivery, error) {
	if limit == 0 {
		limit = 16
	}
	var rows []deliveryRow
	err := s.read(ctx, "read what is owed to "+channel, func(db *gorm.DB) error {
		return db.Raw(`SELECT `+withEvent+`, events.data FROM deliveries JOIN events ON events.id = deliveries.event
			WHERE channel = ? AND next <> 0 AND next <= ? AND `+inTurn+` ORDER BY next, deliveries.id LIMIT ?`, channel, micros(now), limit).Scan(&rows).Error
	})
	return deliveriesOf(rows), err
}

// ListDeliveries gives deliveries, the latest first, without the events' data; at most 1,000.
func (s *Store) ListDeliveries(ctx context.Context, which job.Deliveries) ([]job.Delivery, error) {
	var rows []deliveryRow
	err := s.read(ctx, "read deliveries", func(db *gorm.DB) error {
		return narrowed(db, which).Order("deliveries.id DESC").Limit(bound(which.Limit)).Find(&rows).Error
	})
	return deliveriesOf(rows), err
}

func narrowed(db *gorm.DB, which job.Deliveries) *gorm.DB {
	db = seen(db.Select(withEvent).Joins("JOIN events ON events.id = deliveries.event"), "deliveries.connection", which.Sight)
	if which.Channel != "" {
		db = db.Where("channel = ?", which.Channel)
	}
	if which.State != "" {
		db = db.Where("state = ?", string(which.State))
	}
	if !which.Since.IsZero() { // numbers rise with the time: all that is older is left alone
		db = db.Where("deliveries.id >= (SELECT id FROM deliveries WHERE made >= ? ORDER BY made, id LIMIT 1)", micros(which.Since))
	}
	if which.Before > 0 {
		db = db.Where("deliveries.id < ?", which.Before)
	}
	return db
}

// Delivery gives one delivery; job.ErrNotFound when there is none.
func (s *Store) Delivery(ctx context.Context, id int64) (job.Delivery, error) {
	var row deliveryRow
	err := s.read(ctx, fmt.Sprintf("read delivery %d", id), func(db *gorm.DB) error {
		return db.Select(withEvent).Joins("JOIN events ON events.id = deliveries.event").Where("deliveries.id = ?", id).Take(&row).Error
	})
	return row.delivery(), err
}
