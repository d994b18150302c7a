package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
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
			f := r.asFile(c.path, c.entry, time.Now())
			if cause != "" && (c.shifted || c.back) {
				decide(&f, job.FileHeld, massReason(c.entry.Name, cause, r.spec.Name))
			}
			r.refuse(&f)
			fresh = append(fresh, f)
		}
		if err := r.see(ctx, l, fresh); err != nil {
			return err
		}
	}
	return nil
}

// massChange says why the changes look like one event on the server; empty: they do not.
func massChange(changes []change, known int) string {
	shifts := map[int64]int{}
	back := 0
	for _, c := range changes {
		switch {
		case c.shifted:
			shifts[c.shift]++
		case c.back:
			back++
		}
	}
	for shift, n := range shifts {
		if n > brakeFrom && 2*n > known {
			return fmt.Sprintf("%d of %d known files have the same size and a time shifted by %s", n, known, time.Duration(shift)*time.Second)
		}
	}
	if back > brakeFrom && 2*back > known {
		return fmt.Sprintf("%d of %d known files were gone and are back as they were", back, known)
	}
	return ""
}

func massReason(name, cause, jobName string) *job.Reason {
	return &job.Reason{
		Slug: "remote.mass_change", What: naming.Printable(name, 200) + " was left on the server",
		Cause: cause + "; that looks like a shifted clock or a restored server, not like new files",
		Do:    "ask the customer, then haulier reconcile " + jobName, Who: job.WhoBoth,
	}
}
