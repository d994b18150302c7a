package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func due(hour int) time.Time { return time.Date(2026, 11, 24, hour, 0, 0, 0, time.UTC) }

func slotAt(hour int) job.Slot {
	return job.Slot{Job: "acme-customers", Wall: fmt.Sprintf("2026-11-24T%02d:00", hour+1), Offset: 3600, Due: due(hour), Zone: "Europe/Brussels"}
}

func slotsAreUniqueForEver(t *testing.T, b bundle) {
	slot := slotAt(1)
	same(t, "created", must2(t, b.AddSlot)(slot), true)
	same(t, "created again", must2(t, b.AddSlot)(slot), false)
	fold := slot
	fold.Offset = 7200
	same(t, "created in the other fold", must2(t, b.AddSlot)(fold), true)
	must2(t, b.AddSlot)(slotAt(2))
	same(t, "open", len(must2(t, b.OpenSlots)("acme-customers")), 3)

	slot.State, slot.Run = job.SlotRan, 7
	ok(t, b.EndSlot(t.Context(), slot))
	ok(t, b.EndSlot(t.Context(), slot))
	same(t, "created after it ended", must2(t, b.AddSlot)(slotAt(1)), false)
	slot.State = job.SlotMissed
	wants(t, b.EndSlot(t.Context(), slot), job.ErrStale)
	wants(t, b.EndSlot(t.Context(), slotAt(9)), job.ErrNotFound)

	skipped := slotAt(2)
	skipped.State, skipped.Reason = job.SlotSkipped, &job.Reason{Slug: "job.paused", Who: job.WhoUs}
	ok(t, b.EndSlot(t.Context(), skipped))
	same(t, "open", len(must2(t, b.OpenSlots)("acme-customers")), 1)
	last, yes, err := b.LastSlot(t.Context(), "acme-customers")
	ok(t, err)
	same(t, "last", []any{yes, last}, []any{true, skipped})
	_, yes, err = b.LastSlot(t.Context(), "no-such-job")
	ok(t, err)
	same(t, "last of another job", yes, false)
	since := must[[]job.Slot](t)(b.Slots(t.Context(), "acme-customers", due(2)))
	same(t, "slots since", since, []job.Slot{skipped})
}

func runsBeginAndEndOnce(t *testing.T, b bundle) {
	slot := slotAt(1)
	must2(t, b.AddSlot)(slot)
	begin := job.Run{Job: "acme-customers", Connection: "acme", Type: job.TypeImport,
		Trigger: job.TriggerSchedule, Slot: &slot, Revision: 9, Only: "x.csv", Force: true, By: "ops"}
	first := must2(t, b.BeginRun)(begin)
	run := must2(t, b.BeginRun)(begin)
	same(t, "begun again, as the answer was lost", run.ID, first.ID)
	used := func() {
		t.Helper()
		last, _, err := b.LastSlot(t.Context(), "acme-customers")
		ok(t, err)
		same(t, "slot of the run", []any{last.State, last.Run}, []any{job.SlotRan, run.ID})
	}
	used()
	same(t, "state, attempt", []any{run.State, run.Attempt}, []any{job.RunRunning, 1})
	same(t, "open", must[[]job.Run](t)(b.OpenRuns(t.Context())), []job.Run{run})

	run.State, run.Counts, run.Bytes = job.RunPartial, job.Counts{OK: 1, Failed: 2, Skipped: 3, Held: 4}, job.Bytes{Down: 5, Up: 6}
	run.Reason, run.Note, run.Ended = &job.Reason{Slug: "pgp.wrong_key"}, "note", due(3)
	ok(t, b.EndRun(t.Context(), run))
	same(t, "run", must2(t, b.Run)(run.ID), run)
	same(t, "open", len(must[[]job.Run](t)(b.OpenRuns(t.Context()))), 0)
	wants(t, b.EndRun(t.Context(), run), job.ErrStale)
	wants(t, b.EndRun(t.Context(), job.Run{ID: 999, State: job.RunFailed}), job.ErrNotFound)
	_, err := b.Run(t.Context(), 999)
	wants(t, err, job.ErrNotFound)
	same(t, "events", b.eventTypes(t), []string{"run.started", "run.started", "run.partial"})
	begin.Attempt, begin.AttemptOf = 2, run.ID
	must2(t, b.BeginRun)(begin)
	used()
}

