package notify

import (
	"context"
	"errors"
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
		if !s.settle(ctx, c, due[0]) {
			return
		}
	}
}

// settle makes one attempt, and writes down what it came to, for as long as that takes: a store that cannot be written, on a disk that
// is full, is no reason to send the same once more each second. While it lasts nothing else is sent either, for that could not be
// written down. A process that dies meanwhile sends again. False: the channel is gone.
func (s *Service) settle(ctx context.Context, c job.Channel, d job.Delivery) bool {
	a, err := s.attempt(ctx, c, d)
	if err != nil && ctx.Err() == nil {
		s.Log.Error("a delivery cannot be begun", "channel", c.Name, "delivery", d.ID, "error", err)
		rest(ctx, lookEvery)
	}
	for wait := lookEvery; a != nil; wait = min(2*wait, recordMost) {
		err := s.Tray.RecordAttempt(context.WithoutCancel(ctx), *a)
		if err == nil || errors.Is(err, job.ErrNotFound) {
			return true
		}
		s.Log.Error("how a delivery went cannot be recorded; nothing is sent to its channel until it is", "channel", c.Name, "delivery", d.ID, "error", err)
		rest(ctx, wait)
		if _, found := s.channel(c.Name, false); !found {
			return false
		}
	}
	return true
}

// recordMost is the longest wait until it is tried again to record how an attempt went.
const recordMost = 30 * time.Second

// attempt sends one delivery and says how that went; nil: there is nothing to write down. Of an attempt that is cut off as the program
// ends nobody knows whether it arrived, and it is made again.
//
// That an incident is over may be taken back until its attempt begins, and then not unnoticed.
func (s *Service) attempt(ctx context.Context, c job.Channel, d job.Delivery) (*job.Attempt, error) {
	if d.Event.Type == job.EventAlertResolved {
		if wanted, err := s.Tray.BeginAttempt(ctx, d.ID); err != nil || !wanted {
			return nil, err
		}
	}
	result := s.sender.Send(ctx, c, d)
	if ctx.Err() != nil && result.Reason != nil {
		return nil, nil
	}
	a := &job.Attempt{Delivery: d.ID, Reason: result.Reason, Status: result.Status, Detail: result.Detail, Gone: result.Gone, Dropped: result.Dropped}
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
	return a, nil
}
