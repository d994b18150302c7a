package storetest

import (
	"encoding/json"
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
	doubt := found("/in/doubt.csv")
	doubt.Job, doubt.Connection, doubt.State, doubt.Reason = "jc0", "c0", job.FileHeld, &job.Reason{Slug: "held.unknown"}
	b.see(t, doubt)
	for name, tc := range sights {
		var runs, files, events [3]bool
		for _, e := range b.eventsSeen(t, tc.sight, 1) {
			var data struct{ Connection string }
			ok(t, json.Unmarshal(e.Data, &data))
			events[data.Connection[1]-'0'] = true
		}
		same(t, "events seen by "+name, events, tc.sees)
		for _, r := range must[[]job.Run](t)(b.Runs(t.Context(), store.RunFilter{Sight: tc.sight})) {
			runs[r.Connection[1]-'0'] = true
		}
		for _, f := range must[[]job.File](t)(b.Files(t.Context(), store.FileFilter{Sight: tc.sight, Name: "*.csv"})) {
			files[f.Connection[1]-'0'] = true
		}
		held := must[[]job.File](t)(b.Files(t.Context(), store.FileFilter{Sight: tc.sight, States: []job.State{job.FileHeld}}))
		same(t, "held files seen by "+name, len(held) == 1, tc.sees[0])
		same(t, "runs seen by "+name, runs, tc.sees)
		same(t, "files seen by "+name, files, tc.sees)
	}
}

// eventsSeen gives all events that a sight shows, so many in a part, and looks that none comes twice and that the parts end.
func (b bundle) eventsSeen(t *testing.T, sight job.Sight, limit int) (all []job.Event) {
	t.Helper()
	for after, parts := int64(0), 0; ; parts++ {
		p := must[store.EventPage](t)(b.EventPage(t.Context(), after, limit, sight))
		for _, e := range p.Events {
			if e.ID <= after || e.ID > p.Next {
				t.Fatalf("event %d came behind %d, in a part that goes to %d", e.ID, after, p.Next)
			}
		}
		if all = append(all, p.Events...); !p.More {
			return all
		}
		if after = p.Next; parts > 100 {
			t.Fatal("the events do not end")
		}
	}
}
