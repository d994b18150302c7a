package config

import (
	"cmp"
	"time"

	"github.com/haulier/haulier/job"
)

// expect reads what must be true of a job by when.
func (b *builder) expect(v *value, timing job.Timing) *job.Expect {
	own := v.get("expect")
	if !own.usable() {
		return nil
	}
	e := &job.Expect{
		Opens: job.NoOpening, By: own.get("by").minutes(), Grace: own.get("grace").duration(), Days: take[[7]bool](own.get("days")),
		Calendar: timing.Calendar, Files: own.get("files").count(), LookBack: v.get("look_back").duration(),
	}
	if opens := own.get("opens"); opens.usable() {
		e.Opens = opens.minutes()
	}
	if c, ok := b.config.Calendars[own.get("calendar").str()]; ok {
		e.Calendar = &c
	}
	return e
}

// longestGrace keeps a day from being judged when another of its name has long been.
const longestGrace = 7 * 24 * time.Hour

func (b *builder) judgeExpect(s job.Spec, v *value) {
	own, e := v.get("expect"), s.Expect
	if e == nil {
		return
	}
	if name := own.get("calendar"); name.usable() && b.top.get("calendars", name.str()) == nil {
		b.missing(name, "calendar", b.top.get("calendars"), "")
	}
	if opens, by := own.get("opens"), own.get("by"); opens.usable() && by.usable() && e.Opens == e.By {
		b.fail(opens.at, "E-VALUE", "job %q, expect: it opens at its deadline; leave opens out to count from the deadline of the day before", s.Name)
	}
	if e.Grace > longestGrace {
		b.fail(own.get("grace").at, "E-VALUE", "job %q, expect: grace is %s; the longest is 7d", s.Name, own.get("grace").text)
	}
	if own.get("days").usable() && b.calm(s, own) && !expectsEver(*e, b.Now) {
		b.warn(own.key, "W-NEVER", "job %q, expect: its days and calendar leave out every day, so nothing is ever expected", s.Name)
	}
}

// calm says that nothing is wrong with the calendar of an expectation.
func (b *builder) calm(s job.Spec, own *value) bool {
	name := cmp.Or(own.get("calendar").str(), b.top.get("jobs", s.Name, "calendar").str())
	return name == "" || b.top.get("calendars", name) != nil && b.top.get("calendars", name).whole()
}

// expectsEver says whether there is a day in a year on which something is expected.
func expectsEver(e job.Expect, now time.Time) bool {
	for ahead := range 366 {
		if e.On(now.AddDate(0, 0, ahead)) {
			return true
		}
	}
	return false
}
