package main

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// apiHears tells programs what customers filled in.
type apiHears struct{ pageHears }

func (h apiHears) FilledIn(ctx context.Context, connection string, before int64, limit int) ([]web.FilledIn, error) {
	told, err := control.Answers(ctx, h.cfg(), h.store, connection, before, limit)
	list := make([]web.FilledIn, len(told))
	for i, t := range told {
		list[i] = web.FilledIn{ID: t.ID, At: t.At, Language: t.Language, Link: web.LinkFollowed(t.Link), Fields: make([]web.FilledField, len(t.Fields))}
		for n, f := range t.Fields {
			list[i].Fields[n] = web.FilledField(f)
		}
	}
	return list, err
}

func (h apiHears) Waits(ctx context.Context, connection string) (int64, error) {
	return h.store.SheetWaits(ctx, connection)
}

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
	document, err := sheet.Compose(facts, cmp.Or(language, s.cfg().Connections[connection].Language, sheet.Languages()[0]))
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
	if cfg.Web.Public == nil {
		return "", &job.Reason{
			Slug: "access.no_public_url", What: "no link was made", Cause: "web.public_url does not say under which address customers reach us",
			Do: "set web.public_url in the configuration, and start the daemon again; or send the sheet itself, in the form mail", Who: job.WhoUs,
		}
	}
	token, err := s.sheets.Link(ctx, connection, language, until, by)
	if err != nil {
		return "", err
	}
	return cfg.Web.Public.JoinPath("sheet", token).String(), nil
}
