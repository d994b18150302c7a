package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/haulier/haulier/job"
)

func TestWebhookIsSignedAndTellsTheEvent(t *testing.T) {
	w := newWorld(t)
	hook, got := w.hook(answering(204))
	hook.Webhook.Secrets = append(hook.Webhook.Secrets, ref("whsec2"))
	w.run("before") // what was before is not told
	_, stop := w.serve(hook)
	w.run("acme-in")
	d := w.until(inState(job.DeliverySent))
	stop()
	r := <-got
	second, err := standardwebhooks.NewWebhook(whsec2)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Verify(r.body, r.header); err != nil || strings.Count(r.header.Get("Webhook-Signature"), "v1,") != 2 {
		t.Errorf("the second secret: %v, %s", err, r.header.Get("Webhook-Signature"))
	}
	var body struct {
		Type string
		Data struct{ Job string }
	}
	if err := json.Unmarshal(r.body, &body); err != nil || body.Type != "run.started" || body.Data.Job != "acme-in" {
		t.Errorf("body %s, error %v", r.body, err)
	}
	if id := r.header.Get("Webhook-Id"); id != d.MessageID || d.Status != 204 || d.Attempts != 1 {
		t.Errorf("id %s of %+v", id, d)
	}
	if all := w.deliveries(); len(all) != 1 {
		t.Errorf("%d deliveries", len(all))
	}
}

func TestWebhookAsksForTypes(t *testing.T) {
	for _, c := range []struct {
		types []string
		want  bool
	}{{nil, true}, {[]string{"file.landed"}, true}, {[]string{"file.*"}, true}, {[]string{"run.*", "file.failed"}, false}} {
		if got := asksFor(c.types, "file.landed"); got != c.want {
			t.Errorf("%v: %v", c.types, got)
		}
	}
}

func TestAnswersOfReceivers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirection was followed") }))
	defer elsewhere.Close()
	for _, c := range []struct {
		answer http.HandlerFunc
		slug   string
		status int
		wait   time.Duration
		gone   bool
	}{
		{answering(200), "", 200, 0, false},
		{answering(500), "channel.refused", 500, 0, false},
		{answering(401), "channel.refused", 401, 0, false},
		{answering(410), "channel.gone", 410, 0, true},
		{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "channel.redirected", 307, 0, false},
		{func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "120"); w.WriteHeader(429) }, "channel.refused", 429, 2 * time.Minute, false},
		{func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "99999999")
			w.WriteHeader(503)
		}, "channel.refused", 503, 24 * time.Hour, false},
		{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "channel.unreachable", 0, 0, false},
	} {
		w := newWorld(t)
		hook, _ := w.hook(c.answer)
		r := NewSender(w.options()).Send(t.Context(), hook, sample(hook))
		slug := ""
		if r.Reason != nil {
			slug = r.Reason.Slug
			if strings.Contains(r.Reason.Error()+r.Reason.Do+r.Reason.Technical+r.Detail, canary) {
				t.Errorf("%s shows the URL: %+v", slug, r.Reason)
			}
		}
		if slug != c.slug || r.Status != c.status || r.Wait != c.wait || r.Gone != c.gone {
			t.Errorf("got %q %d %s %v, want %+v", slug, r.Status, r.Wait, r.Gone, c)
		}
	}
}

