package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// links makes links to the sheet of a connection.
func (b bundle) links(t *testing.T, connection string, until time.Time, hashes ...string) {
	t.Helper()
	for _, hash := range hashes {
		ok(t, b.AddSheetLink(t.Context(), store.SheetLink{Hash: hash, Connection: connection, By: "olivia", Made: due(1), Expires: until}))
	}
}

func (b bundle) fillIn(t *testing.T, hash, host string, at time.Time) (store.SheetAnswer, error) {
	t.Helper()
	return b.AddSheetAnswer(t.Context(), store.FilledIn{
		Link: hash, Language: "fr", Answers: map[string]string{"host": host, "remarks": "\x00'; DROP TABLE runs"}, At: at,
		Reason: job.Reason{Slug: "onboarding.answered", What: "nothing was changed", Cause: "a customer filled in its sheet", Do: "look", Who: job.WhoUs},
	})
}

// What a customer fills in is kept beside the connection: once if it comes twice, no more than a link takes, and nothing by a link
// that has ended. It is told and written down, without what it says.
func answersToSheets(t *testing.T, b bundle) {
	b.links(t, "acme", due(9), "one", "two")
	same(t, "never", must[time.Time](t)(b.LastAnswer(t.Context(), "one")).IsZero(), true)
	first := must[store.SheetAnswer](t)(b.fillIn(t, "one", "a", due(2)))
	same(t, "first", []any{first.Connection, first.Language, first.Answers["host"], first.At}, []any{"acme", "fr", "a", due(2)})
	same(t, "sent twice", must[store.SheetAnswer](t)(b.fillIn(t, "one", "a", due(3))).ID, first.ID)
	same(t, "by the other link", must[store.SheetAnswer](t)(b.fillIn(t, "two", "a", due(3))).ID != first.ID, true)
	same(t, "last", must[time.Time](t)(b.LastAnswer(t.Context(), "one")), due(2))
	for hash, at := range map[string]time.Time{"one": due(9), "three": due(2), "": due(2)} {
		if _, err := b.fillIn(t, hash, "late", at); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("%q at %s: %v", hash, at, err)
		}
	}
	for i := range 1000 { // two in turn: what was said last may be said again
		_, err := b.fillIn(t, "one", string(rune('b'+i%2)), due(4))
		if full := errors.Is(err, store.ErrNoMore); err != nil && !full || full != (i >= 19 && i%2 == 1) {
			t.Fatalf("answer %d: %v", i+2, err)
		}
	}
	all := must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0, 0))
	same(t, "all", []any{len(all), all[0].Answers["host"], all[20].ID, all[20].Answers["remarks"]}, []any{21, "b", first.ID, "\x00'; DROP TABLE runs"})
	same(t, "by whose link", all[20].Link, store.LinkOfAnswer{By: "olivia", Made: due(1)})
	some := must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", all[4].ID, 5))
	same(t, "a part", []any{len(some), some[0].ID}, []any{5, all[5].ID})
	same(t, "of another", len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "bigbank", 0, 0))), 0)
	events := must[[]job.Event](t)(b.Events(t.Context(), 0, 0))
	same(t, "events", []any{len(events), events[0].Type, string(events[0].Data)}, []any{21, "sheet.answered", `{"id":1,"connection":"acme","fields":["host","remarks"]}`})
	same(t, "last act", must[store.AuditLine](t)(b.LastAudit(t.Context(), "sheet.answer", "acme")).Detail, "answers 21")
	ok(t, b.PurgeConnection(t.Context(), "acme"))
	same(t, "after a purge", len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0, 0))), 0)
	if _, err := b.fillIn(t, "two", "z", due(4)); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a purged link: %v", err)
	}
}

// Who has one link cannot push out what came by another, nor what came first.
func answersByLink(t *testing.T, b bundle) {
	same(t, "none", len(must[[]store.SheetTold](t)(b.SheetToldByLink(t.Context(), "acme", 5))), 0)
	b.links(t, "acme", due(9), "theirs", "leaked")
	b.links(t, "bigbank", due(9), "other")
	must[store.SheetAnswer](t)(b.fillIn(t, "leaked", "true", due(2)))
	must[store.SheetAnswer](t)(b.fillIn(t, "theirs", "as well", due(2)))
	must[store.SheetAnswer](t)(b.fillIn(t, "other", "not theirs", due(2)))
	for i := range 30 {
		_, _ = b.fillIn(t, "leaked", fmt.Sprint("junk ", i), due(3))
	}
	told := must[[]store.SheetTold](t)(b.SheetToldByLink(t.Context(), "acme", 5))
	same(t, "links", len(told), 2)
	same(t, "leaked", []any{told[0].Times, told[0].First.Answers["host"], told[0].Last.Answers["host"]}, []any{20, "true", "junk 18"})
	same(t, "theirs", []any{told[1].Times, told[1].First.ID == told[1].Last.ID, told[1].Last.Answers["host"], told[1].Last.Link.By}, []any{1, true, "as well", "olivia"})
	same(t, "at most", len(must[[]store.SheetTold](t)(b.SheetToldByLink(t.Context(), "acme", 1))), 1)
}

