package main

import (
	"bytes"
	"context"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
)

// apiSheets make onboarding sheets for the API, as the pages and the command do.
type apiSheets struct{ sheets }

func (s apiSheets) Facts(ctx context.Context, connection string) (any, error) {
	return control.Sheet(ctx, s.cfg(), s.store, connection, thisBuild().Version, time.Now())
}

func (s apiSheets) Write(ctx context.Context, connection, language, form string) ([]byte, error) {
	facts, err := control.Sheet(ctx, s.cfg(), s.store, connection, thisBuild().Version, time.Now())
	if err != nil {
		return nil, err
	}
	document, err := sheet.Compose(facts, language)
	if err != nil {
		return nil, err
	}
	var whole bytes.Buffer
	err = sheet.Write(&whole, document, form)
	return whole.Bytes(), err
}

func (s apiSheets) Link(ctx context.Context, connection, language string, until time.Time, by string) (string, error) {
	cfg := s.cfg()
	if _, found := cfg.Connections[connection]; !found {
		return "", noSuchConnection(connection)
	}
	token, err := s.sheets.Link(ctx, connection, language, until, by)
	if err != nil || cfg.Web.Public == nil {
		return "/sheet/" + token, err
	}
	return cfg.Web.Public.JoinPath("sheet", token).String(), nil
}
