package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// hoursAreThoseThatPassed counts by hours over the night in which the clocks go back: the hour that comes twice is two.
func hoursAreThoseThatPassed(t *testing.T, b bundle) {
	for n, tc := range []struct {
		zone        string
		now         time.Time
		first, last string
	}{
		{"Europe/Brussels", time.Date(2026, 10, 25, 9, 40, 0, 0, time.UTC), "2026-10-24T12:00:00+02:00", "2026-10-25T10:00:00+01:00"},
		{"Europe/Brussels", time.Date(2027, 3, 28, 9, 40, 0, 0, time.UTC), "2027-03-27T11:00:00+01:00", "2027-03-28T11:00:00+02:00"},
		{"Asia/Kathmandu", time.Date(2026, 10, 25, 9, 40, 0, 0, time.UTC), "2026-10-24T16:00:00+05:45", "2026-10-25T15:00:00+05:45"},
	} {
		zone, err := time.LoadLocation(tc.zone)
		ok(t, err)
		connection := fmt.Sprint("c", n)
		want := map[string]int64{}
		for i := range 26 * 4 { // the first few are older than that
			at := tc.now.Add(-time.Duration(i) * 15 * time.Minute)
			r := request(int64(n*1000+i+1), 1, job.Download, true, 1, at)
			r.Connection = connection
			ok(t, b.Request(t.Context(), r))
			want[at.In(zone).Truncate(time.Minute).Add(-time.Duration(at.In(zone).Minute())*time.Minute).Format(time.RFC3339)]++
		}
		stats := must2(t, b.StatsOf)(store.StatsQuery{Connection: connection, Zone: zone, Now: tc.now})
		same(t, "hours in "+tc.zone, []any{len(stats.Hours), len(stats.Days), stats.Hours[0].Date, stats.Hours[23].Date}, []any{24, 0, tc.first, tc.last})
		sum := int64(0)
		for _, h := range stats.Hours {
			same(t, "requests of "+h.Date, h.DownloadOK, want[h.Date])
			sum += h.DownloadOK
		}
		same(t, "sum", stats.Requests.Total, sum)
	}
}

func sightNarrowsFigures(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c0": "one", "c1": "two", "c2": ""}))
	for i, c := range []string{"c0", "c1", "c2"} {
		r := request(int64(i+1), int64(i+1), job.Upload, true, []int64{1, 10, 100}[i], due(1))
		r.Connection = c
		ok(t, b.Request(t.Context(), r))
	}
	for name, tc := range sights {
		want := int64(0)
		for i, sees := range tc.sees {
			if sees {
				want += []int64{1, 10, 100}[i]
			}
		}
		for days := range 2 {
			stats := must2(t, b.StatsOf)(store.StatsQuery{Sight: tc.sight, Days: days, Zone: time.UTC, Now: due(2)})
			same(t, "bytes seen by "+name, stats.Bytes.Up, want)
		}
		hidden := must2(t, b.StatsOf)(store.StatsQuery{Connection: "c1", Sight: tc.sight, Days: 1, Zone: time.UTC, Now: due(2)})
		same(t, "c1 is seen by "+name, hidden.Requests.Total > 0, tc.sees[1])
	}
}

