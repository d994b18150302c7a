package rows_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// X13: a customer's IT gets all that they need, in every form: both forms of the key with its
// fingerprints, our addresses, the rights that the jobs need and no others, PGP, how files are named, settings for a test of their
// own. Nothing that is secret, and no path of ours, is in it.
func TestOnboardingSheetHasAllThatACustomerNeeds(t *testing.T) {
	w, g := newWorld(t), newGPG(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("acme")
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "customer", Keys: []ssh.PublicKey{key}}}})
	for _, folder := range []string{"export/done", "import"} {
		c.put(folder+"/.keep", "")
	}
	w.config("egress_ips: [203.0.113.10]\ncontact: sftp@platform.example\nconnections:\n",
		connection("acme", c.place(), "username: customer", "auth: {methods: [publickey], key: acme}", "display_name: ACME Retail",
			"inbound: {pgp: {decrypt_with: acme-in}}", "outbound: {pgp: {encrypt_to: [acme-out]}}", "locations: {out: /export, done: /export/done, in: /import}"),
		"jobs:\n",
		"  customers: {type: import, connection: acme, from: {location: out, match: \"customers_{date:%Y%m%d}*.pgp\", done_file: \"{name}.done\"}, to: {dir: landing}, after_success: {move: done}, expect: {by: \"03:00\", days: mon-fri}}\n",
		"  segments: {type: export, connection: acme, from: {dir: outbox, match: \"segment_*.csv\"}, to: {location: in, name: \"{name}.pgp\"}}\n")
	fingerprint := g.take(w.haulier(0, "pgp", "generate", "acme-in", "--type", "x25519").out)
	public, printed := w.haulier(0, "keys", "show", "acme").out, strings.Fields(w.haulier(0, "keys", "show", "acme", "--format", "fingerprint").out)
	ssh2 := w.haulier(0, "keys", "show", "acme", "--format", "ssh2").out
	for _, format := range []string{"md", "txt", "mail"} {
		sheet := strings.ReplaceAll(w.haulier(0, "onboarding", "acme", "--format", format).out, "\n    ", "\n")
		has(t, sheet, "ACME Retail", "203.0.113.10", "sftp@platform.example", strings.TrimSpace(public), printed[0], printed[1], strings.TrimSpace(ssh2),
			fingerprint, "BEGIN PGP PUBLIC KEY BLOCK")
		has(t, strings.Join(strings.Fields(sheet), " "), "list, read files, rename files", "receive files that we move there", "customers_YYYYMMDD*.pgp", "Mon–Fri 03:00 (UTC)", "customers_YYYYMMDD*.pgp.done", "segment_*.csv.pgp", ".part", "send us its public",
			"FileZilla or WinSCP", "We have not tested the connection yet", "Connection refused", "Permission denied")
		hasNot(t, sheet, w.dir, "PRIVATE", "landing", "outbox")
		_, block, _ := strings.Cut(sheet, "-----BEGIN PGP")
		if got := newGPG(t).take("-----BEGIN PGP" + block); got != fingerprint {
			t.Errorf("%s: gpg takes key %s from the sheet, want %s", format, got, fingerprint)
		}
	}
	page := w.haulier(0, "onboarding", "acme").out
	has(t, page, "<!doctype html>", `<pre title="acme@1.pub">`, "@media print")
	hasNot(t, page, w.dir, "PRIVATE", "<script", "http")
	_, rest, _ := strings.Cut(page, `<a download="acme@1.pub" href="data:application/octet-stream;base64,`)
	if saved, err := base64.StdEncoding.DecodeString(rest[:strings.IndexByte(rest, '"')]); err != nil || strings.TrimSpace(string(saved)) != strings.TrimSpace(public) {
		t.Errorf("the key that is saved is %q: %v", saved, err)
	}

	w.haulier(0, "connections", "test", "acme")
	has(t, w.haulier(0, "onboarding", "acme", "--format", "txt").out, "[x] Tested on", "all is well", c.Fingerprint())
	french := strings.Join(strings.Fields(w.haulier(0, "onboarding", "acme", "--lang", "fr", "--format", "mail").out), " ")
	has(t, french, "Subject: Connexion SFTP", "203.0.113.10", strings.TrimSpace(public), "lister, lire les fichiers", "lun–ven 03:00 (UTC)", "[x] Testée le")
	hasNot(t, french, "Please", "Fingerprint")
	has(t, w.haulier(2, "onboarding", "acme", "--language", "xx").err, "en, de, fr, nl")
	has(t, w.haulier(2, "onboarding", "acme", "--link", "14d").err, "web.public_url")
	has(t, w.haulier(2, "onboarding", "acme", "--link", "91d").err, "up to 90d")
	has(t, w.haulier(2, "onboarding", "nobody").err, "usage.no_such_connection", "haulier connections list")
	has(t, w.haulier(2, "onboarding", "acme", "--format", "pdf").err, "html, md, txt, mail")
}

