package scheduler

import (
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// Notes says what a change of the clocks does to a slot of this schedule: "clock change: 02:30 → 03:00", or which of
// two equal wall times it is. Most slots have none.
func (s Schedule) Notes(slot job.Slot) []string {
	asked, err := time.Parse(wallForm, slot.Wall)
	if err != nil || s.zone == nil || s.every > 0 {
		return nil
	}
	due, wall := slot.Due.Unix(), asked.Unix()
	shown := time.Unix(due, 0).In(s.zone)
	if wall < due+int64(slot.Offset) {
		form := "15:04"
		if asked.Format(time.DateOnly) != shown.Format(time.DateOnly) {
			form = "2006-01-02 15:04"
		}
		return []string{fmt.Sprintf("clock change: %s → %s", asked.Format(form), shown.Format(form))}
	}
	switch before, after := s.repeats(due, wall); {
	case before:
		return []string{"runs in the second of two " + asked.Format("15:04")}
	case after:
		return []string{"runs in the first of two " + asked.Format("15:04")}
	}
	return nil
}

// repeats says whether the clocks show a wall time in the segment before, or after, the one of an instant too.
func (s Schedule) repeats(due, wall int64) (before, after bool) {
	seg := s.segment(due)
	if seg.start != never {
		before = s.segment(seg.start - 1).shows(wall)
	}
	if seg.end != ever {
		after = s.segment(seg.end).shows(wall)
	}
	return before, after
}

func (g segment) shows(wall int64) bool {
	return wall >= g.firstWall() && (g.end == ever || wall < g.end+g.offset)
}

// Moved gives the first slot due after t whose wall time does not exist, because the clocks skip it. Only fixed lines
// have such slots. ok is false if there is none within 8 years.
func (s Schedule) Moved(t time.Time) (slot job.Slot, ok bool) {
	if s.zone == nil || s.every > 0 || s.starred {
		return job.Slot{}, false
	}
	seg, _ := s.enter(t.Unix())
	for limit := t.Unix() + horizon; seg.end <= limit; {
		floor := seg.end + seg.offset
		seg = s.segment(seg.end)
		if wall, ok := s.match(floor, seg.firstWall()); ok {
			return s.slot(position{seg.start, wall}, seg.offset), true
		}
	}
	return job.Slot{}, false
}

// Describe says a slot in a line: wall time, zone and notes.
func (s Schedule) Describe(slot job.Slot) string {
	line := slot.Due.In(s.zone).Format("Mon 2006-01-02 15:04 MST")
	if notes := s.Notes(slot); len(notes) > 0 {
		line += " (" + strings.Join(notes, "; ") + ")"
	}
	return line
}
