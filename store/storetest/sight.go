package storetest

import (
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// tenants makes a run and a file of three connections: of one tenant, of another, and of none. It gives the runs.
func (b bundle) tenants(t *testing.T) (runs [3]job.Run) {
	t.Helper()
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c0": "one", "c1": "two", "c2": ""}))
	for i, c := range []string{"c0", "c1", "c2"} {
		runs[i] = must2(t, b.BeginRun)(job.Run{Job: "j" + c, Connection: c, Type: job.TypeImport})
		f := found("/in/" + c + ".csv")
		f.Job, f.Connection, f.Run = "j"+c, c, runs[i].ID
		b.see(t, f)
	}
	ok(t, b.MarkConnections(t.Context(), map[string]string{"c1": "two"})) // what was removed keeps its tenant
	return runs
}

// sights are what may be asked with, and which of the three tenants' data is seen then.
var sights = map[string]struct {
	sight job.Sight
	sees  [3]bool
}{
	"all":          {nil, [3]bool{true, true, true}},
	"none":         {job.Sight{}, [3]bool{}},
	"one":          {job.Sight{"one"}, [3]bool{true, false, false}},
	"both":         {job.Sight{"two", "one", "three"}, [3]bool{true, true, false}},
	"of nobody":    {job.Sight{""}, [3]bool{false, false, true}},
	"a quote's":    {job.Sight{"one' OR '1'='1"}, [3]bool{}},
	"an unknown's": {job.Sight{"three"}, [3]bool{}},
}

func sightNarrowsSearches(t *testing.T, b bundle) {
	b.tenants(t)
	for name, tc := range sights {
		var runs, files [3]bool
		for _, r := range must[[]job.Run](t)(b.Runs(t.Context(), store.RunFilter{Sight: tc.sight})) {
			runs[r.Connection[1]-'0'] = true
		}
		for _, f := range must[[]job.File](t)(b.Files(t.Context(), store.FileFilter{Sight: tc.sight, Name: "*.csv"})) {
			files[f.Connection[1]-'0'] = true
		}
		same(t, "runs seen by "+name, runs, tc.sees)
		same(t, "files seen by "+name, files, tc.sees)
	}
}