func marksShowWhatWasDueAndWhatRan(t *testing.T, b bundle) {
	run := func(r job.Run, state job.RunState) int64 {
		r.Job, r.Connection = "acme-customers", "acme"
		begun := must2(t, b.BeginRun)(r)
		if begun.State = state; state != job.RunRunning {
			if state == job.RunFailed {
				begun.Reason = &job.Reason{Slug: "net.timeout"}
			}
			ok(t, b.EndRun(t.Context(), begun))
		}
		return begun.ID
	}
	slot := func(n int, state job.SlotState, reason string) *job.Slot {
		s := slotAt(n)
		must2(t, b.AddSlot)(s)
		if s.State = state; state != "" {
			s.Reason = &job.Reason{Slug: reason}
			ok(t, b.EndSlot(t.Context(), s))
		}
		return &s
	}
	good := run(job.Run{Slot: slot(1, "", ""), Started: due(1)}, job.RunSucceeded)
	slot(2, job.SlotSkipped, "job.paused")
	first := run(job.Run{Slot: slot(3, "", ""), Started: due(3)}, job.RunFailed)
	second := run(job.Run{Slot: slot(3, "", ""), Started: due(3).Add(time.Minute), Attempt: 2, AttemptOf: first}, job.RunPartial)
	byHand := run(job.Run{Started: due(4), Trigger: job.TriggerManual}, job.RunFailed)
	slot(5, "", "")
	now := run(job.Run{Slot: slot(6, "", ""), Started: due(6)}, job.RunRunning)
	want := []store.Mark{
		{Job: "acme-customers", At: due(1), State: "succeeded", Run: good},
		{Job: "acme-customers", At: due(2), State: "skipped", Slug: "job.paused"},
		{Job: "acme-customers", At: due(3), State: "partial", Run: second},
		{Job: "acme-customers", At: due(4), State: "failed", Slug: "net.timeout", Run: byHand},
		{Job: "acme-customers", At: due(5), State: "due"},
		{Job: "acme-customers", At: due(6), State: "running", Run: now},
	}
	marks := func(from, to time.Time, most int) []store.Mark {
		return must[[]store.Mark](t)(b.Marks(t.Context(), []string{"acme-customers", "none"}, from, to, most))
	}
	same(t, "marks", marks(due(1), due(7), 100), want)
	same(t, "marks between two times", marks(due(2), due(4), 100), want[1:3])
	same(t, "the last marks", marks(due(1), due(7), 2), want[4:])
}

func oddJobsComeFirst(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c0": "one", "c1": "two"}))
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		c := fmt.Sprint("c", i%2)
		_, err := b.Loaded(t.Context(), name, c, due(0))
		ok(t, err)
		if name == "d" {
			continue // nothing was due
		}
		run := must2(t, b.BeginRun)(job.Run{Job: name, Connection: c, Started: due(1)})
		run.State = job.RunSucceeded
		if name == "c" || name == "b" {
			run.State = job.RunFailed
		}
		ok(t, b.EndRun(t.Context(), run))
	}
	busy := func(sight job.Sight, from time.Time, most int) []string {
		return must[[]string](t)(b.BusyJobs(t.Context(), sight, from, due(9), most))
	}
	same(t, "all", busy(nil, due(0), 9), []string{"b", "c", "a", "e"})
	same(t, "some", busy(nil, due(0), 3), []string{"b", "c", "a"})
	same(t, "of a tenant", busy(job.Sight{"one"}, due(0), 9), []string{"c", "a", "e"})
	same(t, "later", len(busy(nil, due(2), 9)), 0)
	same(t, "of nobody", len(busy(job.Sight{}, due(0), 9)), 0)
}

// arrivalsAreThoseOnTheClock has files come at night, some before and some after midnight, winter and summer by the clock on the wall.
func arrivalsAreThoseOnTheClock(t *testing.T, b bundle) {
	zone, err := time.LoadLocation("Europe/Brussels")
	ok(t, err)
	arrive := func(at time.Time) {
		b.clock.Add(at.Sub(b.clock.Now()))
		f := b.claimed(t, "/in/"+at.Format(time.RFC3339)+".csv")
		b.advance(t, f, job.StepDone, job.FileLanded)
	}
	few := must[store.Arrivals](t)(b.Arrivals(t.Context(), "acme-customers", zone, b.clock.Now()))
	same(t, "none", []any{few.Files, few.By < 0}, []any{int64(0), true})
	begin := time.Date(2027, 3, 10, 0, 0, 0, 0, zone)
	arrive(begin.AddDate(0, 0, -100)) // too long ago
	for day := range 40 {             // the clocks change on 28 March
		d := begin.AddDate(0, 0, day)
		arrive(time.Date(d.Year(), d.Month(), d.Day(), 0, 50, 0, 0, zone))
		arrive(time.Date(d.Year(), d.Month(), d.Day(), 23, 10, 0, 0, zone))
	}
	now := begin.AddDate(0, 0, 41)
	a := must[store.Arrivals](t)(b.Arrivals(t.Context(), "acme-customers", zone, now))
	same(t, "arrivals", []any{a.Files, a.Quarters[3], a.Quarters[23*4], a.By}, []any{int64(80), int64(40), int64(40), 75 * time.Minute})
	last := must[[]job.File](t)(b.Arrived(t.Context(), "acme-customers", 3))
	same(t, "the last", []any{len(last), last[0].Ended.In(zone).Format("15:04")}, []any{3, "23:10"})
}
