package pagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// Sheets makes sheets that say their connection and language.
type Sheets struct {
	Until time.Time // of the link that was made last
	By    string
	Ill   error    // what following a link comes to
	Given []string // hosts that were filled in

	Looks   string                                                   // style of real sheets
	Draw    func(connection, language string) (template.HTML, error) // makes real sheets; nil: they say their connection
	Codes   func(address, says string) (template.HTML, error)        // draws real QR codes; nil: none
	Handled int64                                                    // the last answer that was dealt with
}

// Token is that of the one link that there is.
const Token = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

// Languages are those that a sheet can be in.
func (s *Sheets) Languages() []string { return []string{"en", "fr"} }

// Style is the style of a sheet.
func (s *Sheets) Style() string { return cmp.Or(s.Looks, ".sheet{color:#000}") }

// Sheet gives the body of a sheet.
func (s *Sheets) Sheet(_ context.Context, connection, language string) (template.HTML, error) {
	if s.Draw != nil {
		return s.Draw(connection, language)
	}
	return template.HTML(`<article class="sheet" lang="` + language + `"><h1>Sheet of ` + connection + `</h1></article>`), nil
}

// Link notes who wants a link until when.
func (s *Sheets) Link(_ context.Context, _, _ string, until time.Time, by string) (string, error) {
	s.Until, s.By = until, by
	return Token, nil
}

// Code draws nothing but says of what.
func (s *Sheets) Code(address string) (template.HTML, error) {
	if s.Codes != nil {
		return s.Codes(address, "QR code of the link")
	}
	return template.HTML(`<svg class="qr" role="img" aria-label="QR code of ` + template.HTMLEscapeString(address) + `"></svg>`), nil
}

// Follow gives the sheet of the one link.
func (s *Sheets) Follow(ctx context.Context, token, asked, accepted string) (template.HTML, string, error) {
	if token != Token {
		return "", "", job.ErrNotFound
	}
	if s.Ill != nil {
		return "", "", s.Ill
	}
	language := cmp.Or(asked, accepted, "fr")
	body, err := s.Sheet(ctx, "acme", language)
	return body, language, err
}

// Answer takes what has a host, and says so.
func (s *Sheets) Answer(ctx context.Context, token, asked, accepted string, read func() (url.Values, error)) (template.HTML, string, int, error) {
	body, language, err := s.Follow(ctx, token, asked, accepted)
	if err != nil {
		return body, language, 0, err
	}
	form, err := read()
	switch {
	case err != nil:
		return body + "<p>unread</p>", language, http.StatusRequestEntityTooLarge, nil
	case form.Get("host") == "":
		return body, language, http.StatusUnprocessableEntity, nil
	case form.Get("host") == "disk":
		return body, language, 0, errors.New("open /var/lib/haulier: no space left on device")
	}
	s.Given = append(s.Given, form.Get("host"))
	return body + "<p>taken</p>", language, http.StatusOK, nil
}

// told is an answer from outside.
func told(id int64) page.Answers {
	return page.Answers{ID: id, At: Now, Language: "fr", By: "olivia", Made: Now.AddDate(0, 0, -1), Fields: []page.Answer{
		{Name: "host", Label: "Host name", Value: fmt.Sprintf("sftp%d.new.example", id), Ours: "sftp.acme.example"},
		{Name: "port", Label: "Port", Value: "22", Ours: "22", Same: true},
		{Name: "remarks", Label: "Remarks", Value: "<script>alert(1)</script>\nline two"},
	}}
}

// Heard gives what came by two links, the one of them often.
func (s *Sheets) Heard(context.Context, string) (page.Heard, error) {
	first := told(3)
	h := page.Heard{Last: 45, Links: []page.HeardByLink{{Times: 44, Last: told(45), First: &first}, {Times: 1, Last: told(2)}}}
	if s.Handled == 0 {
		h.Waits = 7
	}
	return h, nil
}

// Answers gives those before a number.
func (s *Sheets) Answers(_ context.Context, _ string, before int64, limit int) (list []page.Answers, err error) {
	if before == 0 {
		before = 46
	}
	for id := before - 1; id > 0 && len(list) < limit; id-- {
		list = append(list, told(id))
	}
	return list, nil
}

// Handle notes up to where somebody has dealt with it.
func (s *Sheets) Handle(_ context.Context, _ string, last int64, _ string) error {
	if last < 45 {
		return job.ErrStale
	}
	s.Handled = last
	return nil
}

// Say gives a text of what is around a sheet.
func (s *Sheets) Say(language, name string) string { return language + " " + name }
