package config

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/transfer/naming"
)

func (o Options) withDefaults() Options {
	if o.CheckCron == nil {
		o.CheckCron = checkCron
	}
	if o.CheckClock == nil {
		now := cmp.Or(o.Now, time.Now())
		o.CheckClock = func(spec string, zone *time.Location) []string { return checkClock(spec, zone, now) }
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
