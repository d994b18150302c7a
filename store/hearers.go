package store

import (
	"slices"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// hearerRow is one that has heard of an incident, or is owed to.
type hearerRow struct {
	Channel   string
	Recipient string
	Contact   bool
	Feed      bool   // told only because the channel asks for such events
	Got       bool   // something has arrived
	Owed      bool   // something is on its way
	Last      string // type of the last event of these, and of what may have arrived
}

const heardOf = `SELECT h.*, coalesce(events.type, '') AS last FROM (SELECT channel, recipient, min(contact) AS contact, min(feed) AS feed,
	max(state = @sent) AS got, max(next <> 0) AS owed, max(CASE WHEN state = @sent OR next <> 0 OR begun <> 0 THEN event END) AS newest
	FROM deliveries WHERE incident <> 0 AND incident = @incident AND event < @event GROUP BY channel, recipient) AS h
	LEFT JOIN events ON events.id = h.newest ORDER BY channel, recipient`

// hearersOf gives those who were told of an incident before an event. There are as many as the channels of that time had recipients.
func hearersOf(tx *gorm.DB, d job.Delivery) (all []hearerRow, err error) {
	err = tx.Raw(heardOf, map[string]any{"sent": job.DeliverySent, "incident": d.Incident, "event": d.Event.ID}).Scan(&all).Error
	return all, err
}

// deliverToHearers makes the deliveries of what only those are told who have heard of an incident: that it is over, or back. It is in
// the transaction of the cursor, and sees what stood before it in the same.
func (s *Store) deliverToHearers(tx *gorm.DB, outlets map[string]outletRow, d job.Delivery) error {
	to := *d.Hearers
	d.Hearers = nil
	if err := takeBack(tx, d); err != nil {
		return err
	}
	all, err := hearersOf(tx, d)
	if err != nil {
		return err
	}
	passed, err := hearersOfPassed(tx, d)
	if err != nil {
		return err
	}
	left := false
	for _, h := range all {
		if !wants(to, h, d.Event.Type) || passed[h.who()] {
			continue
		}
		outlet, found := outlets[h.Channel]
		left = left || found && h.ours() && outlet.has(h)
		if err := s.deliverToHearer(tx, outlets, d, h); err != nil {
			return err
		}
	}
	if left && !to.Anyway {
		return nil
	}
	for _, d.Channel = range to.Else {
		if err := s.deliver(tx, outlets, d); err != nil {
			return err
		}
	}
	return nil
}

type hearer struct{ channel, recipient string }

func (h hearerRow) who() hearer { return hearer{h.Channel, h.Recipient} }

// hearersOfPassed gives those who have heard, or are owed, of the incident in which the one that is over went on: they hear of the end
// of that.
func hearersOfPassed(tx *gorm.DB, d job.Delivery) (map[hearer]bool, error) {
	var passedTo []int64
	err := tx.Raw(`SELECT passed_to FROM incidents WHERE id = ? AND passed_to <> 0`, d.Incident).Scan(&passedTo).Error
	if err != nil || len(passedTo) == 0 || d.Event.Type != job.EventAlertResolved {
		return nil, err
	}
	d.Incident = passedTo[0]
	all, err := hearersOf(tx, d)
	heard := map[hearer]bool{}
	for _, h := range all {
		heard[h.who()] = h.Got || h.Owed
	}
	return heard, err
}

func (h hearerRow) ours() bool { return !h.Contact && !h.Feed }

// wants says whether a hearer is to be told. Contacts hear that an incident is back if they were told that it was over, and else know it.
func wants(to job.Hearers, h hearerRow, kind string) bool {
	switch {
	case h.Contact:
		return to.Contacts && (kind == job.EventAlertResolved || h.Last == job.EventAlertResolved)
	case h.Feed:
		return slices.Contains(to.Feeds, h.Channel)
	}
	return !slices.Contains(to.Except, h.Channel)
}

// has says whether the channel still tells a hearer; contacts are looked at when they are written to.
func (r outletRow) has(h hearerRow) bool {
	return h.Contact || slices.Contains(r.targets(), h.Recipient)
}

// deliverToHearer makes the delivery to one of them. A channel or recipient that was taken out since has it dropped.
func (s *Store) deliverToHearer(tx *gorm.DB, outlets map[string]outletRow, d job.Delivery, h hearerRow) error {
	d.Channel, d.Recipient, d.Contact, d.Feed = h.Channel, h.Recipient, h.Contact, h.Feed
	outlet, found := outlets[h.Channel]
	over := d.Event.Type == job.EventAlertResolved
	switch {
	case !found:
		return s.keepUnsent(tx, d, job.DeliveryDropped, channelGone)
	case !outlet.has(h):
		return s.keepUnsent(tx, d, job.DeliveryDropped, "the recipient is not in the configuration any more")
	case d.Event.ID <= outlet.After:
		return nil
	case over && !h.Got && !h.Owed:
		return s.keepUnsent(tx, d, job.DeliveryDisabled, neverBegan)
	}
	if err := s.makeDelivery(tx, &outlet, d); err != nil {
		return err
	}
	outlets[h.Channel] = outlet
	if over || !h.ours() {
		return nil
	}
	return s.standIn(tx, outlets, outlet, d)
}

// Why a delivery is not sent.
const (
	channelGone = "the channel was taken out of the configuration"
	neverBegan  = "that it began was not delivered"
)

// keepUnsent makes a row that says why a delivery is not sent.
func (s *Store) keepUnsent(tx *gorm.DB, d job.Delivery, state job.DeliveryState, why string) error {
	return insertDelivery(tx, deliveryRow{
		Channel: d.Channel, Event: d.Event.ID, Recipient: d.Recipient, Contact: d.Contact, Connection: d.Connection, Incident: d.Incident, Feed: d.Feed,
		State: string(state), Made: s.now(), Detail: why,
	})
}

// takeBack keeps from being sent that an incident is over which is back: whoever was to be told knows it as it stands. What is being sent
// at this moment, or may have arrived, is not sent once more, and counts as heard.
func takeBack(tx *gorm.DB, d job.Delivery) error {
	if d.Event.Type != job.EventAlertReminded {
		return nil
	}
	return tx.Exec(`UPDATE deliveries SET state = ?, next = 0, detail = 'it came back before this was delivered'
		WHERE incident <> 0 AND incident = ? AND event < ? AND next <> 0 AND feed = 0
		AND EXISTS (SELECT 1 FROM events WHERE events.id = deliveries.event AND type = ?)`,
		job.DeliveryDropped, d.Incident, d.Event.ID, job.EventAlertResolved).Error
}

// notBack keeps from a contact that an incident is back, if that it was over did not arrive, which was on its way when it came back.
func (t *try) notBack(tx *gorm.DB) error {
	r := t.row
	if !r.Contact || r.Incident == 0 || r.Type != job.EventAlertResolved {
		return nil
	}
	return tx.Exec(`UPDATE deliveries SET state = @ended, next = 0, detail = 'that it was over was not delivered'
		WHERE incident <> 0 AND incident = @incident AND channel = @channel AND recipient = @recipient AND event > @event AND next <> 0 AND contact = 1
		AND EXISTS (SELECT 1 FROM events WHERE events.id = deliveries.event AND type = @back)`,
		map[string]any{
			"ended": job.DeliveryDropped, "incident": r.Incident, "channel": r.Channel, "recipient": r.Recipient, "event": r.Event, "back": job.EventAlertReminded,
		}).Error
}

// endOver keeps from being sent that an incident is over, to one to whom nothing that was to be said of it before has arrived, or will.
func (t *try) endOver(tx *gorm.DB) error {
	r := t.row
	if r.Incident == 0 || r.Next != 0 || r.State == string(job.DeliverySent) {
		return nil
	}
	return tx.Exec(`UPDATE deliveries SET state = @ended, next = 0, detail = @why
		WHERE incident <> 0 AND incident = @incident AND channel = @channel AND recipient = @recipient AND event > @event AND next <> 0
		AND EXISTS (SELECT 1 FROM events WHERE events.id = deliveries.event AND type = @over)
		AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.incident <> 0 AND earlier.incident = @incident
			AND earlier.channel = @channel AND earlier.recipient = @recipient AND earlier.event < deliveries.event
			AND (earlier.state = @sent OR earlier.next <> 0))`,
		map[string]any{
			"ended": job.DeliveryDisabled, "why": neverBegan, "incident": r.Incident, "channel": r.Channel, "recipient": r.Recipient,
			"event": r.Event, "over": job.EventAlertResolved, "sent": job.DeliverySent,
		}).Error
}