// A link shows a customer the sheet as it is now, without a login, in the language that it was made for, and nothing else of ours;
// once it has ended it is as if it had never been.
func TestLinkToASheetNeedsNoLoginAndEnds(t *testing.T) {
	w := newWorld(t)
	c := newCustomer(t, sftptest.Options{})
	site := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	w.config("web: {listen: \""+strings.TrimPrefix(site, "http://")+"\", public_url: \""+site+"\"}\nconnections:\n", c.connection("acme", "locations: {out: /out}", "language: nl"), "jobs: {}\n")
	link := strings.TrimSpace(w.haulier(0, "onboarding", "acme", "--link", "14d").out)
	has(t, w.haulier(0, "onboarding", "acme", "--link", "14d", "--format", "mail").out, "Subject: SFTP-verbinding", "\n"+site+"/sheet/")
	paper := w.haulier(0, "onboarding", "acme", "--link", "14d", "--format", "html").out
	has(t, paper, "<code>"+site+"/sheet/", `aria-label="QR-code van dit adres"`, "wat wij van u nodig hebben")
	has(t, w.haulier(0, "onboarding", "acme", "--link", "1d", "--format", "md").out, "`"+site+"/sheet/")
	if !strings.HasPrefix(link, site+"/sheet/") {
		t.Fatalf("the link is %s", link)
	}
	w.serve()
	fetch := func(address string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", address, policy)
		}
		return answer.StatusCode, string(text)
	}
	if status, text := fetch(link); status != http.StatusOK || !strings.Contains(text, "wat wij van u nodig hebben") || strings.Contains(text, "Log in") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := fetch(link + "?lang=de"); status != http.StatusOK || !strings.Contains(text, "was wir von Ihnen brauchen") || !strings.Contains(text, `<html lang="de"`) {
		t.Errorf("in German: %d %s", status, text)
	}
	if status, text := fetch(site + "/connections/acme/sheet"); strings.Contains(text, "nodig hebben") {
		t.Errorf("without the link: %d %s", status, text)
	}
	send := func(form url.Values, site string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", site)
		return answerOf(t, request)
	}
	const leaked = "lQVYBGsINdgBDADPDs"
	before := w.read("haulier.yaml")
	_, form := fetch(link)
	has(t, form, `<form method="post" action="?lang=nl#form"`, `name="hostkey"`, "Versturen")
	has(t, w.haulier(0, "onboarding", "acme", "--answers").err, "Nothing was filled in for acme")
	good := url.Values{"host": {"127.0.0.1"}, "port": {"2222"}, "hostkey": {c.Fingerprint()}, "remarks": {"<script>\x1b[31m"}}
	for _, test := range []struct {
		form   url.Values
		site   string
		status int
		want   string
	}{
		{url.Values{}, "same-origin", http.StatusUnprocessableEntity, "Er was niets ingevuld"},
		{url.Values{"host": {"x"}, "port": {"0"}}, "same-origin", http.StatusUnprocessableEntity, "1 tot 65535"},
		{url.Values{"pgp": {"-----BEGIN PGP PRIVATE KEY BLOCK----- " + leaked}}, "same-origin", http.StatusUnprocessableEntity, "privésleutel"},
		{url.Values{"remarks": {strings.Repeat("x", 70<<10) + " its end"}, "host": {"typed"}}, "same-origin", http.StatusUnprocessableEntity, `xxx its end</textarea>`},
		{good, "cross-site", http.StatusForbidden, "access.cross_site"},
		{good, "same-origin", http.StatusOK, "Dit heeft ons bereikt"},
		{good, "same-origin", http.StatusOK, "Dit heeft ons bereikt"},
	} {
		status, text := send(test.form, test.site)
		if status != test.status || !strings.Contains(text, test.want) || strings.Contains(text, "<script") || strings.Contains(text, leaked) {
			t.Errorf("%v from %s: %d %s", test.form, test.site, status, text)
		}
	}
	answers := w.haulier(0, "onboarding", "acme", "--answers").out
	has(t, answers, "Host name: 127.0.0.1  (as we have it)", "Port: 2222  (we have", "Host key fingerprint (SHA256): SHA256:", "Remarks: <script>[31m")
	if n := strings.Count(answers, "Host name"); n != 1 {
		t.Errorf("what was sent twice is kept %d times", n)
	}
	has(t, w.haulier(0, "onboarding", "acme", "--answers", "--json").out, `"name":"port"`, `"value":"2222"`)
	has(t, w.haulier(0, "audit", "list").out, "sheet.answer")
	if kept, err := filepath.Glob(w.path("haulier-data/*")); err != nil || len(kept) == 0 {
		t.Errorf("data: %v %v", kept, err)
	} else {
		for _, file := range kept {
			if content, err := os.ReadFile(file); err == nil && bytes.Contains(content, []byte(leaked)) {
				t.Errorf("the private key was kept in %s", file)
			}
		}
	}
	if w.read("haulier.yaml") != before {
		t.Error("the configuration was changed")
	}
	has(t, w.haulier(0, "onboarding", "acme", "--end-links").err, "4 links to the sheet of acme have ended")
	if status, text := fetch(link); status != http.StatusNotFound || !strings.Contains(text, "This link has ended") || strings.Contains(text, "acme") {
		t.Errorf("an ended link: %d %s", status, text)
	}
	if status, text := send(good, "same-origin"); status != http.StatusNotFound {
		t.Errorf("an ended link takes answers: %d %s", status, text)
	}
	has(t, w.haulier(0, "audit", "list").out, "sheet.link", "sheet.unlink")
}

// answerOf asks, and reads the answer whole.
func answerOf(t testing.TB, request *http.Request) (status int, text string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	whole, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(whole)
}
