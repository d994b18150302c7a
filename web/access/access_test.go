package access

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPlacesToGoOnToAreLocal(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/runs/7?x=1": "/runs/7?x=1", "": "/", "runs": "/", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "/\t/evil.example": "/", "%2f%2fevil": "/",
	} {
		if got := local(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

func TestHostsThatAreOurs(t *testing.T) {
	g, err := New(Options{Listen: "127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "LOCALHOST": true, "[::1]:8080": true, "10.0.0.7": true,
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "": false, "127.0.0.1.nip.example:8080": false,
	} {
		if got := g.ours(host); got != want {
			t.Errorf("%q is ours: %v", host, got)
		}
	}
}

// Of what stands in X-Forwarded-For only what trusted proxies have written counts.
func TestClientsBehindAProxy(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.9:1", "10.1.1.1", "192.0.2.9"}, {"10.0.0.1:1", "203.0.113.5", "203.0.113.5"},
		{"10.0.0.1:1", "1.1.1.1, 203.0.113.5", "203.0.113.5"}, {"10.0.0.1:1", "203.0.113.5, 10.0.0.2", "203.0.113.5"},
		{"10.0.0.1:1", "", "10.0.0.1"}, {"10.0.0.1:1", "rubbish", "10.0.0.1"}, {"10.0.0.1:1", "rubbish, 203.0.113.5", "203.0.113.5"},
		{"[::ffff:10.0.0.1]:1", "203.0.113.5", "203.0.113.5"},
	} {
		g := &Gate{Options: Options{Proxy: Proxy{Trusted: prefixes(t, "10.0.0.0/8"), User: "X-User"}}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := g.client(r).String(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
