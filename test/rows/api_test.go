package rows_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// counts are a report of what became of a file's records.
const counts = `{"created":1,"updated":2,"deleted":3,"errored":0,"note":"` + script + `"}`

// Tokens that are forged, cut off, of another kind, expired or revoked open nothing: each route says so in the same way, and does nothing.
func TestBadTokensOpenNothing(t *testing.T) {
	s := newSite(t)
	s.token("revoked", "90d", "--role", "admin")
	s.haulier(0, "tokens", "revoke", "revoked")
	s.token("short", "1s", "--role", "admin")
	until(t, "a token that has expired", func() bool { return s.ask("short", "GET", "/api/v1/jobs", "").status != http.StatusOK })
	good := s.tokens["admin"]
	at := strings.LastIndexByte(good, '_')
	other := map[bool]string{true: "a", false: "b"}[good[len(good)-2] != 'a']
	bad := map[string]string{
		"nobody": "", "forged": "Bearer " + good[:len(good)-2] + other + good[len(good)-1:], "another's secret": "Bearer " + good[:at] + s.tokens["acme"][at:],
		"cut off": "Bearer " + good[:len(good)-1], "only its name": "Bearer " + good[:at], "not a bearer": "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+good)),
		"script": "Bearer " + script, "empty": "Bearer ", "revoked": "Bearer " + s.tokens["revoked"], "expired": "Bearer " + s.tokens["short"],
	}
	file := s.file("acme")
	asks := []string{"POST /api/v1/outbox/acme-segments?name=a.csv", "POST /api/v1/files/" + file + "/outcome", "GET /api/v1/files/" + file + "/content", "POST /api/v1/config/check", "GET /api/v1/" + url.PathEscape(script), "GET /api/openapi.json"}
	for _, pattern := range route.Patterns(web.Routes(web.Options{})) {
		if named := strings.NewReplacer("{name}", "acme", "{id}", file).Replace(pattern); !strings.HasSuffix(named, "/healthz") && (strings.Contains(pattern, "/connections") || strings.Contains(pattern, "keys")) {
			asks = append(asks, named)
		}
	}
	for name, authorization := range bad {
		for i, ask := range asks {
			if i > 5 && name != "forged" && name != "nobody" { // who asks too much at once is told to wait
				break
			}
			method, path, _ := strings.Cut(ask, " ")
			head := []string{"Idempotency-Key", "k"}
			if authorization != "" {
				head = append(head, "Authorization", authorization)
			}
			a := s.askWith(method, path, counts, head...)
			slug := map[string]string{"nobody": "access.login_needed", "expired": "access.token_expired"}[name]
			if slug == "" {
				slug = "access.token_refused"
			}
			s.isProblem(a, http.StatusUnauthorized, slug, ask+" with a token that is "+name)
			if a.head.Get("WWW-Authenticate") != "Bearer" || strings.Contains(a.text, good[at+1:]) || strings.Contains(a.text, "acme") {
				t.Errorf("%s, %s: %v %s", name, ask, a.head, a.text)
			}
		}
	}
	same(t, "outbox", s.names("acme-segments"), nil)
	if text := s.haulier(0, "audit", "list").out; strings.Contains(text, "file.outcome") || strings.Contains(text, "file.download") {
		t.Errorf("something was done: %s", text)
	}
}

