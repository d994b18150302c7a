package transfer

import (
	"time"

	"github.com/haulier/haulier/job"
)

// Takes says whether an export takes files of a name from its outbox, and the done-file that it waits for beside it; empty: none.
func Takes(e job.Export, name string, at time.Time) (marker string, takes bool, err error) {
	s, err := newSelection(e.Match, e.MatchRegex, e.Ignore, e.DoneFile, e.LookBack, at)
	if err != nil {
		return "", false, err
	}
	return s.markerOf(name), s.wants(job.Entry{Name: name, Kind: job.KindFile}), nil
}
