package expect

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// window is the time of one day: arrivals behind opens and up to closes are the day's.
type window struct {
	day                        string
	opens, by, missing, closes time.Time
}

// rule is the expectation of one job, ready to be asked.
type rule struct {
	spec      job.Spec
	names     Names
	by, opens scheduler.Schedule // opens: zero without one of its own
}

// Names is how a job's files tell the day that they are of.
type Names struct {
	Exact bool                                        // by a date in them: when they came says nothing
	Wants func(date time.Time) func(name string) bool // the names of a day; of all days where they tell none
	Shown func(date time.Time) string                 // the pattern as people read it on that day
}

// newRule takes apart the expectation of a job that has one.
func newRule(spec job.Spec, names Names) (*rule, error) {
	r := &rule{spec: spec, names: names}
	var err error
	if r.by, err = daily(spec.Expect.By, spec.Timing.Zone); err != nil {
		return nil, fmt.Errorf("job %s: expect: %w", spec.Name, err)
	}
	if spec.Expect.Opens != job.NoOpening {
		r.opens, err = daily(spec.Expect.Opens, spec.Timing.Zone)
	}
	return r, err
}

// daily is a schedule with one slot a day: what it does when the clocks change is what slots do.
func daily(minutes int, zone *time.Location) (scheduler.Schedule, error) {
	return scheduler.Parse(fmt.Sprintf("%d %d * * *", minutes%60, minutes/60), zone)
}

// furthest bounds how many days are looked through for one on which anything is expected.
const furthest = 400

// next gives the first date behind another on which something is expected; ok is false if there is none in a year.
func (r *rule) next(date time.Time) (time.Time, bool) { return r.beside(date, 1) }

func (r *rule) before(date time.Time) (time.Time, bool) { return r.beside(date, -1) }

func (r *rule) beside(date time.Time, step int) (time.Time, bool) {
	for n := 1; n <= furthest; n++ {
		if d := date.AddDate(0, 0, n*step); r.spec.Expect.On(d) {
			return d, true
		}
	}
	return date.AddDate(0, 0, step), false
}

// window gives the time of a date. A date is midnight in UTC of the day that it names.
func (r *rule) window(date time.Time) window {
	w := window{day: date.Format(time.DateOnly), by: instant(r.by, date)}
	w.missing = w.by.Add(r.spec.Expect.Grace)
	former, _ := r.before(date)
	w.opens = instant(r.by, former)
	next, _ := r.next(date)
	nextBy := instant(r.by, next)
	switch {
	case r.explicit():
		w.opens, w.closes = r.opening(date), r.opening(next)
	default: // whoever comes late is nearer to his own deadline than to the next
		w.closes = w.by.Add(nextBy.Sub(w.by) / 2)
		if w.missing.Before(nextBy) && w.missing.After(w.closes) {
			w.closes = w.missing
		}
	}
	if r.names.Exact {
		w.closes = w.missing.Add(r.spec.Expect.LookBack)
	}
	return w
}

func (r *rule) explicit() bool { return r.spec.Expect.Opens != job.NoOpening }

// opening is when the window of a date opens by the configuration: on that day, or the evening before.
func (r *rule) opening(date time.Time) time.Time {
	if r.spec.Expect.Opens > r.spec.Expect.By {
		date = date.AddDate(0, 0, -1)
	}
	return instant(r.opens, date)
}

// instant is when the slot of a date is due.
func instant(s scheduler.Schedule, date time.Time) time.Time {
	day := date.Format(time.DateOnly)
	for slot := range s.Slots(date.AddDate(0, 0, -2)) {
		if slot.Wall[:len(day)] >= day {
			return slot.Due
		}
	}
	return date
}

// first gives the first date to be judged of an expectation that is new at now: what may have come before anybody looked is
// not held against the customer.
func (r *rule) first(now time.Time) (time.Time, bool) {
	today := dateOf(now.In(r.spec.Timing.Zone)).AddDate(0, 0, -2)
	for range furthest {
		date, ok := r.next(today)
		if !ok {
			return date, false
		}
		w := r.window(date)
		if w.by.After(now) && (!r.explicit() || !w.opens.Before(now)) {
			return date, true
		}
		today = date
	}
	return today, false
}

// from gives the time behind which arrivals count for a day: not before it opens, nor while an earlier day that reaches into it
// still takes what comes.
func (r *rule) from(e job.Expectation) func(before []job.Expectation) time.Time {
	return func(before []job.Expectation) time.Time {
		if r.names.Exact {
			return e.By.Add(-early)
		}
		from := e.Opens
		for _, b := range before {
			from = later(from, r.takes(b))
		}
		return from
	}
}

// takes is until when a day takes what comes: until it has as many as it wants, else to its end, also when it is excused: what comes late
// for it is not the next day's. A day on which nothing is expected any more keeps what it was given.
func (r *rule) takes(e job.Expectation) time.Time {
	switch {
	case dropped(e) || e.Verdict == job.VerdictExcused && !r.spec.Expect.On(parseDay(e.Day)):
		return e.Last
	case !e.Filled.IsZero():
		return e.Filled
	}
	return e.Closes
}

// nextOpens is when the day behind another opens, however long that one was extended; zero where names tell whose a file is.
func (r *rule) nextOpens(e job.Expectation) time.Time {
	if r.names.Exact {
		return time.Time{}
	}
	w := r.window(parseDay(e.Day))
	if r.explicit() {
		return w.closes
	}
	return w.by
}

// early is how long before its deadline a file that bears its day's date may come.
const early = 8 * 24 * time.Hour

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// dateOf is the date that a clock shows.
func dateOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func parseDay(day string) time.Time {
	date, _ := time.Parse(time.DateOnly, day)
	return date
}
