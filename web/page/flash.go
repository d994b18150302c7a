package page

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// flash is what an act came to, told once on the next page.
type flash struct {
	Done   string        // a sentence
	Link   string        // to look at it
	Label  string        // of the link
	Code   template.HTML // the link as it is drawn; empty: it is not
	Reason *job.Reason   // why nothing was done
}

const (
	flashCookie = "haulier_flash"
	flashFor    = time.Minute
	// flashesMost bounds how many are kept: who never looks at the next page leaves one behind.
	flashesMost = 1000
)

// leaveFlash keeps a flash for the next page of whoever asked. The browser gets the key to it alone: what was made may be secret.
func (p *pages) leaveFlash(w http.ResponseWriter, r *http.Request, f flash) {
	key := rand.Text()
	p.flashes.leave(key, left{flash: f, whose: by(r), until: p.Clock().Add(flashFor)}, p.Clock())
	route.CookiesOf(r.Context()).Set(w, flashCookie, key, flashFor)
}

// takeFlash gives the flash that was left for whoever asks, and ends it.
func (p *pages) takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	cookies := route.CookiesOf(r.Context())
	key, found := cookies.Get(r, flashCookie)
	if !found {
		return nil
	}
	cookies.Set(w, flashCookie, "", -1)
	return p.flashes.take(key, by(r), p.Clock())
}

// left is a flash that waits to be seen.
type left struct {
	flash
	whose string
	until time.Time
}

// flashes are those that wait, by their keys.
type flashes struct {
	mu    sync.Mutex
	wait  map[string]left
	order []string // of the keys, the oldest first
}

func (f *flashes) leave(key string, l left, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wait == nil {
		f.wait = map[string]left{}
	}
	for len(f.order) > 0 && (len(f.order) >= flashesMost || !now.Before(f.wait[f.order[0]].until)) {
		delete(f.wait, f.order[0])
		f.order = f.order[1:]
	}
	f.wait[key], f.order = l, append(f.order, key)
}

// take gives a flash once, to whom it is for.
func (f *flashes) take(key, whose string, now time.Time) *flash {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, found := f.wait[key]
	if !found || l.whose != whose {
		return nil
	}
	delete(f.wait, key)
	if !now.Before(l.until) {
		return nil
	}
	return &l.flash
}
