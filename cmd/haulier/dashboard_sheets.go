package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/store"
)

// sheets makes the onboarding sheets of the dashboard.
type sheets struct {
	cfg   func() *config.Config
	store *store.Store
}

func (s sheets) Languages() []string { return sheet.Languages() }

func (s sheets) Style() string { return sheet.Style }

func (s sheets) Sheet(ctx context.Context, connection, language string) (template.HTML, error) {
	facts, err := control.Sheet(ctx, s.cfg(), s.store, connection, thisBuild().Version, time.Now())
	if err != nil {
		return "", err
	}
	document, err := sheet.Compose(facts, language)
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
	language := cmp.Or(asked, link.Language, s.cfg().Connections[link.Connection].Language, accepted, sheet.Languages()[0])
	body, err := s.Sheet(ctx, link.Connection, language)
	return body, language, err
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
