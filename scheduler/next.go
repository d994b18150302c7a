package scheduler

import (
	"iter"
	"math"
	"math/bits"
	"time"

	"github.com/haulier/haulier/job"
)

// wallForm is how a wall time is written in a slot.
const wallForm = "2006-01-02T15:04"

const (
	day   = 24 * 3600
	never = math.MinInt64 / 2 // before every time
	ever  = math.MaxInt64 / 2 // after every time
)

// furthest is more than the clocks of one zone were ever set apart: what happened earlier cannot repeat a wall time.
const furthest = 2 * day

// position is a place in the row of slots: by instant, and by wall time within one instant. Both in seconds since 1970,
// wall as if the zone were UTC.
type position struct{ due, wall int64 }

// after is the position behind all slots up to and including the instant t.
func after(t time.Time) position { return position{t.Unix(), ever} }

// Next gives the first slot due after t. It has no job name and its state is due. ok is false if there is none within
// 8 years. Several slots can be due at one instant, when a gap swallowed their wall times: Next gives the one with the
// earliest wall time, Slots gives all.
//
// Wall is the wall time that was asked for, even if the clocks skipped it; Offset is the zone's offset at Due.
func (s Schedule) Next(t time.Time) (slot job.Slot, ok bool) {
	slot, _, ok = s.next(after(t))
	return slot, ok
}

// Slots gives all slots due after t, in order of Due and then of Wall, until there is none within 8 years.
func (s Schedule) Slots(t time.Time) iter.Seq[job.Slot] {
	return func(yield func(job.Slot) bool) {
		for at := after(t); ; {
			slot, next, ok := s.next(at)
			if !ok || !yield(slot) {
				return
			}
			at = next
		}
	}
}

// next gives the first slot behind a position, and its own position.
func (s Schedule) next(p position) (job.Slot, position, bool) {
	switch {
	case s.zone == nil:
		return job.Slot{}, p, false
	case s.every > 0:
		return s.nextTick(p)
	}
	seg, floor := s.enter(p.due)
	for limit := p.due + horizon; seg.start <= limit; seg = s.segment(seg.end) {
		if s.starred {
			floor = seg.firstWall() // real time: what the clocks show in this segment, no more and no less
		}
		if wall, ok := s.match(seg.resume(p, floor), min(seg.end, limit)+seg.offset); ok {
			found := position{max(wall-seg.offset, seg.start), wall}
			return s.slot(found, seg.offset), found, true
		}
		if seg.end == ever {
			break
		}
		floor = max(floor, seg.end+seg.offset)
	}
	return job.Slot{}, p, false
}

func (s Schedule) nextTick(p position) (job.Slot, position, bool) {
	due := p.due - mod(p.due, s.every) + s.every
	_, offset := time.Unix(due, 0).In(s.zone).Zone()
	wall := due + int64(offset)
	found := position{due, wall - mod(wall, 60)}
	return s.slot(found, int64(offset)), found, true
}

func (s Schedule) slot(p position, offset int64) job.Slot {
	return job.Slot{
		Wall: time.Unix(p.wall, 0).UTC().Format(wallForm), Offset: int(offset),
		Due: time.Unix(p.due, 0).UTC(), Zone: s.zone.String(), State: job.SlotDue,
	}
}

// segment is a stretch of time over which a zone keeps one offset: from start to before end, in seconds since 1970.
type segment struct{ start, end, offset int64 }

func (s Schedule) segment(at int64) segment {
	t := time.Unix(at, 0).In(s.zone)
	_, offset := t.Zone()
	seg := segment{start: never, end: ever, offset: int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		seg.start = start.Unix()
	}
	switch {
	case end.IsZero():
	case end.Unix() > at:
		seg.end = end.Unix()
	default: // by rule instead of table, the last day of a leap year is said to lie behind its segment's end
		seg.end = time.Date(t.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return seg
}

// enter gives the segment of an instant, and the floor: the wall time up to which everything was shown or skipped
// before the segment began. A wall time under the floor is a repetition; one between the floor and the segment's first
// wall time fell into a gap.
func (s Schedule) enter(at int64) (seg segment, floor int64) {
	seg = s.segment(at - furthest)
	floor = seg.firstWall()
	for seg.end <= at {
		floor = max(floor, seg.end+seg.offset)
		seg = s.segment(seg.end)
	}
	return seg, floor
}

func (g segment) firstWall() int64 {
	if g.start == never {
		return never
	}
	return g.start + g.offset
}

// resume gives the first wall time worth looking at behind a position.
func (g segment) resume(p position, floor int64) int64 {
	first := g.firstWall()
	switch {
	case p.due < g.start:
		return floor
	case p.due == g.start: // everything out of the gap is due at this very instant
		return max(floor, min(p.wall, first)+1)
	case p.wall < p.due+g.offset:
		return max(floor, p.due+g.offset)
	default:
		return max(floor, p.due+g.offset+1)
	}
}

// match gives the first wall minute from from on, before limit, that the fields name.
func (s Schedule) match(from, limit int64) (int64, bool) {
	for wall := from + mod(-from, 60); wall < limit; {
		year, month, dom := time.Unix(wall, 0).UTC().Date()
		midnight := wall - mod(wall, day)
		if s.fields.Month&(1<<month) == 0 {
			wall = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC).Unix()
			continue
		}
		if s.onDay(dom, weekday(midnight)) {
			if second, ok := s.inDay(wall - midnight); ok {
				return midnight + second, midnight+second < limit
			}
		}
		wall = midnight + day
	}
	return 0, false
}

func (s Schedule) onDay(dom, dow int) bool {
	byDate, byWeekday := s.fields.Dom&(1<<dom) != 0, s.fields.Dow&(1<<dow) != 0
	if s.eitherDay() {
		return byDate || byWeekday
	}
	return byDate && byWeekday
}

// inDay gives the first second of a day from from on that hour and minute name.
func (s Schedule) inDay(from int64) (int64, bool) {
	hours, minutes := s.fields.Hour&(1<<24-1), s.fields.Minute&(1<<60-1)
	hour, minute := from/3600, from%3600/60
	if hours>>hour&1 == 1 && minutes>>minute != 0 {
		return hour*3600 + (minute+int64(bits.TrailingZeros64(minutes>>minute)))*60, true
	}
	rest := hours >> (hour + 1)
	if rest == 0 || minutes == 0 {
		return 0, false
	}
	return (hour+1+int64(bits.TrailingZeros64(rest)))*3600 + int64(bits.TrailingZeros64(minutes))*60, true
}

// weekday of a midnight; 1970-01-01 was a Thursday.
func weekday(midnight int64) int { return int(mod(midnight/day+4, 7)) }

// mod is the remainder that is never negative.
func mod(a, b int64) int64 { return ((a % b) + b) % b }
