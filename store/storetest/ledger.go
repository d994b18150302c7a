package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

func seeNumbersGenerations(t *testing.T, b bundle) {
	one := b.see(t, found("/in/a.csv"))
	two := b.see(t, found("/in/a.csv"))
	other := b.see(t, found("/in/b.csv"))
	same(t, "generations", []int64{one.Generation, two.Generation, other.Generation}, []int64{1, 2, 1})
	same(t, "step and state", []string{string(one.Step), string(one.State)}, []string{"seen", "waiting"})
	if one.ID == two.ID || two.Touched <= one.Touched || one.Seen.IsZero() {
		t.Fatalf("ids %d %d, touched %d %d, seen %v", one.ID, two.ID, one.Touched, two.Touched, one.Seen)
	}
	same(t, "stamp", must[int64](t)(b.Stamp(t.Context())), other.Touched)
	many := must[[]job.File](t)(b.SeeMany(t.Context(), []job.File{found("/in/c.csv"), found("/in/c.csv")}))
	same(t, "generations within one call", []int64{many[0].Generation, many[1].Generation}, []int64{1, 2})
	elsewhere := found("/in/a.csv")
	elsewhere.Job = "other-job"
	same(t, "generation in another job", b.see(t, elsewhere).Generation, 1)
	old := b.claimed(t, "/in/d.csv")
	old.Absent, old.Moved, old.Stayed = true, true, 2
	again := b.see(t, old)
	same(t, "the next generation of a row as it was", []any{again.Step, again.Fence, again.Absent, again.Moved, again.Stayed, again.Began.IsZero()},
		[]any{job.StepSeen, int64(0), false, false, 0, true})
	decided := found("/in/e.csv")
	decided.Step, decided.State = job.StepDone, job.FileSkipped
	same(t, "step of a file that was decided at once", b.see(t, decided).Step, job.StepDone)
}

func knownGivesTheNewest(t *testing.T, b bundle) {
	b.see(t, found("/in/a.csv"))
	newest := b.see(t, found("/in/a.csv"))
	known := must[map[string]job.File](t)(b.Known(t.Context(), "acme-customers", []string{"/in/a.csv", "/in/new.csv"}))
	same(t, "known", known, map[string]job.File{"/in/a.csv": newest})
	if _, err := b.Known(t.Context(), "acme-customers", make([]string, 1001)); err == nil {
		t.Fatal("1,001 paths were taken")
	}
}

func namesAreRawBytes(t *testing.T, b bundle) {
	names := []string{"/in/\xff\xfe.csv", "/in/nul\x00.csv", "/in/new\nline", "/in/\u202eexe.csv", "/in/%_*?'\".csv", ""}
	for _, name := range names {
		f := found(name)
		f.Dir, f.Final, f.Temp, f.Marker, f.Aside, f.Landing, f.Local, f.Archived = name, name, name, name, name, name, name, name
		seen := b.see(t, f)
		known := must[map[string]job.File](t)(b.Known(t.Context(), "acme-customers", []string{name}))
		same(t, fmt.Sprintf("row of %q", name), known[name], seen)
		same(t, "path", known[name].Path, name)
		same(t, "temp", known[name].Temp, name)
	}
}

