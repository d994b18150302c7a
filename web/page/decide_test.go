package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// Whoever decides is told what will happen to just this file.
func TestDecisionsSayWhatWillHappen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job.File)
		as     string
		want   []string
		not    []string
	}{
		"again":                      {func(*job.File) {}, "again", []string{"The next run of acme-customers fetches it once more", "comes a second time", "Yes, fetch it again"}, []string{"twice"}},
		"the only copy again":        {func(f *job.File) { f.Spent, f.Kept = true, "71.1" }, "again", []string{"goes on with the copy that is kept here"}, []string{"fetches it once more"}},
		"a lost copy again":          {func(f *job.File) { f.Spent, f.Kept, f.Reason.Slug = true, "71.1", "local.stage_lost" }, "again", []string{"fetches it once more"}, []string{"goes on with the copy"}},
		"landed":                     {func(*job.File) {}, "landed", []string{"counts as landed", "Its source stays where it is"}, nil},
		"the only copy dropped":      {func(f *job.File) { f.Spent, f.Kept = true, "71.1" }, "drop", []string{"never moved", "the only one, is removed a day later"}, []string{"source stays"}},
		"sent, not begun":            {func(f *job.File) { f.Type, f.Step = job.TypeExport, job.StepSeen }, "delivered", []string{"Nothing is sent", "stays in the outbox"}, []string{"not sent again"}},
		"sent, under way":            {func(f *job.File) { f.Type, f.Step = job.TypeExport, job.StepRenaming }, "delivered", []string{"not sent again"}, []string{"Nothing is sent"}},
		"sent again":                 {func(f *job.File) { f.Type = job.TypeExport }, "again", []string{"they get it twice"}, nil},
		"rejected":                   {func(f *job.File) { f.State = job.FileRejected }, "drop", []string{"put right", "Yes, let it be"}, nil},
		"rejected, not to be landed": {func(f *job.File) { f.State = job.FileRejected }, "landed", []string{"Let it be…"}, []string{"what will happen"}},
		"decided":                    {func(f *job.File) { f.State = job.FileLanded }, "again", []string{"There is nothing to decide: it is landed"}, []string{`method="post" action="/files/`}},
		"waits for a look":           {func(f *job.File) { f.Reason.Slug = job.SlugSupervised }, "again", []string{"There is nothing to decide"}, []string{`method="post" action="/files/`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := pagetest.Night()
			f := doubtful(71, "acme", "local.unknown")
			c.change(&f)
			w.Found = []job.File{f}
			text, status := get(t, w.Handler(pagetest.Operator), "/files/71/decide?as="+c.as)
			if status != http.StatusOK {
				t.Fatal(status)
			}
			says(t, name, text, c.want, c.not)
		})
	}
}

// A decision wants a reason and the doubt that was seen, and is nothing for viewers, nor for others' files.
func TestDecisionsAreKeptFromWhoMayNot(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	for _, form := range []url.Values{{"as": {"again"}, "about": {"remote.vanished"}}, {"as": {"again"}, "reason": {"x"}, "fence": {"3"}}, {"as": {"again"}, "about": {"remote.vanished"}, "reason": {"x"}}} {
		if text := told(t, h, post(t, h, "/files/71/decide", form)); !strings.Contains(text, "api.bad_request") {
			t.Errorf("%v was taken", form)
		}
	}
	viewer := w.Handler(route.Identity{Name: "vera", Role: route.Viewer})
	if _, status := get(t, viewer, "/files/71/decide?as=again"); status != http.StatusForbidden {
		t.Errorf("a viewer: %d", status)
	}
	if _, status := get(t, viewer, "/events?once=1&at=/files/71/decide"); status != http.StatusNotFound {
		t.Errorf("a viewer, live: %d", status)
	}
	for _, path := range []string{"/held", "/files/71"} {
		text, _ := get(t, viewer, path)
		says(t, path+" of a viewer", text, []string{"Somebody who is an operator decides"}, []string{"/decide"})
	}
	other := w.Handler(route.Identity{Name: "nora", Role: route.Operator, Sight: job.Sight{"nectar-nv"}})
	if text, status := get(t, other, "/files/71/decide?as=again"); status != http.StatusNotFound || strings.Contains(text, "segment_1") {
		t.Errorf("another tenant: %d", status)
	}
	w.Fail = &job.Reason{Slug: "held.decided", What: "file 71 was left as it is: delivered", Cause: "ann has decided", Do: "talk to them", Who: job.WhoUs}
	says(t, "decided twice", told(t, h, post(t, h, "/files/71/decide", url.Values{"as": {"drop"}, "about": {"x"}, "fence": {"3"}, "reason": {"y"}})), []string{"held.decided", "ann has decided", "talk to them"}, nil)
	if len(w.Asked) != 1 {
		t.Errorf("%q was done", w.Asked)
	}
}