func followersAreQueuedOnce(t *testing.T, b bundle) {
	follower := job.Run{Job: "b", Connection: "bank", Type: job.TypeExport, Revision: 4}
	ended := func() job.Run {
		run := must2(t, b.BeginRun)(job.Run{Job: "a"})
		run.State, run.Ended = job.RunSucceeded, due(1)
		ok(t, b.EndRun(t.Context(), run, follower))
		wants(t, b.EndRun(t.Context(), run, follower), job.ErrStale)
		return run
	}
	first := ended()
	want := follower
	want.ID, want.Trigger, want.State, want.Attempt, want.Follows, want.Started = first.ID+1, job.TriggerAfter, job.RunQueued, 1, first.ID, due(1)
	same(t, "open", must[[]job.Run](t)(b.OpenRuns(t.Context())), []job.Run{want})
	second := ended()
	same(t, "while one waits", must[[]job.Run](t)(b.OpenRuns(t.Context())), []job.Run{want})
	_, begun, err := b.LastRun(t.Context(), "b")
	ok(t, err)
	same(t, "has begun", begun, false)

	begin := job.Run{Job: "b", Connection: "bank", Type: job.TypeExport, Trigger: job.TriggerAfter, Follows: second.ID, Started: due(2)}
	run := must2(t, b.BeginRun)(begin)
	same(t, "begun", []any{run.ID, run.Follows, run.State, run.Started}, []any{want.ID, first.ID, job.RunRunning, due(2)})
	begin.Follows = first.ID
	same(t, "begun again, as the answer was lost", must2(t, b.BeginRun)(begin).ID, run.ID)
	run.State = job.RunSucceeded
	ok(t, b.EndRun(t.Context(), run))
	_, err = b.BeginRun(t.Context(), begin)
	wants(t, err, job.ErrExists)

	skipped := begin
	skipped.Follows, skipped.State, skipped.Ended, skipped.Reason = ended().ID, job.RunSkipped, due(2), &job.Reason{Slug: "schedule.window"}
	must2(t, b.BeginRun)(skipped)
	_, err = b.BeginRun(t.Context(), skipped)
	wants(t, err, job.ErrExists)
	same(t, "open", len(must[[]job.Run](t)(b.OpenRuns(t.Context()))), 0)
	same(t, "events", b.eventTypes(t), []string{"run.started", "run.succeeded", "run.started", "run.succeeded", "run.started", "run.started",
		"run.succeeded", "run.started", "run.succeeded", "run.skipped"})
}

// How often the process died in a run goes on with it, and jobs are remembered of which people were told, until they succeed.
func deathsAreRemembered(t *testing.T, b bundle) {
	run := must2(t, b.BeginRun)(job.Run{Job: "acme-customers", Connection: "acme", Deaths: 3})
	run.State, run.Deaths, run.RetryAt = job.RunInterrupted, 4, due(2)
	ok(t, b.EndRun(t.Context(), run))
	same(t, "deaths", must[[]job.Run](t)(b.PendingRetries(t.Context()))[0].Deaths, 4)
	same(t, "given up", must[map[string]int64](t)(b.GivenUp(t.Context())), map[string]int64{})

	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	for _, name := range []string{"acme-customers", "acme-people"} {
		b.raise(t, job.CauseGivenUp, name, due(2))
	}
	open := must[[]job.Incident](t)(b.OpenIncidents(t.Context()))
	same(t, "incidents", []any{len(open), open[0].Jobs, open[0].Connection, open[0].Kind}, []any{1, []string{"acme-customers", "acme-people"}, "", job.AlertFailed})
	same(t, "seen by one customer", must[[]job.Incident](t)(b.FindIncidents(t.Context(), store.IncidentQuery{Sight: job.Sight{"acme-nv"}})), []job.Incident{})
	b.raise(t, "job/acme-people/run.panic", "acme-people", due(3))
	ok(t, b.ResolvePart(t.Context(), job.CauseGivenUp, "acme-people", due(3)))
	same(t, "others", must[[]job.Incident](t)(b.OpenIncidents(t.Context()))[1].Jobs, []string{"acme-people"})
	same(t, "the part that goes on", must[[]job.Incident](t)(b.OpenIncidents(t.Context()))[0].Jobs, []string{"acme-customers"})
	ok(t, b.ResolveJob(t.Context(), "acme-people", due(3)))
	same(t, "given up", must[map[string]int64](t)(b.GivenUp(t.Context())), map[string]int64{"acme-customers": 0})
	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: job.CauseGivenUp, Job: "acme-customers", Chain: run.ID, At: due(3)}))
	same(t, "given up", must[map[string]int64](t)(b.GivenUp(t.Context())), map[string]int64{"acme-customers": run.ID})
	ok(t, b.ResolvePart(t.Context(), job.CauseGivenUp, "acme-customers", due(3)))
	same(t, "given up", must[map[string]int64](t)(b.GivenUp(t.Context())), map[string]int64{})
	same(t, "incidents", must[[]job.Incident](t)(b.OpenIncidents(t.Context())), []job.Incident{})
}