// What belongs to another tenant is answered word for word as what was never there, and lists have none of it.
func TestAnotherTenantsThingsAreNotThere(t *testing.T) {
	s := newSite(t)
	run := good[struct{ Runs []struct{ Run int64 } }](s, "admin", "GET", "/runs?job=acme-files", "").Runs[0].Run
	for ask, body := range map[string]string{
		"GET /files/" + s.file("acme"): "", "GET /files/" + s.file("acme") + "/content": "", "GET /files/" + s.file("acme") + "/content?as=received": "", "POST /files/" + s.file("acme") + "/outcome": counts,
		fmt.Sprintf("GET /runs/%d", run): "", fmt.Sprintf("GET /runs/%d/log", run): "", fmt.Sprintf("GET /runs/%d/events", run): "", fmt.Sprintf("POST /runs/%d/retry", run): `{}`,
		"POST /outbox/acme-segments?name=a.csv": "x", "POST /jobs/acme-files/run": `{}`, "POST /jobs/acme-files/plan": `{}`, "GET /jobs/acme-files": "",
		"GET /connections/acme": "", "GET /connections/acme/stats": "", "POST /connections/acme/test": `{}`, "GET /connections/acme/host-key": "", "GET /connections/acme/onboarding?format=html": "", "POST /connections/acme/onboarding": `{"days":7}`,
		"GET /connections/acme/onboarding/answers": "", "POST /connections/acme/onboarding/handled": `{"last":1}`,
	} {
		method, path, _ := strings.Cut(ask, " ")
		others := s.refused(404, "api.not_found", "bank", method, path, body, "Idempotency-Key", "k")
		missing := strings.NewReplacer("acme-segments", "nothing", "acme-files", "nothing", "/acme", "/nothing", s.file("acme"), "999999", fmt.Sprint("runs/", run), "runs/999999").Replace(path)
		if never := s.refused(404, "api.not_found", "bank", method, missing, body, "Idempotency-Key", "k"); others != never {
			t.Errorf("%s: %s\nof what is not there: %s", ask, others, never)
		}
	}
	for _, list := range []string{"/overview", "/jobs", "/runs", "/files", "/events", "/held", "/connections", "/keys", "/pgp-keys", "/alerts", "/deliveries", "/keys/calendar"} {
		a := s.ask("bank", "GET", "/api/v1"+list, "")
		if a.status != http.StatusOK || strings.Contains(a.text, "acme") || strings.Contains(a.text, s.dir) && list != "/files" && list != "/events" {
			t.Errorf("%s shows a bank %d %s", list, a.status, a.text)
		}
		if mine := s.ask("acme", "GET", "/api/v1"+list, "").text; strings.Contains(mine, "bank") {
			t.Errorf("%s shows acme %s", list, mine)
		}
	}
	if own := s.ask("bank", "GET", "/api/v1/overview", "").text; !strings.Contains(own, "bank-files") {
		t.Errorf("the bank does not see its own: %s", own)
	}
	if own := s.ask("bank", "GET", "/api/v1/events", "").text; !strings.Contains(own, "file.landed") {
		t.Errorf("the bank does not see its own: %s", own)
	}
	for _, who := range []string{"bank", "viewer", "operator"} {
		s.refused(403, "access.role", who, "POST", "/connections/acme/trust", `{"fingerprint":"SHA256:x"}`)
	}
	s.refused(403, "access.role", "viewer", "POST", "/outbox/acme-segments?name=a.csv", "x", "Idempotency-Key", "k")
	s.refused(403, "access.role", "viewer", "GET", "/files/"+s.file("acme")+"/content", "")
	same(t, "outbox", s.names("acme-segments"), nil)
}

// The bytes that landed are given as they are, as a file, and the audit list has who took them; what lies there no longer is not.
func TestContentOverTCP(t *testing.T) {
	s := newSite(t)
	path := "/api/v1/files/" + s.file("acme") + "/content"
	const text = "the customers of acme"
	sum := sha256.Sum256([]byte(text))
	for _, as := range []string{"", "?as=landed", "?as=received"} {
		a := s.ask("acme", "GET", path+as, "")
		if a.status != http.StatusOK || a.text != text || a.head.Get("Content-Digest") != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" || a.head.Get("Content-Type") != "application/octet-stream" ||
			!strings.HasPrefix(a.head.Get("Content-Disposition"), "attachment; filename=") || a.head.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %q %v", as, a.status, a.text, a.head)
		}
	}
	if n := strings.Count(s.haulier(0, "audit", "list").out, "file.download"); n != 3 {
		t.Errorf("%d downloads are in the audit list", n)
	}
	s.refused(400, "api.bad_request", "acme", "GET", "/files/"+s.file("acme")+"/content?as="+url.QueryEscape(script), "")
	landed := s.path("acme-files/" + s.names("acme-files")[0])
	writeFile(t, landed, "the customers of ACME") // as long, and other bytes
	s.refused(409, "content.changed", "acme", "GET", "/files/"+s.file("acme")+"/content", "")
	if err := os.Remove(landed); err != nil {
		t.Fatal(err)
	}
	s.refused(410, "content.taken", "acme", "GET", "/files/"+s.file("acme")+"/content", "")
	for id, status := range map[string]int{"0": 400, "x": 400, "-1": 400, "99999999999999999999": 400, "4711": 404, url.PathEscape(script): 400, "1%20OR%201=1": 400} {
		slug := map[int]string{400: "api.bad_request", 404: "api.not_found"}[status]
		s.refused(status, slug, "operator", "GET", "/files/"+id+"/content", "")
		s.refused(status, slug, "operator", "POST", "/files/"+id+"/outcome", counts)
		s.refused(404, "api.not_found", "acme", "GET", "/files/"+id+"/content", "")
		s.refused(404, "api.not_found", "acme", "POST", "/files/"+id+"/outcome", counts)
	}
}