// What a restore holds of a job is settled together, once somebody has read what will happen and said why.
func TestWhatARestoreHoldsIsSettledTogether(t *testing.T) {
	w := pagetest.Night()
	w.Found = []job.File{doubtful(71, "acme", "ledger.restored"), doubtful(72, "acme", "remote.mass_change"), doubtful(73, "acme", "local.unknown")}
	h := w.Handler(pagetest.Operator)
	text, _ := get(t, h, "/held")
	says(t, "/held", text, []string{`href="/jobs/acme-customers/reconcile">Settle them together…`}, nil)
	text, _ = get(t, h, "/jobs/acme-customers/reconcile")
	says(t, "not chosen", text, []string{"2 files</a> of it are held", "They have landed…", "Fetch them again…", "Never mind them…"}, []string{`method="post" action="/jobs/`})
	text, _ = get(t, h, "/jobs/acme-customers/reconcile?as=landed")
	says(t, "landed", text, []string{"also one that is truly new", "held for other causes stay so", "takes new files by itself again", `name="as" value="landed"`, `name="upto" value="72"`}, nil)
	if text := told(t, h, post(t, h, "/jobs/acme-customers/reconcile", url.Values{"as": {"landed"}, "reason": {"x"}})); !strings.Contains(text, "which files were looked at") || len(w.Asked) != 0 {
		t.Errorf("without what was seen %q was done", w.Asked)
	}
	if text := told(t, h, post(t, h, "/jobs/acme-customers/reconcile", url.Values{"as": {"landed"}, "upto": {"72"}})); !strings.Contains(text, "api.bad_request") || len(w.Asked) != 0 {
		t.Errorf("without a reason %q was done", w.Asked)
	}
	says(t, "done", told(t, h, post(t, h, "/jobs/acme-customers/reconcile", url.Values{"as": {"landed"}, "reason": {"restored"}, "upto": {"72"}, "back": {"/held"}})), []string{"3 files of acme-customers settled as landed; it takes new files"}, nil)
	if len(w.Asked) != 1 || w.Asked[0] != "reconcile acme-customers as landed up to 72 because restored by olivia" {
		t.Errorf("%q was done", w.Asked)
	}
	w.Left = 300
	says(t, "more since", told(t, h, post(t, h, "/jobs/acme-customers/reconcile", url.Values{"as": {"landed"}, "reason": {"x"}, "upto": {"72"}})), []string{"300 files more came to be held since", "holds what looks new"}, []string{"by itself again"})
	w.Found = w.Found[2:]
	text, _ = get(t, h, "/jobs/acme-customers/reconcile?as=landed")
	says(t, "nothing is held", text, []string{"There is nothing to settle"}, []string{`name="as"`, "what will happen"})
	w.Found = []job.File{doubtful(71, "acme", "ledger.restored")}
	viewer, other := route.Identity{Name: "vera", Role: route.Viewer}, route.Identity{Name: "nora", Role: route.Operator, Sight: job.Sight{"nectar-nv"}}
	if _, status := get(t, w.Handler(viewer), "/jobs/acme-customers/reconcile"); status != http.StatusForbidden {
		t.Errorf("a viewer: %d", status)
	}
	if _, status := get(t, w.Handler(other), "/jobs/acme-customers/reconcile"); status != http.StatusNotFound {
		t.Errorf("another tenant: %d", status)
	}
	text, _ = get(t, w.Handler(viewer), "/held")
	says(t, "/held of a viewer", text, nil, []string{"reconcile\""})
}
