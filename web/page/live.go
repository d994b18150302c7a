package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// patch is what a live page gets: regions that differ from what it was sent before.
type patch struct {
	At      string            `json:"at"`     // wall time in the configuration's zone, to say how old a page is
	Alerts  int               `json:"alerts"` // open incidents
	Regions map[string]string `json:"regions"`
}

// atMost bounds the path of a page that wants to be live.
const atMost = 2000

// live streams what changes on the page that at names, as server-sent events; with once=1 it answers all of it, once.
func (p *pages) live(w http.ResponseWriter, r *http.Request) {
	at, err := p.target(r)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	sent := map[string]string{}
	first, err := p.patchOf(at, sent)
	if err != nil {
		status, _ := p.reasonOf(r, err) // what went wrong inside is in the log
		http.Error(w, "this page is not live", status)
		return
	}
	if r.URL.Query().Get("once") != "" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(first)
		return
	}
	leave, found := p.streams.Enter(route.Of(r.Context()))
	if !found {
		w.Header().Set("Retry-After", "15")
		http.Error(w, "too many pages are live; this one looks every 15 s by itself", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	p.stream(w, r, at, sent, first)
}

// target is the request of the page that wants to be live, by whoever asks now.
func (p *pages) target(r *http.Request) (*http.Request, error) {
	raw := r.URL.Query().Get("at")
	to, err := url.Parse(raw)
	if err != nil || len(raw) > atMost || to.IsAbs() || to.Host != "" || !strings.HasPrefix(raw, "/") {
		return nil, badRequest{fmt.Errorf("at has to be the path of a page")}
	}
	at := r.Clone(r.Context())
	at.URL, at.Method, at.RequestURI = to, http.MethodGet, ""
	return at, nil
}

// capture takes the view of a screen instead of its answer.
type capture struct {
	view view
	err  error
}

// Header is for http.ResponseWriter.
func (c *capture) Header() http.Header { return http.Header{} }

// Write takes what the mux says where it finds no screen.
func (c *capture) Write(text []byte) (int, error) { return len(text), nil }

// WriteHeader is called only where there is no such screen.
func (c *capture) WriteHeader(int) { c.err = job.ErrNotFound }

// liveViews answers the screens that can be live into captures. A view finds only what who asks may see; screens about the data of
// all are not among them.
func (p *pages) liveViews() *http.ServeMux {
	mux := http.NewServeMux()
	for _, s := range p.screens() {
		if s.scope == route.ScopeWhole {
			continue
		}
		mux.HandleFunc("GET "+s.path, func(w http.ResponseWriter, r *http.Request) {
			c := w.(*capture)
			c.view, c.err = s.view(r)
		})
	}
	return mux
}

func (p *pages) viewAt(at *http.Request) (view, error) {
	c := new(capture)
	p.screenMux.ServeHTTP(c, at)
	return c.view, c.err
}

// patchOf renders the regions of a page and gives those that differ from what was sent.
func (p *pages) patchOf(at *http.Request, sent map[string]string) (patch, error) {
	v, err := p.viewAt(at)
	if err != nil {
		return patch{}, err
	}
	s, err := p.sheetOf(at, v)
	if err != nil {
		return patch{}, err
	}
	out := patch{At: s.Now.In(s.zoneOf("")).Format(clockForm), Alerts: s.Alerts, Regions: map[string]string{}}
	for _, region := range v.Regions {
		text, err := p.looks.region(region, s)
		if err != nil {
			return patch{}, err
		}
		if before, known := sent[region]; !known || before != text {
			out.Regions[region], sent[region] = text, text
		}
	}
	return out, nil
}

const (
	// settle is how long signs are gathered before a page is rendered again.
	settle = time.Second
	// beat is how often a page is told that the stream lives when nothing changes.
	beat = 15 * time.Second
	// writeFor bounds how long one message may take to be written.
	writeFor = 20 * time.Second
	// streamFor is how long a stream lasts: then the page asks again, and has to be allowed to again.
	streamFor = 10 * time.Minute
)

// stream tells of changes until who looks has left.
func (p *pages) stream(w http.ResponseWriter, r *http.Request, at *http.Request, sent map[string]string, first patch) {
	signs, stop := p.House.Watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := teller{w, http.NewResponseController(w)}
	if out.tell(first) != nil {
		return
	}
	end := time.NewTimer(streamFor)
	defer end.Stop()
	look := time.NewTicker(p.Look)
	defer look.Stop()
	told := p.Clock()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-signs:
			if !pause(r, settle, signs) {
				return
			}
		case <-look.C:
		}
		next, err := p.patchOf(at, sent)
		if err != nil {
			return // the page asks again, and is told why
		}
		if len(next.Regions) == 0 && p.Clock().Sub(told) < beat {
			continue
		}
		if out.tell(next) != nil {
			return
		}
		told = p.Clock()
	}
}

// pause lets signs come together.
func pause(r *http.Request, d time.Duration, signs <-chan job.Progress) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-r.Context().Done():
			return false
		case <-signs:
		case <-timer.C:
			return true
		}
	}
}

// teller writes server-sent events.
type teller struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (t teller) tell(p patch) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_ = t.control.SetWriteDeadline(time.Now().Add(writeFor)) // not every writer has one
	if _, err := fmt.Fprintf(t, "event: patch\ndata: %s\n\n", text); err != nil {
		return err
	}
	return t.control.Flush()
}
