package notify

import (
	"strconv"
	"time"

	"github.com/haulier/haulier/internal/ask"
	"github.com/haulier/haulier/job"
)

// contactLetter is for a contact on the other side, in the language of the connection: it names their server and what we ask of them, and nothing of ours, neither
// jobs nor paths nor what programs said.
func (s *Sender) contactLetter(d job.Delivery, about facts) letter {
	c, _ := s.Connection(d.Connection)
	say := func(name string, pairs ...string) string { return ask.Letter(c.Language, name, pairs...) }
	l := letter{thread: threadOf(about), subject: oneLine(say("subject", "host", c.Host), 200)}
	var p page
	switch d.Event.Type {
	case job.EventAlertResolved:
		l.subject = oneLine(say("over.subject", "host", c.Host), 200)
		p.WriteString(say("over") + "\n\n")
	case job.EventAlertReminded:
		l.subject = oneLine(say("back.subject", "host", c.Host), 200)
		p.WriteString(say("back") + " " + ask.Customer(c.Language, about.Error.Slug) + "\n\n")
	default:
		p.WriteString(ask.Customer(c.Language, about.Error.Slug) + "\n\n")
	}
	p.line(say("server"), say("account", "host", c.Host, "port", strconv.Itoa(c.Port), "user", c.User))
	p.line(say("since"), s.openedAt(about))
	p.line(say("reference"), strconv.FormatInt(about.ID, 10))
	p.WriteString("\n" + say("footer") + "\n")
	l.body = p.String()
	return l
}

// openedAt is when an incident began, in figures alone.
func (s *Sender) openedAt(about facts) string {
	at, err := time.Parse(time.RFC3339, about.Opened)
	if err != nil {
		return ""
	}
	return at.In(s.Zone()).Format("2006-01-02 15:04 MST")
}