func retriesWaitUntilBegun(t *testing.T, b bundle) {
	end := func(run job.Run, retry time.Time) job.Run {
		run.State, run.RetryAt = job.RunFailed, retry
		ok(t, b.EndRun(t.Context(), run))
		return run
	}
	pending := func() []int64 {
		ids := []int64{}
		for _, r := range must[[]job.Run](t)(b.PendingRetries(t.Context())) {
			ids = append(ids, r.ID)
		}
		return ids
	}
	begin := func(attempt int, of int64) job.Run {
		return must2(t, b.BeginRun)(job.Run{Job: "acme-customers", Attempt: attempt, AttemptOf: of})
	}
	first := end(begin(1, 0), due(5))
	other := end(begin(1, 0), due(4))
	end(begin(1, 0), time.Time{})
	same(t, "pending", pending(), []int64{other.ID, first.ID})
	second := end(begin(2, first.ID), due(6))
	same(t, "pending after the second attempt failed", pending(), []int64{other.ID, second.ID})
	begin(3, first.ID)
	same(t, "pending while the third attempt runs", pending(), []int64{other.ID})
	ok(t, b.DropRetry(t.Context(), other.ID))
	same(t, "pending after it was dropped", pending(), []int64{})
}

func loadedRemembersTheFirstTime(t *testing.T, b bundle) {
	load := func(hour int) time.Time {
		return must[time.Time](t)(b.Loaded(t.Context(), "acme-customers", "acme", due(hour)))
	}
	same(t, "first", load(1), due(1))
	same(t, "again", load(2), due(1))
	ok(t, b.MarkLoaded(t.Context(), []string{"acme-customers"}))
	same(t, "still there", load(3), due(1))
	ok(t, b.MarkLoaded(t.Context(), nil))
	same(t, "removed", len(must[map[string]time.Time](t)(b.RemovedJobs(t.Context()))), 1)
	same(t, "back", load(4), due(4))
	same(t, "removed", len(must[map[string]time.Time](t)(b.RemovedJobs(t.Context()))), 0)
}

func pausesEnd(t *testing.T, b bundle) {
	paused := func() bool { return must[*job.Pause](t)(b.Paused(t.Context(), "job", "acme-customers")) != nil }
	same(t, "paused", paused(), false)
	p := job.Pause{Kind: "job", Name: "acme-customers", Reason: "holiday", By: "ops", Since: due(1)}
	ok(t, b.Pause(t.Context(), p))
	same(t, "pause", must[*job.Pause](t)(b.Paused(t.Context(), "job", "acme-customers")), &p)
	ok(t, b.Resume(t.Context(), "job", "acme-customers"))
	wants(t, b.Resume(t.Context(), "job", "acme-customers"), job.ErrNotFound)
	same(t, "paused", paused(), false)
	p.Until = b.clock.Now().Add(time.Hour)
	ok(t, b.Pause(t.Context(), p))
	same(t, "pauses", must[[]job.Pause](t)(b.Pauses(t.Context())), []job.Pause{p})
	b.clock.Add(2 * time.Hour)
	same(t, "paused after its end", paused(), false)
	same(t, "pauses after its end", len(must[[]job.Pause](t)(b.Pauses(t.Context()))), 0)
}

