package notify

import (
	"fmt"

	"github.com/haulier/haulier/internal/ask"
	"github.com/haulier/haulier/job"
)

// contactLetter is for a contact on the other side: it names their server and what we ask of them, and nothing of ours, neither
// jobs nor paths nor what programs said.
func (s *Sender) contactLetter(d job.Delivery, about facts) letter {
	c, _ := s.Connection(d.Connection)
	server := fmt.Sprintf("%s, port %d, user %s", c.Host, c.Port, c.User)
	l := letter{thread: threadOf(about), subject: oneLine("File transfer with "+c.Host+": please help", 200)}
	var p page
	if d.Event.Type == "alert.resolved" {
		l.subject = oneLine("File transfer with "+c.Host+": works again", 200)
		p.WriteString("The trouble that we wrote to you about is over. There is nothing more to do. Thank you.\n\n")
	} else {
		p.WriteString(ask.Customer(about.Error.Slug) + "\n\n")
	}
	p.line("Server", server)
	p.line("Since", s.since(facts{Opened: about.Opened, Age: about.Age}))
	p.line("Reference", fmt.Sprintf("incident %d", about.ID))
	p.WriteString("\nThis mail was written by a program. You get it because you are named as the contact for this server.\n")
	l.body = p.String()
	return l
}
