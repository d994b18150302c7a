package month

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/testserver"
)

// tells is what a message is about, as far as it says.
type tells struct {
	kind     string // type of its event; of mail, of webhooks only
	incident string // of an alert
	body     string // of mail; of webhooks, the jobs
}

// hook reads a webhook as the platform does.
func (o *office) hook(body []byte) (about tells, says string) {
	var in struct {
		Type string
		Data struct {
			ID       int64  `json:"id"`
			Cause    string `json:"cause_key"`
			Jobs     []string
			Total    int      `json:"jobs_total"`
			Missed   []string `json:"missed"`
			Age      int64    `json:"age_seconds"`
			Count    int
			By       string `json:"resolved_by"`
			Job, Day string
			Error    struct{ Cause string }
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		o.t.Errorf("a webhook that is no JSON: %v", err)
	}
	d := in.Data
	about.kind, says = in.Type, in.Type+" "+strings.TrimSpace(d.Job+" "+d.Day)
	if d.Cause == "" {
		return about, says
	}
	about.body = strings.Join(d.Jobs, " ")
	about.incident, says = fmt.Sprintf("incident-%d", d.ID), in.Type+" "+d.Cause
	if d.Total > 1 {
		says += fmt.Sprintf(" %d jobs", d.Total)
	}
	if len(d.Missed) > 0 {
		says += ", missed " + strings.Join(d.Missed, " ")
	}
	if in.Type == "alert.reminded" {
		says += fmt.Sprintf(", after %s, %d times", (time.Duration(d.Age) * time.Second).Truncate(time.Minute), d.Count)
	}
	if strings.HasPrefix(d.Cause, "credential/") && in.Type == "alert.opened" {
		if _, left, found := strings.Cut(d.Error.Cause, ", in "); found {
			says += ", in " + left
		}
	}
	if d.By != "" {
		says += " (" + d.By + ")"
	}
	return about, says
}

// letter reads a mail as its reader does, and holds it to what every mail of ours has.
func (o *office) letter(l testserver.Letter) {
	m, err := mail.ReadMessage(strings.NewReader(l.Text))
	if err != nil {
		o.t.Errorf("a mail to %s that cannot be read: %v", l.To, err)
		return
	}
	body := io.Reader(m.Body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	subject, wrong := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || wrong != nil {
		o.t.Errorf("a mail to %s that cannot be read: %v, %v", l.To, err, wrong)
	}
	about := tells{body: strings.ReplaceAll(string(text), "\r\n", "\n")}
	domain := "@platform.example>"
	id := strings.TrimSuffix(strings.TrimPrefix(m.Header.Get("Message-Id"), "<"), domain)
	about.incident = strings.TrimSuffix(strings.TrimPrefix(m.Header.Get("References"), "<"), domain)
	if m.Header.Get("From") != "<haulier"+domain || !strings.HasPrefix(id, "msg_") || !strings.HasPrefix(about.incident, "incident-") ||
		m.Header.Get("Auto-Submitted") != "auto-generated" {
		o.t.Errorf("a mail to %s with the headers %v", l.To, m.Header)
	}
	o.parts(l.To, subject, about)
	o.take(l.To, id, subject, about)
}

// parts are what a mail promises: ours what happened, why, what to do and who, theirs nothing of ours.
func (o *office) parts(to, subject string, about tells) {
	number := strings.TrimPrefix(about.incident, "incident-")
	wanted := []string{"What ", "Cause ", "Do ", "Who ", "Since ", "haulier alerts ack " + number + "\n"}
	if !strings.HasSuffix(to, "@platform.example") {
		wanted = []string{"Server ", "Since ", "Reference " + number + "\n"}
		for _, ours := range []string{"haulier ", "landing", "outbox", "net.", "expect."} {
			if strings.Contains(about.body, ours) {
				o.t.Errorf("%s reads of %q:\n%s", to, ours, about.body)
			}
		}
	}
	lines := strings.SplitAfter(about.body, "\n")
	for _, line := range lines {
		_, named, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "Customer  ") // ours name whom to call there
		if name, _, _ := strings.Cut(named, " "); name != "" {
			wanted = append(wanted, fmt.Sprintf("Contacts  it@%s.example, +32 2 555 12 34\n", name))
		}
	}
	for _, part := range wanted {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, part) || strings.HasSuffix(line, part) }) {
			o.t.Errorf("%q to %s lacks %q:\n%s", subject, to, part, about.body)
		}
	}
}

// stamp is a time by the clock of Brussels.
func stamp(at time.Time) string { return at.In(brussels).Format(clock) }
