package access

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/haulier/haulier/web/route"
)

// issuer is a provider within the test: it logs everybody in as its claims say.
type issuer struct {
	*httptest.Server
	key       *rsa.PrivateKey
	claims    map[string]any
	challenge string
	nonce     string
	verified  bool // the verifier of PKCE fitted
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &issuer{key: key, claims: map[string]any{}}
	answer := func(value func(r *http.Request) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(value(r))
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", answer(func(*http.Request) any {
		return map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		}
	}))
	mux.HandleFunc("/keys", answer(func(*http.Request) any {
		return map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}}
	}))
	mux.HandleFunc("/token", answer(func(r *http.Request) any {
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		p.verified = b64(sum[:]) == p.challenge
		return map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.sign(t)}
	}))
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *issuer) sign(t *testing.T) string {
	claims := map[string]any{"iss": p.URL, "aud": "haulier", "sub": "42", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": p.nonce}
	for name, value := range p.claims {
		claims[name] = value
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Error(err)
	}
	signed := b64([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Error(err)
	}
	return signed + "." + b64(signature)
}

// atProvider goes to the provider and gives what a browser is sent back with.
func atProvider(t *testing.T, b *bench, p *issuer) url.Values {
	t.Helper()
	w := b.do("GET", "/login/oidc?to=/page", "", nil)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	p.challenge, p.nonce = to.Query().Get("code_challenge"), to.Query().Get("nonce")
	if to.Query().Get("code_challenge_method") != "S256" || to.Query().Get("redirect_uri") != site+"/login/oidc/callback" {
		t.Errorf("the provider is asked %s", to)
	}
	return url.Values{"state": {to.Query().Get("state")}, "code": {"c"}}
}

func newOIDC(t *testing.T) (*bench, *issuer) {
	t.Helper()
	p := newIssuer(t)
	b := newBench(t, atIssuer(p.URL))
	b.now = time.Now() // tokens of the provider end by the wall clock
	p.claims = map[string]any{"preferred_username": "eve", "realm": map[string]any{"groups": []string{"staff", "support"}}, "tenants": []string{"one"}}
	return b, p
}

func atIssuer(address string) func(o *Options) {
	return func(o *Options) {
		o.Public, _ = url.Parse(site)
		o.OIDC = &OIDC{Issuer: address, Client: "haulier", Roles: "realm.groups", Entities: "tenants", Map: Roles{route.Admin: {"bosses"}, route.Viewer: {"support"}}}
	}
}

func TestALoginAtTheProvider(t *testing.T) {
	b, p := newOIDC(t)
	back := atProvider(t, b, p)
	w := b.do("GET", "/login/oidc/callback?"+back.Encode(), "", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/page" || !p.verified {
		t.Fatalf("%d %s, verified %v", w.Code, w.Body, p.verified)
	}
	b.wants("after it", b.do("GET", "/api/v1/thing", "", nil), 200, "reached")
	if b.asked.Name != "oidc:eve" || b.asked.Role != route.Viewer || len(b.asked.Sight) != 1 || b.asked.Sight[0] != "one" {
		t.Errorf("it asks as %+v", b.asked)
	}
	b.wants("of another tenant", b.do("GET", "/api/v1/runs/2/content", "", nil), 404, "api.not_found")
	b.wants("the same answer again", b.do("GET", "/login/oidc/callback?"+back.Encode(), "", nil), 401, "access.oidc")
}

func TestLoginsAtTheProviderThatProveNothing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bench, p *issuer, back url.Values)
		status int
	}{
		"another state":      {func(_ *bench, _ *issuer, back url.Values) { back.Set("state", "x") }, 401},
		"another browser":    {func(b *bench, _ *issuer, _ url.Values) { b.cookies[oidcCookie] = random(keyBytes) }, 401},
		"no cookie":          {func(b *bench, _ *issuer, _ url.Values) { delete(b.cookies, oidcCookie) }, 401},
		"too late":           {func(b *bench, _ *issuer, _ url.Values) { b.now = b.now.Add(attemptFor) }, 401},
		"another nonce":      {func(_ *bench, p *issuer, _ url.Values) { p.nonce = "x" }, 401},
		"another audience":   {func(_ *bench, p *issuer, _ url.Values) { p.claims["aud"] = "other" }, 401},
		"another issuer":     {func(_ *bench, p *issuer, _ url.Values) { p.claims["iss"] = "https://evil.example" }, 401},
		"an old token":       {func(_ *bench, p *issuer, _ url.Values) { p.claims["exp"] = time.Now().Add(-time.Hour).Unix() }, 401},
		"another's key":      {func(_ *bench, p *issuer, _ url.Values) { p.key, _ = rsa.GenerateKey(rand.Reader, 2048) }, 401},
		"said no":            {func(_ *bench, _ *issuer, back url.Values) { back.Set("error", "access_denied") }, 401},
		"no group of ours":   {func(_ *bench, p *issuer, _ url.Values) { p.claims["realm"] = map[string]any{"groups": "staff"} }, 403},
		"groups of no shape": {func(_ *bench, p *issuer, _ url.Values) { p.claims["realm"] = []int{1} }, 403},
	} {
		b, p := newOIDC(t)
		back := atProvider(t, b, p)
		c.change(b, p, back)
		w := b.do("GET", "/login/oidc/callback?"+back.Encode(), "", nil)
		if w.Code != c.status || b.cookies[sessionCookie] != "" || len(b.memory.sessions) != 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
