package access

import (
	"net/http"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/route"
)

func behindAProxy(o *Options) {
	o.Proxy = Proxy{User: "X-User", Roles: "X-Groups", Entities: "X-Tenants", Map: Roles{route.Admin: {"bosses"}, route.Viewer: {"support"}}}
}

func TestAProxyIsBelievedByItsAddress(t *testing.T) {
	b := newBench(t, func(o *Options) { behindAProxy(o); o.Proxy.Trusted = prefixes(t, "10.0.0.0/8") })
	ask := func(peer, groups, tenants, path string) int {
		w := b.do("GET", path, "", func(r *http.Request) {
			r.RemoteAddr = peer
			r.Header.Set("X-User", "eve\x1b[2J")
			r.Header.Set("X-Groups", groups)
			if tenants != "" {
				r.Header.Set("X-Tenants", tenants)
			}
		})
		return w.Code
	}
	for name, c := range map[string]struct {
		peer, groups, tenants, path string
		want                        int
	}{
		"the proxy":                     {"10.0.0.1:99", "staff, support", "one", "/api/v1/thing", 200},
		"another machine":               {"192.0.2.1:99", "bosses", "*", "/api/v1/thing", 403}, // past the proxy, without TLS
		"this machine is not the proxy": {"127.0.0.1:99", "bosses", "*", "/api/v1/thing", 401},
		"a group without a role":        {"10.0.0.1:99", "staff", "*", "/api/v1/thing", 403},
		"its own tenant":                {"10.0.0.1:99", "bosses", "one", "/api/v1/runs/1/content", 200},
		"another's":                     {"10.0.0.1:99", "bosses", "one", "/api/v1/runs/2/content", 404},
		"no tenant said":                {"10.0.0.1:99", "bosses", "", "/api/v1/runs/1/content", 404},
		"all tenants":                   {"10.0.0.1:99", "bosses", "*", "/api/v1/runs/2/content", 200},
	} {
		if got := ask(c.peer, c.groups, c.tenants, c.path); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	ask("10.0.0.1:99", "bosses", "*", "/api/v1/thing")
	if b.asked.Name != "proxy:eve[2J" || b.asked.Role != route.Admin {
		t.Errorf("it asks as %+v", b.asked)
	}
}

// Who sends the proxy's header to a proxy that adds its own is not taken for either.
func TestAProxyThatAddsToWhatWasSent(t *testing.T) {
	b := newBench(t, func(o *Options) { behindAProxy(o); o.Proxy.Trusted = prefixes(t, "10.0.0.0/8") })
	for _, doubled := range []string{"", "X-User", "X-Groups", "X-Tenants"} {
		w := b.do("GET", "/api/v1/thing", "", func(r *http.Request) {
			r.RemoteAddr = "10.0.0.1:99"
			for header, own := range map[string]string{"X-User": "eve", "X-Groups": "support", "X-Tenants": "one"} {
				r.Header.Set(header, own)
			}
			if doubled != "" {
				r.Header[doubled] = []string{map[string]string{"X-User": "root", "X-Groups": "bosses", "X-Tenants": "*"}[doubled], r.Header.Get(doubled)}
			}
		})
		switch {
		case doubled == "" && w.Code != http.StatusOK:
			t.Errorf("each once: %d %s", w.Code, w.Body)
		case doubled != "":
			if b.wants("two of "+doubled, w, 403, "access.two_users"); !strings.Contains(w.Body.String(), doubled) {
				t.Errorf("which header is not said: %s", w.Body)
			}
		}
	}
}

func TestHealthIsAskedPastTheProxy(t *testing.T) {
	b := newBench(t, func(o *Options) { behindAProxy(o); o.Proxy.Trusted = prefixes(t, "10.0.0.0/8") })
	w := b.do("GET", "/healthz", "", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:99" })
	if w.Code != http.StatusNotFound { // it is no route of this bench: it has passed the gate
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, ask := range [][2]string{{"POST", "/healthz"}, {"GET", "/readyz"}, {"GET", "/healthz/"}, {"GET", "/login"}, {"GET", "/sheet/x"}} {
		w := b.do(ask[0], ask[1], "", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:99" })
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "past the proxy") {
			t.Errorf("%s: %d %s", ask, w.Code, w.Body)
		}
	}
}

func TestContentIsAFileAndInTheAuditList(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	w := b.do("GET", "/api/v1/runs/1/content", "", nil)
	if w.Code != 200 || w.Header().Get("Content-Disposition") != "attachment" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if last := b.memory.acts[len(b.memory.acts)-1]; last != "ann file.download /api/v1/runs/1/content " {
		t.Errorf("the audit list ends with %q", last)
	}
	w = b.do("GET", "/api/v1/runs/404/content", "", nil)
	if w.Code != 404 || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("refused: %d %v", w.Code, w.Header())
	}
	if last := b.memory.acts[len(b.memory.acts)-1]; last != "ann file.refuse /api/v1/runs/404/content 404 " {
		t.Errorf("refused: the audit list ends with %q", last)
	}
}

func TestHostsOfOthersAreNotAnswered(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	for host, want := range map[string]int{"evil.example": 421, "127.0.0.1:8080": 200, "localhost:8080": 200, "evil.example:8080": 421} {
		w := b.do("GET", "/api/v1/thing", "", func(r *http.Request) { r.Host = host })
		if w.Code != want {
			t.Errorf("%s: %d", host, w.Code)
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	answered := 0
	for range 1000 {
		w := b.do("GET", "/api/v1/thing", "", nil)
		if w.Code == 200 {
			answered++
		} else if w.Code != 429 || w.Header().Get("Retry-After") == "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if answered < 250 || answered > requestsBurst {
		t.Errorf("%d of 1000 requests at once were answered", answered)
	}
	l := newLimiter(1, 1)
	for i := range 5 * limitsMost {
		l.allow(strings.Repeat("x", i%7)+string(rune(i)), b.now)
	}
	if len(l.full) > limitsMost+1 {
		t.Errorf("%d are remembered", len(l.full))
	}
}

// Passwords are looked at two at a time; of those who wait some are sent away.
func TestHashesAreBounded(t *testing.T) {
	h := newHasher()
	for range hashesAtOnce {
		if _, err := h.turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range hashesQueued {
		h.queue <- struct{}{}
	}
	if _, err := h.turn(t.Context()); err != errBusy {
		t.Errorf("one too many gives %v", err)
	}
}

func TestHashesThatCannotBeOurs(t *testing.T) {
	for _, hash := range []string{
		"", "$argon2id$", "x", "$argon2id$v=19$m=4294967295,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "$argon2id$v=19$m=32768,t=999999,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA",
		"$argon2i$v=19$m=32768,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "$argon2id$v=19$m=32768,t=3,p=1$$", "$argon2id$v=19$m=32768,t=3,p=0$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA",
	} {
		if same, err := matches(hash, []byte("x")); same || err == nil {
			t.Errorf("%q is taken for a hash", hash)
		}
	}
}
