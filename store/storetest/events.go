package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func (b bundle) eventTypes(t *testing.T) []string {
	t.Helper()
	types := []string{}
	for _, e := range must[[]job.Event](t)(b.Events(t.Context(), 0, 0)) {
		types = append(types, e.Type)
	}
	return types
}

func eventGoesWithTheState(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	run := must[job.Run](t)(b.BeginRun(t.Context(), job.Run{Job: "acme-customers", Connection: "acme", Attempt: 2,
		Slot: &job.Slot{Job: "acme-customers", Wall: "2026-11-24T01:15", Offset: 3600, Due: time.Date(2026, 11, 24, 0, 15, 0, 0, time.UTC)}}))
	f := must[job.File](t)(b.Claim(t.Context(), b.see(t, found("/in/a.csv.pgp")), run.ID))
	f = b.advance(t, f, job.StepClaimed, job.FileMoving)
	f.Local, f.Plain, f.Received = "/landing/a.csv", job.Digest{Size: 20, SHA256: "9a1f"}, job.Digest{Size: 10, SHA256: "77"}
	f.Envelope = &job.Envelope{DecryptedWith: "5c482a6d92fe8389"}
	f = b.advance(t, f, job.StepLanded, job.FileLanded)
	f = b.advance(t, f, job.StepRetiring, job.FileLanded)
	b.advance(t, f, job.StepDone, job.FileLanded)
	same(t, "events", b.eventTypes(t), []string{"run.started", "file.landed"})

	var data struct {
		ID           int64  `json:"id"`
		Run          int64  `json:"run_id"`
		Entity       string `json:"entity"`
		Attempt      int    `json:"attempt"`
		ScheduledFor string `json:"scheduled_for"`
		Direction    string `json:"direction"`
		Remote       struct{ Path string }
		Local        struct {
			Path   string
			SHA256 string
			Size   int64
		}
		PGP struct{ Decrypted bool }
	}
	events := must[[]job.Event](t)(b.Events(t.Context(), 1, 10))
	ok(t, json.Unmarshal(events[0].Data, &data))
	same(t, "event", []any{data.ID, data.Run, data.Entity, data.Attempt, data.ScheduledFor, data.Direction, data.Remote.Path, data.Local.Path, data.Local.SHA256, data.Local.Size, data.PGP.Decrypted},
		[]any{f.ID, run.ID, "acme-nv", 2, "2026-11-24T00:15:00Z", "download", "/in/a.csv.pgp", "/landing/a.csv", "9a1f", int64(20), true})

	bad := b.claimed(t, "/in/b.csv.pgp")
	bad.Reason = &job.Reason{Slug: "pgp.not_encrypted", What: "Nothing landed", Who: job.WhoCustomer, Technical: "raw"}
	b.advance(t, bad, job.StepDownloaded, job.FileRejected)
	b.advance(t, b.claimed(t, "/in/c.csv"), job.StepDone, job.FileSkipped)
	unsafe := found("/in/\xff..")
	unsafe.State, unsafe.Reason = job.FileRejected, &job.Reason{Slug: "remote.unsafe_name"}
	b.see(t, unsafe)
	same(t, "events", b.eventTypes(t), []string{"run.started", "file.landed", "file.rejected", "file.rejected"})

	late := f
	_, err := b.Advance(t.Context(), job.StepLanding, late, job.Beside{})
	wants(t, err, job.ErrStale)
	same(t, "events after a late write", len(b.eventTypes(t)), 4)
}

func stepsTellTheTimeline(t *testing.T, b bundle) {
	f := b.claimed(t, "/in/a.csv")
	f.Reason = &job.Reason{Slug: "net.timeout"}
	b.advance(t, f, job.StepClaimed, job.FileFailed)
	steps := must2(t, b.Steps)(f.ID)
	got := make([]store.Step, len(steps))
	for i, s := range steps {
		if s.At.IsZero() {
			t.Fatal("a step has no time")
		}
		s.At = time.Time{}
		got[i] = s
	}
	same(t, "timeline", got, []store.Step{
		{File: f.ID, Step: job.StepSeen, State: job.FileWaiting},
		{File: f.ID, Run: 1, Step: job.StepClaimed, State: job.FileMoving},
		{File: f.ID, Run: 1, Step: job.StepClaimed, State: job.FileFailed, Slug: "net.timeout"},
	})
}

func outcomeKeepsWhatTheRunSaw(t *testing.T, b bundle) {
	f := b.claimed(t, "/in/a.csv")
	f.Reason = &job.Reason{Slug: "net.timeout"}
	failed := b.advance(t, f, job.StepClaimed, job.FileFailed)
	ok(t, b.Outcome(t.Context(), job.Outcome{Run: 1, File: failed, Bytes: 5, Duration: time.Second}))
	again := must[job.File](t)(b.Claim(t.Context(), failed, 2))
	again.Reason, again.Final, again.Plain = nil, "a.csv", job.Digest{Size: 10, SHA256: "77"}
	landed := b.advance(t, again, job.StepDone, job.FileLanded)
	ok(t, b.Outcome(t.Context(), job.Outcome{Run: 2, File: failed, Bytes: 1}))
	ok(t, b.Outcome(t.Context(), job.Outcome{Run: 2, File: landed, Bytes: 10, Duration: 2 * time.Second}))

	one, two := must2(t, b.RunFiles)(1), must2(t, b.RunFiles)(2)
	same(t, "outcomes", []int{len(one), len(two)}, []int{1, 1})
	same(t, "run 1", []any{one[0].File.State, one[0].File.Reason.Slug, one[0].Bytes, one[0].Duration, one[0].File.Path},
		[]any{job.FileFailed, "net.timeout", int64(5), time.Second, "/in/a.csv"})
	same(t, "run 2", []any{two[0].File.State, two[0].File.Reason == nil, two[0].Bytes, two[0].File.Final},
		[]any{job.FileLanded, true, int64(10), "a.csv"})
}
