package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
)

// letter is what people are told.
type letter struct {
	subject string // one line
	body    string
	thread  string // letters of one thread belong together; empty: it stands alone
}

// letter writes a mail: for our people with all that helps, for a contact on the other side with nothing of ours.
func (s *Sender) letter(d job.Delivery) letter {
	about := factsOf(d.Event)
	if d.Contact {
		return s.contactLetter(d, about)
	}
	l := letter{subject: oneLine("haulier: "+headline(d, about), 200), thread: threadOf(about)}
	l.body = s.forUs(d, about)
	return l
}

func threadOf(about facts) string {
	if about.ID == 0 {
		return ""
	}
	return fmt.Sprintf("incident-%d", about.ID)
}

// states are the words for what an alert says, by the kind of its incident.
var states = map[job.AlertKind]string{
	job.AlertLate: "LATE", job.AlertMissing: "MISSING", job.AlertFailed: "FAILED", job.AlertCredential: "CREDENTIAL",
	job.AlertChannel: "CHANNEL", job.AlertConfig: "CONFIGURATION", job.AlertSheet: "ONBOARDING", "test": "TEST",
}

// headline says in one line what it is about.
func headline(d job.Delivery, about facts) string {
	state := states[about.Kind]
	switch {
	case state == "":
		state = d.Event.Type
	case about.closed():
		state = "CLOSED"
	case d.Event.Type == job.EventAlertResolved:
		state = "OK again"
	case d.Event.Type == job.EventAlertReminded && about.Since.Reopened: // people were told that it was over
		state += " again"
	case d.Event.Type == job.EventAlertReminded:
		state = "STILL " + state + " after " + lasted(about)
	}
	line := state + subjectMatter(d, about)
	if about.Error.Slug != "" {
		line += " [" + about.Error.Slug + "]"
	}
	return line
}

// subjectMatter names what the alert is about: a connection, a channel, or jobs.
func subjectMatter(d job.Delivery, about facts) string {
	scope, rest, _ := strings.Cut(about.Cause, "/")
	end := strings.LastIndexByte(rest, '/')
	switch {
	case end > 0 && scope != "":
		return ": " + scope + " " + rest[:end]
	case d.Connection != "":
		return ": connection " + d.Connection
	}
	return ""
}

// lasted is how long what is told has stood.
func lasted(about facts) string { return span.Text(time.Duration(about.Age) * time.Second) }

// whose are the words for whose turn it is.
var whose = map[job.Who]string{
	job.WhoUs: "us", job.WhoCustomer: "the customer", job.WhoNetwork: "the network team, theirs or ours", job.WhoBoth: "us and the customer",
}

// page collects the lines of a letter.
type page struct{ strings.Builder }

func (p *page) line(name, text string) {
	if text != "" {
		fmt.Fprintf(p, "%-10s%s\n", name, oneLine(text, lineMost))
	}
}

// jobs names those that an event names, and says how many there are besides.
func (p *page) jobs(about facts) {
	name, text := "Jobs", ""
	for i, job := range about.Jobs {
		part := oneLine(job, nameMost)
		if i+1 < len(about.Jobs) {
			part += ", "
		}
		if text != "" && len(text)+len(part) > 100 {
			p.line(name, text)
			name, text = "", ""
		}
		text += part
	}
	p.line(name, text+andMore(about, len(about.Jobs)))
}

// andMore says how many jobs an incident touches beside those that are named.
func andMore(about facts, named int) string {
	if more := max(about.JobsTotal, len(about.Jobs)) - named; more > 0 {
		return fmt.Sprintf(" and %d more", more)
	}
	return ""
}

// forUs has what happened to the data first, then cause, one thing to do, and whose turn it is.
func (s *Sender) forUs(d job.Delivery, about facts) string {
	var p page
	switch {
	case about.closed():
		p.line("Closed", about.ResolvedBy+"; nothing more is told of it, after "+lasted(about))
	case d.Event.Type == job.EventAlertResolved:
		p.line("Well", "what is described below is over, after "+lasted(about))
	}
	p.line("What", about.Error.What)
	p.line("Cause", about.Error.Cause)
	p.line("Do", about.Error.Do)
	p.line("Who", whose[about.Error.Who])
	p.WriteByte('\n')
	p.jobs(about)
	p.line("Missing", missedBy(about))
	p.line("Since", s.since(about))
	p.line("Customer", s.customer(d, about))
	p.line("Contacts", strings.Join(bounded(about.Contacts, 10), ", "))
	if about.ID != 0 {
		p.line("Incident", fmt.Sprintf("%d   haulier alerts ack %d", about.ID, about.ID))
	}
	if about.Error.Slug != "" {
		p.line("More", about.Error.Slug+" in docs/errors.md")
	}
	return p.String()
}

func bounded(all []string, most int) []string {
	if len(all) > most {
		return append(all[:most:most], "…")
	}
	return all
}

// jobsOf names as many jobs as a phone shows.
func jobsOf(about facts) string {
	const most = 60
	text, named := "", 0
	for _, name := range about.Jobs {
		name = oneLine(name, most)
		if named > 0 {
			name = ", " + name
		}
		if named > 0 && len(text)+len(name) > most {
			break
		}
		text, named = text+name, named+1
	}
	return text + andMore(about, named)
}

// missedBy says whose deadline has passed for what the letter tells: nobody is told of that in a letter of its own.
func missedBy(about facts) string {
	if len(about.Missed) == 0 {
		return ""
	}
	return "what is expected of " + strings.Join(bounded(about.Missed, 20), ", ") + " has not come in time"
}

func (s *Sender) since(about facts) string {
	at, err := time.Parse(time.RFC3339, about.Opened)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("%s (%s)", at.In(s.Zone()).Format("Mon 2006-01-02 15:04 MST"), lasted(about))
	if about.Count > 1 {
		text += fmt.Sprintf(", %d times", about.Count)
	}
	return text
}

func (s *Sender) customer(d job.Delivery, about facts) string {
	c, found := s.Connection(d.Connection)
	if !found {
		return d.Connection
	}
	return fmt.Sprintf("%s (%s), %s@%s", c.DisplayName, c.Name, c.User, c.Host)
}

// shortLetter is for chat, pagers and phones.
func (s *Sender) shortLetter(d job.Delivery) string {
	about := factsOf(d.Event)
	parts := []string{"haulier: " + headline(d, about)}
	if jobs := jobsOf(about); jobs != "" {
		parts = append(parts, jobs)
	}
	if about.closed() {
		parts = append(parts, oneLine(about.ResolvedBy, 150))
	}
	if missed := missedBy(about); missed != "" {
		parts = append(parts, oneLine(missed, 120))
	}
	for _, text := range []string{about.Error.Cause, about.Error.Do} {
		if text != "" && d.Event.Type != job.EventAlertResolved {
			parts = append(parts, oneLine(text, 150))
		}
	}
	return oneLine(strings.Join(parts, " · "), shoutMost)
}
