package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

func TestSheetIsShownInItsLanguages(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	for path, want := range map[string]string{"/connections/acme/sheet": `lang="en"`, "/connections/acme/sheet?lang=fr": `lang="fr"`, "/connections/acme/sheet?lang=%3Cscript": `lang="en"`} {
		text, status := get(t, h, path)
		if status != http.StatusOK || !strings.Contains(text, `<article class="sheet" `+want) || !strings.Contains(text, "/assets/sheet.css?v=") || !strings.Contains(text, "Make a link") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if text, status := get(t, h, "/connections/nobody/sheet"); status != http.StatusNotFound {
		t.Errorf("a connection that is not there: %d %s", status, text)
	}
	if text, _ := get(t, pagetest.Night().Handler(route.Identity{Name: "vera", Role: route.Viewer}), "/connections/acme/sheet"); strings.Contains(text, "Make a link") {
		t.Error("a viewer is offered to make a link")
	}
}

// A link shows the sheet to somebody without a name, and nothing else of ours; a wrong one says no more than that it has ended.
func TestLinkShowsItsSheetOnly(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	text, status := get(t, h, "/sheet/"+pagetest.Token)
	if status != http.StatusOK || !strings.Contains(text, "Sheet of acme") || strings.Contains(text, `href="/connections`) || strings.Contains(text, "<script") {
		t.Errorf("%d %s", status, text)
	}
	for _, token := range []string{strings.ToUpper(pagetest.Token), "x", strings.Repeat("a", 43), "%2e%2e"} {
		text, status := get(t, h, "/sheet/"+token)
		if status != http.StatusNotFound || !strings.Contains(text, "en ended.ask") || strings.Contains(text, "acme") {
			t.Errorf("%s: %d %s", token, status, text)
		}
	}
}

func TestLinkLastsAsLongAsAsked(t *testing.T) {
	for days, good := range map[string]bool{"14": true, "15": false, "-7": false, "": false, "9999999999999999999": false} {
		w := pagetest.Night()
		h := w.Handler(pagetest.Operator)
		text := told(t, h, post(t, h, "/connections/acme/sheet/link", url.Values{"days": {days}, "language": {"fr"}}))
		if made := !w.Sheets.Until.IsZero(); made != good {
			t.Errorf("%s days: made %v", days, made)
		}
		if good && (!w.Sheets.Until.Equal(pagetest.Now.AddDate(0, 0, 14)) || !strings.Contains(text, "/sheet/"+pagetest.Token) || !strings.Contains(text, `aria-label="QR code of https://`) || w.Sheets.By == "") {
			t.Errorf("%s days: by %q until %s: %s", days, w.Sheets.By, w.Sheets.Until, text)
		}
		if again, _ := get(t, h, "/connections/acme/sheet"); strings.Contains(again, pagetest.Token) || strings.Contains(again, "QR code") {
			t.Errorf("%s days: the link is shown again", days)
		}
	}
}

// What a customer fills in is taken by the token of the link alone, and shown to support as text.
func TestCustomerFillsInTheFormOfALink(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	for _, test := range []struct {
		token, body string
		status      int
		want        string
	}{
		{pagetest.Token, "host=sftp.new.example&port=22", http.StatusOK, "<p>taken</p>"},
		{pagetest.Token, "port=22", http.StatusUnprocessableEntity, "Sheet of acme"},
		{strings.ToUpper(pagetest.Token), "host=x", http.StatusNotFound, "ended.ask"},
		{strings.Repeat("a", 43), "host=x", http.StatusNotFound, "ended.ask"},
		{pagetest.Token, "host=%zz", http.StatusRequestEntityTooLarge, "<p>unread</p>"},
		{pagetest.Token, "host=x&remarks=" + strings.Repeat("y", 256<<10), http.StatusRequestEntityTooLarge, "<p>unread</p>"},
		{pagetest.Token, "host=x&remarks=" + strings.Repeat("y", 255<<10), http.StatusOK, "<p>taken</p>"},
		{pagetest.Token, "host=disk", http.StatusServiceUnavailable, "failed.ask"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sheet/"+test.token+"?lang=fr", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if text := answer.Body.String(); answer.Code != test.status || !strings.Contains(text, test.want) || strings.Contains(text, `href="/connections`) || strings.Contains(text, "/var/lib") {
			t.Errorf("%s: %d %s", test.body, answer.Code, text)
		}
	}
	if strings.Join(w.Sheets.Given, " ") != "sftp.new.example x" {
		t.Errorf("taken: %q", w.Sheets.Given)
	}
	text, _ := get(t, h, "/connections/acme/sheet")
	for _, want := range []string{"The customer filled in", "sftp45.new.example", "sftp3.new.example", "sftp2.new.example", "44 answers by this link", "by the link that", "olivia", "we have <", "as we have it", "&lt;script&gt;alert(1)&lt;/script&gt;\nline two"} {
		if !strings.Contains(text, want) {
			t.Errorf("the sheet does not say %q", want)
		}
	}
	if strings.Contains(text, "<script>alert") {
		t.Error("an answer became a script")
	}
	if text, _ := get(t, h, "/connections/acme"); !strings.Contains(text, "The customer filled in its form") {
		t.Error("the page of the connection says nothing of the answers")
	}
}

// Who looks sees what came first and last by each link, and finds all of it; who may, says that it is dealt with, and not what they have not seen.
func TestAllThatWasFilledInIsFound(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	seen := 0
	for path := "/connections/acme/sheet/answers"; path != ""; {
		text, status := get(t, h, path)
		if status != http.StatusOK || strings.Contains(text, "<script>alert") {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		seen += strings.Count(text, "<h3>")
		_, next, _ := strings.Cut(text, `href="?before=`)
		if next, _, _ = strings.Cut(next, `"`); next == "" {
			break
		}
		path = "/connections/acme/sheet/answers?before=" + next
	}
	if seen != 45 {
		t.Errorf("%d of 45 answers are found", seen)
	}
	if _, status := get(t, h, "/connections/nobody/sheet/answers"); status != http.StatusNotFound {
		t.Errorf("a connection that is not there: %d", status)
	}
	if text, _ := get(t, pagetest.Night().Handler(route.Identity{Name: "vera", Role: route.Viewer}), "/connections/acme/sheet"); strings.Contains(text, "It is dealt with") || !strings.Contains(text, `href="/alerts/7"`) {
		t.Error("a viewer is offered to end it, or not told that it waits")
	}
	for _, last := range []string{"", "-1", "44", "45"} {
		good := last == "45"
		text := told(t, h, post(t, h, "/connections/acme/sheet/handled", url.Values{"last": {last}, "back": {"/connections/acme/sheet"}}))
		if (w.Sheets.Handled == 45) != good || strings.Contains(text, "is dealt with, up to number 45") != good {
			t.Errorf("up to %q: %d %s", last, w.Sheets.Handled, text)
		}
	}
	if text, _ := get(t, h, "/connections/acme/sheet"); strings.Contains(text, "It is dealt with") {
		t.Error("what was dealt with waits")
	}
}

// What a customer filled in needs somebody: the alert leads to it, and offers nothing that has nothing to do with it.
func TestAlertLeadsToWhatWasFilledIn(t *testing.T) {
	w := pagetest.Night()
	w.Open = []job.Incident{{ID: 7, Cause: "sheet/acme/onboarding.answered", Kind: job.AlertSheet, Connection: "acme", Opened: pagetest.Now, Count: 1,
		Reason: job.Reason{Slug: "onboarding.answered", What: "nothing was changed by it", Cause: "whoever has the link filled in the sheet: host", Do: "haulier onboarding acme --answers", Who: job.WhoUs}}}
	h := w.Handler(pagetest.Operator)
	for _, path := range []string{"/", "/alerts", "/connections/acme"} {
		text, status := get(t, h, path)
		if status != http.StatusOK || !strings.Contains(text, `<a class="btn" href="/connections/acme/sheet">What the customer filled in</a>`) || !strings.Contains(text, "onboarding.answered") {
			t.Errorf("%s: %d does not lead there", path, status)
		}
		if path != "/connections/acme" && strings.Contains(text, `action="/connections/acme/test"`) {
			t.Errorf("%s offers a test for it", path)
		}
	}
}
