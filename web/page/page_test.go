package page_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// screensOf are the pages of the night's scene.
var screensOf = []string{
	"/", "/?from=2026-11-23T18", "/jobs", "/jobs?state=failing", "/jobs/acme-customers", "/jobs/ento-export", "/connections", "/connections/acme", "/connections/bigbank?window=30d",
	"/runs", "/runs?job=acme-segment&state=succeeded&since=7d&file=seg*", "/runs/209", "/runs/303", "/runs/116", "/runs/210", "/jobs/salto-in", "/alerts", "/alerts/12", "/held", "/files/71", "/files/71/decide?as=again", "/keys", "/search", "/search?q=acme", "/search?q=209", "/help",
}

// whole is the night's scene with a job whose files wait for a person.
func whole() *pagetest.World {
	w := pagetest.Night()
	w.AddSupervised()
	return w
}

// get gives the text of a page, and its status.
func get(t *testing.T, h http.Handler, path string) (string, int) {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Body.String(), answer.Code
}

func TestPagesRender(t *testing.T) {
	h := whole().Handler(pagetest.Operator)
	for _, path := range screensOf {
		text, status := get(t, h, path)
		if status != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(text), "</html>") {
			t.Errorf("%s: status %d, %d bytes", path, status, len(text))
		}
		if strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "<no value>") || strings.Contains(text, "%!") {
			t.Errorf("%s: a template went wrong", path)
		}
	}
}

func TestPagesRenderWithNothingThere(t *testing.T) {
	h := pagetest.Empty().Handler(pagetest.Operator)
	for _, path := range []string{"/", "/jobs", "/connections", "/runs", "/alerts", "/keys", "/search?q=x", "/help"} {
		if _, status := get(t, h, path); status != http.StatusOK {
			t.Errorf("%s: status %d", path, status)
		}
	}
	text, _ := get(t, h, "/")
	for _, want := range []string{"haulier demo", "haulier init", "haulier check", "Nothing needs you."} {
		if !strings.Contains(text, want) {
			t.Errorf("the empty overview does not say %q", want)
		}
	}
}

func TestOverviewTellsCauseAndNextStep(t *testing.T) {
	text, _ := get(t, pagetest.Night().Handler(pagetest.Operator), "/")
	for _, want := range []string{
		"2 need attention", "Nothing was sent, not even the login", "host_key.changed", "confirm SHA256:BBB7xk2f… with the customer", "us and customer",
		`action="/runs/303/retry"`, `action="/connections/bigbank/test"`, `href="/runs/209"`, "tonight", "00:00–06:00 Europe/Brussels", "03:48", "CET", "58.5 %", "99.6 %",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
	if open := regexp.MustCompile(`(?s)<details class="more" open>.*?<dt>Cause</dt>.*?<dt>Do</dt>.*?<dt>Who</dt>.*?</details>`).FindAllString(text, -1); len(open) != 2 {
		t.Errorf("%d of 2 causes can be read without a click", len(open))
	}
}

func TestAllQuiet(t *testing.T) {
	w := pagetest.Empty()
	w.AddJob("hr-roster", "nectar", page.WordOK, "0 4 * * *")
	text, _ := get(t, w.Handler(pagetest.Operator), "/")
	if !regexp.MustCompile(`Nothing needs you\. Next <time[^>]*>04:00 CET</time>`).MatchString(text) {
		t.Error("a quiet night does not say so")
	}
}

func TestRunShowsStagesAndTheFailure(t *testing.T) {
	text, _ := get(t, pagetest.Night().Handler(pagetest.Operator), "/runs/209")
	for _, want := range []string{"customers_20261124_1.csv.pgp", "30 s", "pgp.wrong_key", "the customer still uses the old key", "config rev 9", "attempt 1 of 5", "Retry this file", "Message for the customer", "9a1f6c0d…",
		"214,000 created, 551 updated, 0 deleted", "3 errored", "&lt;b&gt;odd", "is encrypted with another key than ours. Please encrypt it with our current public key.</textarea>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the run does not say %q", want)
		}
	}
	if n := strings.Count(text, "the customer still uses the old key"); n != 1 { // the failure of the file; the message for the customer has nothing of ours
		t.Errorf("the cause stands there %d times", n)
	}
}

