package rows_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A program brings a connection to work, hands out its sheet and looks at what the next run would do, over the network.
func TestConnectionsOverTCP(t *testing.T) {
	s := newSite(t)
	type figures struct {
		Requests    struct{ Total, OK, Failed int64 }
		SuccessRate float64 `json:"success_rate"`
		Bytes       struct{ Down, Up int64 }
		Days        []struct {
			DownloadOK int64 `json:"download_ok"`
		}
	}
	shown := good[struct {
		Name    string `json:"connection"`
		State   string
		Figures figures
	}](s, "acme", "GET", "/connections/acme?window=7d", "")
	if f := shown.Figures; shown.Name != "acme" || shown.State != "active" || f.Requests.Total != 1 || f.SuccessRate != 1 || f.Bytes.Down != 21 || len(f.Days) != 7 || f.Days[6].DownloadOK+f.Days[5].DownloadOK != 1 {
		t.Errorf("%+v", shown)
	}
	if r := good[struct {
		OK     bool
		Stages []struct{ Name, State string }
	}](s, "acme", "POST", "/connections/acme/test", `{}`); !r.OK || len(r.Stages) < 5 {
		t.Errorf("the test: %+v", r)
	}
	type keys struct {
		From   string
		Keys   []struct{ Fingerprint string }
		Pinned []string
	}
	if k := good[keys](s, "acme", "GET", "/connections/acme/host-key", ""); k.From != "configuration" || k.Keys[0].Fingerprint != s.c.Fingerprint() {
		t.Errorf("host keys %+v", k)
	}
	s.refused(422, "host_key.configured", "admin", "POST", "/connections/acme/trust", `{"fingerprint":"`+script+`"}`)
	s.refused(400, "api.bad_request", "admin", "POST", "/connections/acme/trust", `{}`)
	s.refused(404, "api.not_found", "admin", "POST", "/connections/"+url.PathEscape(script)+"/trust", `{"fingerprint":"x"}`)

	plan := good[struct {
		Counts  map[string]int
		Intents []struct{ Name, Mark string }
	}](s, "acme", "POST", "/jobs/acme-files/plan", `{}`)
	if plan.Counts["="] != 1 || len(plan.Intents) != 1 {
		t.Errorf("the plan: %+v", plan)
	}
	s.write("acme-segments/new.csv", "x")
	if plan := good[struct{ Counts map[string]int }](s, "acme", "POST", "/jobs/acme-segments/plan", `{}`); plan.Counts["+"] != 1 {
		t.Errorf("the plan of an export: %+v", plan)
	}
	s.handsOut()
	has(t, s.haulier(0, "audit", "list").out, "connection.test", "sheet.link")
}

// handsOut looks at the sheet of a connection in its forms, and follows a link to it without a login.
func (s *site) handsOut() {
	s.t.Helper()
	for format, kind := range map[string]string{"": "application/json", "?format=html": "text/html; charset=utf-8", "?format=md": "text/markdown; charset=utf-8", "?format=mail": "text/plain; charset=utf-8"} {
		a := s.ask("acme", "GET", "/api/v1/connections/acme/onboarding"+format, "")
		if a.status != http.StatusOK || a.head.Get("Content-Type") != kind || !strings.Contains(a.text, "127.0.0.1") || strings.Contains(a.text, s.dir) || format != "" && !strings.HasPrefix(a.head.Get("Content-Disposition"), "attachment") {
			s.t.Errorf("the sheet%s: %d %v %.200s", format, a.status, a.head, a.text)
		}
	}
	s.refused(400, "api.bad_request", "acme", "GET", "/connections/acme/onboarding?format="+url.QueryEscape(script), "")
	s.refused(400, "api.bad_request", "acme", "GET", "/connections/acme/onboarding?format=md&language="+url.QueryEscape(script), "")
	s.refused(400, "api.bad_request", "acme", "POST", "/connections/acme/onboarding", `{"days":365}`)
	link := good[struct{ URL string }](s, "acme", "POST", "/connections/acme/onboarding", `{"days":7}`).URL
	path, ours := strings.CutPrefix(link, s.address)
	if a := s.askWith("GET", path, ""); !ours || a.status != http.StatusOK || !strings.Contains(a.text, "what we need from you") {
		s.t.Errorf("the link %s: %d %.200s", link, a.status, a.text)
	}
	s.isTold(link)
}

