package notify

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

// ours are the headers that a mail may have.
var ours = map[string]bool{
	"Auto-Submitted": true, "X-Auto-Response-Suppress": true, "Message-Id": true, "Date": true, "From": true, "To": true, "Subject": true,
	"Mime-Version": true, "Content-Type": true, "Content-Transfer-Encoding": true, "References": true,
}

// FuzzLetters: whatever an event says, a letter has the headers that we gave it and no others, its text is printable, a text for
// phones is short, and a webhook's body is JSON of less than 20 kB.
func FuzzLetters(f *testing.F) {
	f.Add("a\r\nBcc: x@y.example", "net.dns", "acme\u202e", "customer", true)
	f.Add(strings.Repeat("\u00e9", 5000), "\x00", "\xff\n.\r\n", "us", false)
	f.Fuzz(func(t *testing.T, text, slug, name, who string, contact bool) {
		data, err := json.Marshal(map[string]any{
			"id": 7, "kind": "failed", "cause_key": "connection/" + name + "/" + slug, "jobs": []string{name, text}, "missed": []string{name, text}, "connection": name, "opened": text,
			"contacts": []string{text}, "error": map[string]string{"slug": slug, "what": text, "cause": text, "do": text, "who": who},
		})
		if err != nil {
			return
		}
		c := job.Connection{Name: name, DisplayName: text}
		c.Host, c.User = name, text
		s := NewSender(Options{Connection: func(string) (job.Connection, bool) { return c, true }})
		d := job.Delivery{MessageID: "msg_1", Recipient: "ops@platform.example", Contact: contact, Connection: name, Event: job.Event{Type: "alert.opened", Data: data}}
		h, body := readMail(t, written(t, s, d))
		for name := range h {
			if !ours[name] {
				t.Errorf("header %s came in", name)
			}
		}
		for _, s := range []string{subject(t, h), strings.ReplaceAll(body, "\n", " "), s.shortLetter(d)} {
			if oneLine(s, len(s)+10) != s {
				t.Errorf("%q is not printable", s)
			}
		}
		if len(s.shortLetter(d)) > shoutMost || len(body) > 20*lineMost {
			t.Errorf("a letter of %d bytes", len(body))
		}
		for _, format := range []job.WebhookFormat{job.FormatStandard, job.FormatCloudEvents} {
			if body, _ := bodyOf(format, d); len(body) >= 20_000 || !json.Valid(body) {
				t.Errorf("a body of %d bytes", len(body))
			}
		}
	})
}
