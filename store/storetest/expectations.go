package storetest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// expected is a day that began an hour ago and whose deadline passes in an hour.
func (b bundle) expected(t *testing.T, jobName, connection string) job.Expectation {
	t.Helper()
	now := b.clock.Now()
	e := job.Expectation{
		Job: jobName, Connection: connection, Type: job.TypeImport, Day: now.Format(time.DateOnly), Zone: "UTC",
		Opens: now.Add(-time.Hour), By: now.Add(time.Hour), Missing: now.Add(2 * time.Hour), Closes: now.Add(12 * time.Hour), Planned: now.Add(time.Hour),
		Wanted: 1, Verdict: job.VerdictPending,
	}
	ok(t, b.BeginExpectation(t.Context(), e))
	return must[job.Expectation](t)(b.Expectation(t.Context(), jobName, e.Day))
}

// judged lets a day be judged as a verdict, and gives what had come.
func (b bundle) judged(t *testing.T, e job.Expectation, v job.Verdict) (job.Expectation, job.Arrivals, *job.Reason) {
	t.Helper()
	var seen job.Arrivals
	var why *job.Reason
	e, err := b.JudgeExpectation(t.Context(), e, job.Judging{
		From: func([]job.Expectation) time.Time { return e.Opens }, Wants: func(name string) bool { return strings.HasSuffix(name, ".csv") },
		Decide: func(e job.Expectation, _ time.Time, came job.Arrivals, off *job.Reason) job.Expectation {
			seen, why = came, off
			e.Verdict, e.Got, e.Filled = v, came.Got, came.Filled
			if v.Bad() {
				e.Reason = &job.Reason{Slug: "expect." + string(v), What: "it did not come", Cause: "nobody sent it", Do: "ask", Who: job.WhoCustomer}
			}
			return e
		},
	})
	ok(t, err)
	return e, seen, why
}

// A verdict, what it tells and its incident are one write, which is made over the row as it was read or not at all.
func verdictsAreComparedAndSet(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	ok(t, b.Activate(t.Context(), "acme"))
	read := b.expected(t, "nightly", "acme")
	late, came, _ := b.judged(t, read, job.VerdictLate)
	same(t, "arrivals", came, job.Arrivals{})
	_, err := b.JudgeExpectation(t.Context(), read, job.Judging{
		From: func([]job.Expectation) time.Time { return read.Opens }, Wants: func(string) bool { return true },
		Decide: func(e job.Expectation, _ time.Time, _ job.Arrivals, _ *job.Reason) job.Expectation {
			e.Verdict, e.Reason = job.VerdictMissing, &job.Reason{Slug: "expect.missing"}
			return e
		},
	})
	if !errors.Is(err, job.ErrStale) {
		t.Fatalf("a day that was written since it was read was judged again: %v", err)
	}
	b.judged(t, late, job.VerdictLate) // nothing has changed: nothing is told
	var told []string
	for _, e := range must[[]job.Event](t)(b.Events(t.Context(), 0, 0)) {
		if strings.HasPrefix(e.Type, "expectation.") {
			told = append(told, e.Type)
			var data map[string]any
			ok(t, json.Unmarshal(e.Data, &data))
			same(t, "entity", data["entity"], any("acme-nv"))
			same(t, "slug", data["error"].(map[string]any)["slug"], any("expect.late"))
		}
	}
	same(t, "events", told, []string{"expectation.late"})
	same(t, "incidents", len(must[[]job.Incident](t)(b.OpenIncidents(t.Context()))), 1)
}

// What counts is counted by when it came, once a name; what waits for a person or was refused is told apart.
func arrivalsAreCounted(t *testing.T, b bundle) {
	read := b.expected(t, "acme-customers", "acme")
	ends := func(name string, state job.State, slug string) job.File {
		f := b.claimed(t, "/in/"+name)
		f.State, f.Step = state, job.StepDone
		if slug != "" {
			f.Reason = &job.Reason{Slug: slug}
		}
		return must[job.File](t)(b.Advance(t.Context(), job.StepClaimed, f, job.Beside{}))
	}
	end := func(name string, state job.State, slug string) time.Time { return ends(name, state, slug).Ended }
	first := end("a.csv", job.FileLanded, "")
	end("b.csv", job.FileHeld, "remote.indeterminate")
	end("c.csv", job.FileRejected, "pgp.not_encrypted")
	end("d.txt", job.FileLanded, "")
	end("e.csv", job.FileSkipped, "remote.withdrawn")
	last := end("f.csv", job.FileSkipped, "content.duplicate")
	end("a.csv", job.FileLanded, "")                    // another version of it
	end("a.csv", job.FileRejected, "pgp.not_encrypted") // and one that is none
	held := ends("b.csv", job.FileHeld, "remote.indeterminate").ID
	refused := ends("c.csv", job.FileRejected, "pgp.wrong_key").ID
	read, came, off := b.judged(t, read, job.VerdictMet)
	same(t, "arrivals", came, job.Arrivals{Got: 2, Held: 1, Rejected: 1, First: first, Last: last, Filled: first, Refused: []int64{held, refused}, Why: came.Why})
	same(t, "refused", came.Why.Slug, "pgp.wrong_key")
	same(t, "off", off == nil, true)
	same(t, "last arrivals", must[[]job.File](t)(b.LastArrivals(t.Context(), "acme-customers", 1))[0].Path, "/in/c.csv")
	end("c.csv", job.FileLanded, "") // put right
	end("b.csv", job.FileRejected, "pgp.wrong_key")
	_, came, _ = b.judged(t, read, job.VerdictMet)
	same(t, "arrivals by what became of each name", []int{came.Got, came.Held, came.Rejected}, []int{3, 0, 1})
}