// isTold fills in what the link asks for, reads it, and says that it is dealt with.
func (s *site) isTold(link string) {
	s.t.Helper()
	if status, text := (holder{s.t, link}).sends("host=sftp2.acme.example&port=2222&remarks=" + url.QueryEscape(script)); status != http.StatusOK {
		s.t.Fatalf("what was filled in: %d %.200s", status, text)
	}
	type list struct {
		Answers []struct {
			ID     int64
			Link   struct{ By string }
			Fields []struct{ Name, Value, Ours string }
		}
		Incident int64
	}
	told := good[list](s, "acme", "GET", "/connections/acme/onboarding/answers", "")
	if len(told.Answers) != 1 || told.Incident == 0 || told.Answers[0].Link.By == "" || told.Answers[0].Fields[0].Value != "sftp2.acme.example" || told.Answers[0].Fields[0].Ours != "127.0.0.1" || told.Answers[0].Fields[2].Value != script {
		s.t.Fatalf("what was filled in reads %+v", told)
	}
	last := told.Answers[0].ID
	s.refused(404, "onboarding.nothing_waits", "acme", "POST", "/connections/acme/onboarding/handled", fmt.Sprintf(`{"last":%d}`, last+1))
	good[struct{}](s, "acme", "POST", "/connections/acme/onboarding/handled", fmt.Sprintf(`{"last":%d}`, last))
	if told := good[list](s, "acme", "GET", "/connections/acme/onboarding/answers?limit=1", ""); told.Incident != 0 || len(told.Answers) != 1 {
		s.t.Errorf("what was dealt with reads %+v", told)
	}
}

// A configuration is judged by its text alone: nothing of this machine is told, whatever the text names.
func TestConfigCheckOverTCP(t *testing.T) {
	s := newSite(t)
	type checked struct {
		Errors   int
		Problems []struct {
			Code, Message string
			Line          int
		}
	}
	if own := good[checked](s, "acme", "POST", "/config/check", s.read("haulier.yaml")); own.Errors != 0 {
		t.Errorf("the configuration that counts: %+v", own)
	}
	for what, text := range map[string]string{
		"include":   "version: 1\ninclude: [/etc/passwd]\n",
		"key file":  "version: 1\nconnections: {a: {host: h, username: u, auth: {methods: [publickey], key_file: {path: /etc/shadow}}, locations: {o: /o}}}\njobs: {}\n",
		"script":    "version: 1\n\"" + script + "\": 1\n",
		"no YAML":   "\x00\xff{{{",
		"an anchor": "a: &a [*a]\n",
	} {
		a := s.ask("viewer", "POST", "/api/v1/config/check", text)
		if a.status != http.StatusOK || strings.Contains(a.text, "root:") || strings.Contains(a.text, "<script") || strings.Contains(a.text, "permission") || strings.Contains(a.text, s.dir) {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	if included := good[checked](s, "viewer", "POST", "/config/check", "version: 1\ninclude: [conf.d/*.yaml]\n"); included.Errors != 1 || !strings.Contains(fmt.Sprint(included.Problems), "E-INCLUDE") {
		t.Errorf("an include: %+v", included)
	}
	s.refused(400, "api.bad_request", "viewer", "POST", "/config/check", strings.Repeat("#", 1<<20+1))
	s.refused(404, "api.not_found", "viewer", "GET", "/nowhere/"+url.PathEscape(script), "")
	s.refused(405, "api.method", "viewer", "DELETE", "/config/check", "")
}
