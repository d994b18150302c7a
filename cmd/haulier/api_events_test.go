package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/route"
)

// Whoever asks for what comes behind an event that never was, as after a restore, is told so, and does not wait for ever.
func TestEventsBehindOneThatNeverWas(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Admin}
	h, s, _ := apiOverServer(t, &who)
	last := must[store.EventPage](t)(s.EventPage(t.Context(), 0, 1, nil)).Given
	behind := func(n string) string { return "/events?after=" + n }
	if status, text := askAPI(t, h, "GET", behind("999999"), ""); status != 409 || !strings.Contains(text, "api.unknown_event") || last >= 999999 {
		t.Errorf("in parts: %d %s", status, text)
	}
	if status, text := askAPI(t, h, "GET", behind("0"), ""); status != 200 {
		t.Errorf("from the oldest: %d %s", status, text)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/events", nil)
	r.Header.Set("Accept", route.EventStream)
	r.Header.Set("Last-Event-ID", "999999")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 409 || !strings.Contains(w.Body.String(), "api.unknown_event") {
		t.Errorf("as a stream: %d %s", w.Code, w.Body)
	}
}
