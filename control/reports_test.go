package control_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// startReports lets a clock of reports run until it is stopped, as a process does.
func startReports(t *testing.T, s *store.Store) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	clock := control.ReportClock{Book: s, Logger: slog.New(slog.DiscardHandler)}
	done.Go(func() { clock.Run(ctx) })
	return func() { cancel(); done.Wait() }
}

// landsNow has a file of the job acme-in land.
func landsNow(t *testing.T, s *store.Store, path string) job.File {
	t.Helper()
	f, err := s.See(t.Context(), job.File{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Path: path})
	if err == nil {
		f, err = s.Claim(t.Context(), f, 1)
	}
	if err == nil {
		f.Step, f.State = job.StepLanded, job.FileLanded
		f, err = s.Advance(t.Context(), job.StepSeen, f, job.Beside{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// However often the daemon begins anew, the incident strikes once for each file that comes to be silent.
func TestSilenceIsToldOnceOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		if err := s.AwaitReports(t.Context(), map[string]time.Duration{"acme-in": 6 * time.Hour}, "ops"); err != nil {
			t.Fatal(err)
		}
		f := landsNow(t, s, "/out/a.csv")
		stop := startReports(t, s)
		time.Sleep(6*time.Hour - time.Second)
		synctest.Wait()
		open := func() []job.Incident {
			t.Helper()
			synctest.Wait()
			all, err := s.OpenIncidents(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if all := open(); len(all) > 0 {
			t.Fatalf("told too early: %+v", all)
		}
		time.Sleep(2 * time.Second) // the clock's own timer, not its look every 30 s
		if all := open(); len(all) != 1 || all[0].Reason.Slug != "report.silent" || !strings.Contains(all[0].Reason.Cause, "a.csv") {
			t.Fatalf("six hours later: %+v", all)
		}
		for range 3 {
			stop()
			stop = startReports(t, s)
			time.Sleep(time.Hour)
		}
		if all := open(); len(all) != 1 || all[0].Count != 1 {
			t.Errorf("after restarts: %+v", all)
		}
		if _, err := s.ReportFile(t.Context(), job.Report{File: f.ID, Created: 1, By: "platform"}, false); err != nil {
			t.Fatal(err)
		}
		if all := open(); len(all) > 0 {
			t.Errorf("reported, and still open: %+v", all)
		}
		stop()
	})
}

func TestReportsThatAreNotKeptSayWhy(t *testing.T) {
	s := openStore(t)
	f := landsNow(t, s, "/out/a.csv")
	if _, err := control.ReportFile(t.Context(), s, job.Report{File: f.ID, By: "platform"}, false); err != nil {
		t.Fatal(err)
	}
	waiting, err := s.See(t.Context(), job.File{Job: "acme-in", Connection: "acme", Type: job.TypeImport, Path: "/out/b.csv"})
	if err != nil {
		t.Fatal(err)
	}
	for slug, r := range map[string]job.Report{
		"report.differs":    {File: f.ID, Created: 1},
		"report.not_landed": {File: waiting.ID},
		"report.unfit":      {File: f.ID, Errored: -1},
	} {
		_, err := control.ReportFile(t.Context(), s, r, false)
		var reason *job.Reason
		if !errors.As(err, &reason) || reason.Slug != slug {
			t.Errorf("want %s, got %v", slug, err)
		}
	}
	long := job.Report{File: f.ID, Note: strings.Repeat("x", 1001)}
	if _, err := control.ReportFile(t.Context(), s, long, true); err == nil {
		t.Error("a note of 1001 bytes is kept")
	}
}
