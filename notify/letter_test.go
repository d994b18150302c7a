package notify

import (
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

// What is missing for what a letter tells is said in it, for it has no letter of its own; a contact reads no names of ours.
func TestALetterSaysWhatIsMissingForIt(t *testing.T) {
	s := NewSender(Options{Connection: func(string) (job.Connection, bool) { return job.Connection{}, false }})
	letterOf := func(missed string, contact bool) string {
		return s.letter(job.Delivery{Contact: contact, Event: job.Event{Type: "alert.reminded", Data: []byte(`{"id":7,"kind":"failed","cause_key":"job/acme-in/pgp.wrong_key","jobs":["acme-in"],"missed":` + missed + `,
			"error":{"slug":"pgp.wrong_key","what":"it did not land","cause":"another key","do":"ask","who":"customer"}}`)}}).body
	}
	const said = "what is expected of acme-in has not come in time"
	if text := letterOf(`["acme-in"]`, false); !strings.Contains(text, "Missing   "+said) {
		t.Errorf("a letter says nothing of it:\n%s", text)
	}
	if text := letterOf(`[]`, false); strings.Contains(text, "Missing") {
		t.Errorf("nothing is missing:\n%s", text)
	}
	if text := letterOf(`["acme-in"]`, true); strings.Contains(text, "acme-in") {
		t.Errorf("a contact reads:\n%s", text)
	}
	short := s.shortLetter(job.Delivery{Event: job.Event{Type: "alert.opened", Data: []byte(`{"kind":"failed","jobs":["acme-in"],"missed":["acme-in"]}`)}})
	if !strings.Contains(short, said) {
		t.Errorf("in short: %s", short)
	}
}

// A reminder of what is there once more after people were told that it was over says so in its subject.
func TestASubjectSaysThatItIsBack(t *testing.T) {
	s := NewSender(Options{Connection: func(string) (job.Connection, bool) { return job.Connection{}, false }})
	subject := func(since string) string {
		return s.letter(job.Delivery{Event: job.Event{Type: job.EventAlertReminded, Data: []byte(`{"id":7,"kind":"failed","cause_key":"job/acme-in/pgp.wrong_key","age_seconds":3600,
			"since":` + since + `,"error":{"slug":"pgp.wrong_key"}}`)}}).subject
	}
	if got := subject(`{"reopened":true}`); !strings.Contains(got, "FAILED again: job acme-in") {
		t.Errorf("back: %s", got)
	}
	if got := subject(`{}`); !strings.Contains(got, "STILL FAILED after 1 h:") {
		t.Errorf("as before: %s", got)
	}
}
