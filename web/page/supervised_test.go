package page_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// hash32 is that of the file 32 of the scene.
var hash32 = strings.Repeat("abcdef0123456789", 3) + strings.Repeat("2", 16)

// says fails unless a text says some things, and does not say others.
func says(t *testing.T, path, text string, wants, nots []string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	for _, not := range nots {
		if strings.Contains(text, not) {
			t.Errorf("%s says %q", path, not)
		}
	}
}

// A file that waits for a person is no failure, on any page, and can be decided on there.
func TestFilesWaitForApproval(t *testing.T) {
	w := pagetest.Empty()
	w.AddSupervised()
	h := w.Handler(pagetest.Operator)
	form := `action="/files/32/approve"><input type="hidden" name="back" value="`
	sent := `<input type="hidden" name="sha256" value="` + hash32 + `"><button`
	waits := "2 files wait for approval: 3 of 20 files approved, automatic afterwards"
	for path, c := range map[string]struct{ wants, nots []string }{
		"/":              {[]string{"Nothing fails. 1 job has files to approve.", "1 to-approve", waits, form, sent, `action="/files/33/reject"`, `class="item calm"`}, []string{"needs attention", `class="item bad"`, "/retry", "/test"}},
		"/alerts":        {[]string{waits, form, sent, `class="item calm"`}, []string{`class="item bad"`}},
		"/jobs":          {[]string{"to-approve", "2 files to approve", "3 of 20 files approved"}, []string{"failing", " held<"}},
		"/jobs/salto-in": {[]string{waits, form, sent, "haulier held show 32"}, []string{"in doubt</h2>", `class="item bad"`, `class="card bad"`}},
		"/runs/210": {[]string{"waits for approval: 3 of 20 files approved, automatic afterwards", form, sent, `action="/files/32/reject"`, "file 31 waited for approval when this run let go of it", "to-approve"},
			[]string{"Retry this file", `class="card bad"`, `class="card warn"`, "/files/31/"}},
	} {
		text, _ := get(t, h, path)
		says(t, path, text, c.wants, c.nots)
		text, _ = get(t, w.Handler(route.Identity{Name: "vera", Role: route.Viewer}), path)
		says(t, path+" of a viewer", text, []string{"approve"}, []string{"/files/32/", "/files/31/"})
	}
}

// What failed comes before what only waits, and alone is counted as needing somebody.
func TestWhatFailedComesBeforeWhatWaits(t *testing.T) {
	w := pagetest.Night()
	w.AddSupervised()
	text, _ := get(t, w.Handler(pagetest.Operator), "/")
	if !regexp.MustCompile(`(?s)2 need attention.*id="i12".*id="i14".*id="i21"`).MatchString(text) {
		t.Error("the list of what needs somebody does not end with what waits")
	}
}

// A file in doubt is shown beside those that wait, as what it is.
func TestDoubtsStandBesideWhatWaits(t *testing.T) {
	w := pagetest.Empty()
	w.AddSupervised()
	s := w.Stand["salto-in"]
	s.Held = 1
	w.Stand["salto-in"] = s
	w.Found = append(w.Found, s.Waits...)
	w.Found = append(w.Found, job.File{ID: 40, Job: "salto-in", Path: "/export/daily/odd.csv", State: job.FileHeld, Reason: &job.Reason{Slug: "held.read_once", Cause: "it came twice"}})
	text, _ := get(t, w.Handler(pagetest.Operator), "/jobs/salto-in")
	says(t, "the job", text, []string{"2 files wait for approval", "1 file in doubt", "odd.csv", "held.read_once"}, []string{"3 files in doubt"})
}

// Nobody decides about bytes that they were not shown, and a rejection says why.
func TestLooksAreOfWhatWasShown(t *testing.T) {
	w := pagetest.Night()
	w.AddSupervised()
	h := w.Handler(pagetest.Operator)
	for path, form := range map[string]url.Values{
		"/files/32/approve":  {},
		"/files/33/approve":  {"sha256": {hash32[:12]}},
		"/files/32/reject":   {"reason": {"odd"}},
		"/files/33/reject":   {"sha256": {hash32}},
		"/files/odd/approve": {"sha256": {hash32}},
		"/files/0/reject":    {"sha256": {hash32}, "reason": {"odd"}},
	} {
		text := told(t, h, post(t, h, path, form))
		says(t, path, text, []string{`class="flash bad"`}, []string{"is approved", "is rejected"})
	}
	if len(w.Asked) > 0 {
		t.Fatalf("%q was done", w.Asked)
	}
	text := told(t, h, post(t, h, "/files/32/approve", url.Values{"sha256": {hash32}, "back": {"/runs/210"}}))
	says(t, "the run", text, []string{"File 32 is approved, sha256 abcdef01….", "Run 210"}, nil)
	text = told(t, h, post(t, h, "/files/33/reject", url.Values{"sha256": {hash32}, "reason": {"last year's columns"}}))
	says(t, "the overview", text, []string{"File 33 is rejected: last year&#39;s columns"}, nil)
	if got := strings.Join(w.Asked, "; "); got != "approve 32 of abcdef01 by olivia; reject 33 of abcdef01 because last year's columns by olivia" {
		t.Errorf("%s was done", got)
	}
}
