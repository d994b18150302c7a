package scheduler

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// mostMissed is how many slots of one absence get a row of their own; the reason of the oldest names the span of those
// before it.
const mostMissed = 1000

// due is a slot that has come, and what becomes of it.
type due struct {
	slot job.Slot
	at   position // zero: the slot was recorded before, and stays open
	runs *turn    // nil: the slot ends at once, in the state it bears
}

// settle decides about every slot of a job that has come due and records it; at most one of them gets a turn, also where
// the store fails behind it. Needs book.
func (s *Service) settle(ctx context.Context, e *entry, now time.Time) (runs *turn, err error) {
	s.mu.Lock()
	list := e.passed(now)
	e.decide(list, now, s.standsBack(e.turn))
	s.mu.Unlock()
	for _, d := range list {
		run, err := s.record(ctx, e, d)
		if err != nil {
			return runs, err
		}
		s.mu.Lock()
		if d.at == (position{}) {
			e.open = e.open[1:]
		} else {
			e.at, e.unsure = d.at, false
		}
		s.mu.Unlock()
		if run {
			runs = d.runs
		}
		if d.runs == nil {
			s.o.Log.Info("slot ended", "job", d.slot.Job, "slot", d.slot.Wall, "state", string(d.slot.State), "slug", slug(d.slot.Reason))
		}
	}
	return runs, nil
}

// record writes a slot; run is false if somebody else has it.
func (s *Service) record(ctx context.Context, e *entry, d due) (run bool, err error) {
	switch {
	case d.at == (position{}) && d.runs == nil:
		return false, settled(s.o.Store.EndSlot(ctx, d.slot))
	case d.at == (position{}):
		return true, nil
	}
	created, err := s.o.Store.AddSlot(ctx, d.slot)
	if err != nil || created || d.runs == nil || !e.unsure {
		return created && d.runs != nil, err
	}
	open, err := s.o.Store.OpenSlots(ctx, d.slot.Job) // our own write, answered with an error, may have been done
	for _, slot := range open {
		if slot.Wall == d.slot.Wall && slot.Offset == d.slot.Offset {
			return true, err
		}
	}
	return false, err
}

// passed lists the slots that are open and those whose time to start has come since the last decided one, all as missed.
func (e *entry) passed(now time.Time) (list []due) {
	for _, slot := range e.open {
		list = append(list, due{slot: slot})
	}
	came, unlisted := e.cameSince(now)
	for len(came) > 0 && e.starts(came[len(came)-1].slot).After(now) {
		came = came[:len(came)-1] // its jitter is still running
	}
	list = append(list, came...)
	for i := range list {
		slot, earlier := &list[i].slot, ""
		if i == len(e.open) && unlisted != "" {
			earlier = " Slots since " + unlisted + " were missed as well and are not listed one by one."
		}
		slot.State, slot.Reason = job.SlotMissed, missed(*slot, e.spec.Timing.CatchUp, earlier)
	}
	return list
}

// cameSince gives the latest slots that were due since the last decided one, and the wall time of the first that is not
// among them, as there are too many.
func (e *entry) cameSince(now time.Time) (list []due, unlisted string) {
	at := e.at
	if old := after(now.Add(-366 * 24 * time.Hour)); at.due < old.due && e.denseSince(old, now) {
		first, _, _ := e.schedule.next(at)
		at, unlisted = old, first.Wall
	}
	for {
		slot, next, ok := e.schedule.next(at)
		if !ok || slot.Due.After(now) {
			break
		}
		slot.Job, at = e.spec.Name, next
		list = append(list, due{slot: slot, at: at})
		if unlisted == "" && len(list) > mostMissed {
			unlisted = list[0].slot.Wall
		}
		if len(list) == 2*mostMissed {
			list = append(list[:0], list[mostMissed:]...)
		}
	}
	return list[max(0, len(list)-mostMissed):], unlisted
}

// denseSince says whether there are more slots since a position than are listed one by one.
func (e *entry) denseSince(at position, now time.Time) bool {
	for range mostMissed {
		slot, next, ok := e.schedule.next(at)
		if !ok || slot.Due.After(now) {
			return false
		}
		at = next
	}
	return true
}

// decide says what becomes of each slot: of those that policy allows, the latest instant's first slot runs, if it is
// young enough; others of that instant are coalesced with it; the earlier ones stay missed. before is
// what the job's turn waits for, if that may be what ends the process. Needs mu.
func (e *entry) decide(list []due, now time.Time, before *turn) {
	latest := -1
	for i := range list {
		slot := &list[i].slot
		switch {
		case !e.spec.Enabled:
			slot.State, slot.Reason = job.SlotSkipped, disabled(e.spec.Name)
		case !onCalendar(e.spec.Timing.Calendar, *slot):
			slot.State, slot.Reason = job.SlotSkipped, offCalendar(e.spec, *slot)
		case list[i].at != (position{}) && e.at.wall != ever && slot.Due.Unix() == e.at.due: // its instant's run was decided
			slot.State, slot.Reason = job.SlotCoalesced, nil
		case latest < 0 || !slot.Due.Equal(list[latest].slot.Due):
			latest = i
		}
	}
	if latest < 0 {
		return
	}
	lead := list[latest].slot
	late := now.Sub(e.starts(lead)) > punctual
	if late && now.Sub(lead.Due) > e.spec.Timing.CatchUp {
		return
	}
	for i := latest + 1; i < len(list); i++ {
		if list[i].slot.State == job.SlotMissed {
			list[i].slot.State, list[i].slot.Reason = job.SlotCoalesced, nil
		}
	}
	e.lead(&list[latest], late, before)
}

// lead gives a slot its run, unless the job is at work.
func (e *entry) lead(d *due, late bool, before *turn) {
	switch {
	case e.turn != nil && e.spec.Timing.Overlap != job.OverlapQueue:
		d.slot.State, d.slot.Reason = job.SlotSkipped, overlapping(e.spec.Name, e.turn, before)
		return
	case e.queued != nil:
		d.slot.State, d.slot.Reason = job.SlotCoalesced, nil
		return
	}
	d.slot.State, d.slot.Reason = job.SlotDue, nil
	slot := d.slot
	d.runs = &turn{job: e, owns: true, run: job.Run{Trigger: job.TriggerSchedule, Slot: &slot, Attempt: 1}}
	if late {
		d.runs.run.Trigger = job.TriggerCatchUp
	}
}

func slug(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return r.Slug
}
