package rows_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// holder is somebody who has a link to a sheet.
type holder struct {
	t    testing.TB
	link string
}

// sends posts a form that is written already.
func (h holder) sends(body string) (status int, text string) {
	h.t.Helper()
	asked, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.link, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked.Header.Set("Sec-Fetch-Site", "same-origin")
	return answerOf(h.t, asked)
}

// Whoever has a link can neither push out what came first, nor fill the store, nor reach another connection, nor have anything told as a
// failure of ours; what they typed and was not taken comes back. Somebody hears of it, and says that it is dealt with.
func TestWhoHasALinkCannotSpoilIt(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	site := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	both := c.connection("acme", "locations: {out: /out}") + c.connection("bigbank", "locations: {out: /out}")
	head := "web: {listen: \"" + strings.TrimPrefix(site, "http://") + "\", public_url: \"" + site + "\"}\n"
	w.config(head+"connections:\n", both, "jobs: {}\n")
	h := holder{t, strings.TrimSpace(w.haulier(0, "onboarding", "acme", "--link", "14d").out)}
	w.serve()
	signs := strings.Repeat("<", 24_000-40)
	for i, test := range []struct {
		body   string
		status int
		want   string
	}{
		{"host=true.example&port=22", http.StatusOK, "This has reached us"},
		{"pgp=" + url.QueryEscape("-----BEGIN PGP PUBLIC KEY BLOCK-----") + signs, http.StatusOK, "This has reached us"},
		{"remarks=" + strings.Repeat("y", 4001) + "+its+end&host=typed.example", http.StatusUnprocessableEntity, "yyy its end</textarea>"},
		{"remarks=" + strings.Repeat("y", 300<<10), http.StatusRequestEntityTooLarge, "Go back in your browser"},
		{"remarks=%zz", http.StatusBadRequest, "Go back in your browser"},
		{"connection=bigbank&name=bigbank&link=bigbank&id=1&at=1&lang=fr&remarks=%00%1b%5B31m%E2%80%AEx%ff", http.StatusOK, "[31mx\uFFFD"},
		{strings.Repeat("a=&", 9_000), http.StatusUnprocessableEntity, "Nothing was filled in"},
		{strings.Repeat("a=&", 50_000), http.StatusBadRequest, "Go back in your browser"},
	} {
		if status, text := h.sends(test.body); status != test.status || !strings.Contains(text, test.want) || strings.Contains(text, w.dir) {
			t.Errorf("%d: %d %.300s … %.300s", i, status, text, text[max(0, len(text)-300):])
		}
	}
	refused, slowed := h.floods()
	if refused == 0 || slowed == 0 {
		t.Errorf("of a flood %d were refused, and %d told to come back later", refused, slowed)
	}
	shown := w.haulier(0, "onboarding", "acme", "--answers")
	has(t, shown.out, "Host name: true.example  (we have 127.0.0.1)", signs+"\n", "1  20", "by the link that ")
	has(t, shown.err, "--handled 20")
	same(t, "kept and told", []int{strings.Count(shown.out, "  by the link that "), w.told(job.EventSheetAnswered)}, []int{20, 20})
	has(t, w.haulier(0, "onboarding", "bigbank", "--answers").err, "Nothing was filled in for bigbank")
	w.dealsWith(shown.err)
	until(t, "the flood to be forgotten", func() bool { status, _ := h.sends("host=x&port=0"); return status != http.StatusTooManyRequests })
	other := holder{t, strings.TrimSpace(w.haulier(0, "onboarding", "acme", "--link", "1d").out)}
	if status, text := other.sends("host=other.example"); status != http.StatusOK {
		t.Errorf("by another link: %d %s", status, text)
	}
	has(t, w.haulier(0, "alerts", "list").out, "onboarding.answered")

	w.config(head+"connections:\n", c.connection("bigbank", "locations: {out: /out}"), "jobs: {}\n")
	w.haulier(0, "reload")
	hasNot(t, w.haulier(0, "alerts", "list").out, "onboarding.answered")
	if status, text := h.sends("host=to-nobody"); status != http.StatusNotFound || !strings.Contains(text, "This link has ended") {
		t.Errorf("to a connection that is gone: %d %s", status, text)
	}
	w.config(head+"connections:\n", both, "jobs: {}\n")
	w.haulier(0, "reload")
	hasNot(t, w.haulier(0, "onboarding", "acme", "--answers").out, "to-nobody")
	if status, text := h.sends("host=again&remarks=what+I+typed"); status != http.StatusConflict || !strings.Contains(text, "<dd>what I typed</dd>") {
		t.Errorf("to a link that takes no more: %d %s", status, text)
	}
}

// floods sends more than anybody fills in, until it is slowed.
func (h holder) floods() (refused, slowed int) {
	for i := range 2000 {
		switch status, text := h.sends(fmt.Sprintf("host=junk-%d.example", i)); status {
		case http.StatusOK:
		case http.StatusConflict:
			refused++
		case http.StatusTooManyRequests:
			if slowed++; slowed == 20 {
				return refused, slowed
			}
		default:
			h.t.Fatalf("junk %d: %d %s", i, status, text)
		}
	}
	return refused, slowed
}

// dealsWith ends the incident of what was filled in, as the command said.
func (w *world) dealsWith(said string) {
	w.t.Helper()
	open := w.haulier(0, "alerts", "list")
	has(w.t, open.out, "onboarding.answered", "sheet/acme")
	w.haulier(2, "onboarding", "acme", "--handled", "19")
	w.haulier(2, "onboarding", "acme", "--handled", "21")
	_, command, _ := strings.Cut(said, "haulier onboarding acme ")
	w.haulier(0, append([]string{"onboarding", "acme"}, strings.Fields(command)...)...)
	hasNot(w.t, w.haulier(0, "alerts", "list").out, "onboarding.answered")
	has(w.t, w.haulier(2, "onboarding", "acme", "--handled", "20").err, "onboarding.nothing_waits")
	has(w.t, w.haulier(0, "audit", "list").out, "sheet.handle")
}
