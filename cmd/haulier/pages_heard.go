package main

import (
	"context"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/page"
)

// pageHears tells pages what customers filled in.
type pageHears struct {
	cfg   func() *config.Config
	store *store.Store
}

func (p pageHears) Heard(ctx context.Context, connection string) (page.Heard, error) {
	h, err := control.HeardOf(ctx, p.cfg(), p.store, connection)
	shown := page.Heard{Waits: h.Waits, Last: h.Last}
	for _, l := range h.Links {
		link := page.HeardByLink{Times: l.Times, Last: pageAnswers(l.Last)}
		if l.First != nil {
			first := pageAnswers(*l.First)
			link.First = &first
		}
		shown.Links = append(shown.Links, link)
	}
	return shown, err
}

func (p pageHears) Answers(ctx context.Context, connection string, before int64, limit int) ([]page.Answers, error) {
	told, err := control.Answers(ctx, p.cfg(), p.store, connection, before, limit)
	list := make([]page.Answers, len(told))
	for i, t := range told {
		list[i] = pageAnswers(t)
	}
	return list, err
}

func (p pageHears) Handle(ctx context.Context, connection string, last int64, by string) error {
	return control.HandleAnswers(ctx, p.cfg(), p.store, connection, last, by)
}

func pageAnswers(t control.Told) page.Answers {
	a := page.Answers{ID: t.ID, At: t.At, Language: t.Language, By: t.Link.By, Made: t.Link.Made}
	for _, f := range t.Fields {
		a.Fields = append(a.Fields, page.Answer(f))
	}
	return a
}
