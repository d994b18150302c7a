package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// twoCustomers is a configuration of two tenants at one server each, the first of which answers.
func twoCustomers(port int) string {
	return fmt.Sprintf(`version: 1
timezone: Europe/Brussels
web: {public_url: "https://haulier.example"}
connections:
  acme: {entity: acme-nv, host: 127.0.0.1, port: %[1]d, username: acme, auth: {methods: [publickey, password], key: acme, password: {env: PAGES_PASSWORD}}, locations: {outgoing: /out}, inbound: {pgp: {decrypt_with: acme-in}}}
  bank: {entity: bank-nv, host: 127.0.0.1, port: 1, username: other, auth: {methods: [publickey], key: bank}, locations: {outgoing: /out}}
  twin: {entity: bank-nv, host: 127.0.0.1, port: %[1]d, username: twin, auth: {methods: [publickey], key: bank}, locations: {outgoing: /out}}
  pinned: {entity: acme-nv, host: sftp.example, username: x, auth: {methods: [publickey], key: acme}, host_keys: ["ssh-ed25519 SHA256:uNiVztksCsDhcc0u9e8BrQuXVuSMEyBwFVZ1gJ8GZ3w"], locations: {outgoing: /out}}
jobs:
  acme-in: {type: import, connection: acme, schedule: "0 3 * * *", from: {location: outgoing, match: "*.csv.pgp"}, to: {dir: landing/acme}}
  bank-in: {type: import, connection: bank, from: {location: outgoing, match: "*"}, to: {dir: landing/bank}}
`, port)
}

