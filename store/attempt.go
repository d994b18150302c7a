package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// BeginAttempt notes that a delivery is about to be sent: whoever takes it back from now on takes it for one that may have arrived. wanted is
// false when it is not to be sent any more.
func (s *Store) BeginAttempt(ctx context.Context, delivery int64) (wanted bool, err error) {
	err = s.write(ctx, fmt.Sprintf("begin an attempt of delivery %d", delivery), func(tx *gorm.DB) error {
		result := tx.Exec(`UPDATE deliveries SET begun = ? WHERE id = ? AND next <> 0`, s.now(), delivery)
		wanted = result.RowsAffected > 0
		return result.Error
	})
	return wanted && err == nil, err
}

// RecordAttempt writes down what a try to deliver came to, and in the same transaction all that follows from it: when it is tried
// again, that the channel is given up, that alerts go to the fallback, and the incidents about the channel.
func (s *Store) RecordAttempt(ctx context.Context, a job.Attempt) error {
	act := fmt.Sprintf("record an attempt of delivery %d", a.Delivery)
	return s.Together(ctx, act, func(s *Store) error {
		t := try{Store: s, attempt: a}
		if err := s.write(ctx, act, t.record); err != nil {
			return err
		}
		return t.raise(ctx)
	})
}

// try is one attempt while it is recorded.
type try struct {
	*Store
	attempt job.Attempt
	row     deliveryRow
	outlet  outletRow // its name is empty: the channel is not in the configuration any more
	before  outletRow
}

func (t *try) record(tx *gorm.DB) error {
	err := tx.Raw(`SELECT `+withEvent+` FROM deliveries JOIN events ON events.id = deliveries.event WHERE deliveries.id = ?`,
		t.attempt.Delivery).Scan(&t.row).Error
	if err != nil {
		return err
	}
	if t.row.ID == 0 {
		return gorm.ErrRecordNotFound
	}
	if t.attempt.Reason != nil && !t.attempt.Reason.Unknown {
		t.row.Begun = 0
	}
	if t.endedMeanwhile() {
		err := tx.Exec(`UPDATE deliveries SET attempts = attempts + 1, last = ?, begun = ? WHERE id = ?`, t.now(), t.row.Begun, t.row.ID).Error
		if err != nil || t.row.Begun != 0 {
			return err
		}
		return t.notBack(tx)
	}
	outlets, err := outletsOf(tx)
	if err != nil {
		return err
	}
	t.outlet = outlets[t.row.Channel]
	t.before = t.outlet
	t.judge()
	if err := t.save(tx); err != nil {
		return err
	}
	if t.outlet.Name == "" {
		return nil
	}
	outlets[t.outlet.Name] = t.outlet
	if err := t.pass(tx, outlets); err != nil {
		return err
	}
	if err := t.endOver(tx); err != nil {
		return err
	}
	return t.giveUp(tx)
}

// endedMeanwhile: a failure of what is not to be sent any more changes nothing.
func (t *try) endedMeanwhile() bool {
	return t.attempt.Reason != nil && t.row.Next == 0 && t.row.State != string(job.DeliverySent)
}

// judge says what follows from the attempt.
func (t *try) judge() {
	t.row.Next, t.row.Status = micros(t.attempt.Next), t.attempt.Status
	if t.attempt.Dropped {
		t.row.State, t.row.Next, t.row.Detail = string(job.DeliveryDropped), 0, t.attempt.Reason.Cause
		return
	}
	t.row.Last = t.now()
	t.row.Attempts++
	if t.attempt.Reason != nil {
		t.failed()
		return
	}
	t.row.State, t.row.Next, t.row.Rung, t.row.Detail = string(job.DeliverySent), 0, 0, t.attempt.Detail
	if !t.row.Contact {
		t.outlet.Failures, t.outlet.Succeeded, t.outlet.Disabled, t.outlet.Gone = 0, t.row.Last, 0, false
	}
}

