package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
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
	leave, found := a.followers.Enter(route.Of(r.Context()))
	if !found {
		refuse(w, r, full(a.followers, "ask how the run stands: GET /api/v1/runs/ID"))
		return
	}
	defer leave()
	events, stop := a.Runner.Watch(id)
	defer stop()
	var looking sync.WaitGroup
	defer looking.Wait()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	end := make(chan Sign, 1)
	looking.Go(func() { end <- a.endOf(r.WithContext(ctx), id) })

	w.Header().Set("Content-Type", "application/x-ndjson")
	out := signs{json.NewEncoder(w), http.NewResponseController(w), a.patienceOf()}
	for {
		var sign Sign
		last := false
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			sign.Progress = &event
		case sign = <-end:
			if last = true; out.drain(events) != nil {
				return
			}
		}
		if out.send(sign) != nil || last {
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

// signs writes the lines of a stream. Each has to be read in time: who stops reading keeps neither their place nor, when their right to it
// has ended, the handler.
type signs struct {
	*json.Encoder
	control  *http.ResponseController
	patience time.Duration
}

func (s signs) send(one Sign) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.patience)) // a recorder of tests has none
	if err := s.Encode(one); err != nil {
		return err
	}
	return s.control.Flush()
}

// drain writes the signs of life that came before the end.
func (s signs) drain(events <-chan job.Progress) error {
	for {
		select {
		case event := <-events:
			if err := s.send(Sign{Progress: &event}); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
