package store

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Routed is the last event for which deliveries were made.
func (s *Store) Routed(ctx context.Context) (event int64, err error) {
	err = s.read(ctx, "read how far events were told", func(db *gorm.DB) error {
		return db.Raw(`SELECT event FROM routed`).Scan(&event).Error
	})
	return event, err
}

// Deliver makes the deliveries of the events after one and up to another, and notes in the same transaction that they are made:
// whoever dies here has made all or none. job.ErrStale when somebody else was first. Of each delivery, Channel, Recipient, Contact,
// Connection, Incident, Feed, Hearers and the event's ID and Type count; one without a recipient goes to all of its channel.
//
// Alerts for a channel that fails go to its fallback as well, but that one is over only if the fallback heard that it began.
func (s *Store) Deliver(ctx context.Context, from, to int64, deliveries []job.Delivery) error {
	return s.write(ctx, fmt.Sprintf("make deliveries up to event %d", to), func(tx *gorm.DB) error {
		if err := one(tx.Exec("UPDATE routed SET event = ? WHERE event = ?", to, from)); err != nil {
			return err
		}
		outlets, err := outletsOf(tx)
		for _, d := range deliveries {
			if err == nil {
				err = s.deliver(tx, outlets, d)
			}
		}
		return err
	})
}

func (s *Store) deliver(tx *gorm.DB, outlets map[string]outletRow, d job.Delivery) error {
	if d.Hearers != nil {
		return s.deliverToHearers(tx, outlets, d)
	}
	outlet, found := outlets[d.Channel]
	if !found || d.Event.ID <= outlet.After {
		return nil
	}
	recipients := outlet.targets()
	if d.Recipient != "" {
		recipients = []string{d.Recipient}
	}
	for _, recipient := range recipients {
		d.Recipient = recipient
		if err := s.makeDelivery(tx, &outlet, d); err != nil {
			return err
		}
	}
	outlets[d.Channel] = outlet
	if !isAlert(d.Event.Type) || d.Contact {
		return nil
	}
	return s.standIn(tx, outlets, outlet, d)
}

func isAlert(kind string) bool { return strings.HasPrefix(kind, "alert.") }

// probeEvery is how often one delivery is let through to a dead channel.
const probeEvery = 24 * 60 * 60 * 1_000_000

// lastRung is above every rung of the ladder: one failure more, and it is given up again.
const lastRung = 1000

// makeDelivery makes one row, once. What a dead channel is owed is kept for a redelivery, and a day later one is let through.
func (s *Store) makeDelivery(tx *gorm.DB, outlet *outletRow, d job.Delivery) error {
	now := s.now()
	state, next, rung, detail := job.DeliveryPending, now, 0, ""
	switch {
	case outlet.dead() && !outlet.Gone && now >= outlet.Probe && !d.Contact:
		rung, outlet.Probe = lastRung, now+probeEvery
		if err := tx.Exec(`UPDATE channels SET probe = ? WHERE name = ?`, outlet.Probe, outlet.Name).Error; err != nil {
			return err
		}
	case outlet.dead():
		state, next, detail = job.DeliveryDisabled, 0, "the channel was given up before"
	}
	return insertDelivery(tx, deliveryRow{
		Channel: outlet.Name, Event: d.Event.ID, Recipient: d.Recipient, Contact: d.Contact, Connection: d.Connection, Incident: d.Incident, Feed: d.Feed,
		State: string(state), Rung: rung, Made: now, Next: next, Detail: detail,
	})
}

func insertDelivery(tx *gorm.DB, r deliveryRow) error {
	return tx.Exec(`INSERT INTO deliveries (channel, event, recipient, contact, connection, incident, feed, message, state, rung, made, next, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.Channel, r.Event, r.Recipient, r.Contact, r.Connection, r.Incident, r.Feed, "msg_"+randomHex(12), r.State, r.Rung, r.Made, r.Next, r.Detail).Error
}

// standInFor makes the deliveries of an alert to those who stand in. That it is over is for those of them who heard that it began.
func (s *Store) standInFor(tx *gorm.DB, outlets map[string]outletRow, outlet outletRow, d job.Delivery) error {
	if d.Event.Type == job.EventAlertResolved {
		all, err := hearersOf(tx, d)
		for _, h := range all {
			if err == nil && h.Channel == outlet.Name && h.ours() {
				err = s.deliverToHearer(tx, outlets, d, h)
			}
		}
		return err
	}
	d.Feed = false
	for _, d.Recipient = range outlet.targets() {
		if err := s.makeDelivery(tx, &outlet, d); err != nil {
			return err
		}
	}
	outlets[outlet.Name] = outlet
	return nil
}

// standIn makes the deliveries of an alert to whoever stands in for a channel that fails, and for the one that stands in, until
// one is well.
func (s *Store) standIn(tx *gorm.DB, outlets map[string]outletRow, outlet outletRow, d job.Delivery) error {
	for met := map[string]bool{outlet.Name: true}; outlet.ailing() && !met[outlet.Fallback]; met[outlet.Name] = true {
		next, found := outlets[outlet.Fallback]
		if !found {
			return nil
		}
		if err := s.standInFor(tx, outlets, next, d); err != nil {
			return err
		}
		outlet = outlets[next.Name]
	}
	return nil
}
