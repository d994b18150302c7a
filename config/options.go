package config

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/transfer/naming"
)

func (o Options) withDefaults() Options {
	if o.CheckCron == nil {
		o.CheckCron = checkCron
	}
	o.Now = cmp.Or(o.Now, time.Now())
	if o.CheckClock == nil {
		o.CheckClock = func(spec string, zone *time.Location) []string { return checkClock(spec, zone, o.Now) }
	}
	if o.CheckTemplate == nil {
		o.CheckTemplate = func(s string) error { _, err := naming.ParseTemplate(s); return err }
	}
	if o.CheckPattern == nil {
		o.CheckPattern = func(s string) error { _, err := naming.ParsePattern(s); return err }
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	return o
}

func checkCron(spec string, zone *time.Location) ([]string, error) {
	s, err := scheduler.Parse(spec, zone)
	if err != nil {
		return nil, err
	}
	return s.Warnings(), nil
}

// checkClock tells of the next time that the clocks skip.
func checkClock(spec string, zone *time.Location, now time.Time) []string {
	s, err := scheduler.Parse(spec, zone)
	if err != nil {
		return nil
	}
	slot, ok := s.Moved(now)
	asked, err := time.Parse("2006-01-02T15:04", slot.Wall)
	if !ok || err != nil {
		return nil
	}
	due, form := slot.Due.In(zone), "15:04"
	if due.Format(time.DateOnly) != asked.Format(time.DateOnly) {
		form = "2006-01-02 15:04"
	}
	return []string{fmt.Sprintf("%s %s does not exist on %s; it will run at %s",
		asked.Format("15:04"), zone, asked.Format(time.DateOnly), due.Format(form))}
}

// slotsLooked bounds the slots that are looked at for one that may run.
const slotsLooked = 1000

// neverRuns says that none of a job's next slots lies within its window and on a day of its calendar.
func neverRuns(t job.Timing, now time.Time) bool {
	s, err := scheduler.Parse(t.Cron, t.Zone)
	if err != nil || t.Window == nil && t.Calendar == nil {
		return false
	}
	looked := 0
	for slot := range s.Slots(now) {
		due := slot.Due.In(t.Zone)
		if inWindow(t.Window, due) && onCalendar(t.Calendar, due) {
			return false
		}
		if looked++; looked == slotsLooked {
			break
		}
	}
	return true
}

// inWindow counts both ends in: a warning is for jobs that surely never run.
func inWindow(w *job.Window, at time.Time) bool {
	if w == nil || w.From == w.To {
		return true
	}
	minute := at.Hour()*60 + at.Minute()
	if w.From < w.To {
		return minute >= w.From && minute <= w.To
	}
	return minute >= w.From || minute <= w.To
}

func onCalendar(c *job.Calendar, at time.Time) bool {
	if c == nil {
		return true
	}
	_, out := c.Except[at.Format(time.DateOnly)]
	return c.Days[at.Weekday()] && !out
}
