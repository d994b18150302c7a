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
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/page"
)

// sheets makes the onboarding sheets of the dashboard.
type sheets struct {
	cfg   func() *config.Config
	store *store.Store
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

func (s sheets) Link(ctx context.Context, connection, language string, until time.Time, by string) (string, error) {
	return linkSheet(ctx, s.store, store.SheetLink{Connection: connection, Language: language, By: by, Made: time.Now(), Expires: until})
}

func (s sheets) Follow(ctx context.Context, token, asked, accepted string) (template.HTML, string, error) {
	link, err := s.store.OpenSheetLink(ctx, hashOf(token), time.Now())
	if err != nil {
		return "", "", err
	}
	before, err := s.store.LastAnswer(ctx, link.Hash)
	if err != nil {
		return "", "", err
	}
	language := s.tongue(link, asked, accepted)
	body, err := s.filled(ctx, link, language, sheet.State{Before: before})
	return body, language, err
}

func (s sheets) Answer(ctx context.Context, token, asked, accepted string, value func(string) string) (template.HTML, string, bool, error) {
	link, err := s.store.OpenSheetLink(ctx, hashOf(token), time.Now())
	if err != nil {
		return "", "", false, err
	}
	language := s.tongue(link, asked, accepted)
	state, err := s.take(ctx, link, language, value)
	if err != nil {
		return "", "", false, err
	}
	body, err := s.filled(ctx, link, language, state)
	return body, language, len(state.Sent) > 0, err
}

// take keeps what somebody filled in, if nothing is wrong with it.
func (s sheets) take(ctx context.Context, link store.SheetLink, language string, value func(string) string) (sheet.State, error) {
	answers, faults := sheet.Read(value)
	if len(faults) > 0 {
		return sheet.State{Values: answers, Faults: faults}, nil
	}
	_, err := s.store.AddSheetAnswer(context.WithoutCancel(ctx), link.Hash, language, answers, time.Now())
	switch {
	case errors.Is(err, store.ErrNoMore):
		return sheet.State{Full: true}, nil
	case err != nil:
		return sheet.State{}, err
	}
	return sheet.State{Sent: answers}, nil
}

// tongue is the language of a link's page: the one asked for, that of the link or of the connection, else what a browser wants.
func (s sheets) tongue(link store.SheetLink, asked, accepted string) string {
	return cmp.Or(asked, link.Language, s.cfg().Connections[link.Connection].Language, accepted, sheet.Languages()[0])
}

// filled is the sheet of a link with its form.
func (s sheets) filled(ctx context.Context, link store.SheetLink, language string, state sheet.State) (template.HTML, error) {
	document, err := s.document(ctx, link.Connection, language)
	if err != nil {
		return "", err
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

func (s sheets) Answers(ctx context.Context, connection string) ([]page.Answers, error) {
	told, err := control.Answers(ctx, s.cfg(), s.store, connection, answersShown)
	all := make([]page.Answers, len(told))
	for i, t := range told {
		all[i] = page.Answers{At: t.At, Language: t.Language}
		for _, f := range t.Fields {
			all[i].Fields = append(all[i].Fields, page.Answer(f))
		}
	}
	return all, err
}

// answersShown is how many answers a page has, the latest first.
const answersShown = 5

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
