package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
)

// post sends a form.
func post(t *testing.T, h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// told follows an act back to its page, and gives what that says.
func told(t *testing.T, h http.Handler, answer *httptest.ResponseRecorder) string {
	t.Helper()
	to, _, _ := strings.Cut(answer.Header().Get("Location"), "#")
	r := httptest.NewRequest(http.MethodGet, to, nil)
	for _, cookie := range answer.Result().Cookies() {
		r.AddCookie(cookie)
	}
	page := httptest.NewRecorder()
	h.ServeHTTP(page, r)
	return page.Body.String()
}

func TestActs(t *testing.T) {
	for _, c := range []struct {
		path, form, did, says string
	}{
		{"/jobs/acme-segment/run", "", "run acme-segment by olivia", "Run 77 of acme-segment has begun."},
		{"/jobs/acme-segment/pause", "reason=moving house&for=4h", "pause job acme-segment for 4h0m0s because moving house by olivia", "job acme-segment is paused: moving house"},
		{"/jobs/ento-export/resume", "", "resume job ento-export by olivia", "job ento-export may start again."},
		{"/connections/acme/pause", "reason=x", "pause connection acme for -2562047h47m16.854775808s because x by olivia", "connection acme is paused: x"},
		{"/connections/acme/resume", "", "resume connection acme by olivia", "may start again"},
		{"/runs/209/retry", "config=as-run", `retry 209 by olivia as-run true only ""`, "Run 78 of again has begun; it does run 209 again."},
		{"/runs/209/retry", "config=current&only=2", `retry 209 by olivia as-run false only "customers_20261124_2.csv.pgp"`, "has begun"},
		{"/alerts/12/ack", "note=calling them", "ack 12 by olivia: calling them", "Alert 12 is yours"},
		{"/alerts/12/silence", "for=4h&reason=they move", "silence 12 until 06:48 because they move by olivia", "Alert 12 is silent until Tue 2026-11-24 07:48 CET."},
		{"/alerts/12/unsilence", "", "unsilence 12 by olivia", "told of again"},
		{"/jobs/acme-customers/extend", "for=1h&reason=they called", "extend acme-customers to 03:48 because they called by olivia", "acme-customers has until Tue 2026-11-24 04:48 CET."},
		{"/runs/116/cancel", "", "cancel 116 by olivia", "Run 116 is being cancelled."},
	} {
		w := pagetest.Night()
		h := w.Handler(pagetest.Operator)
		form, _ := url.ParseQuery(c.form)
		form.Set("back", "/jobs")
		answer := post(t, h, c.path, form)
		if answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != "/jobs" {
			t.Errorf("%s: %d to %q", c.path, answer.Code, answer.Header().Get("Location"))
		}
		if len(w.Asked) != 1 || w.Asked[0] != c.did {
			t.Errorf("%s did %q, want %q", c.path, w.Asked, c.did)
		}
		if text := told(t, h, answer); !strings.Contains(text, c.says) {
			t.Errorf("%s: the next page does not say %q", c.path, c.says)
		}
	}
}

func TestActsThatFailSayWhy(t *testing.T) {
	w := pagetest.Night()
	w.Fail = &job.Reason{Slug: "run.busy", What: "nothing was begun", Cause: "the job runs already", Do: "haulier status acme-segment", Who: job.WhoUs}
	h := w.Handler(pagetest.Operator)
	text := told(t, h, post(t, h, "/jobs/acme-segment/run", url.Values{"back": {"/"}}))
	for _, want := range []string{"run.busy", "nothing was begun", "the job runs already", "haulier status acme-segment"} {
		if !strings.Contains(text, want) {
			t.Errorf("the next page does not say %q", want)
		}
	}
	if strings.Contains(text, "has begun") {
		t.Error("it says that a run has begun")
	}
}

func TestPauseNeedsAReason(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	for _, why := range []string{"", "   ", strings.Repeat("x", 501)} {
		text := told(t, h, post(t, h, "/jobs/acme-segment/pause", url.Values{"reason": {why}}))
		if !strings.Contains(text, "a pause needs a reason") {
			t.Errorf("reason %q: nothing is said", why)
		}
	}
	for path, form := range map[string]string{"/alerts/12/silence": "for=4h", "/jobs/acme-customers/extend": "for=1h"} {
		values, _ := url.ParseQuery(form)
		if text := told(t, h, post(t, h, path, values)); !strings.Contains(text, "needs a reason") {
			t.Errorf("%s: nothing is said", path)
		}
	}
	if text := told(t, h, post(t, h, "/alerts/12/silence", url.Values{"reason": {"x"}})); !strings.Contains(text, "choose for how long") {
		t.Error("silence without an end: nothing is said")
	}
	if len(w.Asked) > 0 {
		t.Errorf("%q was done", w.Asked)
	}
}

func TestTheTestOfAConnectionIsShown(t *testing.T) {
	w := pagetest.Night()
	w.Tested = page.Report{Stages: []page.Stage{{Name: "DNS", State: "ok", Detail: "sftp.acme.example -> 198.51.100.7"}, {Name: "login", State: "FAIL", Detail: "user platform"}}, Reason: &job.Reason{Slug: "auth.key_rejected", What: "nothing was moved", Cause: "the key was refused"}}
	h := w.Handler(pagetest.Operator)
	text := told(t, h, post(t, h, "/connections/acme/test", url.Values{"back": {"/connections/acme#test"}}))
	for _, want := range []string{"Last test", "sftp.acme.example -&gt; 198.51.100.7", "auth.key_rejected", "the key was refused"} {
		if !strings.Contains(text, want) {
			t.Errorf("the connection's page does not say %q", want)
		}
	}
}

// A way back leads nowhere else.
func TestBackStaysHere(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	for _, back := range []string{"", "https://evil.example/", "//evil.example", `/\evil.example`, "/\tx", "javascript:alert(1)", "/" + strings.Repeat("x", 3000)} {
		if to := post(t, h, "/theme", url.Values{"back": {back}}).Header().Get("Location"); to != "/" {
			t.Errorf("back %q leads to %q", back, to)
		}
	}
}
