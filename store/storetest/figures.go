package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

type (
	logLine = store.LogLine
	pruned  = store.Pruned
)

func request(run, file int64, direction job.Direction, fine bool, bytes int64, at time.Time) job.Request {
	r := job.Request{
		Connection: "acme", Entity: "acme-nv", Job: "acme-customers", Run: run, File: file, Direction: direction,
		Location: "outgoing", OK: fine, Bytes: bytes, Started: at, Duration: time.Second,
	}
	if !fine {
		r.Slug = "net.timeout"
	}
	return r
}

func retriesFoldIntoOneRequest(t *testing.T, b bundle) {
	at := due(1)
	ok(t, b.Request(t.Context(), request(1, 1, job.Download, false, 10, at)))
	ok(t, b.Request(t.Context(), request(1, 1, job.Download, false, 20, at.Add(time.Minute))))
	same(t, "while it fails", b.outcomes(t), [4]int64{0, 1, 0, 0})
	ok(t, b.Request(t.Context(), request(1, 1, job.Download, true, 100, at.Add(time.Hour))))
	ok(t, b.Request(t.Context(), request(1, 1, job.Upload, false, 5, at)))
	ok(t, b.Request(t.Context(), request(2, 1, job.Download, true, 1, at)))
	ok(t, b.Request(t.Context(), request(0, 0, job.Download, true, 0, at)))
	ok(t, b.Request(t.Context(), request(0, 0, job.Download, true, 0, at)))
	same(t, "in the end", b.outcomes(t), [4]int64{4, 0, 0, 1})
	marker := request(1, 1, job.Upload, true, 0, at)
	marker.Marker = true
	ok(t, b.Request(t.Context(), marker))
	same(t, "a marker is no retry of its file", b.outcomes(t), [4]int64{4, 0, 1, 1})

	requests := must2(t, b.Requests)(1)
	same(t, "rows", len(requests), 3)
	want := store.Request{Attempts: 3, Request: request(1, 1, job.Download, true, 130, at)}
	want.Duration = 3 * time.Second
	same(t, "row", requests[0], want)
	same(t, "row of the marker", requests[2], store.Request{Attempts: 1, Request: marker})
	same(t, "totals", must[[]store.Total](t)(b.Totals(t.Context())), []store.Total{
		{Connection: "acme", Job: "acme-customers", Direction: "download", OK: 4, Bytes: 131, AttemptsOK: 4, AttemptsFailed: 2},
		{Connection: "acme", Job: "acme-customers", Direction: "upload", OK: 1, Failed: 1, Bytes: 5, AttemptsOK: 1, AttemptsFailed: 1},
	})
}

// midnightDivides counts a request on the day on which it began, and its bytes on the days on which they moved.
func midnightDivides(t *testing.T, b bundle) {
	late := time.Date(2026, 11, 23, 23, 50, 0, 0, time.UTC)
	ok(t, b.Request(t.Context(), request(1, 1, job.Upload, false, 10, late)))
	ok(t, b.Request(t.Context(), request(1, 1, job.Upload, true, 100, late.Add(20*time.Minute))))
	days := must[store.Stats](t)(b.Stats(t.Context(), "acme", 2, time.UTC, due(12))).Days
	same(t, "days", days, []store.Day{{Date: "2026-11-23", UploadOK: 1, BytesUp: 10}, {Date: "2026-11-24", BytesUp: 100}})
}

// outcomes gives downloads ok and failed, uploads ok and failed.
func (b bundle) outcomes(t *testing.T) [4]int64 {
	t.Helper()
	q := must[store.Stats](t)(b.Stats(t.Context(), "acme", 30, time.UTC, due(12))).Requests
	return [4]int64{q.Download.OK, q.Download.Failed, q.Upload.OK, q.Upload.Failed}
}

