package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Sheets makes onboarding sheets, and links to them for people without a login.
type Sheets interface {
	// Languages are those that a sheet can be in; where none is asked for, that of the connection counts.
	Languages() []string
	// Facts gives what a sheet tells, as a program reads it.
	Facts(ctx context.Context, connection string) (any, error)
	// Write gives a sheet as html, md, txt or mail.
	Write(ctx context.Context, connection, language, form string) ([]byte, error)
	// Link makes a link, and gives its address.
	Link(ctx context.Context, connection, language string, until time.Time, by string) (url string, err error)
}

// Sheet is an onboarding sheet as a program reads it: what haulier onboarding --json prints.
type Sheet struct {
	Facts json.RawMessage `json:"facts"`
}

// Linking is the body that asks for a link to a sheet.
type Linking struct {
	By       string `json:"by,omitempty"`
	Days     int    `json:"days"` // that it lasts, 1 to 90
	Language string `json:"language,omitempty"`
}

// SheetLink is a link to a sheet. It is not shown again.
type SheetLink struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// sheetForms are the forms of a sheet that is no JSON, by what they are called.
var sheetForms = map[string]string{"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "txt": "text/plain; charset=utf-8", "mail": "text/plain; charset=utf-8"}

// linkMost is how many days a link to a sheet may last.
const linkMost = 90

func (a *api) sheet(w http.ResponseWriter, r *http.Request) {
	form := cmp.Or(r.URL.Query().Get("format"), "json")
	language, err := a.language(r.URL.Query().Get("language"))
	kind, known := sheetForms[form]
	if err == nil && form != "json" && !known {
		err = badRequest{errors.New("format is json, html, md, txt or mail")}
	}
	if err != nil {
		refuse(w, r, err)
		return
	}
	if form == "json" {
		answers(a.facts)(w, r)
		return
	}
	body, err := a.Sheets.Write(r.Context(), r.PathValue("name"), language, form)
	if err != nil {
		refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", attachment("onboarding-"+r.PathValue("name")+"."+strings.Replace(form, "mail", "txt", 1)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // whoever asked may be gone
}

func (a *api) facts(r *http.Request) (any, error) {
	facts, err := a.Sheets.Facts(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(facts)
	return Sheet{text}, err
}

// language is one that there is; empty: that of the connection.
func (a *api) language(asked string) (string, error) {
	all := a.Sheets.Languages()
	if asked != "" && !slices.Contains(all, asked) {
		return "", badRequest{fmt.Errorf("language is one of %s", strings.Join(all, ", "))}
	}
	return asked, nil
}

func (a *api) linkSheet(r *http.Request) (any, error) {
	var body Linking
	err := read(r, &body, &body.By)
	if err == nil && (body.Days < 1 || body.Days > linkMost) {
		err = badRequest{fmt.Errorf("days is how long the link lasts, 1 to %d", linkMost)}
	}
	if err == nil {
		body.Language, err = a.language(body.Language)
	}
	if err != nil {
		return nil, err
	}
	until := time.Now().AddDate(0, 0, body.Days).UTC()
	url, err := a.Sheets.Link(context.WithoutCancel(r.Context()), r.PathValue("name"), body.Language, until, body.By)
	return SheetLink{url, until}, err
}
