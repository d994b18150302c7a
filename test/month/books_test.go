package month

import (
	"context"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// books are the store. Those who tell look into it once a second, and four times a minute, because others may have written: here it
// is known when somebody has, and a month of looks at what has not changed is spared.
type books struct {
	*store.Store
	seen map[job.Type]map[job.Verdict]bool // how days stood when they were written

	mu    sync.Mutex
	wrote chan struct{} // closed by whoever writes next
	asked bool          // whether anything was written since the clock of alerts was told when an incident is due next
	next  time.Time
}

func newBooks(s *store.Store, seen map[job.Type]map[job.Verdict]bool) *books {
	return &books{Store: s, seen: seen, wrote: make(chan struct{})}
}

// changed has everybody look.
func (b *books) changed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = false
	close(b.wrote)
	b.wrote = make(chan struct{})
}

// news is closed when somebody writes.
func (b *books) news() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wrote
}

func (b *books) IncidentsDue(ctx context.Context, now time.Time, limit int) (ids []int64, next time.Time, err error) {
	b.mu.Lock()
	asked, next := b.asked, b.next
	b.asked = true
	b.mu.Unlock()
	if asked && (next.IsZero() || now.Before(next)) {
		return nil, next, nil
	}
	ids, next, err = b.Store.IncidentsDue(ctx, now, limit)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next, b.asked = next, b.asked && err == nil && len(ids) == 0
	return ids, next, err
}

func (b *books) TellIncident(ctx context.Context, id int64, now time.Time, manner func(job.Incident) store.Manner) (string, error) {
	defer b.changed()
	return b.Store.TellIncident(ctx, id, now, manner)
}

// Events waits until there are any.
func (b *books) Events(ctx context.Context, after int64, limit int) ([]job.Event, error) {
	for {
		wrote := b.news()
		events, err := b.Store.Events(ctx, after, limit)
		if err != nil || len(events) > 0 {
			return events, err
		}
		select {
		case <-wrote:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *books) Deliver(ctx context.Context, from, to int64, deliveries []job.Delivery) error {
	defer b.changed()
	return b.Store.Deliver(ctx, from, to, deliveries)
}

// DueDeliveries waits until something may be due.
func (b *books) DueDeliveries(ctx context.Context, channel string, now time.Time, limit int) ([]job.Delivery, error) {
	wrote := b.news()
	first, err := b.Store.DueDeliveries(ctx, channel, now.AddDate(1, 0, 0), 1)
	if err != nil || len(first) > 0 && !first[0].Next.After(now) {
		return b.Store.DueDeliveries(ctx, channel, now, limit)
	}
	wait := 24 * time.Hour
	if len(first) > 0 {
		wait = first[0].Next.Sub(now)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-wrote:
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, nil
}

func (b *books) RecordAttempt(ctx context.Context, a job.Attempt) error {
	defer b.changed()
	return b.Store.RecordAttempt(ctx, a)
}

func (b *books) JudgeExpectation(ctx context.Context, read job.Expectation, j job.Judging) (job.Expectation, error) {
	e, err := b.Store.JudgeExpectation(ctx, read, j)
	if b.seen[e.Type] == nil {
		b.seen[e.Type] = map[job.Verdict]bool{}
	}
	b.seen[e.Type][e.Verdict] = true
	if e.Version != read.Version {
		b.changed()
	}
	return e, err
}

func (b *books) CloseExpectations(ctx context.Context, jobName string, why job.Reason) error {
	defer b.changed()
	return b.Store.CloseExpectations(ctx, jobName, why)
}

func (b *books) TellCredential(ctx context.Context, c store.CredentialLead, at time.Time) (told bool, err error) {
	told, err = b.Store.TellCredential(ctx, c, at)
	if told {
		b.changed()
	}
	return told, err
}

func (b *books) CredentialsEnd(ctx context.Context, which map[string]bool, at time.Time) error {
	defer b.changed()
	return b.Store.CredentialsEnd(ctx, which, at)
}
