package expect

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

// saying is what is known around a day that may have to be told of.
type saying struct {
	rule  *rule
	looks int
	run   *job.Run // the last that has ended since the day began; nil: none
	look  job.Look
	saw   bool // look is of this day
	last  []job.File
	usual time.Duration // after the deadline, mostly negative
	often int           // of how many days that is the middle
}

// gather reads what a reason would be made of, if the day may be about to be told of.
func (s *Service) gather(ctx context.Context, r *rule, e job.Expectation) (saying, error) {
	says := saying{rule: r}
	now := s.o.Now()
	late := e.Verdict == job.VerdictPending && now.After(e.By)
	if !late && !(e.Verdict == job.VerdictLate && now.After(e.Missing)) {
		return says, nil
	}
	since := later(e.Opens, e.By.Add(-24*time.Hour))
	var err, all error
	says.looks, says.run, err = s.o.Evidence.LooksSince(ctx, e.Job, since)
	all = errors.Join(all, err)
	says.look, says.saw, err = s.o.Evidence.Look(ctx, e.Job)
	says.saw = says.saw && !says.look.At.Before(since)
	all = errors.Join(all, err)
	says.last, err = s.o.Evidence.LastArrivals(ctx, e.Job, lastShown)
	all = errors.Join(all, err)
	days, err := s.o.Evidence.Expectations(ctx, e.Job, "", daysAsked)
	says.usual, says.often = usual(days)
	return says, errors.Join(all, err)
}

const (
	lastShown = 2  // arrivals
	daysAsked = 60 // of which the usual arrival is the middle
	leastDays = 3  // below which nothing is usual
)

// usual is when files mostly come, after the deadline.
func usual(days []job.Expectation) (time.Duration, int) {
	var all []time.Duration
	for _, e := range days {
		if !e.Filled.IsZero() {
			all = append(all, e.Filled.Sub(e.Planned))
		}
	}
	if len(all) < leastDays {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], len(all)
}