// daysAreThoseOfTheZone puts one request a minute before and one at each midnight, in zones with every kind of offset.
func daysAreThoseOfTheZone(t *testing.T, b bundle) {
	zones := []string{"UTC", "Europe/Brussels", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe", "Pacific/Kiritimati"}
	for n, name := range zones {
		zone, err := time.LoadLocation(name)
		ok(t, err)
		connection := fmt.Sprintf("c%d", n)
		now := time.Date(2026, 11, 5, 12, 0, 0, 0, zone) // the weeks before hold a change of clocks in some
		midnight := time.Date(2026, 10, 25, 0, 0, 0, 0, zone)
		for i, at := range []time.Time{midnight.Add(-time.Minute), midnight, midnight, midnight.AddDate(0, 0, 1)} {
			r := request(int64(n+1), int64(i+1), job.Download, i != 1, 10, at)
			r.Connection = connection
			ok(t, b.Request(t.Context(), r))
		}
		stats := must[store.Stats](t)(b.Stats(t.Context(), connection, 30, zone, now))
		same(t, "days", []any{len(stats.Days), stats.Days[0].Date, stats.Days[29].Date}, []any{30, "2026-10-07", "2026-11-05"})
		got := map[string][2]int64{}
		for _, d := range stats.Days {
			if d.DownloadOK+d.DownloadFailed > 0 {
				got[d.Date] = [2]int64{d.DownloadOK, d.DownloadFailed}
			}
		}
		same(t, "requests a day in "+name, got, map[string][2]int64{"2026-10-24": {1, 0}, "2026-10-25": {1, 1}, "2026-10-26": {1, 0}})
		same(t, "rate", *stats.SuccessRate, 0.75)
		same(t, "bytes", stats.Bytes, store.ByteStats{Down: 40})
	}
	none := must[store.Stats](t)(b.Stats(t.Context(), "no-such", 30, time.UTC, due(1)))
	same(t, "no requests", []any{none.SuccessRate == nil, len(none.Days), none.Requests.Total}, []any{true, 30, int64(0)})
}

func pruningNeverChangesFigures(t *testing.T, b bundle) {
	start := due(0)
	for day := range 120 {
		for i := range 3 {
			at := start.AddDate(0, 0, -day).Add(time.Duration(i) * time.Hour)
			ok(t, b.Request(t.Context(), request(int64(day+1), int64(i+1), job.Upload, i > 0, int64(day), at)))
		}
	}
	now := start.Add(6 * time.Hour)
	before := must[store.Stats](t)(b.Stats(t.Context(), "acme", 365, time.UTC, now))
	same(t, "requests", []int64{before.Requests.Total, before.Requests.Failed}, []int64{360, 120})
	totals := must[[]store.Total](t)(b.Totals(t.Context()))
	gone := must[pruned](t)(b.Prune(t.Context(), now))
	if gone.Requests < 80 || gone.Requests > 90 {
		t.Fatalf("pruned %d requests", gone.Requests)
	}
	same(t, "rows of day 119", len(must2(t, b.Requests)(120)), 0)
	same(t, "rows of today", len(must2(t, b.Requests)(1)), 3)
	same(t, "figures", must[store.Stats](t)(b.Stats(t.Context(), "acme", 365, time.UTC, now)), before)
	same(t, "totals", must[[]store.Total](t)(b.Totals(t.Context())), totals)
}

func searchesFind(t *testing.T, b bundle) {
	first := must2(t, b.BeginRun)(job.Run{Job: "a", Connection: "acme"})
	first.State = job.RunSucceeded
	ok(t, b.EndRun(t.Context(), first))
	second := must2(t, b.BeginRun)(job.Run{Job: "b", Connection: "acme"})
	f := must[job.File](t)(b.Claim(t.Context(), b.see(t, found("/in/customers_1.csv.pgp")), second.ID))
	f.Final, f.Plain.SHA256, f.Received.SHA256 = "out/customers_1.csv", "9a1f", "77"
	f = b.advance(t, f, job.StepDone, job.FileLanded)
	ok(t, b.Outcome(t.Context(), job.Outcome{Run: second.ID, File: f}))
	b.see(t, found("/in/other.txt"))

	runs := func(f store.RunFilter) []int64 {
		ids := []int64{}
		for _, r := range must[[]job.Run](t)(b.Runs(t.Context(), f)) {
			ids = append(ids, r.ID)
		}
		return ids
	}
	one, two := []int64{first.ID}, []int64{second.ID}
	same(t, "all runs", runs(store.RunFilter{}), []int64{second.ID, first.ID})
	same(t, "runs of a job", runs(store.RunFilter{Job: "a"}), one)
	same(t, "runs by state", runs(store.RunFilter{States: []job.RunState{job.RunSucceeded, job.RunFailed}}), one)
	same(t, "runs since", runs(store.RunFilter{Since: second.Started}), two)
	same(t, "runs before an id", runs(store.RunFilter{Before: second.ID}), one)
	same(t, "runs by file", runs(store.RunFilter{FileGlob: "customers_*.pgp"}), two)
	same(t, "runs by final name", runs(store.RunFilter{FileGlob: "customers_?.csv"}), two)
	same(t, "runs by another file", runs(store.RunFilter{FileGlob: "other*"}), []int64{})
	same(t, "limit", runs(store.RunFilter{Limit: 1}), two)

	files := func(f store.FileFilter) int { return len(must[[]job.File](t)(b.Files(t.Context(), f))) }
	same(t, "files", []int{
		files(store.FileFilter{}), files(store.FileFilter{Name: "*.csv"}), files(store.FileFilter{SHA256: "9a1f"}),
		files(store.FileFilter{SHA256: "77"}), files(store.FileFilter{SHA256: "0"}), files(store.FileFilter{Run: second.ID}),
		files(store.FileFilter{States: []job.State{job.FileWaiting}}), files(store.FileFilter{Job: "none"}), files(store.FileFilter{Before: f.ID}),
	}, []int{2, 1, 1, 1, 0, 1, 1, 0, 0})

	last, yes, err := b.LastRun(t.Context(), "b")
	ok(t, err)
	same(t, "last run", []any{yes, last.ID}, []any{true, second.ID})
	at := must[time.Time](t)(b.LastSuccess(t.Context(), "a"))
	never := must[time.Time](t)(b.LastSuccess(t.Context(), "b"))
	if at.IsZero() || !never.IsZero() {
		t.Fatalf("last success %v and %v", at, never)
	}
	same(t, "run totals", must[[]store.RunTotal](t)(b.RunTotals(t.Context())), []store.RunTotal{{Job: "a", State: "succeeded", Count: 1}})
}

func revisionsAreNumbered(t *testing.T, b bundle) {
	_, yes, err := b.LastRevision(t.Context())
	ok(t, err)
	same(t, "revision of a new store", yes, false)
	one := must2(t, b.AddRevision)(store.Revision{Hash: "h1", Path: "/etc/h.yaml", Text: "t", Diff: "d", By: "ops", At: due(1)})
	same(t, "the same again", must2(t, b.AddRevision)(store.Revision{Hash: "h1", By: "other"}), one)
	two := must2(t, b.AddRevision)(store.Revision{Hash: "h2", At: due(2)})
	back := must2(t, b.AddRevision)(store.Revision{Hash: "h1", Path: "/etc/h.yaml", Text: "t", At: due(3)})
	same(t, "numbers", []int64{one, two, back}, []int64{1, 2, 3})
	last, _, err := b.LastRevision(t.Context())
	ok(t, err)
	same(t, "last", last, store.Revision{ID: 3, Hash: "h1", Path: "/etc/h.yaml", Text: "t", At: due(3)})
	same(t, "by its number", must2(t, b.Revision)(1), store.Revision{ID: 1, Hash: "h1", Path: "/etc/h.yaml", Text: "t", Diff: "d", By: "ops", At: due(1)})
	same(t, "all", len(must2(t, b.Revisions)(0)), 3)
	for _, diff := range []string{"- connections.acme.host: a\n+ connections.acme.host: b\n", "+ connections.acme-two.host: x\n", "+ jobs.connections.acme: x\n"} {
		must2(t, b.AddRevision)(store.Revision{Hash: diff, Diff: diff, At: due(4)})
	}
	of := must[[]store.Revision](t)(b.RevisionsOf(t.Context(), "acme", 0))
	same(t, "of a connection", []any{len(of), of[0].ID}, []any{1, int64(4)})
}

func renamedJobsKeepTheirHistory(t *testing.T, b bundle) {
	must[time.Time](t)(b.Loaded(t.Context(), "acme-customers", "acme", due(1)))
	f := b.see(t, found("/in/a.csv"))
	must2(t, b.AddSlot)(slotAt(1))
	must2(t, b.BeginRun)(job.Run{Job: "acme-customers", Connection: "acme"})
	at := due(2)
	ok(t, b.Request(t.Context(), request(1, 1, job.Download, true, 10, at)))
	other := request(2, 2, job.Download, true, 5, at)
	other.Job = "new-name"
	ok(t, b.Request(t.Context(), other))
	must[bool](t)(b.Raise(t.Context(), "connection/acme/x", "acme-customers", job.Reason{Slug: "x"}, at))
	before := b.outcomes(t)

	for range 2 {
		ok(t, b.Rename(t.Context(), "acme-customers", "new-name"))
	}
	ok(t, b.Rename(t.Context(), "never-was", "new-name"))
	row := must[job.File](t)(b.File(t.Context(), f.ID))
	same(t, "job of the file", row.Job, "new-name")
	_, yes, err := b.LastSlot(t.Context(), "new-name")
	ok(t, err)
	same(t, "slot", yes, true)
	same(t, "runs", len(must[[]job.Run](t)(b.Runs(t.Context(), store.RunFilter{Job: "new-name"}))), 1)
	same(t, "first loaded", must[time.Time](t)(b.Loaded(t.Context(), "new-name", "acme", due(9))), due(1))
	same(t, "figures", b.outcomes(t), before)
	same(t, "totals", must[[]store.Total](t)(b.Totals(t.Context())), []store.Total{
		{Connection: "acme", Job: "new-name", Direction: "download", OK: 2, Bytes: 15, AttemptsOK: 2}})
	same(t, "incident", must[[]job.Incident](t)(b.OpenIncidents(t.Context()))[0].Jobs, []string{"new-name"})
	same(t, "audit lines", len(must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0))), 1)

	byHand := found("/in/hand.csv")
	byHand.Job = "never-loaded"
	kept := b.see(t, byHand)
	for range 2 {
		ok(t, b.Rename(t.Context(), "never-loaded", "new-name"))
	}
	same(t, "job of the file of a job that was only run by hand", must[job.File](t)(b.File(t.Context(), kept.ID)).Job, "new-name")
	same(t, "first loaded, still", must[time.Time](t)(b.Loaded(t.Context(), "new-name", "acme", due(9))), due(1))
	same(t, "audit lines", len(must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0))), 2)

	must[time.Time](t)(b.Loaded(t.Context(), "rival", "acme", due(1)))
	clash := found("/in/a.csv")
	clash.Job = "rival"
	b.see(t, clash)
	wants(t, b.Rename(t.Context(), "rival", "new-name"), job.ErrExists)
	same(t, "audit lines", len(must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0))), 2)
}