func connectionsAreRemembered(t *testing.T, b bundle) {
	same(t, "unknown", must2(t, b.Profile)("acme"), job.Profile{})
	same(t, "active", must2(t, b.ConnectionState)("acme"), false)
	yes, two := true, 2
	p := job.Profile{List: &yes, Sessions: &two, Banner: "SSH-2.0-x", Learned: due(1)}
	ok(t, b.SaveProfile(t.Context(), "acme", p))
	ok(t, b.Activate(t.Context(), "acme"))
	same(t, "profile", must2(t, b.Profile)("acme"), p)
	same(t, "active", must2(t, b.ConnectionState)("acme"), true)
	same(t, "all that are active", must[map[string]bool](t)(b.ActiveConnections(t.Context())), map[string]bool{"acme": true})
	ok(t, b.Deactivate(t.Context(), "acme"))
	same(t, "active", must2(t, b.ConnectionState)("acme"), false)
	same(t, "profile", must2(t, b.Profile)("acme"), p)
	ok(t, b.Activate(t.Context(), "acme"))
	ok(t, b.PurgeConnection(t.Context(), "acme"))
	same(t, "active after the purge", must2(t, b.ConnectionState)("acme"), false)
	same(t, "profile after the purge", must2(t, b.Profile)("acme"), job.Profile{})
	ok(t, b.MarkConnections(t.Context(), map[string]string{"bank": "b"}))
	must2(t, b.BeginRun)(job.Run{Job: "j", Connection: "by-hand"})
	known := must[map[string]time.Time](t)(b.Connections(t.Context()))
	if len(known) != 3 || known["acme"].IsZero() || !known["bank"].IsZero() || !known["by-hand"].IsZero() {
		t.Fatalf("known %v", known)
	}
}

func pinsAndBreakers(t *testing.T, b bundle) {
	pin := job.Pin{Address: "[sftp.acme.example]:22", Key: "ssh-ed25519 AAAA", Added: due(1), By: "ops", Why: "trust"}
	ok(t, b.AddPin(t.Context(), pin))
	ok(t, b.AddPin(t.Context(), job.Pin{Address: pin.Address, Key: pin.Key, By: "other", Why: "trust"}))
	second := job.Pin{Address: pin.Address, Key: "ssh-rsa BBBB", Added: due(2), By: "hostkeys-00", Why: "rotation"}
	ok(t, b.AddPin(t.Context(), second))
	same(t, "pins", must2(t, b.Pins)(pin.Address), []job.Pin{pin, second})
	same(t, "pins elsewhere", len(must2(t, b.Pins)("[other]:22")), 0)
	ok(t, b.RemovePin(t.Context(), second))
	wants(t, b.RemovePin(t.Context(), second), job.ErrNotFound)
	ok(t, b.SawHostKey(t.Context(), pin.Address, pin.Key))
	ok(t, b.SawHostKey(t.Context(), pin.Address, pin.Key))
	seen := must2(t, b.HostKeysSeen)(pin.Address)
	same(t, "seen", []int{len(seen), seen[0].Count}, []int{1, 2})
	for i := range 105 {
		ok(t, b.SawHostKey(t.Context(), pin.Address, fmt.Sprint("key ", i)))
	}
	seen = must2(t, b.HostKeysSeen)(pin.Address)
	same(t, "seen of a server that never shows a key twice", []any{len(seen), seen[0].Key}, []any{100, "key 104"})

	account := job.Account{Host: "sftp.acme.example", Port: 22, User: "PLAT01"}
	same(t, "breaker", must2(t, b.Breaker)(account), job.Breaker{})
	open := job.Breaker{Open: true, Reason: &job.Reason{Slug: "auth.key_rejected"}, Since: due(1), Until: due(2), Waits: 1, Mark: "m"}
	ok(t, b.SaveBreaker(t.Context(), account, open))
	same(t, "breaker", must2(t, b.Breaker)(account), open)
	lower := account
	lower.User = "plat01"
	same(t, "breaker of another user", must2(t, b.Breaker)(lower).Open, false)
	ok(t, b.SaveBreaker(t.Context(), account, job.Breaker{}))
	same(t, "breaker", must2(t, b.Breaker)(account), job.Breaker{})
}

func fiftyWriters(t *testing.T, b bundle) {
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			for n := range 4 {
				f, err := b.See(t.Context(), found(fmt.Sprintf("/in/%d-%d.csv", i, n)))
				if err == nil {
					f, err = b.Claim(t.Context(), f, int64(i))
				}
				if err == nil {
					f.Step = job.StepClaimed
					_, err = b.Advance(t.Context(), job.StepSeen, f, job.Beside{})
				}
				if err == nil {
					_, err = b.Known(t.Context(), "acme-customers", []string{f.Path})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	same(t, "rows", len(must2(t, b.Unfinished)("acme-customers")), 200)
}
