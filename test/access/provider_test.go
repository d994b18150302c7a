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
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// provider logs in whoever asks, as somebody of the groups and entities that were said last, once for each code and with PKCE.
type provider struct {
	*httptest.Server
	t   testing.TB
	key *rsa.PrivateKey

	mu               sync.Mutex
	name             string
	groups, entities []string
	codes            map[string]url.Values // what was asked for, by code
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": raw64(key.N.Bytes()), "e": raw64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("/auth", p.auth)
	mux.HandleFunc("/token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func raw64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *provider) say(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		p.t.Error(err)
	}
}

// auth sends the browser back at once.
func (p *provider) auth(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code, _ := newKey()
	asked := r.URL.Query()
	p.codes[code] = asked
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {asked.Get("state")}}.Encode(), http.StatusSeeOther)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	if sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier"))); asked == nil || raw64(sum[:]) != asked.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		p.say(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": "haulier", "sub": p.name, "preferred_username": p.name, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": asked.Get("nonce"),
		"groups": p.groups, "tenants": p.entities,
	}
	body, err := json.Marshal(claims)
	signed := raw64([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + raw64(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err2 := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil || err2 != nil {
		p.t.Error(err, err2)
	}
	p.say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": signed + "." + raw64(signature)})
}

// provide names a provider in the configuration.
func (h *house) provide(p *provider) {
	h.t.Helper()
	path := filepath.Join(h.dir, "haulier.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	const at = "web: {"
	h.write("haulier.yaml", strings.Replace(string(text), at, at+`oidc: {issuer: "`+p.URL+`", client_id: haulier, entities_claim: tenants, roles: {admin: haulier-admin, operator: haulier-operator, viewer: haulier-viewer}}, `, 1))
}

// through logs somebody in at the provider, as a browser that follows wherever it is led.
func (s *served) through(p *provider, name string, role route.Role, sight job.Sight) asker {
	s.t.Helper()
	p.mu.Lock()
	p.name, p.groups, p.entities = name, []string{"staff", "haulier-" + string(role)}, sight
	if sight == nil {
		p.entities = []string{"*"}
	}
	p.mu.Unlock()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute}
	answer, err := client.Get("http://" + s.listen + "/login/oidc?to=/help")
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	kept := jar.Cookies(&url.URL{Scheme: "http", Host: s.listen, Path: "/"})
	i := slices.IndexFunc(kept, func(c *http.Cookie) bool { return c.Name == "haulier_session" })
	if answer.Request.URL.Path != "/help" || answer.StatusCode != http.StatusOK || i < 0 {
		s.t.Fatalf("the login ended at %s with %s, cookies %v", answer.Request.URL, answer.Status, kept)
	}
	who := cookie(name, kept[i].Value)
	who.role, who.sight = role, sight
	return who
}

// What a login at a provider gives is what its groups and entities say: each route is answered to who came from there as to anybody else of that role
// and tenant.
func TestEveryRouteToWhoCameFromAProvider(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: some hundred requests to the built program")
	}
	p, h := newProvider(t), newHouse(t)
	h.provide(p)
	s := h.serve()
	s.described = s.describe(h.asker("token-all-viewer"))
	all := newWorld(t).routes
	for i, who := range []asker{
		s.through(p, "olga", route.Admin, nil), s.through(p, "piet", route.Viewer, nil), s.through(p, "rosa", route.Admin, job.Sight{entityOf(alfa)}),
		s.through(p, "sven", route.Operator, job.Sight{entityOf(zulu)}), s.through(p, "tine", route.Viewer, job.Sight{}),
	} {
		s.askAll(all, who, 100+i)
	}
	lines, _ := s.lines(0)
	logins := map[string]int{}
	for _, l := range lines {
		if l.act == "user.login" {
			logins[l.who]++
		}
	}
	for _, name := range []string{"oidc:olga", "oidc:piet", "oidc:rosa", "oidc:sven", "oidc:tine"} {
		if logins[name] != 1 {
			t.Errorf("%d lines of the login of %s", logins[name], name)
		}
	}
}
