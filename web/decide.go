package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/haulier/haulier/job"
)

// Deciding is the body of a decision about a file in doubt.
type Deciding struct {
	By     string         `json:"by,omitempty"`    // who decides, for the audit; it counts on the socket only
	As     job.Resolution `json:"as"`              // landed, delivered, again or drop
	Reason string         `json:"reason"`          // why, for the audit
	About  string         `json:"about,omitempty"` // slug of the doubt that was looked at; with it, another one is not ended
}

// textSays bounds what people write about what they do, in bytes.
const textSays = 500

func (a *api) decide(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	var body Deciding
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	if body.Reason == "" || len(body.Reason) > textSays {
		return nil, badRequest{errors.New("reason is empty, or longer than 500 bytes: whoever comes after wants to know why")}
	}
	f, err := a.Decider.DecideFile(context.WithoutCancel(r.Context()), job.Decision{File: id, As: body.As, About: body.About, By: body.By, Why: body.Reason})
	return fileOf(f), err
}
