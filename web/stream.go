package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

const (
	listenersMost    = 100 // streams of events at once
	listenersOfOne   = 4   // of those, for one who asks
	followersMost    = 100 // runs that are followed at once
	followersOfOne   = 20  // of those, by one who asks
	listenAgain      = 2 * time.Second
	listenersWait    = 15 * time.Second // until it is worth asking again
	listenersSilence = 15 * time.Second // after which a stream says that it lives
)

// full refuses who finds no place to listen.
func full(places *route.Listeners, instead string) error {
	return route.TooSoon{Wait: listenersWait, Reason: &job.Reason{
		Slug: "api.streams_full", What: "nothing is streamed", Cause: fmt.Sprintf("%d such streams go out already, or %d to who asks", places.All, places.One),
		Do: "end one, or " + instead, Who: job.WhoUs,
	}}
}

// eventsOrStream answers events in parts, or as a stream to who asks for that.
func (a *api) eventsOrStream(w http.ResponseWriter, r *http.Request) {
	if !route.WantsEvents(r) {
		answers(a.events)(w, r)
		return
	}
	after, err := resumesAt(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	leave, found := a.listeners.Enter(route.Of(r.Context()))
	if !found {
		refuse(w, r, full(a.listeners, "ask for events in parts: GET /api/v1/events?after=NEXT"))
		return
	}
	defer leave()
	a.tell(w, r, after)
}

// resumesAt is the event behind which a stream begins: the last one that the listener says they have seen, else the parameter after.
func resumesAt(r *http.Request) (int64, error) {
	q := asking{values: r.URL.Query()}
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		q.values.Set("after", last)
	}
	after := q.number("after", 0, anyID, 0)
	return after, q.err
}

// tell streams what happens until the listener leaves, or may not listen any more. What cannot be read ends it: whoever asks again begins
// where they were.
func (a *api) tell(w http.ResponseWriter, r *http.Request, after int64) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", route.EventStream)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	wait := time.NewTicker(a.listenAgain())
	defer wait.Stop()
	told, begun := time.Now(), false
	for {
		events, next, more, err := a.Lists.Events(r.Context(), after, eventsMost, route.Of(r.Context()).Sight)
		switch {
		case err != nil && !begun:
			refuse(w, r, err)
			return
		case err != nil:
			return
		}
		text := toldText(events, next, after)
		if len(events) > 0 || !begun || time.Since(told) >= listenersSilence {
			_ = control.SetWriteDeadline(time.Now().Add(a.patienceOf()))
			if _, err := w.Write([]byte(text)); err != nil || control.Flush() != nil {
				return
			}
			told, begun = time.Now(), true
		}
		if after = next; more {
			continue
		}
		select {
		case <-r.Context().Done():
			return
		case <-wait.C:
		}
	}
}

// toldText is events as a stream has them, and at its end how far was looked: whoever sees little resumes behind what is not theirs.
func toldText(events []job.Event, next, after int64) string {
	var text strings.Builder
	for _, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			continue // it is JSON in the store
		}
		fmt.Fprintf(&text, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Type, data)
	}
	fmt.Fprintf(&text, ": looked\nid: %d\n\n", max(next, after))
	return text.String()
}

func (a *api) listenAgain() time.Duration {
	if a.Every > 0 {
		return a.Every
	}
	return listenAgain
}
