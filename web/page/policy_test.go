package page_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// bound is acme with everything that a connection can hold to.
func bound(w *pagetest.World) {
	c := w.Configured.Connections["acme"]
	c.Contacts, c.Language = []string{"it@acme.example", "+32 2 555 01 02 <b>Ann</b>"}, "fr"
	c.Auth.Methods = []string{"publickey", "password"}
	c.Auth.Password, c.Auth.Expires = &job.SecretRef{From: job.SecretFile, Name: "/run/secrets/acme_hush"}, pagetest.Now.AddDate(0, 0, 9)
	c.Auth.Successor = &job.Successor{Password: job.SecretRef{From: job.SecretStored, Name: "hush_next"}, From: pagetest.Now.AddDate(0, 0, 5)}
	c.Proxy = &job.Proxy{Type: "socks5", Address: "proxy.corp.example:1080", User: "svc-hush", Password: &job.SecretRef{From: job.SecretEnv, Name: "SOCKS_HUSH"}}
	c.AlsoAllow, c.Profile = []string{"ssh-rsa"}, "put-only"
	w.Configured.Connections["acme"] = c
	w.Configured.Jobs[0].Timing.Window = &job.Window{From: 22 * 60, To: 5*60 + 30}
	w.Configured.Jobs[0].Import.Opening = &job.Opening{DecryptWith: []string{"acme-in"}, SignedBy: []string{"acme-sign"}}
	w.Dated = append(w.Dated, job.CalendarEntry{Kind: job.KindToken, Name: "platform", Says: job.EntryEnds, Days: 3, What: "the token platform", Connections: []string{"acme"}})
}

// A connection's page says what it is held to, what ends when and whom to ask, and has no secret in it, nor where one lies.
func TestConnectionShowsItsPolicy(t *testing.T) {
	w := pagetest.Night()
	bound(w)
	text, _ := get(t, w.Handler(pagetest.Operator), "/connections/acme")
	says(t, "the policy", text, []string{
		"as platform by publickey, password", "with our key acme, which is kept sealed", "with a password from a file; it ends on 2026-12-03", "from 2026-11-29 on with the password that follows, kept sealed in the store; nobody said when it ends",
		"strict: 1 key that somebody trusted", "2 connections at once", "15 s to connect, 30 s to log in, 30 s without an answer, 1 min without a byte", "below 1.0 KiB a second over 5 min", "profile put-only", "also allows ssh-rsa", "socks5 proxy proxy.corp.example:1080",
		"our PGP key acme-in@2", "in 9 days", "haulier pgp rotate acme-in", "login key acme@1 is a year old then", "22:00–05:30 Europe/Brussels", "at any time", "5 attempts: again after about 30 s, 1 min, 2 min, 4 min", "2 h a run, 1,000 files, 10.0 GiB a file; 5.0 GiB stay free",
		"opened with acme-in, signed by acme-sign; others are rejected", "taken as they come", `<a href="mailto:it@acme.example">`, "+32 2 555 01 02 &lt;b&gt;Ann", "written to in fr",
	}, []string{"hush", "HUSH", "svc", "/run/secrets", "the token platform", "password of ento", `mailto:+32`})
}

// Of what stands between us and a customer, and of what others have, a tenant is told nothing.
func TestPolicyIsForWhoSeesIt(t *testing.T) {
	w := pagetest.Night()
	bound(w)
	text, _ := get(t, w.Handler(route.Identity{Name: "ann", Role: route.Viewer, Sight: job.Sight{"acme-nv"}}), "/connections/acme")
	says(t, "the policy for a tenant", text, []string{"through a proxy", "2 connections at once", "it@acme.example"}, []string{"proxy.corp", "it@bigbank.example"})
	for _, sight := range w.Sights {
		if sight.Whole() || sight.Sees("bigbank-nv") {
			t.Errorf("something was asked for with the sight %v", sight)
		}
	}
}

// Jobs that hold to the same stand together, however many they are.
func TestPoliciesOfJobsStandTogether(t *testing.T) {
	w := pagetest.Night()
	for i := range 50 {
		w.AddJob("same-"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26)), "crowd", page.WordOK, "@daily")
	}
	w.Configured.Jobs[len(w.Configured.Jobs)-1].Retry = job.Retry{Attempts: 1}
	w.Configured.Jobs[len(w.Configured.Jobs)-2].Retry = job.Retry{Attempts: 12, Backoff: 30 * time.Second, MaxBackoff: 4 * time.Minute}
	text, _ := get(t, w.Handler(pagetest.Operator), "/connections/crowd")
	says(t, "the policy of many", text, []string{"and 36 more", "once, and not again by itself", "12 attempts: again after about 30 s, 1 min, 2 min, 4 min, 4 min, 4 min, …"}, nil)
	if n := strings.Count(text, `data-label="May start"`); n != 3 {
		t.Errorf("%d policies stand there, want 3", n)
	}
}
