package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// BenchmarkPages is the cost of what pages read. docs/adr/0018 has the figures of a million runs, with
// go test ./store -run NONE -bench Pages -runs 1000000.
func BenchmarkPages(b *testing.B) {
	s := filled(b, *filledRuns)
	ctx, now := b.Context(), filledNow
	night, rare := now.Add(-12*time.Hour), job.Sight{"e3"}
	must := func(_ any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, bench := range []struct {
		name string
		read func()
	}{
		{"overview/figures of 24 hours", func() { must(s.StatsOf(ctx, StatsQuery{Zone: time.UTC, Now: now})) }},
		{"overview/jobs of the strip", func() { must(s.BusyJobs(ctx, nil, night, now, 40)) }},
		{"overview/jobs of a tenant's strip", func() { must(s.BusyJobs(ctx, rare, night, now, 40)) }},
		{"overview/strip", func() {
			names, err := s.BusyJobs(ctx, nil, night, now, 40)
			must(names, err)
			must(s.Marks(ctx, names, night, now, 100))
		}},
		{"overview/open incidents", func() { must(s.OpenIncidents(ctx)) }},
		{"jobs/last runs of all", func() { must(s.Lasts(ctx, nil)) }},
		{"connection/figures of 30 days", func() { must(s.StatsOf(ctx, StatsQuery{Connection: "c7", Days: 30, Zone: time.UTC, Now: now})) }},
		{"all/figures of 30 days", func() { must(s.StatsOf(ctx, StatsQuery{Days: 30, Zone: time.UTC, Now: now})) }},
		{"job/arrivals", func() { must(s.Arrivals(ctx, "j7", time.UTC, now)) }},
		{"job/arrived", func() { must(s.Arrived(ctx, "j7", 50)) }},
		{"job/runs", func() { must(s.RunPage(ctx, RunFilter{Job: "j7", Limit: 14})) }},
		{"runs/all", func() { must(s.RunPage(ctx, RunFilter{Limit: 50})) }},
		{"runs/of a tenant", func() { must(s.RunPage(ctx, RunFilter{Sight: rare, Limit: 50})) }},
		{"runs/of nobody", func() { must(s.RunPage(ctx, RunFilter{Sight: job.Sight{"none"}, Limit: 50})) }},
		{"runs/failed", func() { must(s.RunPage(ctx, RunFilter{States: []job.RunState{job.RunFailed}, Limit: 50})) }},
		{"runs/interrupted, of which there is none", func() { must(s.RunPage(ctx, RunFilter{States: []job.RunState{job.RunInterrupted}, Limit: 50})) }},
		{"runs/failed of a connection since a week", func() {
			must(s.RunPage(ctx, RunFilter{Connection: "c7", States: []job.RunState{job.RunFailed}, Since: now.AddDate(0, 0, -7), Limit: 50}))
		}},
		{"runs/with a rare file", func() { must(s.RunPage(ctx, RunFilter{FileGlob: "rare_*", Limit: 50})) }},
		{"runs/with a frequent file", func() { must(s.RunPage(ctx, RunFilter{FileGlob: "customers_*", Limit: 50})) }},
		{"runs/with a file that is nowhere", func() { must(s.RunPage(ctx, RunFilter{FileGlob: "*nowhere*", Limit: 50})) }},
		{"files/by hash", func() { must(s.FilePage(ctx, FileFilter{SHA256: fmt.Sprintf("%064x", 777), Limit: 50})) }},
		{"files/by final name", func() { must(s.FilePage(ctx, FileFilter{Name: "customers_777.csv", Limit: 50})) }},
		{"files/rare name", func() { must(s.FilePage(ctx, FileFilter{Name: "rare_*", Limit: 50})) }},
		{"files/name that is nowhere", func() { must(s.FilePage(ctx, FileFilter{Name: "*nowhere*", Limit: 50})) }},
		{"files/of nobody", func() { must(s.FilePage(ctx, FileFilter{Sight: job.Sight{"none"}, Limit: 50})) }},
		{"run/files", func() { must(s.RunFilesAfter(ctx, int64(*filledRuns-5), 0)) }},
		{"run/steps", func() {
			must(s.StepsOf(ctx, int64(*filledRuns-5), []int64{int64(2**filledRuns - 11), int64(2**filledRuns - 10)}))
		}},
		{"metrics/runs", func() { must(s.RunTotals(ctx)) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.read()
			}
		})
	}
}
