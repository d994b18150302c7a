package page_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// booked is a night with something known around its incidents.
func booked() *pagetest.World {
	w := pagetest.Night()
	w.Booked = page.Runbook{
		LastGood: &page.LastGood{Run: 299, Job: "bigbank-out", At: pagetest.Now.Add(-5 * time.Hour), Revision: 41}, Failed: 303,
		Changed: []page.Change{{At: pagetest.Now.Add(-4 * time.Hour), What: "key.rotate bigbank <b>", By: "ann"}},
	}
	return w
}

// The page of an incident says when all was well, and what is different since; what people did to keys is for who sees everything.
func TestRunbook(t *testing.T) {
	w := booked()
	text, status := get(t, w.Handler(pagetest.Operator), "/alerts/12")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	says(t, "/alerts/12", text, []string{"Alert 12", "host_key.changed", "by phone", `href="/runs/299"`, "configuration revision 41", `href="/runs/303"`, "key.rotate bigbank &lt;b&gt;", "ann", `action="/alerts/12/ack"`}, []string{"No run of its jobs"})
	seer := route.Identity{Name: "bob", Role: route.Viewer, Sight: job.Sight{"bigbank-nv"}}
	w.Open[0].Connection = "bigbank"
	text, _ = get(t, w.Handler(seer), "/alerts/12")
	says(t, "/alerts/12 of one tenant", text, []string{"host_key.changed", "shown to who sees everything"}, []string{"key.rotate", "/ack"})
	seer.Sight = job.Sight{"acme-nv"}
	if text, status := get(t, w.Handler(seer), "/alerts/12"); status != http.StatusNotFound || strings.Contains(text, "bigbank") {
		t.Errorf("another tenant: %d %s", status, text)
	}
	if text, status := get(t, w.Handler(seer), "/events?once=1&at=/alerts/12"); status != http.StatusNotFound || strings.Contains(text, "bigbank") {
		t.Errorf("another tenant, live: %d %s", status, text)
	}
	for _, path := range []string{"/", "/alerts", "/jobs/bigbank-out"} {
		if text, _ := get(t, w.Handler(pagetest.Operator), path); !strings.Contains(text, `href="/alerts/12"`) {
			t.Errorf("%s does not lead there", path)
		}
	}
	w.Booked = page.Runbook{}
	text, _ = get(t, w.Handler(pagetest.Operator), "/alerts/12")
	says(t, "/alerts/12 of which nothing is known", text, []string{"No run of its jobs ever succeeded", "Nothing that is known"}, nil)
}

func doubtful(id int64, connection, slug string) job.File {
	return job.File{
		ID: id, Job: connection + "-customers", Connection: connection, Type: job.TypeImport, Path: fmt.Sprintf("/out/doubt_%d.csv", id), Run: 209, State: job.FileHeld, Step: job.StepLanding,
		Reason: &job.Reason{Slug: slug, What: "Nobody knows", Cause: "the answer was lost <i>", Do: "look whether it is there", Who: job.WhoUs},
	}
}

// Files in doubt are listed with what to do about each, and those that only wait for a look are not among them.
func TestFilesInDoubt(t *testing.T) {
	w := pagetest.Night()
	w.Found = []job.File{doubtful(71, "acme", "local.unknown"), doubtful(72, "acme", job.SlugSupervised)}
	text, _ := get(t, w.Handler(pagetest.Operator), "/held?job=acme-customers")
	says(t, "/held", text, []string{"doubt_71.csv", "local.unknown", "answer was lost &lt;i&gt;", "look whether it is there", `name="as" value="landed"`, "It has landed…", "Fetch it again…", "Never mind it…", `href="/files/71"`, "1 file more only waits"}, []string{"doubt_72", "<i>"})
	w.Older = 70
	text, _ = get(t, w.Handler(pagetest.Operator), "/held?job=acme-customers")
	says(t, "/held of a job, with older ones", text, []string{`href="/held?job=acme-customers&amp;before=70" rel="next"`, `name="from" value="/held?job=acme-customers"`}, nil)
	text, _ = get(t, w.Handler(pagetest.Operator), "/held")
	says(t, "/held, with older ones", text, []string{`href="/held?before=70" rel="next"`, `name="from" value="/held"`}, nil)
	w.Found, w.Older = nil, 0
	text, _ = get(t, w.Handler(pagetest.Operator), "/held")
	says(t, "/held of nothing", text, []string{"No file is in doubt."}, nil)
}

