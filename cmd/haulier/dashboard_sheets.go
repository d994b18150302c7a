package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// sheets makes the onboarding sheets of the dashboard.
type sheets struct {
	cfg   func() *config.Config
	store *store.Store
	log   *slog.Logger
}

func (s sheets) Languages() []string { return sheet.Languages() }

func (s sheets) Style() string { return sheet.Style }

func (s sheets) Sheet(ctx context.Context, connection, language string) (template.HTML, error) {
	document, err := s.document(ctx, connection, language)
	if err != nil {
		return "", err
	}
	return sheet.Body(document)
}

func (s sheets) Code(address string) (template.HTML, error) {
	return sheet.Code(address, "QR code of the link")
}

func (s sheets) Link(ctx context.Context, connection, language string, until time.Time, by string) (string, error) {
	return linkSheet(ctx, s.store, store.SheetLink{Connection: connection, Language: language, By: by, Made: time.Now(), Expires: until})
}

func (s sheets) Follow(ctx context.Context, token, asked, accepted string) (template.HTML, string, error) {
	link, err := s.open(ctx, token)
	if err != nil {
		return "", "", err
	}
	before, err := s.store.LastAnswer(ctx, link.Hash)
	if err != nil {
		return "", "", s.failed(link, err)
	}
	language := s.tongue(link, asked, accepted)
	body, err := s.filled(ctx, link, language, sheet.State{Before: before})
	return body, language, err
}

// open finds the link of a token. One to a connection that is no longer configured has ended, as long as it is not.
func (s sheets) open(ctx context.Context, token string) (store.SheetLink, error) {
	cfg := s.cfg()
	link, err := s.store.OpenSheetLink(ctx, hashOf(token), func(connection string) bool { _, found := cfg.Connections[connection]; return found }, time.Now())
	if errors.Is(err, job.ErrNotFound) {
		return link, job.ErrNotFound
	}
	return link, s.failed(link, err)
}

// failed leaves in the log what is not for those who have a link.
func (s sheets) failed(link store.SheetLink, err error) error {
	if err != nil {
		s.log.Error("a link to a sheet was of no use", "connection", link.Connection, "error", err)
	}
	return err
}

func (s sheets) Answer(ctx context.Context, token, asked, accepted string, read func() (url.Values, error)) (template.HTML, string, int, error) {
	link, err := s.open(ctx, token)
	if err != nil {
		return "", "", 0, err
	}
	language := s.tongue(link, asked, accepted)
	state, status := s.take(ctx, link, language, read)
	body, err := s.filled(ctx, link, language, state)
	return body, language, status, err
}

// take keeps what somebody filled in, if nothing is wrong with it. Else it is given back as it was typed.
func (s sheets) take(ctx context.Context, link store.SheetLink, language string, read func() (url.Values, error)) (sheet.State, int) {
	form, err := read()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return sheet.State{Why: sheet.Unread}, http.StatusRequestEntityTooLarge
	case err != nil:
		return sheet.State{Why: sheet.Unread}, http.StatusBadRequest
	}
	answers, faults := sheet.Read(form.Get)
	if len(faults) > 0 {
		return sheet.State{Values: answers, Faults: faults}, http.StatusUnprocessableEntity
	}
	err = control.FillIn(context.WithoutCancel(ctx), s.cfg(), s.store, link, language, answers, time.Now())
	switch {
	case err == nil:
		return sheet.State{Sent: answers}, http.StatusOK
	case errors.Is(err, store.ErrNoMore):
		return sheet.State{Why: sheet.Full, Values: answers}, http.StatusConflict
	case errors.Is(err, store.ErrTooLong):
		return sheet.State{Why: sheet.Unread}, http.StatusRequestEntityTooLarge
	}
	_ = s.failed(link, err)
	return sheet.State{Why: sheet.Failed, Values: answers}, http.StatusServiceUnavailable
}

// tongue is the language of a link's page: the one asked for, that of the link or of the connection, else what a browser wants.
func (s sheets) tongue(link store.SheetLink, asked, accepted string) string {
	return cmp.Or(asked, link.Language, s.cfg().Connections[link.Connection].Language, accepted, sheet.Languages()[0])
}

// filled is the sheet of a link with its form.
func (s sheets) filled(ctx context.Context, link store.SheetLink, language string, state sheet.State) (template.HTML, error) {
	document, err := s.document(ctx, link.Connection, language)
	if err != nil {
		return "", s.failed(link, err)
	}
	state.Action = "?lang=" + language
	return sheet.Body(document.Fill(state))
}

func (s sheets) document(ctx context.Context, connection, language string) (sheet.Document, error) {
	facts, err := control.Sheet(ctx, s.cfg(), s.store, connection, thisBuild().Version, time.Now())
	if err != nil {
		return sheet.Document{}, err
	}
	return sheet.Compose(facts, language)
}

func (s sheets) Say(language, name string) string { return sheet.Say(language, name) }

// linkSheet makes a link to a sheet and gives its token: 256 bits that nothing here keeps.
func linkSheet(ctx context.Context, s *store.Store, link store.SheetLink) (token string, err error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	link.Hash = hashOf(token)
	return token, s.AddSheetLink(ctx, link)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