// What landed can be had by whoever may have it, and nothing else can.
func TestRunOffersWhatLanded(t *testing.T) {
	w := whole()
	for path, want := range map[string]int{"/runs/209": 1, "/runs/210": 0} { // of two files that were looked for one landed
		if text, _ := get(t, w.Handler(pagetest.Operator), path); strings.Count(text, `href="/api/v1/files/`) != want || want == 1 && !strings.Contains(text, `href="/api/v1/files/1/content" download`) {
			t.Errorf("%s does not offer %d files", path, want)
		}
		if text, _ := get(t, w.Handler(route.Identity{Name: "vera", Role: route.Viewer}), path); strings.Contains(text, "/content") {
			t.Errorf("%s offers a viewer a file", path)
		}
	}
}

// viewers see, and are offered nothing to do.
func TestButtonsAreThereForWhoMayUseThem(t *testing.T) {
	w := whole()
	viewer := w.Handler(route.Identity{Name: "vera", Role: route.Viewer})
	form := regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	for _, path := range screensOf {
		if strings.Contains(path, "/decide") {
			continue // is no page for viewers
		}
		text, _ := get(t, viewer, path)
		for _, hit := range form.FindAllStringSubmatch(text, -1) {
			if hit[1] != "/theme" && hit[1] != "/logout" {
				t.Errorf("%s offers a viewer %s", path, hit[1])
			}
		}
	}
	post(t, viewer, "/jobs/acme-segment/run", url.Values{})
	if len(w.Asked) > 0 {
		t.Errorf("a viewer did %q", w.Asked)
	}
}