// The page of a file has what became of its records, what is known of it and each step.
func TestFilePage(t *testing.T) {
	w := pagetest.Night()
	f := doubtful(71, "acme", "local.unknown")
	f.Plain = job.Digest{Size: 12, SHA256: strings.Repeat("ab", 32)}
	w.Found = []job.File{f}
	w.Stepped = map[int64][]page.Step{71: {{Run: 209, Step: job.StepSeen, State: job.FileWaiting, At: pagetest.Now}}}
	text, status := get(t, w.Handler(pagetest.Operator), "/files/71")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	says(t, "/files/71", text, []string{"doubt_71.csv", "214,000", "551", "&lt;b&gt;odd", "platform", strings.Repeat("ab", 32), "seen", `action="/files/71/decide"`, "It has landed…", `href="/runs/209"`}, []string{"<b>odd"})
	if text, status := get(t, w.Handler(route.Identity{Name: "bob", Role: route.Viewer, Sight: job.Sight{"nectar-nv"}}), "/files/71"); status != http.StatusNotFound || strings.Contains(text, "doubt_71") {
		t.Errorf("another tenant: %d %s", status, text)
	}
	if _, status := get(t, w.Handler(pagetest.Operator), "/files/4711"); status != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", status)
	}
}

// The audit list is paged, and an administrator's.
func TestAuditPage(t *testing.T) {
	w := pagetest.Night()
	w.Did = nil
	for i := range 100 {
		w.Did = append(w.Did, page.AuditLine{ID: int64(500 - i), At: pagetest.Now, Who: "ann<b>", Act: "job.run", Object: "acme-segment", Detail: "by hand"})
	}
	admin := route.Identity{Name: "ada", Role: route.Admin}
	text, _ := get(t, w.Handler(admin), "/audit")
	says(t, "/audit", text, []string{"ann&lt;b&gt;", "job.run", "acme-segment", "by hand", `href="/audit?before=` + fmt.Sprint(w.Did[99].ID), `href="/audit"`}, []string{"ann<b>"})
	if _, status := get(t, w.Handler(pagetest.Operator), "/audit"); status != http.StatusForbidden {
		t.Errorf("an operator: %d", status)
	}
	if _, status := get(t, w.Handler(admin), "/events?once=1&at=/audit"); status != http.StatusNotFound {
		t.Errorf("live: %d", status)
	}
}

// A plan is made when somebody asks, stands on the page of its job, and is bounded.
func TestPlan(t *testing.T) {
	w := pagetest.Night()
	w.Planned = nil
	for i := range 250 {
		w.Planned = append(w.Planned, job.Intent{Mark: job.MarkTransfer, Act: "download", Name: fmt.Sprintf("new_%d<b>.csv", i), Size: 2048, Why: "new", Detail: []string{"decrypted"}})
	}
	w.Planned[0].Mark, w.Planned[0].Size = job.MarkFail, -1
	h := w.Handler(pagetest.Operator)
	answer := post(t, h, "/jobs/acme-segment/plan", url.Values{"back": {"/jobs/acme-segment#plan"}})
	if answer.Header().Get("Location") != "/jobs/acme-segment#plan" || w.Asked[0] != "plan acme-segment by olivia" {
		t.Errorf("%s, %q", answer.Header().Get("Location"), w.Asked)
	}
	says(t, "the job", told(t, h, answer), []string{"Nothing was moved", "249 to transfer", "1 would fail", "new_0&lt;b&gt;.csv", "new_39", "decrypted", "Further: 209 to transfer.", `asked by <bdi class="name">olivia`}, []string{"new_41&lt;", "<b>.csv"})
	if text, _ := get(t, h, "/jobs/acme-customers"); strings.Contains(text, "would do <small>") {
		t.Error("it stands on the page of another job")
	}
	w.Fail = &job.Reason{Slug: "net.unreachable", What: "nothing was planned", Cause: "no route to host", Who: job.WhoUs}
	says(t, "one that fails", told(t, h, post(t, h, "/jobs/acme-segment/plan", nil)), []string{"no route to host"}, nil)
}
