package storetest

import (
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func answersAreKeptForAWeek(t *testing.T, b bundle) {
	look := func(key string) (store.Answered, bool) {
		t.Helper()
		a, found, err := b.Answered(t.Context(), key)
		ok(t, err)
		return a, found
	}
	if _, found := look("k"); found {
		t.Error("there is an answer to nothing")
	}
	ok(t, b.BeginAnswer(t.Context(), "k", "this", store.AuditLine{Who: "platform", Act: "outbox.put", Object: "segment"}))
	wants(t, b.BeginAnswer(t.Context(), "k", "that", store.AuditLine{Who: "platform", Act: "outbox.put", Object: "segment"}), job.ErrExists)
	same(t, "audit lines", len(must[[]store.AuditLine](t)(b.AuditBy(t.Context(), store.AuditFilter{Object: "segment"}, 0))), 1)
	ok(t, b.EndAnswer(t.Context(), "k", "done"))
	ok(t, b.DropAnswer(t.Context(), "k")) // it was answered, and stays
	ok(t, b.BeginAnswer(t.Context(), "other", "this", store.AuditLine{}))
	ok(t, b.DropAnswer(t.Context(), "other"))
	wants(t, b.EndAnswer(t.Context(), "other", "done"), job.ErrNotFound)
	_ = must[store.Pruned](t)(b.Prune(t.Context(), b.clock.Now().Add(6*24*time.Hour)))
	a, found := look("k")
	same(t, "after 6 days", a, store.Answered{Asked: "this", Answer: "done"})
	same(t, "found", found, true)
	_ = must[store.Pruned](t)(b.Prune(t.Context(), b.clock.Now().Add(8*24*time.Hour)))
	if a, found := look("k"); found {
		t.Errorf("after 8 days: %+v", a)
	}
}
