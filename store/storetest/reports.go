package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// lands has a file of acme-customers land.
func (b bundle) lands(t *testing.T, path string) job.File {
	t.Helper()
	return b.advance(t, b.claimed(t, path), job.StepLanded, job.FileLanded)
}

func aReportIsKeptOnce(t *testing.T, b bundle) {
	f := b.advance(t, b.lands(t, "/in/a.csv"), job.StepDone, job.FileLanded)
	says := job.Report{File: f.ID, Created: 3, Updated: 2, Deleted: 1, Note: "two were odd", By: "platform"}
	kept := must[job.Report](t)(b.ReportFile(t.Context(), says, false))
	again := says
	again.By = "another"
	same(t, "the same again", must[job.Report](t)(b.ReportFile(t.Context(), again, true)), kept)
	other := says
	other.Errored = 5
	standing, err := b.ReportFile(t.Context(), other, false)
	wants(t, err, job.ErrExists)
	same(t, "what stands", standing, kept)
	same(t, "read", must[map[int64]job.Report](t)(b.Reports(t.Context(), []int64{f.ID, 999})), map[int64]job.Report{f.ID: kept})

	replaced := must[job.Report](t)(b.ReportFile(t.Context(), other, true))
	same(t, "replaced", must[map[int64]job.Report](t)(b.Reports(t.Context(), []int64{f.ID}))[f.ID], replaced)
	var told []string
	for _, e := range must[[]job.Event](t)(b.Events(t.Context(), 0, 0)) {
		var data struct {
			ID       int64
			Errored  int64
			Replaces bool
		}
		ok(t, json.Unmarshal(e.Data, &data))
		if e.Type == "file.outcome" {
			told = append(told, fmt.Sprint(data))
		}
	}
	same(t, "events", told, []string{fmt.Sprintf("{%d 0 false}", f.ID), fmt.Sprintf("{%d 5 true}", f.ID)})
	audit := must[[]store.AuditLine](t)(b.AuditBy(t.Context(), store.AuditFilter{Object: fmt.Sprintf("file %d", f.ID)}, 0))
	same(t, "audit", audit[0].Detail, "3 created, 2 updated, 1 deleted, 5 errored; before: 3 created, 2 updated, 1 deleted, 0 errored")
	same(t, "audit lines", len(audit), 2)

	_, err = b.ReportFile(t.Context(), job.Report{File: b.claimed(t, "/in/moving.csv").ID}, false)
	wants(t, err, store.ErrNotLanded)
	_, err = b.ReportFile(t.Context(), job.Report{File: 999}, false)
	wants(t, err, job.ErrNotFound)
}

// silence is what a store says of files that nobody reports.
type silence struct {
	t *testing.T
	b bundle
}

func (s silence) await(within time.Duration) {
	s.t.Helper()
	ok(s.t, s.b.AwaitReports(s.t.Context(), map[string]time.Duration{"acme-customers": within}, "ops"))
}

// tells has all told that is due, and gives how many files each incident counted.
func (s silence) tells() (files []int) {
	s.t.Helper()
	now := s.b.clock.Now()
	names, _, err := s.b.SilentJobs(s.t.Context(), now, 10)
	ok(s.t, err)
	for _, name := range names {
		_, err := s.b.TellSilence(s.t.Context(), name, now, func(what job.Silence) job.Reason {
			files = append(files, what.Files)
			return job.Reason{Slug: "report.silent", Cause: what.First.Path}
		})
		ok(s.t, err)
	}
	return files
}

func (s silence) open() []job.Incident {
	s.t.Helper()
	all := must[[]job.Incident](s.t)(s.b.OpenIncidents(s.t.Context()))
	return slices.DeleteFunc(all, func(i job.Incident) bool { return i.Cause != "job/acme-customers/report.silent" })
}

func silenceIsToldOnceAndEnds(t *testing.T, b bundle) {
	s := silence{t, b}
	b.lands(t, "/in/before.csv") // nobody waited for a report yet
	s.await(time.Hour)
	first := b.lands(t, "/in/a.csv")
	reported := b.lands(t, "/in/b.csv")
	must[job.Report](t)(b.ReportFile(t.Context(), job.Report{File: reported.ID, By: "platform"}, false))
	same(t, "too early", s.tells(), nil)
	_, next, err := b.SilentJobs(t.Context(), b.clock.Now(), 10)
	ok(t, err)
	same(t, "next", next.Sub(first.Ended).Round(time.Second), time.Hour)

	b.clock.Add(2 * time.Hour)
	same(t, "due", s.tells(), []int{1})
	same(t, "told again", s.tells(), nil)
	same(t, "incident", []any{len(s.open()), s.open()[0].Severity, s.open()[0].Connection, s.open()[0].Count}, []any{1, job.SeverityWarning, "acme", 1})
	ok(t, b.ResolveJob(t.Context(), "acme-customers", b.clock.Now())) // a run makes nothing good of that
	same(t, "after a run", len(s.open()), 1)

	second := b.lands(t, "/in/c.csv")
	b.clock.Add(2 * time.Hour)
	same(t, "another", s.tells(), []int{2})
	same(t, "struck", s.open()[0].Count, 2)
	must[job.Report](t)(b.ReportFile(t.Context(), job.Report{File: first.ID, By: "platform"}, false))
	same(t, "one is missing yet", len(s.open()), 1)
	must[job.Report](t)(b.ReportFile(t.Context(), job.Report{File: second.ID, By: "platform"}, false))
	same(t, "all are reported", len(s.open()), 0)
}

func whatIsAwaitedFollowsTheConfiguration(t *testing.T, b bundle) {
	s := silence{t, b}
	s.await(time.Hour)
	b.lands(t, "/in/a.csv")
	b.clock.Add(2 * time.Hour)
	same(t, "due", s.tells(), []int{1})
	s.await(time.Hour)
	same(t, "loaded again", []any{len(s.open()), s.tells()}, []any{1, []int(nil)})
	s.await(6 * time.Hour)
	same(t, "longer", []any{len(s.open()), s.tells()}, []any{0, []int(nil)})
	b.clock.Add(5 * time.Hour)
	same(t, "due by the new measure", s.tells(), []int{1})
	ok(t, b.Rename(t.Context(), "acme-customers", "acme-people"))
	ok(t, b.AwaitReports(t.Context(), map[string]time.Duration{"acme-people": 6 * time.Hour}, "ops"))
	same(t, "renamed", must[[]job.Incident](t)(b.OpenIncidents(t.Context()))[0].Cause, "job/acme-people/report.silent")
	ok(t, b.AwaitReports(t.Context(), nil, "ops"))
	same(t, "no more", len(must[[]job.Incident](t)(b.OpenIncidents(t.Context()))), 0)
	b.clock.Add(24 * time.Hour)
	same(t, "nothing is awaited", s.tells(), nil)
}
