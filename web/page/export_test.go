package page

import (
	"context"
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

// OneStreamMore asks for a stream where places are taken: so many by each of these.
func OneStreamMore(o Options, who route.Identity, taken map[string]int) *httptest.ResponseRecorder {
	p := newPages(o.withDefaults())
	for name, places := range taken {
		for range places {
			if _, found := p.streams.Enter(route.Identity{Name: name}); !found {
				panic("there is no such place")
			}
		}
	}
	answer := httptest.NewRecorder()
	ctx, left := context.WithCancel(route.With(context.Background(), who))
	left() // whoever gets a place has left
	p.live(answer, httptest.NewRequest(http.MethodGet, "/events?at=/", nil).WithContext(ctx))
	return answer
}
