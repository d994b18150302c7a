package pages

import (
	"context"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/haulier/haulier/job"
	webpage "github.com/haulier/haulier/web/page"
)

//go:embed testdata/axe.js
var axe string

// violation is something that axe found.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML string }
}

// Nobody is kept out: no page has a serious finding, in light, in dark, on a phone.
func TestAxe(t *testing.T) {
	for name, how := range map[string]looked{"light": {}, "dark": {dark: true}, "phone": {phone: true}, "phone, dark": {phone: true, dark: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.world.Change(w.world.AddSupervised)
			for _, path := range screens {
				w.to(path)
				w.axe(path)
			}
		})
	}
}

// axe fails where a page that is open keeps somebody out.
func (w window) axe(path string) {
	w.t.Helper()
	var findings []violation
	w.do(page.SetBypassCSP(true), chromedp.Evaluate(axe, nil), chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`, nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => r.violations)`, &findings, awaited))
	for _, f := range findings {
		if f.Impact == "serious" || f.Impact == "critical" {
			w.t.Errorf("%s: %s (%s): %s\n%.300s", path, f.ID, f.Impact, f.Help, f.Nodes[0].HTML)
		}
	}
}

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// On a phone nothing is wider than the screen, and what is to be touched is large enough.
func TestPhone(t *testing.T) {
	w := open(t, looked{phone: true})
	w.world.Change(w.world.AddSupervised)
	w.world.Change(func() {
		const long = "SHA256:riJmJHrcA3/2gCTk4BL55hOB5f3ia8u3EIZmGMhAKEI"
		w.world.Became[209][0].File.Receipt = &job.Receipt{Session: job.Session{Server: "SSH-2.0-OpenSSH_8.7", HostKey: long, Method: "publickey", Key: "acme@1", Algorithm: "mlkem768x25519-sha256, aes128-gcm@openssh.com"}}
		w.world.Tested = webpage.Report{OK: true, Stages: []webpage.Stage{{Name: "login", State: "ok", Detail: "user platform by publickey with key acme@1 " + long}}}
	})
	w.do(emulation.SetDeviceMetricsOverride(360, 780, 1, true)) // the narrowest that is sold
	w.to("/connections/acme")
	w.follow("form[action='/connections/acme/test'] button")
	for _, path := range screens {
		w.to(path)
		if wide := value[int](w, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("%s is %d pixels wide", path, wide)
		}
		if thin := value[[]string](w, `[...document.querySelectorAll("main .tell")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().width < 200).map((e) => e.textContent.slice(0, 60))`); len(thin) > 0 {
			t.Errorf("%s: too narrow to read: %q", path, thin)
		}
		small := value[[]string](w, `[...document.querySelectorAll(".btn, .nav a, button")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML.slice(0, 120))`)
		if len(small) > 0 {
			t.Errorf("%s: too small to touch: %s", path, small[0])
		}
	}
}

// firstViewMost is what the first page may cost, with all that it loads, in bytes on the wire.
const firstViewMost = 100 << 10

func TestFirstViewIsSmall(t *testing.T) {
	w := open(t, looked{})
	var bytes, requests atomic.Int64
	chromedp.ListenTarget(w.ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventLoadingFinished:
			bytes.Add(int64(e.EncodedDataLength))
		case *network.EventRequestWillBeSent:
			requests.Add(1)
			if !strings.HasPrefix(e.Request.URL, w.base) && !strings.HasPrefix(e.Request.URL, "data:") {
				t.Errorf("it asks elsewhere: %s", e.Request.URL)
			}
		}
	})
	w.to("/")
	w.wait(`document.readyState === "complete"`)
	if n := bytes.Load(); n == 0 || n > firstViewMost {
		t.Errorf("the first view costs %d bytes in %d requests, and may cost %d", n, requests.Load(), firstViewMost)
	} else {
		t.Logf("the first view costs %d bytes in %d requests", n, requests.Load())
	}
}

// What names of files and messages of servers hold is shown, and never run; and no page breaks its own policy.
func TestNamesRunNothing(t *testing.T) {
	const evil = `"><script>window.hacked=1</script><img src=x onerror="window.hacked=2"><svg onload="window.hacked=3">'"`
	w := open(t, looked{})
	w.world.Change(func() {
		reason := job.Reason{Slug: "remote.unsafe_name", What: evil, Cause: evil, Do: evil, Who: job.WhoCustomer, Technical: evil}
		for id := range w.world.Became {
			for i := range w.world.Became[id] {
				f := &w.world.Became[id][i].File
				f.Path, f.Final, f.Reason, f.State = "/in/"+evil, evil, &reason, job.FileRejected
				w.world.Found = append(w.world.Found, *f)
			}
		}
		for i := range w.world.Open {
			w.world.Open[i].Reason, w.world.Open[i].AckedBy, w.world.Open[i].AckNote = reason, evil, evil
		}
		for i := range w.world.Ran {
			w.world.Ran[i].Note, w.world.Ran[i].By, w.world.Ran[i].Reason = evil, evil, &reason
		}
		for i := range w.world.Logged {
			w.world.Logged[i].Line = evil
		}
		c := w.world.Configured.Connections["acme"]
		c.DisplayName, c.Contacts = evil, []string{evil}
		w.world.Configured.Connections["acme"] = c
	})
	var complaints []string
	chromedp.ListenTarget(w.ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && e.Entry.Source == log.SourceSecurity {
			complaints = append(complaints, e.Entry.Text)
		}
	})
	w.do(chromedp.ActionFunc(func(ctx context.Context) error { return log.Enable().Do(ctx) }))
	for _, path := range append(slices.Clone(screens), "/nowhere-to-be-found") {
		w.to(path)
		w.wait(`document.readyState === "complete"`)
		if got := value[any](w, `window.hacked ?? null`); got != nil {
			t.Errorf("%s ran a name: %v", path, got)
		}
	}
	w.to("/runs/116") // live: regions come again, by the stream
	w.wait(`!document.querySelector("#live").hidden`)
	if got := value[any](w, `window.hacked ?? null`); got != nil {
		t.Errorf("a live page ran a name: %v", got)
	}
	if len(complaints) > 0 {
		text, _ := json.Marshal(complaints)
		t.Errorf("the pages break their own policy: %s", text)
	}
}
