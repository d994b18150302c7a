package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func linksToSheetsEnd(t *testing.T, b bundle) {
	link := func(hash, connection string, until time.Time) {
		ok(t, b.AddSheetLink(t.Context(), store.SheetLink{Hash: hash, Connection: connection, Language: "fr", By: "olivia", Made: due(1), Expires: until}))
	}
	link("one", "acme", due(5))
	link("two", "acme", due(9))
	link("other", "bigbank", due(9))
	if err := b.AddSheetLink(t.Context(), store.SheetLink{Hash: "one", Connection: "bigbank", Expires: due(9)}); err == nil {
		t.Error("a token was given twice")
	}
	open := func(hash string, at time.Time) error {
		l, err := b.OpenSheetLink(t.Context(), hash, func(connection string) bool { return connection != "gone" }, at)
		if err == nil && (l.Hash != hash || l.Language != "fr" || !l.Last.Equal(at)) {
			t.Errorf("%s gave %+v", hash, l)
		}
		return err
	}
	link("astray", "gone", due(9))
	if err := open("astray", due(2)); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a link to what is gone: %v", err)
	}
	same(t, "a link to what is gone is not opened", must[[]store.SheetLink](t)(b.SheetLinks(t.Context(), "gone", due(2)))[0].Opened, 0)
	ok(t, open("one", due(2)))
	ok(t, open("one", due(4)))
	for hash, at := range map[string]time.Time{"one": due(5), "two": due(9), "three": due(2), "": due(2)} {
		if err := open(hash, at); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("%q at %s: %v", hash, at, err)
		}
	}
	links := must[[]store.SheetLink](t)(b.SheetLinks(t.Context(), "acme", due(4)))
	same(t, "links", []any{len(links), links[0].Hash, links[1].Opened}, []any{2, "two", 2})
	same(t, "ended", must[int64](t)(b.EndSheetLinks(t.Context(), "acme", "olivia", due(4))), 2)
	same(t, "ended again", must[int64](t)(b.EndSheetLinks(t.Context(), "acme", "olivia", due(4))), 0)
	if err := open("two", due(4)); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a link that was ended: %v", err)
	}
	ok(t, open("other", due(4)))
	same(t, "last act", must[store.AuditLine](t)(b.LastAudit(t.Context(), "sheet.unlink", "acme")).Who, "olivia")
	same(t, "no act", must[store.AuditLine](t)(b.LastAudit(t.Context(), "sheet.unlink", "bigbank")).ID, int64(0))
}