func togetherIsAllOrNothing(t *testing.T, b bundle) {
	must[time.Time](t)(b.Loaded(t.Context(), "old", "acme", due(1)))
	odd := errors.New("odd")
	both := func(last error) error {
		return b.Together(t.Context(), "do two things", func(s *store.Store) error {
			ok(t, s.Rename(t.Context(), "old", "new"))
			id := must[int64](t)(s.AddRevision(t.Context(), store.Revision{Hash: "h", Text: "text"}))
			same(t, "revision that it wrote itself", must[store.Revision](t)(s.Revision(t.Context(), id)).Text, "text")
			return last
		})
	}
	wants(t, both(odd), odd)
	same(t, "revisions", len(must[[]store.Revision](t)(b.Revisions(t.Context(), 0))), 0)
	same(t, "removed jobs", len(must[map[string]time.Time](t)(b.RemovedJobs(t.Context()))), 0)
	ok(t, both(nil))
	same(t, "revisions", len(must[[]store.Revision](t)(b.Revisions(t.Context(), 0))), 1)
	same(t, "removed jobs", len(must[map[string]time.Time](t)(b.RemovedJobs(t.Context()))), 1)
}

func auditIsALongMemory(t *testing.T, b bundle) {
	for i := range 3 {
		ok(t, b.AddAudit(t.Context(), store.AuditLine{At: due(i), Who: "ops", Act: "job.run", Object: fmt.Sprint(i), Detail: "d"}))
	}
	lines := must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 2))
	same(t, "latest", lines[0], store.AuditLine{ID: 3, At: due(2), Who: "ops", Act: "job.run", Object: "2", Detail: "d"})
	same(t, "the one before", lines[1].Object, "1")
	same(t, "before", must[[]store.AuditLine](t)(b.Audit(t.Context(), lines[1].ID, 0))[0].Object, "0")
	same(t, "problems", must[[]string](t)(b.Check(t.Context())), []string(nil))
}

