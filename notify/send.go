package notify

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// send sends what is owed to a channel, one after the other, until the context ends or the channel is gone.
func (s *Service) send(ctx context.Context, name string) {
	for {
		c, found := s.channel(name, false)
		if !found {
			return
		}
		due, err := s.Tray.DueDeliveries(ctx, name, time.Now(), 1)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("what is to be told cannot be read", "channel", name, "error", err)
		}
		if len(due) == 0 {
			rest(ctx, lookEvery)
			continue
		}
		if err := s.attempt(ctx, c, due[0]); err != nil {
			s.Log.Error("how a delivery went cannot be recorded; it will be sent again", "channel", name, "delivery", due[0].ID, "error", err)
			rest(ctx, lookEvery)
		}
	}
}

// attempt sends one delivery and writes down how that went. An attempt that is cut off as the program ends is not written down:
// nobody knows whether it arrived, and it is made again.
//
// That an incident is over may be taken back until its attempt begins, and then not unnoticed.
func (s *Service) attempt(ctx context.Context, c job.Channel, d job.Delivery) error {
	if d.Event.Type == job.EventAlertResolved {
		if wanted, err := s.Tray.BeginAttempt(ctx, d.ID); err != nil || !wanted {
			return err
		}
	}
	result := s.sender.Send(ctx, c, d)
	if ctx.Err() != nil && result.Reason != nil {
		return nil
	}
	a := job.Attempt{Delivery: d.ID, Reason: result.Reason, Status: result.Status, Detail: result.Detail, Gone: result.Gone, Dropped: result.Dropped}
	status := "sent"
	if a.Reason != nil {
		status = "failed"
		a.Next = nextAttempt(time.Now(), d.Rung, result.Wait)
		if a.Next.IsZero() || a.Gone {
			status = "disabled"
		}
		s.Log.Warn("not delivered", "channel", c.Name, "delivery", d.ID, "event", d.Event.Type, "slug", a.Reason.Slug, "cause", a.Reason.Cause, "again", a.Next)
	}
	s.count(c.Name, status)
	return s.Tray.RecordAttempt(context.WithoutCancel(ctx), a)
}
