package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// brakeFrom is how many known files must look new at once, and be more than half of all known ones, before a person is
// asked: a server whose clock or zone shifted, or that was restored, shows all its old files as new.
const brakeFrom = 20

// takeChanges begins a generation for each known source that looks new, unless too many do.
func (r *importRun) takeChanges(ctx context.Context, l *look) error {
	cause := massChange(l.changed, l.known)
	for start := 0; start < len(l.changed); start += batch {
		part := l.changed[start:min(start+batch, len(l.changed))]
		fresh := make([]job.File, 0, len(part))
		for _, c := range part {
			fresh = append(fresh, r.begin(c.sighting(), time.Now(), c.held(cause)))
		}
		if err := r.see(ctx, l, fresh); err != nil {
			return err
		}
	}
	return nil
}

// held is the cause for which this change is held, if it is.
func (c change) held(cause string) string {
	if c.shifted || c.back {
		return cause
	}
	return ""
}

func (c change) sighting() sighting { return sighting{path: c.path, entry: c.entry, known: true} }

// massChange says why the changes look like one event on the server; empty: they do not.
func massChange(changes []change, known int) string {
	counted := shifts{}
	for _, c := range changes {
		counted.add(c)
	}
	return counted.cause(known)
}

// shifts are changes, counted by how far the time of a source was shifted with its size the same; zero: it was gone, and is back as it was.
type shifts map[int64]int

func (s shifts) add(c change) {
	if c.shifted || c.back {
		s[c.shift]++
	}
}

// cause says why they look like one event on the server; empty: they do not.
func (s shifts) cause(known int) string {
	back := s[0]
	for shift, n := range s {
		if shift == 0 {
			continue
		}
		if n > brakeFrom && 2*n > known {
			return fmt.Sprintf("%d of %d known files have the same size and a time shifted by %s", n, known, time.Duration(shift)*time.Second)
		}
	}
	if back > brakeFrom && 2*back > known {
		return fmt.Sprintf("%d of %d known files were gone and are back as they were", back, known)
	}
	return ""
}

func massReason(cause, jobName string) *job.Reason {
	return &job.Reason{
		Slug: "remote.mass_change", What: "the file did not land",
		Cause: cause + "; that looks like a shifted clock or a restored server, not like new files",
		Do:    "ask the customer, then haulier reconcile " + jobName, Who: job.WhoBoth,
	}
}