func formerAndExpired(t *testing.T, b bundle) {
	one := b.claimed(t, "/in/daily.csv")
	one.Archived = "/archive/1"
	one = b.advance(t, one, job.StepDone, job.FileLanded)
	b.clock.Add(time.Hour)
	two := b.claimed(t, "/in/daily.csv")
	former, yes, err := b.Former(t.Context(), two)
	ok(t, err)
	same(t, "former", []any{yes, former}, []any{true, one})
	two.Archived = "/archive/2"
	b.advance(t, two, job.StepDone, job.FileLanded)
	old := must[[]job.File](t)(b.Expired(t.Context(), "acme-customers", one.Ended.Add(time.Minute), 10))
	same(t, "expired", old, []job.File{one})
	same(t, "a copy of its own", must[bool](t)(b.Overwritten(t.Context(), one)), false)
	three := b.claimed(t, "/in/daily.csv")
	three.Archived = one.Archived
	three = b.advance(t, three, job.StepDone, job.FileLanded)
	same(t, "another's copy", must[bool](t)(b.Overwritten(t.Context(), one)), true)
	same(t, "the newest copy", must[bool](t)(b.Overwritten(t.Context(), three)), false)
}

func holderOfAName(t *testing.T, b bundle) {
	rows := map[string]job.File{}
	for _, aside := range []string{"/in/.haulier-1.1.daily.csv", "/in/.haulier-1.2.daily.csv"} {
		f := b.claimed(t, "/in/daily.csv")
		f.Aside = aside
		rows[aside] = b.advance(t, f, job.StepDone, job.FileLanded)
	}
	for aside, want := range rows { // also of a row that is not the newest any more
		f, yes, err := b.HolderOf(t.Context(), want, aside)
		ok(t, err)
		same(t, "holder", []any{yes, f.ID}, []any{true, want.ID})
	}
	newest := rows["/in/.haulier-1.2.daily.csv"]
	for entry, want := range map[job.Entry]bool{
		{Size: newest.Size, ModTime: newest.ModTime}: true, {Size: newest.Size}: true,
		{Size: newest.Size, ModTime: newest.ModTime + 1}: false, {Size: newest.Size + 1, ModTime: newest.ModTime}: false,
	} {
		f, yes, err := b.VersionOf(t.Context(), newest, entry)
		ok(t, err)
		same(t, "version", []any{yes, f.ID == newest.ID}, []any{want, want})
	}
	_, yes, err := b.HolderOf(t.Context(), b.claimed(t, "/in/other.csv"), "/in/.haulier-1.1.daily.csv")
	ok(t, err)
	same(t, "of another path", yes, false)
}

