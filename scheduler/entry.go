package scheduler

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
)

// entry is one job under the scheduler's care. Guarded by Service.mu.
type entry struct {
	spec     job.Spec
	schedule Schedule  // the zero value for a job without times of its own
	came     time.Time // when it was loaded; zero: it was admitted, and what follows is known
	at       position  // slots up to here are decided
	open     []job.Slot
	unsure   bool // a write of a slot was answered with an error: it may have been done nevertheless
	removed  bool // no longer configured; kept until its last run has ended
	deadly   bool // the process died in its runs until one was given up, and none has come to an end of its own since
	deaths   int  // in how many starts the process died of its run that was cut off, if none has come to an end of its own since

	turn   *turn // at work or waiting for a place; nil: idle. This is the job's lock
	queued *turn // begins when turn has ended
	retry  *retry

	notBefore time.Time // after a failed write
	wake      time.Time // place in the agenda; zero: none
	place     int       // -1: none
}

// turn is one run on its way: first a template, then the run itself.
type turn struct {
	job  *entry
	spec job.Spec // as it was when the run began
	run  job.Run
	owns bool // the run's slot is open: it ends when the run begins, or may not

	said bool // that it waits for another which may be what ends the process

	followers []job.Run // that its success queued

	drops   int64 // the run whose retry this turn replaces; 0: none
	retries int64 // the run whose next attempt this is; 0: it is a first attempt

	cancel func(error)
	done   chan struct{} // closed when the run has ended and is recorded
	ended  job.Run
}

// retry is the next attempt of the ladder, or the second start of a run that was interrupted.
type retry struct {
	run job.Run // the attempt before
	at  time.Time
}

// schedule puts the job in the agenda at the next time that something is due. Needs mu.
func (s *Service) schedule(e *entry) {
	var wake time.Time
	switch {
	case e.removed:
	case !e.came.IsZero():
		wake = e.came
	case len(e.open) > 0:
		wake = e.open[0].Due
	default:
		if slot, _, ok := e.schedule.next(e.at); ok {
			wake = e.starts(slot)
		}
	}
	if e.retry != nil && e.turn == nil && !e.removed && (wake.IsZero() || e.retry.at.Before(wake)) {
		wake = e.retry.at
	}
	if !wake.IsZero() && wake.Before(e.notBefore) {
		wake = e.notBefore
	}
	s.agenda.enter(e, wake)
}

// starts gives the time at which a slot's run starts: its due time and a jitter that is the same on every node and
// after every restart, and always shorter than the way to the following slot.
func (e *entry) starts(slot job.Slot) time.Time {
	span := e.spec.Timing.Jitter
	if span <= 0 {
		return slot.Due
	}
	if following, ok := e.schedule.Next(slot.Due); ok {
		span = min(span, following.Due.Sub(slot.Due))
	}
	return slot.Due.Add(time.Duration(digest(e.spec.Name, slot.Wall, strconv.Itoa(slot.Offset)) % uint64(span)))
}

func digest(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	sum := h.Sum64() // the low bits of FNV follow the last bytes too closely
	sum ^= sum >> 33
	sum *= 0xff51afd7ed558ccd
	return sum ^ sum>>33
}

// inWindow says whether a run may start at t.
func inWindow(timing job.Timing, t time.Time) bool {
	w := timing.Window
	if w == nil || w.From == w.To {
		return true
	}
	local := t.In(timing.Zone)
	minute := local.Hour()*60 + local.Minute()
	if w.From < w.To {
		return minute >= w.From && minute < w.To
	}
	return minute >= w.From || minute < w.To
}

// onCalendar says whether a slot's wall date is one of the calendar's days.
func onCalendar(c *job.Calendar, slot job.Slot) bool {
	if c == nil {
		return true
	}
	date, err := time.Parse(wallForm, slot.Wall)
	if err != nil {
		return false
	}
	_, excepted := c.Except[date.Format(time.DateOnly)]
	return c.Days[date.Weekday()] && !excepted
}
