package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// runWithFile records a run that landed one file, and has ended.
func (b bundle) runWithFile(t *testing.T, jobName, connection, name, final string, state job.RunState) job.Run {
	t.Helper()
	run := must2(t, b.BeginRun)(job.Run{Job: jobName, Connection: connection, Type: job.TypeImport})
	f := found("/in/" + name)
	f.Job, f.Connection = jobName, connection
	f = must[job.File](t)(b.Claim(t.Context(), b.see(t, f), run.ID))
	from := f.Step
	f.Step, f.State, f.Final = job.StepDone, job.FileLanded, final
	f = must[job.File](t)(b.Advance(t.Context(), from, f, job.Beside{}))
	ok(t, b.Outcome(t.Context(), job.Outcome{Run: run.ID, File: f}))
	run.State = state
	ok(t, b.EndRun(t.Context(), run))
	return run
}

// pagesHaveNoHolesAndNoDoubles reads lists part by part while rows are added, by every way in which rows are found.
func pagesHaveNoHolesAndNoDoubles(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c0": "one", "c1": "two", "c2": "one"}))
	want := map[string][]int64{} // by filter, newest last
	start := b.clock.Now()
	states := []job.RunState{job.RunSucceeded, job.RunSucceeded, job.RunFailed, job.RunPartial, job.RunSucceeded}
	for i := range 250 {
		c, state := fmt.Sprint("c", i%3), states[i%5]
		run := b.runWithFile(t, "j"+c, c, fmt.Sprintf("%c_%d.csv", 'a'+i%7, i), fmt.Sprintf("out/%c/fin_%d.csv", 'a'+i%11, i%13), state)
		for name, in := range map[string]bool{
			"all": true, "since": true, "job": i%3 == 1, "connection": i%3 == 2, "states": state == job.RunFailed || state == job.RunPartial,
			"job and state": i%3 == 1 && state == job.RunFailed, "sight": i%3 != 1, "prefix": i%7 == 2, "anywhere": i%10 == 4 || i%13 == 4,
			"final name": i%13 == 5, "folder of the final name": i%11 == 3, "all of it": i%3 == 0 && i%7 == 2 && state != job.RunFailed, "nothing": false,
		} {
			if in {
				want[name] = append(want[name], run.ID)
			}
		}
	}
	odd := []job.RunState{job.RunFailed, job.RunPartial}
	for name, f := range map[string]store.RunFilter{
		"all": {}, "since": {Since: start}, "job": {Job: "jc1"}, "connection": {Connection: "c2"}, "states": {States: odd},
		"job and state": {Job: "jc1", States: odd[:1]}, "sight": {Sight: job.Sight{"one"}}, "prefix": {FileGlob: "c_*.csv"}, "anywhere": {FileGlob: "*4.csv"},
		"final name": {FileGlob: "fin_5.*"}, "folder of the final name": {FileGlob: "out/d/*"},
		"all of it": {FileGlob: "[c]_*", Connection: "c0", Sight: job.Sight{"one"}, States: []job.RunState{job.RunSucceeded, job.RunPartial}},
		"nothing":   {FileGlob: "[z]*"},
	} {
		slices.Reverse(want[name])
		var runs, files []int64
		f.Limit = 7
		for more := true; more; more = f.Before != 0 {
			part := must[store.RunPage](t)(b.RunPage(t.Context(), f))
			for _, r := range part.Runs {
				runs = append(runs, r.ID)
			}
			if f.Before = part.Next; len(runs) == 7 {
				b.runWithFile(t, "jc1", "c1", fmt.Sprintf("c_%s_%d_4.csv", name, len(runs)), "out/d/fin_5.csv", job.RunFailed)
			}
		}
		if f.FileGlob != "" || f.Job == "" && f.Connection == "" { // a walk or all files; runs and files have the same numbers here
			g := store.FileFilter{Job: f.Job, Connection: f.Connection, Name: f.FileGlob, Sight: f.Sight, Limit: 7}
			for more := len(f.States) == 0 && name != "since"; more; more = g.Before != 0 {
				part := must[store.FilePage](t)(b.FilePage(t.Context(), g))
				for _, r := range part.Files {
					if r.ID <= 250 {
						files = append(files, r.ID)
					}
				}
				g.Before = part.Next
			}
			if len(f.States) == 0 && name != "since" {
				same(t, "files by "+name, files, want[name])
			}
		}
		kept := slices.DeleteFunc(runs, func(id int64) bool { return id > 250 })
		same(t, "runs by "+name, kept, want[name])
		all := must[[]job.Run](t)(b.Runs(t.Context(), store.RunFilter{
			Job: f.Job, Connection: f.Connection, States: f.States, Since: f.Since, FileGlob: f.FileGlob, Sight: f.Sight,
		}))
		all = slices.DeleteFunc(all, func(r job.Run) bool { return r.ID > 250 })
		same(t, "runs at once by "+name, len(all), len(want[name]))
	}
}

func lastsAreOneAJob(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c0": "one", "c1": "two"}))
	for _, name := range []string{"a", "b", "never"} {
		_, err := b.Loaded(t.Context(), name, map[string]string{"a": "c0", "b": "c1", "never": "c0"}[name], due(1))
		ok(t, err)
	}
	end := func(jobName, connection string, state job.RunState) int64 {
		run := must2(t, b.BeginRun)(job.Run{Job: jobName, Connection: connection})
		run.State = state
		ok(t, b.EndRun(t.Context(), run))
		return run.ID
	}
	good := end("a", "c0", job.RunSucceeded)
	bad := end("a", "c0", job.RunFailed)
	end("a", "c0", job.RunSkipped)
	only := end("b", "c1", job.RunInterrupted)
	lasts := must[map[string]store.Last](t)(b.Lasts(t.Context(), nil))
	same(t, "lasts", []int64{int64(len(lasts)), lasts["a"].Run.ID, lasts["a"].Success.ID, lasts["b"].Run.ID, lasts["b"].Success.ID},
		[]int64{2, bad, good, only, 0})
	lasts = must[map[string]store.Last](t)(b.Lasts(t.Context(), job.Sight{"two"}))
	same(t, "lasts of a tenant", []int64{int64(len(lasts)), lasts["b"].Run.ID}, []int64{1, only})
}
