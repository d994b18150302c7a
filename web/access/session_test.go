package access

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// A browser that asks for what is no page is shown one that says so, once somebody has logged in.
func TestWhatIsNoPage(t *testing.T) {
	b := newBench(t, nil)
	browses := func(r *http.Request) { r.Header.Set("Accept", "text/html") }
	if w := b.do("GET", "/nowhere", "", browses); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login?") {
		t.Errorf("a stranger: %d %s", w.Code, w.Body)
	}
	b.enters()
	for path, want := range map[string]int{"/nowhere": http.StatusNotFound, "/login/nowhere": http.StatusNotFound, "/logout": http.StatusMethodNotAllowed} {
		w := b.do("GET", path, "", browses)
		if w.Code != want || !strings.Contains(w.Body.String(), "first page") || !strings.Contains(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	first := b.cookies[sessionCookie]
	for range 20 { // 19 minutes each: it is used all the time
		b.now = b.now.Add(29 * time.Minute)
		b.wants("while it is used", b.do("GET", "/api/v1/thing", "", nil), 200, "reached")
	}
	b.now = b.now.Add(30 * time.Minute)
	b.wants("half an hour later", b.do("GET", "/api/v1/thing", "", nil), 401, "access.login_needed")
	if len(b.memory.sessions) != 0 {
		t.Error("a session that is over is kept")
	}
	b.enters()
	for range 24 {
		b.now = b.now.Add(29 * time.Minute)
		b.do("GET", "/api/v1/thing", "", nil)
	}
	b.now = b.now.Add(24 * time.Minute)
	b.wants("12 hours after the login", b.do("GET", "/api/v1/thing", "", nil), 401, "access.login_needed")
	if b.enters(); b.cookies[sessionCookie] == first {
		t.Error("two sessions have one secret")
	}
}

// A cookie that somebody has set before the login is worth nothing after it, and a session that was ended neither.
func TestFixationLogoutAndReplay(t *testing.T) {
	b := newBench(t, nil)
	planted := random(keyBytes)
	b.cookies[sessionCookie] = planted
	b.enters()
	if b.cookies[sessionCookie] == planted {
		t.Fatal("the session has the secret of before the login")
	}
	first := b.cookies[sessionCookie]
	b.enters() // a second login takes the first one's place
	for name, value := range map[string]string{"planted": planted, "before the second login": first, "forged": strings.Repeat("a", 52), "empty": "", "sql": "' OR 1=1 --"} {
		other := &bench{t: t, handler: b.handler, cookies: map[string]string{sessionCookie: value}}
		b.wants(name, other.do("GET", "/api/v1/thing", "", nil), 401, "access.login_needed")
	}
	last := b.cookies[sessionCookie]
	b.wants("logout", b.do("POST", "/logout", "", nil), 303, "")
	b.cookies[sessionCookie] = last
	b.wants("after the logout", b.do("GET", "/api/v1/thing", "", nil), 401, "access.login_needed")
	b.wants("two cookies of one name", b.do("GET", "/api/v1/thing", "", func(r *http.Request) { r.Header.Add("Cookie", sessionCookie+"=x") }), 401, "")
	if !slices.ContainsFunc(b.memory.acts, func(a string) bool { return strings.HasPrefix(a, "ann user.logout") }) {
		t.Errorf("the audit list has no logout: %q", b.memory.acts)
	}
}

func TestCookiesAreTheBrowsersOwn(t *testing.T) {
	for _, tls := range []bool{false, true} {
		b := newBench(t, func(o *Options) { o.TLS = tls })
		w := b.login("ann", password)
		c := w.Result().Cookies()[0]
		if c.Secure != tls || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || strings.HasPrefix(c.Name, "__Host-") != tls {
			t.Errorf("over TLS %v: %s", tls, c)
		}
		if sts := w.Header().Get("Strict-Transport-Security"); (sts != "") != tls {
			t.Errorf("over TLS %v: %q", tls, sts)
		}
	}
}

// Pages of others have nothing done here, whatever the browser adds.
func TestRequestsOfOtherSites(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	for name, c := range map[string]struct {
		head map[string]string
		want int
	}{
		"our own page":          {map[string]string{"Origin": site}, 200},
		"our own, by fetch":     {map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		"cross-site":            {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"same-site":             {map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"another origin":        {map[string]string{"Origin": "https://evil.example"}, 403},
		"another port":          {map[string]string{"Origin": "http://127.0.0.1:8081"}, 403},
		"origin null":           {map[string]string{"Origin": "null"}, 403},
		"a browser of long ago": {nil, 403},
	} {
		w := b.do("POST", "/api/v1/thing", "x=1", func(r *http.Request) {
			r.Header.Del("Origin")
			for k, v := range c.head {
				r.Header.Set(k, v)
			}
		})
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		login := b.do("POST", "/login", url.Values{"user": {"ann"}, "password": {password}}.Encode(), func(r *http.Request) {
			r.Header.Del("Origin")
			for k, v := range c.head {
				r.Header.Set(k, v)
			}
		})
		if (login.Code == http.StatusSeeOther) != (c.want == 200) {
			t.Errorf("login, %s: %d", name, login.Code)
		}
	}
	token := b.token(job.Token{Name: "ci", Role: "operator", Expires: b.now.Add(time.Hour)})
	b.cookies = map[string]string{}
	b.wants("a program", b.do("POST", "/api/v1/thing", "", func(r *http.Request) {
		r.Header.Del("Origin")
		r.Header.Set("Authorization", "Bearer "+token)
	}), 200, "reached")
}

func TestPasswordsAreLookedAtAlike(t *testing.T) {
	b := newBench(t, nil)
	var texts []string
	for _, user := range []string{"ann", "nobody", "' OR 1=1 --", "<script>alert(1)</script>", strings.Repeat("x", 5000)} {
		w := b.do("POST", "/login", url.Values{"user": {user}, "password": {"hunter2-hunter2"}}.Encode(), nil)
		texts = append(texts, w.Body.String())
		b.wants(user, w, 401, "access.login_refused")
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("the answer tells users apart:\n%s\n%s", texts[0], text)
		}
	}
	for _, act := range b.memory.acts {
		if strings.Contains(act, "hunter2") || strings.Contains(act, "script") {
			t.Errorf("the audit list has what was typed: %s", act)
		}
	}
	b.wants("too long", b.login("ann", strings.Repeat("x", PasswordMost+1)), 401, "access.login_refused")
	b.memory.wait = 90 * time.Second
	if w := b.login("ann", password); w.Code != 429 || w.Header().Get("Retry-After") != "91" {
		t.Errorf("while it waits: %d %v", w.Code, w.Header())
	}
}

// Whoever tries without end leaves a bounded trace.
func TestRefusedLoginsAreToldWithinBounds(t *testing.T) {
	b := newBench(t, nil)
	request := httptest.NewRequestWithContext(t.Context(), "POST", site+"/login", nil)
	for range 10_000 {
		b.gate.tellRefused(request, "ann")
	}
	if len(b.memory.acts) != refusalsTold {
		t.Errorf("%d lines in the audit list", len(b.memory.acts))
	}
	b.now = b.now.Add(refusalsIn)
	b.gate.tellRefused(request, "ann")
	if last := b.memory.acts[len(b.memory.acts)-1]; !strings.Contains(last, "9980 more were not written down") {
		t.Errorf("the next hour begins with %q", last)
	}
}

func TestPagesOfRefusalsAreEscaped(t *testing.T) {
	b := newBench(t, nil)
	w := b.do("POST", "/login", url.Values{"user": {`"><img src=x onerror=alert(1)>`}, "password": {"x"}, "to": {`/"><script>`}}.Encode(), with("Accept", "text/html"))
	if text := w.Body.String(); w.Code != 401 || strings.Contains(text, "<img") || strings.Contains(text, "<script") || !strings.Contains(text, "access.login_refused") {
		t.Errorf("%d %s", w.Code, text)
	}
	w = b.do("GET", "/page?x=%22%3E%3Cscript%3E", "", with("Accept", "text/html"))
	if to := w.Header().Get("Location"); w.Code != 303 || to != "/login?to=%2Fpage%3Fx%3D%2522%253E%253Cscript%253E" {
		t.Errorf("%d to %s", w.Code, to)
	}
}
