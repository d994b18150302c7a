package control_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
)

// BenchmarkLateness has some of 100,000 jobs due in the same second, with a ledger on a disk and runs that take no time, and
// reports by how much they began late: as many as each minute has when all are spread over a day, and very many.
func BenchmarkLateness(b *testing.B) {
	for _, n := range []int{69, 1_000} {
		b.Run(fmt.Sprintf("%dOf100000", n), func(b *testing.B) {
			var late []time.Duration
			for b.Loop() {
				late = append(late, lateness(b, n)...)
			}
			slices.Sort(late)
			b.ReportMetric(float64(late[len(late)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(late[len(late)*99/100].Milliseconds()), "p99-ms")
		})
	}
}

// lateness runs n jobs once.
func lateness(b *testing.B, n int) (late []time.Duration) {
	s, err := store.Open(b.Context(), store.Options{Path: filepath.Join(b.TempDir(), "haulier.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	due := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	var ahead atomic.Int64 // of our clock
	ahead.Store(int64(time.Until(due.Add(-time.Hour))))
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	var mu sync.Mutex
	var begun sync.WaitGroup
	begun.Add(n)
	run := func(_ context.Context, _ job.Spec, run job.Run) job.Result {
		mu.Lock()
		defer mu.Unlock()
		late = append(late, clock().Sub(run.Slot.Due))
		begun.Done()
		return job.Result{State: job.RunSucceeded}
	}
	service := scheduler.New(scheduler.Options{Store: s, Runner: runs(run), Clock: clock})
	specs := dueAtOne(100_000, n)
	if err := service.Load(specs, nil); err != nil {
		b.Fatal(err)
	}
	if err := service.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	for service.Lag() > 0 { // not all are admitted
		time.Sleep(100 * time.Millisecond)
	}
	ahead.Store(int64(time.Until(due.Add(-5 * time.Second))))
	if err := service.Load(specs, nil); err != nil { // has it look at its clock
		b.Fatal(err)
	}
	begun.Wait()
	if err := service.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	return late
}

type runs func(context.Context, job.Spec, job.Run) job.Result

func (r runs) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	return r(ctx, spec, run)
}

// dueAtOne makes jobs, some of which are due at one o'clock.
func dueAtOne(all, some int) []job.Spec {
	specs := make([]job.Spec, all)
	for i := range specs {
		specs[i] = job.Spec{Name: fmt.Sprintf("job%d", i), Type: job.TypeImport, Connection: fmt.Sprintf("c%d", i/10), Enabled: true,
			Timing: job.Timing{Cron: "0 13 * * *", Zone: time.UTC, Overlap: job.OverlapSkip, CatchUp: time.Hour}}
		if i < some {
			specs[i].Timing.Cron = "0 1 * * *"
		}
	}
	return specs
}