// apiOverServer asks the API of a daemon whose first customer's server is real.
func apiOverServer(t *testing.T, who *route.Identity) (http.Handler, *store.Store, *sftptest.Server) {
	t.Helper()
	server, err := sftptest.Start(sftptest.Options{Root: t.TempDir(), Users: []sftptest.User{{Name: "acme", Password: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	t.Setenv("PAGES_PASSWORD", "x")
	h, s := pagesOf(t, twoCustomers(server.Port()), func(ctx context.Context, s *store.Store) {
		for _, name := range []string{"acme", "bank"} {
			must[job.Key](t)(control.Keys{Store: s, By: "ops"}.GenerateSSH(ctx, name, "ed25519"))
		}
		must[job.Key](t)(s.AddKey(ctx, job.Key{Name: "acme-in", Kind: job.KeyPGP, Algorithm: "x25519", Public: "armored", Fingerprint: "AB"}, secret.New([]byte("private"))))
	}, who)
	return h, s, server
}

func answerOf[T any](t *testing.T, h http.Handler, method, path, body string) (value T) {
	t.Helper()
	status, text := askAPI(t, h, method, path, body)
	if err := json.Unmarshal([]byte(text), &value); err != nil || status != http.StatusOK {
		t.Fatalf("%s %s: %d %s %v", method, path, status, text, err)
	}
	return value
}

// A connection is brought to work by the API alone: its host key is seen, trusted by somebody who sees all that it counts for, and the test is green.
func TestAServerIsTrustedAndTested(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Admin}
	h, s, server := apiOverServer(t, &who)
	const trust, test = "/connections/acme/trust", "/connections/acme/test"
	if r := answerOf[web.Test](t, h, "POST", test, `{}`); r.OK || r.Error.Slug != "host_key.unknown" {
		t.Errorf("before it is trusted: %+v", r)
	}
	if status, text := askAPI(t, h, "POST", trust, `{"fingerprint":"SHA256:<script>"}`); status != 422 || !strings.Contains(text, "host_key.unknown") || strings.Contains(text, "<script>") {
		t.Errorf("another fingerprint: %d %s", status, text)
	}
	shown := answerOf[web.HostKeys](t, h, "GET", "/connections/acme/host-key", "")
	if len(shown.Keys) != 0 || len(shown.Shown) == 0 || shown.Shown[0].Counts || shown.From != "store" {
		t.Fatalf("what it has shown: %+v", shown)
	}
	body := fmt.Sprintf(`{"fingerprint":%q}`, shown.Shown[0].Fingerprint)
	who.Sight = job.Sight{"acme-nv"}
	if status, text := askAPI(t, h, "POST", trust, body); status != 422 || !strings.Contains(text, "host_key.shared") {
		t.Errorf("it counts for another's connection: %d %s", status, text)
	}
	if status, text := askAPI(t, h, "GET", "/connections/acme/host-key", ""); status != 200 || !strings.Contains(text, `"shown":[]`) || !strings.Contains(text, `"shared":true`) || strings.Contains(text, shown.Shown[0].Fingerprint) {
		t.Errorf("what a shared server has shown to whoever logs in: %d %s", status, text)
	}
	who.Sight = nil
	keys := answerOf[web.HostKeys](t, h, "POST", trust, body)
	if len(keys.Keys) != 1 || keys.Keys[0].By != "olivia" || !slices.Contains(keys.Pinned, shown.Shown[0].Fingerprint) || !slices.Contains(server.HostKeys(), keys.Keys[0].Key) {
		t.Errorf("pinned: %+v", keys)
	}
	if r := answerOf[web.Test](t, h, "POST", test, `{}`); r.Error != nil && strings.HasPrefix(r.Error.Slug, "host_key.") || len(r.Stages) < 4 {
		t.Errorf("after it is trusted: %+v", r)
	}
	who.Sight = job.Sight{"acme-nv"}
	if k := answerOf[web.HostKeys](t, h, "GET", "/connections/acme/host-key", ""); len(k.Keys) != 1 || k.Keys[0].By+k.Keys[0].Why != "" || !k.Keys[0].Added.IsZero() || k.Keys[0].Key != keys.Keys[0].Key {
		t.Errorf("a tenant sees of a shared server: %+v", k.Keys)
	}
	for _, path := range []string{"/connections/acme", "/keys"} {
		if text := pageOf(t, h, path); strings.Contains(text, "olivia</small>") || strings.Contains(text, "by olivia") {
			t.Errorf("the page %s says who trusted a shared server: %s", path, text)
		}
	}
	if text := pageOf(t, h, "/connections/acme"); !strings.Contains(text, "ssh-ed25519 AAAA") {
		t.Errorf("its page does not have the key: %s", text)
	}
	who.Sight = nil
	if text := pageOf(t, h, "/connections/acme"); !strings.Contains(text, "olivia") {
		t.Errorf("whoever sees everything is not told who trusted it: %s", text)
	}
	var acts []string
	for _, line := range must[[]store.AuditLine](t)(s.Audit(t.Context(), 0, 100)) {
		if line.Who == "olivia" {
			acts = append(acts, line.Act)
		}
	}
	if slices.Sort(acts); !slices.Equal(acts, []string{"connection.test", "connection.test", "connection.tested", "connection.tested", "host-key.look", "host-key.look", "host-key.look", "host-key.pin"}) {
		t.Errorf("the audit list has %q", acts)
	}
	if status, text := askAPI(t, h, "POST", "/connections/pinned/trust", body); status != 422 || !strings.Contains(text, "host_key.configured") {
		t.Errorf("keys in the configuration: %d %s", status, text)
	}
	if k := answerOf[web.HostKeys](t, h, "GET", "/connections/pinned/host-key", ""); k.From != "configuration" || k.Keys[0].Type != "ssh-ed25519" || k.Keys[0].Key != "" {
		t.Errorf("keys in the configuration: %+v", k)
	}
}

func TestConnectionsOverAStore(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Operator}
	h, s, _ := apiOverServer(t, &who)
	list := answerOf[web.ConnectionList](t, h, "GET", "/connections?limit=1", "")
	if list.Next != "acme" || len(list.Connections) != 1 || list.Connections[0].State != "draft" || !slices.Equal(list.Connections[0].Jobs, []string{"acme-in"}) {
		t.Errorf("%+v", list)
	}
	if rest := answerOf[web.ConnectionList](t, h, "GET", "/connections?after=acme", ""); len(rest.Connections) != 3 || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
	c := answerOf[web.ConnectionShown](t, h, "GET", "/connections/acme?window=7d", "")
	if c.Figures == nil || len(c.Figures.Days) != 7 || c.Figures.SuccessRate != nil || c.Figures.Timezone != "Europe/Brussels" || c.Locations["outgoing"].Path != "/out" || c.Key != "acme" {
		t.Errorf("%+v", c)
	}
	if p := answerOf[web.ConnectionShown](t, h, "POST", "/connections/acme/pause", `{"reason":"they <move>"}`); p.State != "paused" || p.Pause == nil || p.Pause.By != "olivia" {
		t.Errorf("paused: %+v", p)
	}
	if status, text := askAPI(t, h, "POST", "/connections/acme/pause", `{"reason":""}`); status != 422 || !strings.Contains(text, "api.bad_pause") {
		t.Errorf("without a reason: %d %s", status, text)
	}
	for range 2 { // what is not paused may be resumed
		if p := answerOf[web.ConnectionShown](t, h, "POST", "/connections/acme/resume", `{}`); p.State != "draft" || p.Pause != nil {
			t.Errorf("resumed: %+v", p)
		}
	}
	if status, text := askAPI(t, h, "POST", "/jobs/acme-in/extend", `{"until":"2026-11-24T06:00:00Z","reason":"x"}`); status != 404 || !strings.Contains(text, "usage.no_open_day") {
		t.Errorf("a deadline of a job without one: %d %s", status, text)
	}
	plan, text := askAPI(t, h, "POST", "/jobs/acme-in/plan", `{}`)
	if plan != 422 || !strings.Contains(text, `"slug":"`) {
		t.Errorf("the plan of a connection that never worked: %d %s", plan, text)
	}
	link := answerOf[web.SheetLink](t, h, "POST", "/connections/acme/onboarding", `{"days":7}`)
	token, cut := strings.CutPrefix(link.URL, "https://haulier.example/sheet/")
	if links := must[[]store.SheetLink](t)(s.SheetLinks(t.Context(), "acme", link.Expires.AddDate(0, 0, -1))); !cut || len(links) != 1 || links[0].By != "olivia" || links[0].Hash != hashOf(token) {
		t.Errorf("%+v of %+v", links, link)
	}
	for path, want := range map[string]string{"": `"Host":"127.0.0.1"`, "?format=md": "# ", "?format=html": "<!doctype html>", "?format=txt": "acme", "?format=mail": "Subject"} {
		if status, text := askAPI(t, h, "GET", "/connections/acme/onboarding"+path, ""); status != 200 || !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
			t.Errorf("%s: %d %.200s", path, status, text)
		}
	}
}

// Keys are those that the connections that somebody sees work with, in parts that neither lose nor double one.
func TestPublicKeysOverAStore(t *testing.T) {
	who := route.Identity{Role: route.Viewer}
	h, _, _ := apiOverServer(t, &who)
	var names []string
	for after := ""; ; {
		part := answerOf[web.SSHKeyList](t, h, "GET", "/keys?limit=1&after="+after, "")
		for _, k := range part.Keys {
			names = append(names, k.Name)
			if !strings.HasPrefix(k.AuthorizedKeys, "ssh-ed25519 ") || k.Slot != job.SlotCurrent || k.AgeDays != 0 {
				t.Errorf("%+v", k)
			}
		}
		if after = part.Next; after == "" {
			break
		}
	}
	if !slices.Equal(names, []string{"acme", "bank"}) {
		t.Errorf("keys %q", names)
	}
	if status, text := askAPI(t, h, "GET", "/keys?after=%FF", ""); status != 400 || !strings.Contains(text, "api.bad_request") {
		t.Errorf("no cursor: %d %s", status, text)
	}
	if pgp := answerOf[web.PGPKeyList](t, h, "GET", "/pgp-keys", ""); len(pgp.Keys) != 1 || !pgp.Keys[0].Ours || !slices.Equal(pgp.Keys[0].Connections, []string{"acme"}) {
		t.Errorf("%+v", pgp)
	}
	who.Sight = job.Sight{"bank-nv"}
	if mine := answerOf[web.SSHKeyList](t, h, "GET", "/keys", ""); len(mine.Keys) != 1 || mine.Keys[0].Name != "bank" || !slices.Equal(mine.Keys[0].Connections, []string{"bank", "twin"}) {
		t.Errorf("a bank sees %+v", mine)
	}
	if mine := answerOf[web.PGPKeyList](t, h, "GET", "/pgp-keys", ""); len(mine.Keys) != 0 {
		t.Errorf("a bank sees %+v", mine)
	}
	if mine := answerOf[web.ConnectionList](t, h, "GET", "/connections", ""); len(mine.Connections) != 2 {
		t.Errorf("a bank sees %+v", mine)
	}
}