func TestReceiversThatCannotBeAsked(t *testing.T) {
	w := newWorld(t)
	hang := make(chan struct{})
	hook, _ := w.hook(func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	sender := NewSender(w.options())
	patience := 50 * time.Millisecond
	slugOf := func(s *Sender, c job.Channel) string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r := s.Send(ctx, c, sample(c))
		if r.Reason == nil {
			return ""
		}
		if strings.Contains(r.Reason.Error()+r.Reason.Do+r.Reason.Technical, canary) {
			t.Errorf("shows the URL: %+v", r.Reason)
		}
		return r.Reason.Slug
	}
	if slug := slugOf(sender, hook); slug != "channel.timeout" {
		t.Errorf("one that hangs: %s", slug)
	}
	patience = postPatience
	forbidden := hook
	forbidden.Webhook = &job.Webhook{URL: hook.Webhook.URL, Secrets: hook.Webhook.Secrets}
	if slug := slugOf(sender, forbidden); slug != "channel.address" {
		t.Errorf("one on loopback: %s", slug)
	}
	secure := httptest.NewTLSServer(answering(200))
	defer secure.Close()
	w.vault["hook"] = secure.URL + "/" + canary
	if slug := slugOf(sender, hook); slug != "channel.tls" {
		t.Errorf("a certificate of nobody: %s", slug)
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:1/" + canary: "channel.unreachable", canary: "channel.url", "ftp://x/" + canary: "channel.url",
		"http://no-such-name.invalid/" + canary: "channel.unreachable",
	} {
		w.vault["hook"] = text
		if slug := slugOf(sender, hook); slug != want {
			t.Errorf("%s: %s", text, slug)
		}
	}
	w.vault["whsec"] = canary
	if slug := slugOf(sender, hook); slug != "channel.signing_secret" {
		t.Errorf("a secret that is none: %s", slug)
	}
	delete(w.vault, "whsec")
	if slug := slugOf(sender, hook); slug != "config.secret_missing" {
		t.Errorf("a secret that is not there: %s", slug)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string][2]bool{ // without and with allow_private
		"93.184.216.34": {true, true}, "2606:2800:220:1::1": {true, true},
		"127.0.0.1": {false, true}, "::1": {false, true}, "10.1.2.3": {false, true}, "172.16.0.1": {false, true}, "192.168.1.1": {false, true},
		"fd12::1": {false, true}, "100.64.1.1": {false, true}, "::ffff:127.0.0.1": {false, true}, "::ffff:10.0.0.1": {false, true},
		"64:ff9b::7f00:1": {false, true}, "64:ff9b::5db8:d822": {true, true}, "2002:7f00:1::": {false, true}, "::7f00:1": {false, true},
		"169.254.169.254": {false, false}, "::ffff:169.254.169.254": {false, false}, "64:ff9b::a9fe:a9fe": {false, false}, "2002:a9fe:a9fe::": {false, false},
		"fe80::1": {false, false}, "fe80::1%eth0": {false, false}, "fd00:ec2::254": {false, false}, "100.100.100.200": {false, false},
		"168.63.129.16": {false, false}, "0.0.0.0": {false, false}, "::": {false, false}, "224.0.0.1": {false, false}, "255.255.255.255": {false, false},
	} {
		ip := netip.MustParseAddr(text)
		if got := [2]bool{allowed(ip, false), allowed(ip, true)}; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// A name that leads to this machine is refused when it is connected to, whatever it was looked up as before.
func TestNamesAreJudgedWhenTheyAreDialled(t *testing.T) {
	server := httptest.NewServer(answering(200))
	defer server.Close()
	target := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for private, want := range map[bool]bool{false: false, true: true} {
		c := NewSender(Options{}).client(private)
		answer, err := c.Get(target)
		if err == nil {
			_ = answer.Body.Close()
		}
		c.CloseIdleConnections()
		if (err == nil) != want {
			t.Errorf("allow_private %v: %v", private, err)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	long := strings.Repeat("\u00e9\x00\"", 60_000)
	data, err := json.Marshal(map[string]any{"remote": map[string]any{"path": long}, "jobs": strings.Split(strings.Repeat(long[:50]+",", 5000), ","), "id": 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []job.WebhookFormat{job.FormatStandard, job.FormatCloudEvents} {
		for _, raw := range [][]byte{data, []byte(`{"id":7}`), nil, []byte("no json"), []byte(`"` + strings.Repeat("x", 30_000) + `"`)} {
			body, kind := bodyOf(format, job.Delivery{MessageID: "msg_1", Connection: "acme", Event: job.Event{Type: "file.landed", Data: raw}})
			if len(body) >= 20_000 || !json.Valid(body) || kind == "" {
				t.Errorf("%s: %d bytes, %s", format, len(body), kind)
			}
		}
	}
	body, kind := bodyOf(job.FormatCloudEvents, job.Delivery{MessageID: "msg_1", Connection: "acme", Event: job.Event{Type: "file.landed", Data: []byte(`{"remote":{"path":"/a.csv"}}`)}})
	want := `{"specversion":"1.0","id":"msg_1","source":"/connections/acme","type":"file.landed","subject":"/a.csv","time":"0001-01-01T00:00:00Z","datacontenttype":"application/json","data":{"remote":{"path":"/a.csv"}}}`
	if string(body) != want || kind != "application/cloudevents+json" {
		t.Errorf("%s: %s", kind, body)
	}
}
