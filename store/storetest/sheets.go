package storetest

import (
	"errors"
	"strings"
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
		l, err := b.OpenSheetLink(t.Context(), hash, at)
		if err == nil && (l.Hash != hash || l.Language != "fr" || !l.Last.Equal(at)) {
			t.Errorf("%s gave %+v", hash, l)
		}
		return err
	}
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

// What a customer fills in is kept beside the connection: once if it comes twice, no more than a link takes, and nothing by a link
// that has ended. It is told and written down, without what it says.
func answersToSheets(t *testing.T, b bundle) {
	for _, hash := range []string{"one", "two"} {
		ok(t, b.AddSheetLink(t.Context(), store.SheetLink{Hash: hash, Connection: "acme", By: "olivia", Made: due(1), Expires: due(9)}))
	}
	answer := func(hash, host string, at time.Time) (store.SheetAnswer, error) {
		return b.AddSheetAnswer(t.Context(), hash, "fr", map[string]string{"host": host, "remarks": "\x00'; DROP TABLE runs"}, at)
	}
	same(t, "never", must[time.Time](t)(b.LastAnswer(t.Context(), "one")).IsZero(), true)
	first := must[store.SheetAnswer](t)(answer("one", "a", due(2)))
	same(t, "first", []any{first.Connection, first.Language, first.Answers["host"], first.At}, []any{"acme", "fr", "a", due(2)})
	same(t, "sent twice", must[store.SheetAnswer](t)(answer("one", "a", due(3))).ID, first.ID)
	same(t, "by the other link", must[store.SheetAnswer](t)(answer("two", "a", due(3))).ID != first.ID, true)
	same(t, "last", must[time.Time](t)(b.LastAnswer(t.Context(), "one")), due(2))
	for hash, at := range map[string]time.Time{"one": due(9), "three": due(2), "": due(2)} {
		if _, err := answer(hash, "late", at); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("%q at %s: %v", hash, at, err)
		}
	}
	for i := range 30 {
		_, err := answer("one", string(rune('b'+i)), due(4))
		if full := errors.Is(err, store.ErrNoMore); err != nil && !full || full != (i >= 19) {
			t.Errorf("answer %d: %v", i+2, err)
		}
	}
	if _, err := b.AddSheetAnswer(t.Context(), "two", "fr", map[string]string{"remarks": strings.Repeat("x", 100<<10)}, due(4)); err == nil {
		t.Error("100 KiB were kept")
	}
	all := must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0))
	same(t, "all", []any{len(all), all[0].Answers["host"], all[20].ID, all[20].Answers["remarks"]}, []any{21, "t", first.ID, "\x00'; DROP TABLE runs"})
	same(t, "some", len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 5))), 5)
	same(t, "of another", len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "bigbank", 0))), 0)
	events := must[[]job.Event](t)(b.Events(t.Context(), 0, 0))
	same(t, "events", []any{len(events), events[0].Type, string(events[0].Data)}, []any{21, "sheet.answered", `{"id":1,"connection":"acme","fields":["host","remarks"]}`})
	same(t, "last act", must[store.AuditLine](t)(b.LastAudit(t.Context(), "sheet.answer", "acme")).Detail, "answers 21")
	ok(t, b.PurgeConnection(t.Context(), "acme"))
	same(t, "after a purge", len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0))), 0)
	if _, err := answer("two", "z", due(4)); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a purged link: %v", err)
	}
}
