package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever begins logins without end, or has the browser of somebody go to the provider and back with nothing, ends no login that is under way.
func TestLoginsUnderWayAreNotFlushed(t *testing.T) {
	b, p := newOIDC(t)
	back := atProvider(t, b, p)
	nonce, challenge := p.nonce, p.challenge
	stranger := &bench{t: t, handler: b.handler, cookies: map[string]string{}}
	for i := range 3000 {
		stranger.cookies = map[string]string{}
		if w := stranger.do("GET", "/login/oidc", "", func(r *http.Request) { r.RemoteAddr = fmt.Sprintf("192.0.%d.%d:1", 2+i/200, i%200) }); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	atProvider(t, b, p) // another tab, or a page of others that leads there
	b.wants("come back with nothing", b.do("GET", "/login/oidc/callback?state=x&code=y", "", nil), 401, "access.oidc")
	b.wants("come back from elsewhere", b.do("GET", "/login/oidc/callback?error=access_denied&state="+back.Get("state")[1:], "", nil), 401, "access.oidc")
	p.nonce, p.challenge = nonce, challenge
	if w := b.do("GET", "/login/oidc/callback?"+back.Encode(), "", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/page" || !p.verified {
		t.Errorf("the first login: %d %s", w.Code, w.Body)
	}
}

// A state is good for one browser, one process and ten minutes, and tells nothing.
func TestStatesAreSealed(t *testing.T) {
	s, now := newSealer(), time.Unix(1_800_000_000, 0)
	a := attempt{nonce: random(keyBytes), verifier: strings.Repeat("v", 43), to: "/runs?x=1", until: now.Add(attemptFor)}
	state := s.state(a, "browser")
	if got, good := s.attempt(state, "browser", now); !good || got.nonce != a.nonce || got.verifier != a.verifier || got.to != a.to {
		t.Errorf("%+v, %v", got, good)
	}
	if again := s.state(a, "browser"); again == state {
		t.Error("two states are the same")
	}
	flipped := []byte(state)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		sealer         *sealer
		state, browser string
		now            time.Time
	}{
		"another browser": {s, state, "other", now}, "no browser": {s, state, "", now}, "another process": {newSealer(), state, "browser", now},
		"too late": {s, state, "browser", now.Add(attemptFor)}, "cut": {s, state[:len(state)-4], "browser", now}, "changed": {s, string(flipped), "browser", now}, "empty": {s, "", "browser", now},
	} {
		if _, good := c.sealer.attempt(c.state, c.browser, c.now); good {
			t.Errorf("%s: it is good", name)
		}
	}
	if long := s.state(attempt{nonce: a.nonce, verifier: a.verifier, to: "/" + strings.Repeat("x", 5000), until: a.until}, "browser"); len(long) > 1200 {
		t.Errorf("a state has %d bytes", len(long))
	}
}

// hung is a provider that takes requests and does not answer.
type hung struct{ asked atomic.Int64 }

func (h *hung) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked.Add(1)
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// refusing is one that cannot be reached.
type refusing struct{ asked atomic.Int64 }

func (f *refusing) RoundTrip(*http.Request) (*http.Response, error) {
	f.asked.Add(1)
	return nil, errors.New("connection refused")
}

// A provider that hangs holds up nobody but who logs in there, and those no longer than its patience; they are told so, on a page where others log in.
func TestAProviderThatHangsHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { atIssuer("https://login.example")(o); o.Now = time.Now })
		silent := &hung{}
		b.gate.provider.http.Transport = silent
		begun := time.Now()
		answers := make(chan *httptest.ResponseRecorder)
		const people = atProviderMost + 50
		for i := range people {
			go func() {
				r := httptest.NewRequestWithContext(t.Context(), "GET", site+"/login/oidc?to=/runs", nil)
				r.Header.Set("Accept", "text/html")
				r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i)
				w := httptest.NewRecorder()
				b.handler.ServeHTTP(w, r)
				answers <- w
			}()
		}
		for i := range people {
			if i == people-atProviderMost { // only those are left who wait for it
				synctest.Wait()
				b.enters()
				if passed := time.Since(begun); passed != 0 {
					t.Errorf("a local user had to wait %v", passed)
				}
			}
			w := <-answers
			if text := w.Body.String(); w.Code != http.StatusServiceUnavailable || !strings.Contains(text, "access.oidc_silent") || !strings.Contains(text, `name="password"`) || !strings.Contains(text, `value="/runs"`) || w.Header().Get("Retry-After") == "" {
				t.Fatalf("%d %v %s", w.Code, w.Header(), text)
			}
		}
		if passed := time.Since(begun); passed > providerFor {
			t.Errorf("they waited %v", passed)
		}
		if asked := silent.asked.Load(); asked != 1 {
			t.Errorf("it was asked %d times at once", asked)
		}
	})
}

// One that fails is not asked again by each request, and is again when it may be back.
func TestAProviderThatFailsIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { atIssuer("https://login.example")(o); o.Now = time.Now })
		gone := &refusing{}
		b.gate.provider.http.Transport = gone
		ask := func() { b.wants("gone", b.do("GET", "/login/oidc", "", nil), 503, "access.oidc_silent") }
		for range 100 {
			ask()
		}
		if n := gone.asked.Load(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		time.Sleep(silentFor)
		ask()
		if n := gone.asked.Load(); n != 2 {
			t.Errorf("it was asked %d times", n)
		}
	})
}

// saying is a provider that says this of itself.
type saying string

func (s saying) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.WriteString(string(s))
	return w.Result(), nil
}

// A provider that is reached over TLS does not lead to a place without, where others could answer in its name.
func TestAProviderThatLeadsIntoTheClear(t *testing.T) {
	for places, want := range map[string]int{
		`"authorization_endpoint":"https://login.example/a","token_endpoint":"https://login.example/t","jwks_uri":"https://login.example/k"`: 303,
		`"authorization_endpoint":"http://login.example/a","token_endpoint":"https://login.example/t","jwks_uri":"https://login.example/k"`:  401,
		`"authorization_endpoint":"https://login.example/a","token_endpoint":"http://login.example/t","jwks_uri":"https://login.example/k"`:  401,
		`"authorization_endpoint":"https://login.example/a","token_endpoint":"https://login.example/t","jwks_uri":"http://login.example/k"`:  401,
	} {
		b := newBench(t, atIssuer("https://login.example"))
		b.gate.provider.http.Transport = saying(`{"issuer":"https://login.example",` + places + `}`)
		if w := b.do("GET", "/login/oidc", "", nil); w.Code != want {
			t.Errorf("%s: %d %s", places, w.Code, w.Body)
		}
	}
}

// A provider that goes away between the login there and the way back says nothing about who asks.
func TestAProviderThatIsGoneAtTheEnd(t *testing.T) {
	b, p := newOIDC(t)
	back := atProvider(t, b, p)
	p.CloseClientConnections()
	p.Close()
	b.wants("gone", b.do("GET", "/login/oidc/callback?"+back.Encode(), "", nil), 503, "access.oidc_silent")
	if b.cookies[oidcCookie] == "" || len(b.memory.sessions) != 0 {
		t.Errorf("%v, sessions %v", b.cookies, b.memory.sessions)
	}
}
