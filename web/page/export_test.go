package page

import (
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// What tests look at from outside.
const (
	FlashCookie = flashCookie
	FlashesMost = flashesMost
)

// Patch is what a live page gets.
type Patch = patch

// ArrivalsOf judges when files came.
func ArrivalsOf(files []job.File, since time.Time, zone *time.Location) (count int, usual, suggested string) {
	a := arrivalsOf(files, since, zone)
	return a.Count, a.Usual, a.Suggested
}

// OneStreamTooMany asks for a stream where all places are taken.
func OneStreamTooMany(o Options, who route.Identity) *httptest.ResponseRecorder {
	p := newPages(o.withDefaults())
	for range cap(p.streams) {
		p.streams <- struct{}{}
	}
	answer := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/events?at=/", nil)
	p.live(answer, r.WithContext(route.With(r.Context(), who)))
	return answer
}
