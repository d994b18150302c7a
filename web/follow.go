package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/haulier/haulier/job"
)

// Sign is one line of a followed run: a sign of life, or its end.
type Sign struct {
	Progress *job.Progress `json:"progress,omitempty"`
	Ended    *Run          `json:"ended,omitempty"`
	Problem  *Problem      `json:"problem,omitempty"`
}

// follow streams a run, a line of JSON for each sign of life and a last one for its end.
func (a *api) follow(w http.ResponseWriter, r *http.Request) {
	id, err := idOf(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	events, stop := a.Runner.Watch(id)
	defer stop()
	var looking sync.WaitGroup
	defer looking.Wait()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	end := make(chan Sign, 1)
	looking.Go(func() { end <- a.endOf(r.WithContext(ctx), id) })

	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	for {
		var sign Sign
		last := false
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			sign.Progress = &event
		case sign = <-end:
			last = true
			drain(events, out)
		}
		if out.Encode(sign) != nil || flush.Flush() != nil || last {
			return
		}
	}
}

func (a *api) endOf(r *http.Request, id int64) Sign {
	run, err := a.Runner.WaitRun(r.Context(), id)
	if err != nil {
		p := problemOf(r, err)
		return Sign{Problem: &p}
	}
	shown := runOf(run)
	return Sign{Ended: &shown}
}

// drain writes the signs of life that came before the end.
func drain(events <-chan job.Progress, out *json.Encoder) {
	for {
		select {
		case event := <-events:
			_ = out.Encode(Sign{Progress: &event})
		default:
			return
		}
	}
}