func factsSurvive(t *testing.T, b bundle) {
	f := b.claimed(t, "/in/a.csv")
	at := time.Date(2026, 11, 24, 2, 0, 0, 123_456_000, time.UTC)
	f.Size, f.ModTime, f.StableSince, f.Absent, f.Moved, f.Stayed = 7, -5, at, true, true, 3
	f.Reason = &job.Reason{Slug: "net.timeout", What: "w", Cause: "c", Do: "d", Who: job.WhoNetwork, Technical: "t", Temporary: true, Unknown: true}
	f.Received, f.Plain = job.Digest{Size: 1 << 40, SHA256: "aa"}, job.Digest{Size: 2, SHA256: "bb"}
	f.Stage, f.Landing, f.Final, f.Local, f.Temp, f.TempMTime = "1.2.ready", "/landing", "final", "/landing/final", "temp", 99
	f.Marker, f.Marked, f.Leftovers = "marker", true, []string{"/in/a\xff.1-1.part", "/in/a.1-2.tmp"}
	f.Aside, f.Archived, f.Proof, f.Means = "aside", "/archive/x", job.ProofVerified, job.RenamePosix
	f.Envelope = &job.Envelope{Plain: 2, Cipher: 9, KeyName: "acme-in@1", Recipients: []string{"a", "b"}}
	f.Spent, f.Refetched, f.Connection, f.Run, f.Dir = true, true, "acme2", 42, "/in"
	f.Step, f.State = job.StepDownloaded, job.FileMoving
	after := must[job.File](t)(b.Advance(t.Context(), job.StepClaimed, f, job.Beside{}))
	f.Touched = after.Touched
	same(t, "answer", after, f)
	same(t, "row", must[job.File](t)(b.File(t.Context(), f.ID)), f)

	f.Reason, f.Envelope, f.Refetched, f.Absent, f.Stayed, f.Temp, f.Leftovers = nil, nil, false, false, 0, "", nil
	after = must[job.File](t)(b.Advance(t.Context(), job.StepDownloaded, f, job.Beside{}))
	f.Touched = after.Touched
	same(t, "row after facts were taken back", must[job.File](t)(b.File(t.Context(), f.ID)), f)
}

func claimNeedsTheRowAsRead(t *testing.T, b bundle) {
	f := b.see(t, found("/in/a.csv"))
	won := must[job.File](t)(b.Claim(t.Context(), f, 7))
	same(t, "fence, run", []int64{won.Fence, won.Run}, []int64{f.Fence + 1, 7})
	same(t, "state", won.State, job.FileMoving)
	if won.Began.IsZero() || won.Touched <= f.Touched {
		t.Fatalf("began %v, touched %d after %d", won.Began, won.Touched, f.Touched)
	}
	_, err := b.Claim(t.Context(), f, 8)
	wants(t, err, job.ErrStale)

	landed := b.advance(t, won, job.StepLanded, job.FileLanded)
	tidied := must[job.File](t)(b.Claim(t.Context(), landed, 9))
	same(t, "state of a landed file that is claimed to be tidied up after", tidied.State, job.FileLanded)
}

func advanceNeedsFenceAndStep(t *testing.T, b bundle) {
	f := b.claimed(t, "/in/a.csv")
	late := f
	late.Step = job.StepDone
	_, err := b.Advance(t.Context(), job.StepSeen, late, job.Beside{})
	wants(t, err, job.ErrStale)
	must[job.File](t)(b.Claim(t.Context(), f, 2))
	_, err = b.Advance(t.Context(), job.StepClaimed, late, job.Beside{})
	wants(t, err, job.ErrStale)
	row := must[job.File](t)(b.File(t.Context(), f.ID))
	same(t, "step and fence", []any{row.Step, row.Fence}, []any{job.StepClaimed, f.Fence + 1})
	same(t, "lines of the timeline", len(must2(t, b.Steps)(f.ID)), 2)
}

func must2[A, T any](t *testing.T, read func(context.Context, A) (T, error)) func(A) T {
	return func(a A) T {
		t.Helper()
		return must[T](t)(read(t.Context(), a))
	}
}