// A report stands as it was sent first; one that differs wants to be asked for.
func TestOutcomeOverTCP(t *testing.T) {
	s := newSite(t)
	path := "/files/" + s.file("acme") + "/outcome"
	first := s.ask("acme", "POST", "/api/v1"+path, counts)
	again := s.ask("acme", "POST", "/api/v1"+path, counts)
	if first.status != http.StatusOK || first.text != again.text || strings.Contains(first.text, "<script") || !strings.Contains(first.text, `"by":"token:acme"`) {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.text, again.status, again.text)
	}
	other := strings.Replace(counts, `"created":1`, `"created":7`, 1)
	s.refused(409, "report.differs", "acme", "POST", path, other)
	s.refused(400, "api.bad_request", "acme", "POST", path, `{"created":1}`)
	s.refused(400, "api.bad_request", "acme", "POST", path, counts[:20])
	s.refused(400, "api.bad_request", "acme", "POST", path, `{"by":"`+strings.Repeat("x", 70_000)+`"}`)
	if r := good[struct{ Created int64 }](s, "acme", "POST", path, strings.Replace(other, "{", `{"replace":true,`, 1)); r.Created != 7 {
		t.Errorf("replaced by %+v", r)
	}
	shown := good[struct{ Outcome struct{ Created int64 } }](s, "acme", "GET", "/files/"+s.file("acme"), "")
	if n := strings.Count(s.haulier(0, "audit", "list").out, "file.outcome"); shown.Outcome.Created != 7 || n != 2 {
		t.Errorf("%+v stands, and the audit list has %d reports", shown, n)
	}
}

// A file is put once for each key, whoever asks how often: the same again is answered the same, another under the same key is refused, and a key is
// that of one token.
func TestOutboxOverTCP(t *testing.T) {
	s := newSite(t)
	const path = "/outbox/acme-segments?name=a.csv"
	put := func(who, key, name, body string) answer {
		t.Helper()
		return s.ask(who, "POST", "/api/v1/outbox/acme-segments?name="+url.QueryEscape(name), body, "Idempotency-Key", key)
	}
	sum := sha256.Sum256([]byte("one"))
	first, again := put("acme", "k1", "a.csv", "one"), put("acme", "k1", "a.csv", "one")
	if first.status != http.StatusOK || first.text != again.text || again.status != first.status || !strings.Contains(first.text, hex.EncodeToString(sum[:])) {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.text, again.status, again.text)
	}
	s.isProblem(put("acme", "k1", "a.csv", "two"), 422, "api.key_reused", "another file")
	s.isProblem(put("acme", "k1", "b.csv", "one"), 422, "api.key_reused", "another name")
	s.isProblem(put("operator", "k1", "a.csv", "one"), 409, "local.name_taken", "another's key")
	s.isProblem(put("acme", "k2", "a.csv", "one"), 409, "local.name_taken", "another key")
	s.refused(400, "api.bad_request", "acme", "POST", path, "one")
	s.refused(400, "api.bad_request", "acme", "POST", path, "one", "Idempotency-Key", script+"\u00e9")
	for _, name := range []string{"../a.csv", "/etc/passwd", "", "..", "a/b", "a\x00b"} {
		s.isProblem(put("acme", "k3", name, "one"), 422, "local.unsafe_name", fmt.Sprintf("the name %q", name))
	}
	if odd := put("acme", "k4", strings.ReplaceAll(script, "/", "-"), "odd"); odd.status != http.StatusOK || strings.Contains(odd.text, "<script") {
		t.Errorf("a name with script in it: %d %s", odd.status, odd.text)
	}
	s.refused(404, "usage.no_such_job", "operator", "POST", "/outbox/"+url.PathEscape(script)+"?name=a.csv", "x", "Idempotency-Key", "k")
	s.refused(422, "api.not_an_export", "operator", "POST", "/outbox/acme-files?name=a.csv", "x", "Idempotency-Key", "k")
	want := []string{"<script>alert(1)<-script>", "a.csv"}
	if got := s.names("acme-segments"); !slices.Equal(got, want) || s.read("acme-segments/a.csv") != "one" {
		t.Errorf("the outbox has %q", got)
	}
	s.haulier(0, "run", "acme-segments")
	same(t, "arrived", s.c.names("acme-in"), want)
	if late := put("acme", "k1", "a.csv", "one"); late.text != first.text || len(s.names("acme-segments")) != 2 { // exports keep their sources
		t.Errorf("after it was sent: %d %s", late.status, late.text)
	}
}