// Answers are measured by what they say: signs that are escaped on their way to a page are no longer than others.
func answersAreMeasured(t *testing.T, b bundle) {
	b.links(t, "acme", due(9), "one")
	say := func(text string) error {
		_, err := b.AddSheetAnswer(t.Context(), store.FilledIn{Link: "one", Language: "en", Answers: map[string]string{"remarks": text}, At: due(2)})
		return err
	}
	for _, sign := range []string{"<", "&", `"`, "\n", "é", "x"} {
		text := strings.Repeat(sign, (192<<10-len("remarks"))/len(sign))
		ok(t, say(text))
		same(t, sign, must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0, 1))[0].Answers["remarks"] == text, true)
	}
	if err := say(strings.Repeat("x", 192<<10)); !errors.Is(err, store.ErrTooLong) {
		t.Errorf("too much: %v", err)
	}
}

// Somebody has to deal with what was filled in, and is told of it: once, an hour later of what came since, and again when they had
// taken on what came before. It ends with the answer that they have seen, and not by a good login.
func answersAreDealtWith(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	b.links(t, "acme", due(90), "one")
	same(t, "waits", must[int64](t)(b.SheetWaits(t.Context(), "acme")), int64(0))
	tell := func(at time.Time) string {
		t.Helper()
		ids, _, err := b.IncidentsDue(t.Context(), at, 10)
		if ok(t, err); len(ids) == 0 {
			return ""
		}
		return must[string](t)(b.TellIncident(t.Context(), ids[0], at, func(job.Incident) store.Manner { return store.Manner{} }))
	}
	first := must[store.SheetAnswer](t)(b.fillIn(t, "one", "a", due(1)))
	id := must[int64](t)(b.SheetWaits(t.Context(), "acme"))
	i := must[job.Incident](t)(b.Incident(t.Context(), id))
	same(t, "incident", []any{i.Cause, i.Kind, i.Severity, i.Entity, i.Count}, []any{"sheet/acme/onboarding.answered", job.AlertSheet, job.SeverityWarning, "acme-nv", 1})
	same(t, "told", tell(due(1).Add(time.Minute)), "opened")
	ok(t, b.ResolveConnection(t.Context(), "acme", "", due(2)))
	ok(t, b.ResolveGone(t.Context(), nil, []string{"acme"}, "a reload", due(2)))
	must[job.Incident](t)(b.AckIncident(t.Context(), id, "ann", "mine", due(1).Add(2*time.Minute)))
	second := must[store.SheetAnswer](t)(b.fillIn(t, "one", "b", due(1).Add(3*time.Minute)))
	must[store.SheetAnswer](t)(b.fillIn(t, "one", "b", due(1).Add(4*time.Minute)))
	same(t, "not at once", tell(due(1).Add(59*time.Minute)), "")
	same(t, "an hour later", tell(due(1).Add(61*time.Minute)), "reminded")
	same(t, "once", tell(due(9)), "")
	handle := func(last int64) error { return b.HandleSheet(t.Context(), "acme", last, "ann", due(9)) }
	for last, want := range map[int64]error{first.ID: job.ErrStale, second.ID + 1: job.ErrNotFound, 0: job.ErrNotFound} {
		if err := handle(last); !errors.Is(err, want) {
			t.Errorf("up to %d: %v", last, err)
		}
	}
	same(t, "waits", must[int64](t)(b.SheetWaits(t.Context(), "acme")), id)
	ok(t, handle(second.ID))
	same(t, "waits", must[int64](t)(b.SheetWaits(t.Context(), "acme")), int64(0))
	i = must[job.Incident](t)(b.Incident(t.Context(), id))
	same(t, "ended", []any{i.ResolvedBy, i.Resolved, i.Count}, []any{"ann", due(9), 2})
	line := must[store.AuditLine](t)(b.LastAudit(t.Context(), "sheet.handle", "acme"))
	same(t, "audit", []any{line.Who, line.Detail}, []any{"ann", fmt.Sprint("answers up to ", second.ID)})
	if err := handle(second.ID); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
	same(t, "that it is over", tell(due(9)), "resolved")
}

// Old answers go, but for the last of a connection and for what somebody has to deal with still; so do links that ended long ago.
func answersArePruned(t *testing.T, b bundle) {
	long := due(1).Add(91 * 24 * time.Hour)
	b.links(t, "acme", due(9), "one", "unused")
	b.links(t, "bigbank", due(9), "two")
	b.links(t, "acme", long.Add(time.Hour), "lasts")
	var last store.SheetAnswer
	for _, host := range []string{"a", "b", "c"} {
		last = must[store.SheetAnswer](t)(b.fillIn(t, "one", host, due(1)))
		must[store.SheetAnswer](t)(b.fillIn(t, "two", host, due(1)))
	}
	ok(t, b.HandleSheet(t.Context(), "acme", last.ID, "ann", due(2)))
	left := func(now time.Time) (n []int) {
		must[store.Pruned](t)(b.Prune(t.Context(), now))
		for _, connection := range []string{"acme", "bigbank"} {
			n = append(n, len(must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), connection, 0, 0))))
		}
		return append(n, len(must[[]store.SheetLink](t)(b.SheetLinks(t.Context(), "acme", due(0)))))
	}
	same(t, "young", left(due(1).Add(89*24*time.Hour)), []int{3, 3, 3})
	same(t, "old", left(long.Add(time.Hour)), []int{1, 3, 2})
	same(t, "the last", must[[]store.SheetAnswer](t)(b.SheetAnswers(t.Context(), "acme", 0, 0))[0].Answers["host"], "c")
}