// Every route but login's own has a role, and what a form posts to is a route.
func TestFormsHaveRoutes(t *testing.T) {
	mux := http.NewServeMux()
	for _, r := range page.Routes(whole().Options()) {
		if r.Role == route.Nobody && r.Path != "/assets/{file}" && r.Path != "/theme" && r.Path != "/sheet/{token}" {
			t.Errorf("%s is open to everybody", r.Pattern())
		}
		mux.HandleFunc(r.Pattern(), func(http.ResponseWriter, *http.Request) {})
	}
	mux.HandleFunc("GET /api/v1/files/{id}/content", func(http.ResponseWriter, *http.Request) {}) // of the API
	mux.HandleFunc("POST /logout", func(http.ResponseWriter, *http.Request) {})                   // of package access
	h := whole().Handler(pagetest.Operator)
	form := regexp.MustCompile(`<form[^>]* method="(post)" action="([^"]+)"|<a [^>]*()href="(/[^"]*)"`)
	seen := 0
	for _, path := range screensOf {
		text, _ := get(t, h, path)
		for _, hit := range form.FindAllStringSubmatch(text, -1) {
			seen++
			method, to := strings.ToUpper(hit[1]), hit[2]
			if method == "" {
				method, to = http.MethodGet, strings.ReplaceAll(hit[4], "&amp;", "&")
			}
			if _, pattern := mux.Handler(httptest.NewRequest(method, to, nil)); pattern == "" {
				t.Errorf("%s leads to %s %s, which nothing answers", path, method, to)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d forms and links were found", seen)
	}
}

func TestNamesOfOthersAreText(t *testing.T) {
	const evil = "</title></textarea><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e\x1b[31m\xff.csv"
	w := whole()
	reason := job.Reason{Slug: "remote.unsafe_name", What: evil, Cause: evil, Do: evil, Who: job.WhoCustomer, Technical: evil}
	for id := range w.Became {
		for i := range w.Became[id] {
			f := &w.Became[id][i].File
			f.Path, f.Final, f.Reason, f.State = "/in/"+evil, evil, &reason, job.FileRejected
			w.Found = append(w.Found, *f)
		}
	}
	for i := range w.Stand["salto-in"].Waits {
		w.Stand["salto-in"].Waits[i].Path = "/in/" + evil
	}
	for i := range w.Logged {
		w.Logged[i].Line = evil
	}
	for i := range w.Open {
		w.Open[i].Reason = reason
	}
	for i := range w.Ran {
		w.Ran[i].By, w.Ran[i].Note, w.Ran[i].Reason = evil, evil, &reason
	}
	c := w.Configured.Connections["acme"]
	c.DisplayName, c.Entity, c.User = evil, evil, evil
	w.Configured.Connections["acme"] = c
	w.Did = []page.AuditLine{{At: pagetest.Now, Who: evil, Act: "x", Detail: evil}}
	h := w.Handler(route.Identity{Name: evil, Role: route.Operator})
	for _, path := range append(slices.Clone(screensOf), "/search?q="+url.QueryEscape(evil), "/runs?job="+url.QueryEscape(evil), "/nowhere/"+url.PathEscape(evil)) {
		text, status := get(t, h, path)
		for _, bad := range []string{"<script>alert", "<img src=x", "\u202e", "\x1b", "\xff"} {
			if status == http.StatusOK && strings.Contains(text, bad) {
				t.Errorf("%s has %q in it", path, bad)
			}
		}
	}
	if text, _ := get(t, h, "/runs/209"); !strings.Contains(text, `\u202e`) || !strings.Contains(text, `\xff`) {
		t.Error("what cannot be seen in a name is not shown")
	}
}

func TestListsAreBounded(t *testing.T) {
	w := pagetest.Night()
	for i := range 1000 {
		w.AddJob(fmt.Sprintf("job-%04d", i), fmt.Sprintf("customer-%04d", i), page.WordFailing, "*/15 * * * *")
		w.Open = append(w.Open, job.Incident{ID: int64(1000 + i), Cause: fmt.Sprintf("job/job-%04d/net.refused", i), Reason: pagetest.KeyChanged})
		for q := range 24 {
			w.Marked = append(w.Marked, page.Mark{Job: fmt.Sprintf("job-%04d", i), At: time.Date(2026, 11, 24, 0, 15*q, 0, 0, pagetest.Brussels), Word: "failed", Run: int64(q + 1), Why: "net.refused"})
		}
	}
	h := w.Handler(pagetest.Operator)
	for path, most := range map[string]int{"/": 200 << 10, "/jobs": 300 << 10, "/connections": 160 << 10, "/alerts": 80 << 10} {
		text, status := get(t, h, path)
		if status != http.StatusOK || len(text) > most {
			t.Errorf("%s: status %d, %d bytes, want at most %d", path, status, len(text), most)
		}
		if !strings.Contains(text, "more") {
			t.Errorf("%s does not say that there is more", path)
		}
	}
}

func TestThemeIsKept(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	answer := post(t, h, "/theme", url.Values{"theme": {"dark"}, "back": {"/runs?job=x"}})
	if answer.Header().Get("Location") != "/runs?job=x" || len(answer.Result().Cookies()) != 1 {
		t.Fatalf("%v", answer.Header())
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(answer.Result().Cookies()[0])
	shown := httptest.NewRecorder()
	h.ServeHTTP(shown, r)
	if !strings.Contains(shown.Body.String(), `data-theme="dark"`) {
		t.Error("the dark theme was not kept")
	}
}

// What others wrote is as they published it: docs/dashboard.md names the version.
func TestOthersAssets(t *testing.T) {
	for file, want := range map[string]string{"uplot.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"} {
		body, err := os.ReadFile("assets/" + file)
		if sum := fmt.Sprintf("%x", sha256.Sum256(body)); err != nil || sum != want {
			t.Errorf("%s: %v, sha256 %s", file, err, sum)
		}
	}
}

func TestGuards(t *testing.T) {
	h := whole().Handler(pagetest.Operator)
	for _, path := range append(slices.Clone(screensOf), "/runs/9999", "/runs/209/log", "/events?at=/&once=1") {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Header().Get("Content-Security-Policy") != route.Policy {
			t.Errorf("%s: %v", path, answer.Header())
		}
		if text := answer.Body.String(); strings.Contains(text, " style=") || strings.Contains(text, "<style") || regexp.MustCompile(` on[a-z]+=`).MatchString(text) || strings.Contains(text, "<script>") {
			t.Errorf("%s has a style or a script in it, which its policy forbids", path)
		}
	}
}
