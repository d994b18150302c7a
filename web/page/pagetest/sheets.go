package pagetest

import (
	"cmp"
	"context"
	"html/template"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// Sheets makes sheets that say their connection and language.
type Sheets struct {
	Until time.Time // of the link that was made last
	By    string
	Given []string // hosts that were filled in

	Looks string                                                   // style of real sheets
	Draw  func(connection, language string) (template.HTML, error) // makes real sheets; nil: they say their connection
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

// Follow gives the sheet of the one link.
func (s *Sheets) Follow(ctx context.Context, token, asked, accepted string) (template.HTML, string, error) {
	if token != Token {
		return "", "", job.ErrNotFound
	}
	language := cmp.Or(asked, accepted, "fr")
	body, err := s.Sheet(ctx, "acme", language)
	return body, language, err
}

// Answer takes what has a host, and says so.
func (s *Sheets) Answer(ctx context.Context, token, asked, accepted string, value func(string) string) (template.HTML, string, bool, error) {
	body, language, err := s.Follow(ctx, token, asked, accepted)
	if err != nil || value("host") == "" {
		return body, language, false, err
	}
	s.Given = append(s.Given, value("host"))
	return body + "<p>taken</p>", language, true, nil
}

// Answers gives answers from outside.
func (s *Sheets) Answers(context.Context, string) ([]page.Answers, error) {
	return []page.Answers{{At: Now, Language: "fr", Fields: []page.Answer{
		{Name: "host", Label: "Host name", Value: "sftp.new.example", Ours: "sftp.acme.example"},
		{Name: "port", Label: "Port", Value: "22", Ours: "22", Same: true},
		{Name: "remarks", Label: "Remarks", Value: "<script>alert(1)</script>\nline two"},
	}}}, nil
}

// Say gives a text of what is around a sheet.
func (s *Sheets) Say(language, name string) string { return language + " " + name }
