package store

import (
	"context"
	"fmt"

	"github.com/haulier/haulier/job"
)

// The incidents about a channel.
const (
	slugFailing  = "channel.failing"
	slugDisabled = "channel.disabled"
	slugGaveUp   = "channel.gave_up"
)

// failingOf: several attempts in a row failed, and it is tried on.
func failingOf(channel string, why job.Reason) job.Reason {
	return job.Reason{
		Slug: slugFailing, What: fmt.Sprintf("what is to be told by channel %q waits and is tried again; alerts go to its fallback too, if it has one", channel),
		Cause: why.Slug + ": " + why.Cause, Do: "haulier alerts test " + channel, Who: job.WhoUs,
	}
}

// disabledOf: nothing is sent any more.
func disabledOf(channel string, why job.Reason) job.Reason {
	return job.Reason{
		Slug: slugDisabled, What: fmt.Sprintf("channel %q was given up: what it is owed is kept and not sent", channel),
		Cause: why.Slug + ": " + why.Cause, Do: "mend it, then haulier events redeliver --channel " + channel, Who: job.WhoUs,
	}
}

// gaveUpOf: one message did not arrive, though others did.
func gaveUpOf(d deliveryRow, why job.Reason) job.Reason {
	return job.Reason{
		Slug: slugGaveUp, What: fmt.Sprintf("delivery %d (%s) was not taken by channel %q in all its attempts, and is kept", d.ID, d.Type, d.Channel),
		Cause: why.Slug + ": " + why.Cause, Do: fmt.Sprintf("haulier events redeliver %d", d.ID), Who: job.WhoUs,
	}
}

// channelWell ends the incidents about a channel.
func (s *Store) channelWell(ctx context.Context, name string) error {
	for _, slug := range []string{slugFailing, slugDisabled, slugGaveUp} {
		if err := s.Resolve(ctx, "channel/"+name+"/"+slug, s.options.Now()); err != nil {
			return err
		}
	}
	return nil
}