func (t *try) failed() {
	t.row.Rung++
	t.row.Detail = t.attempt.Reason.Slug + ": " + t.attempt.Reason.Cause
	t.row.State = string(job.DeliveryFailed)
	switch {
	case t.outlet.Name == "":
		t.row.State, t.row.Next = string(job.DeliveryDropped), 0
	case t.row.Next == 0 || t.attempt.Gone:
		t.row.State, t.row.Next = string(job.DeliveryDisabled), 0
	}
	if t.row.Contact {
		return
	}
	t.outlet.Failures++
	ended := t.row.Next == 0 && t.outlet.Succeeded < t.row.Made // nothing has arrived in all that time
	if t.attempt.Gone || ended {
		t.outlet.Disabled, t.outlet.Gone, t.outlet.Probe = t.row.Last, t.attempt.Gone, t.row.Last+probeEvery
	}
}

func (t *try) save(tx *gorm.DB) error {
	r, o := t.row, t.outlet
	err := tx.Exec(`UPDATE deliveries SET state = ?, attempts = ?, rung = ?, last = ?, next = ?, status = ?, detail = ?, begun = ? WHERE id = ?`,
		r.State, r.Attempts, r.Rung, r.Last, r.Next, r.Status, r.Detail, r.Begun, r.ID).Error
	if err != nil || o.Name == "" {
		return err
	}
	return tx.Exec(`UPDATE channels SET failures = ?, succeeded = ?, disabled = ?, gone = ?, probe = ? WHERE name = ?`,
		o.Failures, o.Succeeded, o.Disabled, o.Gone, o.Probe, o.Name).Error
}

// passMost bounds what is passed on at one time. What is left is passed on when it fails itself.
const passMost = 500

// pass gives the alerts that did not arrive to whoever stands in: all that wait when the channel begins to fail, and each that
// fails from then on.
func (t *try) pass(tx *gorm.DB, outlets map[string]outletRow) error {
	if t.attempt.Reason == nil || t.attempt.Dropped || t.row.Contact || !t.outlet.ailing() {
		return nil
	}
	rows, err := t.passed(tx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !isAlert(r.Type) {
			continue
		}
		if err := t.standIn(tx, outlets, t.outlet, r.delivery()); err != nil {
			return err
		}
	}
	return nil
}

// passed gives what is passed on, in the order in which it happened: behind an alert goes that it is over, if that waits for it.
func (t *try) passed(tx *gorm.DB) (rows []deliveryRow, err error) {
	which := `channel = @channel AND (next <> 0 OR deliveries.id = @id) AND contact = 0 AND type LIKE 'alert.%'`
	if t.before.ailing() {
		which = `deliveries.id = @id OR incident <> 0 AND incident = @incident AND channel = @channel AND recipient = @recipient AND next <> 0`
	}
	err = tx.Raw(`SELECT `+withEvent+` FROM deliveries JOIN events ON events.id = deliveries.event WHERE `+which+` ORDER BY event, deliveries.id LIMIT @most`,
		map[string]any{
			"channel": t.outlet.Name, "id": t.row.ID, "incident": t.row.Incident, "recipient": t.row.Recipient, "most": passMost,
		}).Scan(&rows).Error
	return rows, err
}

// giveUp ends all that is owed to a channel that has just died.
func (t *try) giveUp(tx *gorm.DB) error {
	if !t.outlet.dead() || t.before.dead() {
		return nil
	}
	return tx.Exec(`UPDATE deliveries SET state = ?, next = 0, detail = 'the channel was given up' WHERE channel = ? AND next <> 0`,
		job.DeliveryDisabled, t.outlet.Name).Error
}

// raise opens and ends the incidents about the channel.
func (t *try) raise(ctx context.Context) error {
	why := t.attempt.Reason
	switch {
	case t.attempt.Dropped || t.outlet.Name == "":
		return nil
	case why == nil && t.row.Contact:
		return nil
	case why == nil:
		return t.channelWell(ctx, t.outlet.Name)
	case t.outlet.dead() && !t.before.dead():
		return t.strike(ctx, disabledOf(t.outlet.Name, *why))
	case !t.outlet.dead() && t.row.Next == 0:
		return t.strike(ctx, gaveUpOf(t.row, *why))
	case t.outlet.ailing() && !t.before.ailing():
		return t.strike(ctx, failingOf(t.outlet.Name, *why))
	}
	return nil
}

func (t *try) strike(ctx context.Context, r job.Reason) error {
	_, err := t.Raise(ctx, "channel/"+t.outlet.Name+"/"+r.Slug, "", r, t.options.Now())
	return err
}
