package expect

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// begin is the row of a date that is to be judged.
func (r *rule) begin(date time.Time) job.Expectation {
	e := job.Expectation{Job: r.spec.Name, Type: r.spec.Type, Zone: r.spec.Timing.Zone.String(), Verdict: job.VerdictPending}
	return r.fit(e, r.window(date))
}

func (r *rule) fit(e job.Expectation, w window) job.Expectation {
	e.Day, e.Connection, e.Wanted = w.day, r.spec.Connection, r.spec.Expect.Files
	e.Opens, e.By, e.Missing, e.Closes, e.Planned = w.opens, w.by, w.missing, w.closes, w.by
	return e
}

// realign lets a changed configuration count for an open day, unless its deadline would have passed by now: nobody is called
// late by a deadline that was not there when it passed. A deadline that a person moved stays. ok says that something changed.
func (r *rule) realign(e job.Expectation, now time.Time) (job.Expectation, bool) {
	date := parseDay(e.Day)
	if !r.spec.Expect.On(date) {
		if e.Verdict != job.VerdictPending && e.Verdict != job.VerdictLate {
			return e, false
		}
		return excuse(e, notExpected(e)), true
	}
	w := r.window(date)
	same := w.by.Equal(e.Planned) && (e.Extended != nil || w.missing.Equal(e.Missing) && w.closes.Equal(e.Closes))
	if same && e.Wanted == r.spec.Expect.Files && e.Connection == r.spec.Connection {
		return e, false
	}
	if e.Extended != nil || !w.by.After(now) {
		return e, false
	}
	e = r.fit(e, w)
	e.Verdict, e.Reason = job.VerdictPending, nil
	return e, true
}

// count takes over what came.
func count(e job.Expectation, came job.Arrivals) job.Expectation {
	e.Got, e.Held, e.Rejected, e.Refused = came.Got, came.Held, came.Rejected, came.Refused
	e.First, e.Last, e.Filled = came.First, came.Last, came.Filled
	return e
}

// verdict judges a day by what came and by the time. What has been told is not taken back: who was called late recovers.
func verdict(e job.Expectation, now time.Time) job.Verdict {
	switch {
	case e.Filled.IsZero() && now.After(e.Missing):
		return job.VerdictMissing
	case e.Filled.IsZero() && now.After(e.By):
		return job.VerdictLate
	case e.Filled.IsZero():
		return job.VerdictPending
	case e.Verdict == job.VerdictMissing || e.Filled.After(e.Missing):
		return job.VerdictRecoveredMissing
	case e.Verdict == job.VerdictLate || e.Filled.After(e.By):
		return job.VerdictRecoveredLate
	}
	return job.VerdictMet
}

// decide says what a day has come to. explain gives the reason for what is to be told.
func (r *rule) decide(e job.Expectation, now time.Time, came job.Arrivals, off *job.Reason, explain func(job.Expectation, *job.Reason) *job.Reason) job.Expectation {
	if changed, ok := r.realign(e, now); ok {
		return changed
	}
	e = count(e, came)
	v := verdict(e, now)
	if off == nil {
		off = r.disabled(e)
	}
	switch {
	case v == e.Verdict:
	case v.Bad() && off != nil:
		return excuse(e, off)
	case v.Bad():
		e.Verdict = v
		e.Reason = explain(e, came.Why)
	default:
		e.Verdict = v
	}
	e.Closed = v.Good() || v.Bad() && now.After(later(e.Closes, e.Missing))
	return e
}

func excuse(e job.Expectation, why *job.Reason) job.Expectation {
	e.Verdict, e.Reason, e.Closed = job.VerdictExcused, why, true
	return e
}

func (r *rule) disabled(e job.Expectation) *job.Reason {
	if r.spec.Enabled {
		return nil
	}
	return excused(e, fmt.Sprintf("%s, or its connection %s, has enabled: false in the configuration", r.spec.Name, r.spec.Connection), "set enabled: true and reload")
}

func notExpected(e job.Expectation) *job.Reason {
	return excused(e, "the configuration does not expect anything on that day any more", "nothing")
}

func excused(e job.Expectation, cause, do string) *job.Reason {
	return &job.Reason{Slug: "expect.excused", What: fmt.Sprintf("nothing was told of %s on %s", e.Job, e.Day), Cause: cause, Do: do, Who: job.WhoUs}
}

// wake is when a day has to be looked at again, whatever comes before.
func wake(e job.Expectation) time.Time {
	switch e.Verdict {
	case job.VerdictPending:
		return e.By.Add(behind)
	case job.VerdictLate:
		return e.Missing.Add(behind)
	}
	return later(e.Closes, e.Missing).Add(behind)
}

// behind is how long after a deadline it is judged: what comes at that very moment is on time.
const behind = time.Millisecond
