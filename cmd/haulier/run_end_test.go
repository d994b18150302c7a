package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// The end of each file of a run is shown once, whether or not it was told while it happened.
func TestTheEndOfEachFileIsShownOnce(t *testing.T) {
	for told := range 3 {
		t.Run(fmt.Sprint(told), func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/haulier.db"})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			run, err := s.BeginRun(t.Context(), job.Run{Job: "j", Connection: "c", Type: job.TypeImport, Trigger: job.TriggerManual})
			if err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			shown := newProgress(&app{stdout: &out, stderr: &errs})
			for i := range 2 {
				f, err := s.See(t.Context(), job.File{Job: "j", Connection: "c", Type: job.TypeImport, Path: fmt.Sprintf("/in/file-%d", i)})
				if err == nil {
					f, err = s.Claim(t.Context(), f, run.ID)
				}
				f.Step, f.State = job.StepDone, job.FileLanded
				if err == nil {
					_, err = s.Advance(t.Context(), job.StepSeen, f, job.Beside{Outcome: &job.Outcome{Run: run.ID}})
				}
				if err != nil {
					t.Fatal(err)
				}
				if i < told {
					shown.show(job.Progress{Run: run.ID, Job: "j", File: f.ID, Name: fmt.Sprintf("file-%d", i), Stage: job.StageEnd, State: job.FileLanded})
				}
			}
			run.State, run.Counts.OK = job.RunSucceeded, 2
			if err := s.EndRun(t.Context(), run); err != nil {
				t.Fatal(err)
			}
			if over, err := endOf(t.Context(), s, run.ID, shown); err != nil || over.run.State != job.RunSucceeded {
				t.Errorf("%+v, %v", over.run, err)
			}
			for i := range 2 {
				if n := strings.Count(out.String(), fmt.Sprintf("imported  file-%d ", i)); n != 1 {
					t.Errorf("the end of file %d was shown %d times:\n%s%s", i, n, out.String(), errs.String())
				}
			}
		})
	}
}