func oneOfManyClaimsWins(t *testing.T, b bundle) {
	f := b.see(t, found("/in/a.csv"))
	var won atomic.Int32
	var group sync.WaitGroup
	for run := range int64(20) {
		group.Go(func() {
			_, err := b.Claim(t.Context(), f, run+1)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, job.ErrStale) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	same(t, "winners", won.Load(), 1)
}

func endClaimsFencesTheDead(t *testing.T, b bundle) {
	waiting := b.see(t, found("/in/waiting.csv"))
	begun := b.claimed(t, "/in/begun.csv")
	only := must[job.File](t)(b.Claim(t.Context(), b.see(t, found("/in/claimed.csv")), 1))
	held := b.advance(t, b.claimed(t, "/in/held.csv"), job.StepDownloaded, job.FileHeld)
	retiring := b.advance(t, b.claimed(t, "/in/landed.csv"), job.StepLanded, job.FileLanded)
	done := b.advance(t, b.claimed(t, "/in/done.csv"), job.StepDone, job.FileLanded)

	same(t, "claims ended", must[int](t)(b.EndClaims(t.Context())), 3)
	for _, f := range []job.File{begun, only, retiring} {
		row := must[job.File](t)(b.File(t.Context(), f.ID))
		same(t, "fence of "+f.Path, row.Fence, f.Fence+1)
		late := f
		late.Step = job.StepDone
		_, err := b.Advance(t.Context(), f.Step, late, job.Beside{})
		wants(t, err, job.ErrStale)
	}
	for _, f := range []job.File{waiting, held, done} {
		same(t, "row of "+f.Path, must[job.File](t)(b.File(t.Context(), f.ID)), f)
	}
	same(t, "state of a claim that had not begun", must[job.File](t)(b.File(t.Context(), only.ID)).State, job.FileWaiting)
	same(t, "state of one that had landed", must[job.File](t)(b.File(t.Context(), retiring.ID)).State, job.FileLanded)
}

func unfinishedLeavesOutTheSettled(t *testing.T, b bundle) {
	b.see(t, found("/in/seen.csv"))
	begun := b.claimed(t, "/in/begun.csv")
	landed := b.advance(t, b.claimed(t, "/in/landed.csv"), job.StepLanded, job.FileLanded)
	failed := b.advance(t, b.claimed(t, "/in/failed.csv"), job.StepDownloaded, job.FileFailed)
	for _, state := range []job.State{job.FileHeld, job.FileRejected, job.FileSkipped} {
		b.advance(t, b.claimed(t, "/in/"+string(state)), job.StepDownloaded, state)
	}
	b.advance(t, b.claimed(t, "/in/done.csv"), job.StepDone, job.FileLanded)
	same(t, "unfinished", must2(t, b.Unfinished)("acme-customers"), []job.File{begun, landed, failed})
	same(t, "held", len(must2(t, b.Held)("")), 1)
	same(t, "waiting", len(must2(t, b.Waiting)("acme-customers")), 1)
}

func standingStreamsPages(t *testing.T, b bundle) {
	const n = 1203
	var files []job.File
	for i := range n {
		files = append(files, found(fmt.Sprintf("/in/%04d.csv", i)))
	}
	seen := must[[]job.File](t)(b.SeeMany(t.Context(), files))
	for i := 1; i < n; i += 100 {
		same(t, "row as answered", must[job.File](t)(b.File(t.Context(), seen[i].ID)), seen[i])
		same(t, "path in the order given", seen[i].Path, files[i].Path)
		same(t, "stamps in the order given", seen[i].Touched, seen[i-1].Touched+1)
	}
	ok(t, b.MarkAbsent(t.Context(), []int64{seen[3].ID}, seen[n-1].Touched))
	b.advance(t, must[job.File](t)(b.Claim(t.Context(), seen[7], 1)), job.StepDone, job.FileLanded)
	b.see(t, found("/in/0005.csv")) // of which the first one waits still
	again := b.see(t, found("/in/0007.csv"))

	var paths []string
	var ids []int64
	ok(t, b.Standing(t.Context(), "acme-customers", func(row job.Standing) error {
		paths, ids = append(paths, string(row.Path)), append(ids, row.ID)
		return nil
	}))
	same(t, "rows", len(ids), n)
	same(t, "rows that wait of one path", []string{paths[4], paths[n-2]}, []string{"/in/0005.csv", "/in/0005.csv"})
	same(t, "newest of a path, in the order of first sight", []int64{ids[n-1], ids[0]}, []int64{again.ID, seen[0].ID})
	stop := errors.New("stop")
	wants(t, b.Standing(t.Context(), "acme-customers", func(job.Standing) error { return stop }), stop)
	present := must[[]job.File](t)(b.Present(t.Context(), []int64{seen[8].ID, seen[7].ID, seen[5].ID, seen[3].ID, again.ID}))
	same(t, "present among rows", present, []job.File{
		must[job.File](t)(b.File(t.Context(), seen[5].ID)), seen[8], again,
	})
	if _, err := b.Present(t.Context(), make([]int64, 1001)); err == nil {
		t.Fatal("1,001 rows were asked for")
	}
}

// At rest is a row that a listing has nothing to do about while its source is there as it was.
func standingTellsWhatRests(t *testing.T, b bundle) {
	want := map[string]bool{}
	row := func(path string, rests bool, to job.Step, state job.State, change func(*job.File)) {
		f := b.claimed(t, path)
		f.Step, f.State, f.Size, f.ModTime = to, state, 7, 9
		change(&f)
		must[job.File](t)(b.Advance(t.Context(), job.StepClaimed, f, job.Beside{}))
		want[path] = rests
	}
	as := func(*job.File) {}
	row("/in/landed", true, job.StepDone, job.FileLanded, as)
	row("/in/delivered", true, job.StepDone, job.FileDelivered, as)
	row("/in/rejected", true, job.StepDone, job.FileRejected, as)
	row("/in/skipped\xff\x00", true, job.StepDone, job.FileSkipped, as)
	row("/in/held", false, job.StepDone, job.FileHeld, as)
	row("/in/moved", false, job.StepDone, job.FileLanded, func(f *job.File) { f.Moved = true })
	row("/in/aside", false, job.StepDone, job.FileLanded, func(f *job.File) { f.Aside = "/in/aside" })
	row("/in/retiring", false, job.StepRetiring, job.FileLanded, as)
	row("/in/failed", false, job.StepDownloaded, job.FileFailed, as)
	row("/in/seen", false, job.StepSeen, job.FileWaiting, as)
	row("/in/absent", false, job.StepDone, job.FileLanded, func(f *job.File) { f.Absent = true })
	delete(want, "/in/absent")
	row("/in/again", true, job.StepDone, job.FileLanded, as)
	b.see(t, found("/in/again"))
	want["/in/again"] = false // its newest version is
	got := map[string]bool{}
	ok(t, b.Standing(t.Context(), "acme-customers", func(row job.Standing) error {
		got[string(row.Path)] = row.AtRest
		if row.AtRest {
			same(t, "size and time", []int64{row.Size, row.ModTime}, []int64{7, 9})
		}
		return nil
	}))
	same(t, "rows at rest", got, want)
}

func markAbsentSparesWhatMoved(t *testing.T, b bundle) {
	gone, moved := b.see(t, found("/in/gone.csv")), b.see(t, found("/in/moved.csv"))
	before := must[int64](t)(b.Stamp(t.Context()))
	must[job.File](t)(b.Claim(t.Context(), moved, 1))
	ok(t, b.MarkAbsent(t.Context(), []int64{gone.ID, moved.ID}, before))
	row := must[job.File](t)(b.File(t.Context(), gone.ID))
	if !row.Absent || row.Touched <= gone.Touched {
		t.Fatalf("absent %v, touched %d after %d", row.Absent, row.Touched, gone.Touched)
	}
	if must[job.File](t)(b.File(t.Context(), moved.ID)).Absent {
		t.Fatal("a row that was written since the listing began was judged by it")
	}
	_, err := b.Claim(t.Context(), gone, 1)
	wants(t, err, job.ErrStale)
}