func landedInAFolder(t *testing.T, b bundle) {
	for folder, step := range map[string]job.Step{"/landing/one": job.StepDone, "/landing/two": job.StepLanding} {
		f := b.claimed(t, "/in/"+string(step))
		f.Landing = folder
		state := job.FileMoving
		if step == job.StepDone {
			state = job.FileLanded
		}
		b.advance(t, f, step, state)
	}
	for folder, want := range map[string]bool{"/landing/one": true, "/landing/two": false, "/landing": false} {
		same(t, folder, must[bool](t)(b.LandedIn(t.Context(), folder)), want)
	}
}

func litteringIsWhatMayLieOnTheServer(t *testing.T, b bundle) {
	var want []int64
	for i, c := range []struct {
		change func(*job.File)
		yes    bool
	}{
		{func(f *job.File) { f.Temp, f.State = "/in/x.part", job.FileDelivered }, false}, // renamed
		{func(f *job.File) { f.Temp, f.State, f.Proof = "/in/x.part", job.FileDelivered, job.ProofAssumed }, true},
		{func(f *job.File) { f.Temp, f.State = "/in/x.part", job.FileSkipped }, true},
		{func(f *job.File) { f.Temp, f.State = "/in/final", job.FileSkipped }, false}, // written directly
		{func(f *job.File) { f.Temp, f.State, f.Step = "/in/x.part", job.FileFailed, job.StepUploaded }, false},
		{func(f *job.File) {
			f.Leftovers, f.State, f.Step = []string{"/in/x.part"}, job.FileFailed, job.StepUploaded
		}, true},
		{func(f *job.File) { f.Leftovers, f.State = []string{"/in/x.part"}, job.FileDelivered }, true},
		{func(f *job.File) { f.Leftovers, f.State = []string{"/in/x.part"}, job.FileHeld }, false},
	} {
		f := b.claimed(t, fmt.Sprintf("/outbox/%d.csv", i))
		f.Final, f.Step = "/in/final", job.StepDone
		c.change(&f)
		f = must[job.File](t)(b.Advance(t.Context(), job.StepClaimed, f, job.Beside{}))
		if c.yes {
			want = append(want, f.ID)
		}
	}
	var got []int64
	for after := int64(0); ; {
		rows := must[[]job.File](t)(b.Littering(t.Context(), "acme-customers", after, 2))
		for _, f := range rows {
			got, after = append(got, f.ID), f.ID
		}
		if len(rows) < 2 {
			break
		}
	}
	same(t, "littering", got, want)
}
