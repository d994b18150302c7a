package control

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// AlertBook is what the clock of alerts reads and writes.
type AlertBook interface {
	IncidentsDue(ctx context.Context, now time.Time, limit int) (ids []int64, next time.Time, err error)
	TellIncident(ctx context.Context, id int64, now time.Time, manner func(job.Incident) store.Manner) (said string, err error)
}

// AlertClock has incidents told when it is time: once that they began, again while they stand, once that they are over.
// It has no memory: the rows of the store say what is due, so that a process that dies anywhere tells nothing twice and
// forgets nothing.
type AlertClock struct {
	Book   AlertBook
	Config func() *config.Config
	Logger *slog.Logger
}

const (
	// alertLook is how long the clock sleeps at most: other processes write incidents too, and a timer does not see that
	// the machine slept.
	alertLook = 15 * time.Second
	// alertBatch is how many incidents are read at once.
	alertBatch = 200
)

// Run tells until the context ends.
func (c *AlertClock) Run(ctx context.Context) {
	beat(ctx, alertLook, c.pass, func(err error) {
		c.Logger.Error("incidents were not told; they are once the store can be used", "error", err)
	})
}

// pass tells all that is due, and gives when something is next; zero: nothing is known.
func (c *AlertClock) pass(ctx context.Context) (next time.Time, err error) {
	now := time.Now()
	for {
		ids, next, err := c.Book.IncidentsDue(ctx, now, alertBatch)
		if err != nil {
			return next, err
		}
		if err := c.tell(ctx, ids, now); err != nil || len(ids) < alertBatch {
			return next, err
		}
	}
}

// tell has incidents told. One that cannot be keeps none of the others from it.
func (c *AlertClock) tell(ctx context.Context, ids []int64, now time.Time) (all error) {
	for _, id := range ids {
		said, err := c.Book.TellIncident(ctx, id, now, c.manner)
		all = errors.Join(all, err)
		if said != "" {
			c.Logger.Info("incident told", "incident", id, "said", said)
		}
	}
	return all
}

// manner says how people are told of an incident: as its jobs ask for, the most impatient of them, or as holds for all.
func (c *AlertClock) manner(i job.Incident) store.Manner {
	cfg := c.Config()
	m := store.Manner{Contacts: cfg.Connections[i.Connection].Contacts}
	known := false
	for _, name := range i.Jobs {
		spec, found := cfg.Job(name)
		if every := spec.Alert.RemindEvery; found && every > 0 && (m.RemindEvery == 0 || every < m.RemindEvery) {
			m.RemindEvery = every
		}
		known = known || found
	}
	switch {
	case i.Reason.Slug == store.SlugCredentialExpiring: // it is told anew at each lead time: twice a day for a month would be none
		m.RemindEvery = 0
	case !known:
		m.RemindEvery = cfg.Alert.RemindEvery
	}
	return m
}
