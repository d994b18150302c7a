package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// Care is what people do about incidents, the same for commands, API and pages.
type Care struct{ Store *store.Store }

const (
	// careMost bounds what people write about an incident, in characters.
	careMost = 500
	// silenceMost is how far ahead a silence may end: one that is forgotten must not last for ever.
	silenceMost = 90 * 24 * time.Hour
)

// Incidents gives those that are open, the newest first.
func (c Care) Incidents(ctx context.Context, sight job.Sight) ([]job.Incident, error) {
	return c.Find(ctx, sight, false, time.Time{}, 0, 0)
}

// Resolved gives those that ended at a time or later, the newest first.
func (c Care) Resolved(ctx context.Context, since time.Time, sight job.Sight) ([]job.Incident, error) {
	return c.Store.FindIncidents(ctx, store.IncidentQuery{Sight: sight, Over: true, Ended: true, Since: since})
}

// Find gives incidents, the newest first: the open ones, with over also those that ended at since or later; with before only
// those of a lower number.
func (c Care) Find(ctx context.Context, sight job.Sight, over bool, since time.Time, before int64, limit int) ([]job.Incident, error) {
	return c.Store.FindIncidents(ctx, store.IncidentQuery{Sight: sight, Over: over, Since: since, Before: before, Limit: limit})
}

// Ack takes an open incident on: nobody is reminded of it any more.
func (c Care) Ack(ctx context.Context, id int64, by, note string) error {
	_, err := c.Store.AckIncident(ctx, id, by, naming.Printable(note, careMost), time.Now())
	return undone(err, id, "taken on")
}

// Silence keeps an open incident from being told of until a time.
func (c Care) Silence(ctx context.Context, id int64, by, why string, until time.Time) error {
	now := time.Now()
	switch {
	case strings.TrimSpace(why) == "":
		return silenceRefused("it has no reason, and whoever comes next wants to know why it is quiet", "say why: --reason")
	case !until.After(now) || until.After(now.Add(silenceMost)):
		return silenceRefused(fmt.Sprintf("%s is not ahead, or more than 90 days away", until.UTC().Format(time.RFC3339)), "name a time ahead, within 90 days")
	}
	_, err := c.Store.SilenceIncident(ctx, id, by, naming.Printable(why, careMost), until, now)
	return undone(err, id, "silenced")
}

// Unsilence lets an open incident be told of again.
func (c Care) Unsilence(ctx context.Context, id int64, by string) error {
	_, err := c.Store.UnsilenceIncident(ctx, id, by, time.Now())
	return undone(err, id, "changed")
}

func silenceRefused(cause, do string) error {
	return &job.Reason{Slug: "usage.bad_silence", What: "nothing was silenced", Cause: cause, Do: do, Who: job.WhoUs}
}

// undone says why nothing was done about an incident.
func undone(err error, id int64, done string) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return &job.Reason{
			Slug: "usage.no_such_incident", What: "nothing was " + done, Cause: fmt.Sprintf("there is no incident %d", id),
			Do: "haulier alerts list --all", Who: job.WhoUs, Err: err,
		}
	case errors.Is(err, job.ErrStale):
		return &job.Reason{
			Slug: "usage.incident_over", What: "nothing was " + done, Cause: fmt.Sprintf("incident %d is over", id), Do: fmt.Sprintf("haulier alerts show %d", id),
			Who: job.WhoUs, Err: err,
		}
	}
	return err
}
