package access

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

func TestTokensThatAreNoGood(t *testing.T) {
	b := newBench(t, nil)
	good := b.token(job.Token{Name: "ci", Role: "operator", Sight: job.Sight{"one"}, Expires: b.now.Add(time.Hour)})
	revoked := b.token(job.Token{Name: "old", Role: "operator", Expires: b.now.Add(time.Hour), Revoked: b.now})
	expired := b.token(job.Token{Name: "late", Role: "operator", Expires: b.now})
	other := []byte(good)
	other[len(other)-2] ^= 1
	b.wants("a good one", b.do("GET", "/api/v1/thing", "", with("Authorization", "Bearer "+good)), 200, "reached")
	if b.asked.Name != "token:ci" || !b.asked.Token || len(b.asked.Sight) != 1 {
		t.Errorf("it asks as %+v", b.asked)
	}
	b.enters() // with a session as well: a bad token is not passed over
	for name, c := range map[string][2]string{
		"revoked": {"Bearer " + revoked, "access.token_refused"}, "expired": {"Bearer " + expired, "access.token_expired"}, "forged": {"Bearer " + string(other), "access.token_refused"},
		"cut": {"Bearer " + good[:40], "access.token_refused"}, "basic": {"Basic YTpi", "access.token_refused"}, "empty": {"Bearer ", "access.token_refused"},
		"sql": {"Bearer hlr_' OR 1=1 --_x", "access.token_refused"}, "huge": {"Bearer " + strings.Repeat("a", 8000), "access.token_refused"}, "upper case": {"Bearer " + strings.ToUpper(good), "access.token_refused"},
	} {
		w := b.do("GET", "/api/v1/thing", "", with("Authorization", c[0]))
		b.wants(name, w, http.StatusUnauthorized, c[1])
		if strings.Contains(w.Body.String(), good[14:]) {
			t.Errorf("%s: the answer has the token", name)
		}
	}
}

func TestTokensAreRandomAndFound(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		text, id, hash := NewToken()
		token := string(text.Reveal())
		got, ok := tokenID(token)
		if !ok || got != id || len(hash) != 32 || seen[id] || seen[token[len(token)-52:]] {
			t.Fatalf("a token of %d letters, found %v", len(token), ok)
		}
		seen[id], seen[token[len(token)-52:]] = true, true
	}
}

// FuzzSecrets: whatever stands in a header or a cookie is a whole secret or nothing.
func FuzzSecrets(f *testing.F) {
	whole := tokenBegin + strings.Repeat("a", 13) + "_" + strings.Repeat("b", 51) + "a"
	for _, text := range []string{"", "Bearer", "Bearer " + whole, "bearer  " + whole + " ", "Basic YTpi", whole, "Bearer hlr_", "Bearer hlr__", "Bearer hlr_a_b", "Bearer\t" + whole, "Bearer hlr_\x00_\xff", "Bearer " + strings.ToUpper(whole)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, given := bearer(text)
		if given != (text != "") || !given && token != "" {
			t.Errorf("%q: %q, %v", text, token, given)
		}
		if id, ok := tokenID(token); ok && (len(token) != 4+13+1+52 || !areLetters(id, idBytes) || strings.ContainsAny(token, "\x00\r\n ;\"'")) {
			t.Errorf("%q is taken for a token", token)
		}
		if areLetters(text, keyBytes) && (len(text) != 52 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") != "") {
			t.Errorf("%q is taken for a session's secret", text)
		}
		if _, good := newSealer().attempt(text, "b", time.Time{}); good {
			t.Errorf("%q is taken for a login on its way", text)
		}
		if name := clean(text); len(name) > nameMost || strings.ContainsAny(name, "\x00\r\n\x1b\u202e") {
			t.Errorf("%q becomes the name %q", text, name)
		}
		if to := local(text); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
			t.Errorf("%q leads to %q", text, to)
		}
	})
}