func nothingIsExpectedOfWhatIsOff(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": ""}))
	read := b.expected(t, "nightly", "acme")
	_, _, off := b.judged(t, read, job.VerdictPending)
	if off == nil || !strings.Contains(off.Cause, "draft") {
		t.Errorf("of a draft: %+v", off)
	}
	ok(t, b.Activate(t.Context(), "acme"))
	_, _, off = b.judged(t, read, job.VerdictPending)
	same(t, "off", off == nil, true)
	ok(t, b.Pause(t.Context(), job.Pause{Kind: "job", Name: "nightly", Reason: "Christmas", By: "ann", Until: b.clock.Now().Add(time.Minute)}))
	_, _, off = b.judged(t, read, job.VerdictPending)
	if off == nil || !strings.Contains(off.Cause, "Christmas") {
		t.Errorf("of a paused job: %+v", off)
	}
	b.clock.Add(time.Hour)
	_, _, off = b.judged(t, read, job.VerdictPending)
	same(t, "off once the pause is over", off == nil, true)
}

func expectationsAreSeenByTheirOwn(t *testing.T, b bundle) {
	b.tenants(t)
	for _, c := range []string{"c0", "c1", "c2"} {
		b.expected(t, "j"+c, c)
	}
	for name, tc := range sights {
		var seen [3]bool
		for _, e := range must[[]job.Expectation](t)(b.StandingExpectations(t.Context(), tc.sight)) {
			seen[e.Connection[1]-'0'] = true
		}
		same(t, "days seen by "+name, seen, tc.sees)
	}
}

func expectationsEndWithTheirJob(t *testing.T, b bundle) {
	late, _, _ := b.judged(t, b.expected(t, "gone", "acme"), job.VerdictLate)
	same(t, "jobs", must[[]string](t)(b.ExpectingJobs(t.Context())), []string{"gone"})
	ok(t, b.CloseExpectations(t.Context(), "gone", job.Reason{Slug: "expect.dropped"}))
	e := must[job.Expectation](t)(b.Expectation(t.Context(), "gone", late.Day))
	same(t, "verdict", e.Verdict, job.VerdictExcused)
	same(t, "ended by", b.endedBy(t), []string{"nothing is expected for " + late.Day + " any more"})
	same(t, "open incidents", len(must[[]job.Incident](t)(b.OpenIncidents(t.Context()))), 0)
	same(t, "jobs", len(must[[]string](t)(b.ExpectingJobs(t.Context()))), 0)
}

// Days go with the history of a job that was renamed, and an extension with its line in the audit list.
func expectationsAreExtendedAndRenamed(t *testing.T, b bundle) {
	ok(t, errors.Join(ignore(b.Loaded(t.Context(), "old", "acme", b.clock.Now()))))
	read := b.expected(t, "old", "acme")
	late, _, _ := b.judged(t, read, job.VerdictLate)
	until := late.By.Add(3 * time.Hour)
	x := job.Extension{By: "ann", At: b.clock.Now(), Reason: "they said so"}
	e := must[job.Expectation](t)(b.ExtendExpectation(t.Context(), late, until, x, store.AuditLine{Who: "ann", Act: "expect.extend", Object: "old"}))
	same(t, "missing", e.Missing, until.Add(time.Hour))
	same(t, "verdict", e.Verdict, job.VerdictPending)
	same(t, "ended by", b.endedBy(t), []string{"a later deadline; it has not come yet"})
	same(t, "open incidents", len(must[[]job.Incident](t)(b.OpenIncidents(t.Context()))), 0)
	same(t, "audit", must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 1))[0].Act, "expect.extend")
	ok(t, b.Rename(t.Context(), "old", "new"))
	same(t, "extended by", must[job.Expectation](t)(b.Expectation(t.Context(), "new", read.Day)).Extended.By, "ann")
}

// endedBy gives what ended the incidents that are over, the latest first; empty: all was well again.
func (b bundle) endedBy(t *testing.T) (ended []string) {
	t.Helper()
	for _, i := range must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{})) {
		if !i.Resolved.IsZero() {
			ended = append(ended, i.ResolvedBy)
		}
	}
	return ended
}

// What ends an alarm is that what was expected came, and nothing else is told as if it had.
func alarmsEndByWhatCame(t *testing.T, b bundle) {
	came, _, _ := b.judged(t, b.expected(t, "came", "acme"), job.VerdictMissing)
	b.judged(t, came, job.VerdictRecoveredMissing)
	same(t, "it came", b.endedBy(t), []string{""})
	b.judged(t, b.expected(t, "later", "acme"), job.VerdictMissing)
	b.clock.Add(24 * time.Hour)
	today := b.expected(t, "later", "acme")
	b.judged(t, today, job.VerdictMet)
	same(t, "a later day came", b.endedBy(t)[0], "what was expected for "+today.Day+" came; what was missing before did not")
}

func ignore[T any](_ T, err error) error { return err }
