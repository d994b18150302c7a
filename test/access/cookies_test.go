package access

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// Where people come over TLS to a proxy before us, every cookie of the pages is for TLS and for this host alone, though we are spoken to in clear.
func TestCookiesOfPagesBehindAProxy(t *testing.T) {
	w := newWorld(t)
	gate, err := access.New(access.Options{
		Store: w.store, Listen: host, Public: &url.URL{Scheme: "https", Host: "haulier.example"}, Proxy: access.Proxy{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	night := pagetest.Night()
	if w.handler, err = gate.Handler(page.Routes(night.Options())); err != nil {
		t.Fatal(err)
	}
	who := w.token("all", route.Admin, nil)
	for path, form := range map[string]string{"/theme": "theme=dark", "/jobs/acme-segment/run": "", "/connections/acme/sheet/link": "days=14"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://haulier.example"+path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		who.sign(r)
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		cookies := answer.Result().Cookies()
		if answer.Code != http.StatusSeeOther || len(cookies) != 1 {
			t.Fatalf("%s: %d %v %s", path, answer.Code, cookies, answer.Body)
		}
		if c := cookies[0]; !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(c.Name, "__Host-") || strings.Contains(c.Value, pagetest.Token) {
			t.Errorf("%s: %+v", path, c)
		}
	}
}
