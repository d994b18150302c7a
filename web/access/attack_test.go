package access

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// Each login costs one look at a hash with the same parameters, whether there is such a user, no such name could be, or the password is too long.
func TestEachLoginCostsTheSame(t *testing.T) {
	b := newBench(t, nil)
	var looked []string
	b.gate.hashes.matches = func(hash string, _ []byte) (bool, error) {
		looked = append(looked, hash[:strings.LastIndexByte(hash[:len(hash)-44], '$')])
		return false, nil
	}
	tries := map[string]string{"ann": "hunter2-hunter2", "nobody": "hunter2-hunter2", "' OR 1=1 --": "hunter2-hunter2", "bob": strings.Repeat("x", PasswordMost+1), "": ""}
	for user, password := range tries {
		b.wants(user, b.login(user, password), 401, "access.login_refused")
	}
	if len(looked) != len(tries) {
		t.Fatalf("%d of %d logins looked at a hash", len(looked), len(tries))
	}
	for _, parameters := range looked {
		if parameters != looked[0] || !strings.HasPrefix(parameters, "$argon2id$") {
			t.Errorf("hashes of %q and %q", parameters, looked[0])
		}
	}
}

// Who has to wait takes nobody's turn at the hashes, however often they ask.
func TestWhoHasToWaitTakesNobodysTurn(t *testing.T) {
	b := newBench(t, nil)
	b.gate.hashes.matches = func(string, []byte) (bool, error) { t.Error("a password was looked at"); return false, nil }
	b.memory.wait = time.Minute
	for range hashesAtOnce { // all turns are taken
		if _, err := b.gate.hashes.turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r := httptest.NewRequestWithContext(ctx, "POST", site+"/login", strings.NewReader("user=ann&password=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", site)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	b.wants("who has to wait", w, 429, "access.login_wait")
}

// A login whose password was changed while it was looked at is refused as any.
func TestAPasswordThatWasChangedMeanwhile(t *testing.T) {
	b := newBench(t, nil)
	b.gate.hashes.matches = func(hash string, password []byte) (bool, error) {
		b.memory.hash = "another by now"
		return matches(hash, password)
	}
	b.wants("the old password", b.login("ann", password), 401, "access.login_refused")
	if len(b.memory.sessions) != 0 {
		t.Error("a session was begun")
	}
}

// noted keeps the addresses that logins are counted by.
type noted struct {
	*memory
	from map[string]int
}

func (n *noted) TryLogin(_ context.Context, _, address string) (time.Duration, error) {
	n.from[address]++
	return time.Minute, nil
}

// Whoever says that they ask for others is believed by their address alone: without a proxy, or past it, each login is counted for who connects.
func TestAddressesThatAreMadeUp(t *testing.T) {
	for name, c := range map[string]struct {
		proxy []string
		peer  string
		want  int
	}{
		"no proxy": {nil, "192.0.2.7:1", 1}, "past the proxy, on this machine": {[]string{"10.0.0.0/8"}, "127.0.0.1:1", 1}, "the proxy": {[]string{"10.0.0.0/8"}, "10.0.0.1:1", 100},
	} {
		n := &noted{from: map[string]int{}}
		b := newBench(t, func(o *Options) {
			n.memory, o.Store = o.Store.(*memory), n
			o.Proxy.Trusted = prefixes(t, c.proxy...)
		})
		for i := range 100 {
			b.do("POST", "/login", "user=ann&password=x", func(r *http.Request) {
				r.RemoteAddr = c.peer
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
				r.Header.Set("Forwarded", fmt.Sprintf("for=203.0.113.%d", i))
				r.Header.Set("X-Real-IP", fmt.Sprintf("203.0.113.%d", i))
			})
		}
		if len(n.from) != c.want {
			t.Errorf("%s: logins are counted by %d addresses, want %d", name, len(n.from), c.want)
		}
	}
}

// A program's token is none of a browser's cookies, a session's key is no token, and neither is read from an address or a form.
func TestSecretsCountInTheirPlaceOnly(t *testing.T) {
	b := newBench(t, nil)
	b.enters()
	key := b.cookies[sessionCookie]
	token := b.token(job.Token{Name: "ci", Role: "operator", Expires: b.now.Add(time.Hour)})
	for name, change := range map[string]func(*http.Request){
		"a session's key as a token": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
		"a token as a cookie":        func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token}) },
		"a key under a secure name":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-" + sessionCookie, Value: key}) },
		"a token in the address":     func(r *http.Request) { r.URL.RawQuery = "access_token=" + token + "&token=" + token },
		"a token in a form":          func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("access_token=" + token)) },
		"a cookie of the way there":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: oidcCookie, Value: key}) },
		"a key in two cookies":       func(r *http.Request) { r.Header.Set("Cookie", sessionCookie+"="+key+"; "+sessionCookie+"="+key) },
		"the hash that the store has": func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: letters.EncodeToString(hashOf(key))})
		},
	} {
		other := &bench{t: t, handler: b.handler, cookies: map[string]string{}}
		if w := other.do("GET", "/api/v1/thing", "", change); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
