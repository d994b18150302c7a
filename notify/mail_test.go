package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

// mailTo is a channel to a mail server.
func mailTo(m *testserver.Mail, change func(*job.Mail)) job.Channel {
	c := job.Channel{Name: "ops", Type: job.ChannelMail, Mail: &job.Mail{
		To: []string{"ops@platform.example"}, From: "haulier@platform.example",
		SMTP: job.SMTP{Host: "127.0.0.1", Port: m.Port(), TLS: job.TLSNone},
	}}
	if change != nil {
		change(c.Mail)
	}
	return c
}

// nobodys is a certificate that nobody vouches for.
func nobodys(t *testing.T) *tls.Certificate {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &server.TLS.Certificates[0]
}

// readMail parses a mail as its reader does.
func readMail(t *testing.T, text string) (mail.Header, string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	body := io.Reader(m.Body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, strings.ReplaceAll(string(b), "\r\n", "\n")
}

func subject(t *testing.T, h mail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var refusedKey = job.Reason{
	Slug: "auth.key_rejected", What: "/srv/outbox/acme/segment.csv stays where it is", Cause: "the server takes none of our keys", Do: "haulier keys show acme", Who: job.WhoCustomer, Technical: "ssh: no",
}

func TestMailIsToldToUsAndToTheContact(t *testing.T) {
	w := newWorld(t)
	server := testserver.NewMail(t, nil)
	w.routed = []string{"ops"}
	_, stop := w.serve(mailTo(server, func(m *job.Mail) { m.Contacts = true }))
	w.alert("connection/acme/auth.key_rejected", refusedKey)
	w.untilAll(2, job.DeliverySent)
	stop()
	letters := map[string]testserver.Letter{}
	for _, l := range server.Letters() {
		letters[l.To] = l
	}
	header, body := readMail(t, letters["ops@platform.example"].Text)
	if s := subject(t, header); s != "haulier: FAILED: connection acme [auth.key_rejected]" || header.Get("Auto-Submitted") != "auto-generated" || header.Get("References") == "" {
		t.Errorf("header %v", header)
	}
	for _, want := range []string{"segment.csv stays", "takes none of our keys", "haulier keys show acme", "the customer", "ACME Retail (acme)", "Contacts  it@acme.example, phone 12\n", "haulier alerts ack"} {
		if !strings.Contains(body, want) {
			t.Errorf("ours lacks %q:\n%s", want, body)
		}
	}
	header, body = readMail(t, letters["it@acme.example"].Text)
	if !strings.Contains(body, "check that our public key is installed") || !strings.Contains(body, "sftp.acme.example") {
		t.Errorf("theirs:\n%s", body)
	}
	for _, ours := range []string{"segment.csv", "/srv", "haulier keys", "ACME Retail", "ssh: no", "takes none", "phone 12"} {
		if strings.Contains(body+subject(t, header), ours) {
			t.Errorf("theirs has %q:\n%s", ours, body)
		}
	}
}

// A contact is written to in the language of the connection, and told the same.
func TestContactsAreWrittenToInTheirLanguage(t *testing.T) {
	c := job.Connection{Name: "acme", Language: "fr"}
	c.Host, c.Port, c.User = "sftp.acme.example", 2222, "plat"
	s := NewSender(Options{Connection: func(string) (job.Connection, bool) { return c, true }})
	data := []byte(`{"id": 7, "opened": "2026-11-24T09:30:00Z", "error": {"slug": "auth.key_rejected", "who": "customer"}}`)
	for kind, wants := range map[string][]string{
		"alert.opened":   {"Votre serveur refuse notre clé.", "sftp.acme.example, port 2222, utilisateur plat", "2026-11-24 09:30 UTC", "Référence 7"},
		"alert.resolved": {"est résolu", "sftp.acme.example, port 2222, utilisateur plat"},
	} {
		header, body := readMail(t, written(t, s, job.Delivery{MessageID: "msg_1", Recipient: "it@acme.example", Contact: true, Connection: "acme", Event: job.Event{Type: kind, Data: data}}))
		for _, want := range wants {
			if !strings.Contains(strings.Join(strings.Fields(body), " "), want) {
				t.Errorf("%s lacks %q:\n%s", kind, want, body)
			}
		}
		if got := subject(t, header); !strings.HasPrefix(got, "Échange de fichiers avec sftp.acme.example") || strings.Contains(body, "Please") {
			t.Errorf("%s: %q\n%s", kind, got, body)
		}
	}
}

func TestContactsHearOfWhatIsTheirs(t *testing.T) {
	w := newWorld(t)
	s := New(w.options())
	c := job.Channel{Mail: &job.Mail{Contacts: true, To: []string{"ops@x.example"}}}
	of := func(connection string, kind job.AlertKind, who job.Who) facts {
		return facts{Connection: connection, Kind: kind, Error: job.Reason{Who: who}}
	}
	for _, tc := range []struct {
		kind  string
		about facts
		want  int
	}{
		{"alert.opened", of("acme", job.AlertFailed, job.WhoCustomer), 1},
		{"alert.opened", of("acme", job.AlertMissing, job.WhoNetwork), 1},
		{"alert.resolved", of("acme", job.AlertFailed, job.WhoBoth), 0}, // who heard of the beginning is found otherwise
		{"alert.reminded", of("acme", job.AlertFailed, job.WhoCustomer), 0},
		{"alert.opened", of("acme", job.AlertLate, job.WhoCustomer), 0},
		{"alert.opened", of("acme", job.AlertFailed, job.WhoUs), 0},
		{"alert.opened", of("bank", job.AlertFailed, job.WhoCustomer), 0},
	} {
		if got := s.contacts(c, tc.kind, tc.about); len(got) != tc.want {
			t.Errorf("%s %+v: %v", tc.kind, tc.about, got)
		}
	}
}

func TestMailServersThatRefuse(t *testing.T) {
	login := func(m *job.Mail) { r := ref("password"); m.SMTP.User, m.SMTP.Password = "haulier", &r }
	secure := func(m *job.Mail) { m.SMTP.TLS = job.TLSStart }
	for name, tc := range map[string]struct {
		server  func(*testserver.Mail)
		channel func(*job.Mail)
		slug    string
		status  int
	}{
		"takes":         {slug: ""},
		"login":         {channel: login},
		"recipient":     {server: func(m *testserver.Mail) { m.Refuse["RCPT"] = "550 no such user" }, slug: "channel.refused", status: 550},
		"greylisted":    {server: func(m *testserver.Mail) { m.Refuse["RCPT"] = "450 later" }, slug: "channel.refused", status: 450},
		"sender":        {server: func(m *testserver.Mail) { m.Refuse["MAIL"] = "553 not you" }, slug: "channel.refused", status: 553},
		"password":      {server: func(m *testserver.Mail) { m.Refuse["AUTH"] = "535 bad " + canary }, channel: login, slug: "channel.login"},
		"echo":          {server: func(m *testserver.Mail) { m.Refuse["MAIL"] = "550 " + canary }, channel: login, slug: "channel.refused", status: 550},
		"in the middle": {server: func(m *testserver.Mail) { m.DropData = true }, slug: "channel.unreachable"},
		"answer lost":   {server: func(m *testserver.Mail) { m.DropDone = true }, slug: "channel.unreachable"},
		"behind it":     {server: func(m *testserver.Mail) { m.DropQuit = true }},
		"no starttls":   {channel: secure, slug: "channel.tls"},
		"first byte":    {server: func(m *testserver.Mail) { m.Cert, m.Secure = nobodys(t), true }, channel: func(m *job.Mail) { m.SMTP.TLS = job.TLSFull }, slug: "channel.tls"},
		"certificate":   {server: func(m *testserver.Mail) { m.Cert = nobodys(t) }, channel: secure, slug: "channel.tls"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			server := testserver.NewMail(t, tc.server)
			c := mailTo(server, tc.channel)
			r := NewSender(w.options()).Send(t.Context(), c, sample(c))
			slug := ""
			if r.Reason != nil {
				slug = r.Reason.Slug
				if strings.Contains(r.Reason.Error()+r.Reason.Do, canary) {
					t.Errorf("shows the password: %v", r.Reason)
				}
			}
			if slug != tc.slug || slug != "" && r.Status != tc.status {
				t.Errorf("%q %d: %+v", slug, r.Status, r.Reason)
			}
			if r.Reason != nil && name != "in the middle" && r.Reason.Unknown != (name == "answer lost") {
				t.Errorf("it may have been taken: %v", r.Reason.Unknown)
			}
			if taken := len(server.Letters()); (slug == "") != (taken == 1) {
				t.Errorf("%d mails were taken", taken)
			}
			if name == "login" && (len(server.Logins()) != 1 || server.Logins()[0] != "/haulier/"+canary) {
				t.Errorf("logins %q", server.Logins())
			}
		})
	}
}

// A mail server that says nothing is let go of when the time is over.
func TestMailServerThatHangs(t *testing.T) {
	w := newWorld(t)
	server := testserver.NewMail(t, func(m *testserver.Mail) { m.Hang = true })
	c := mailTo(server, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r := NewSender(w.options()).Send(ctx, c, sample(c)); r.Reason == nil {
		t.Error("it was taken")
	}
}

// written gives a mail as its bytes.
func written(t *testing.T, s *Sender, d job.Delivery) string {
	t.Helper()
	m, err := s.compose(job.Mail{From: "haulier@platform.example"}, d)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestARetriedMailIsTheSameMail(t *testing.T) {
	s := NewSender(newWorld(t).options())
	d := job.Delivery{MessageID: "msg_1", Recipient: "ops@platform.example", Made: time.Unix(1_790_000_000, 0), Event: job.Event{Type: "alert.opened", Data: []byte(`{"id":7}`)}}
	first, _ := readMail(t, written(t, s, d))
	second, _ := readMail(t, written(t, s, d))
	if id := first.Get("Message-Id"); id != "<msg_1@platform.example>" || id != second.Get("Message-Id") || first.Get("Date") != second.Get("Date") {
		t.Errorf("first %v, second %v", first, second)
	}
}

// What ended otherwise than by being well again is not called well, in a mail and on a phone.
func TestWhatIsClosedIsNotCalledWell(t *testing.T) {
	s := NewSender(newWorld(t).options())
	for by, want := range map[string]string{"": "haulier: OK again: job acme-in [expect.missing]", "a later deadline": "haulier: CLOSED: job acme-in [expect.missing]"} {
		d := job.Delivery{Recipient: "ops@platform.example", Event: job.Event{Type: "alert.resolved", Data: []byte(
			`{"id":7,"kind":"missing","cause_key":"job/acme-in/expect.missing","resolved":"2026-11-24T02:00:00Z","resolved_by":"` + by + `","error":{"slug":"expect.missing"}}`,
		)}}
		l, short := s.letter(d), s.shortLetter(d)
		if l.subject != want || !strings.HasPrefix(short, want) || !strings.Contains(short, by) || !strings.Contains(l.body, by) || (by == "") != strings.HasPrefix(l.body, "Well") {
			t.Errorf("%s\n%s\n%s", l.subject, l.body, short)
		}
	}
}

// A mail names the hundred jobs that its event names, and counts the others; a phone shows few.
func TestAMailNamesAHundredJobs(t *testing.T) {
	s := NewSender(newWorld(t).options())
	jobs := make([]string, job.JobsNamed)
	for i := range jobs {
		jobs[i] = fmt.Sprintf("import-of-customer-%03d", i)
	}
	data, err := json.Marshal(map[string]any{"id": 7, "kind": "failed", "cause_key": "connection/acme/net.refused", "jobs": jobs, "jobs_total": 130, "error": refusedKey})
	if err != nil {
		t.Fatal(err)
	}
	d := job.Delivery{Recipient: "ops@platform.example", Event: job.Event{Type: "alert.opened", Data: data}}
	text := s.letter(d).body
	for _, name := range append(jobs, "and 30 more\n") {
		if strings.Count(text, name) != 1 {
			t.Fatalf("it lacks %q:\n%s", name, text)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 160 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	if short := s.shortLetter(d); !strings.Contains(short, "import-of-customer-001 and 128 more · ") || len(short) > shoutMost {
		t.Errorf("a phone shows %s", short)
	}
}
