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
	Fence  *int64         `json:"fence,omitempty"` // of the file that was looked at; with it, a doubt that has come since is not ended
}

// textSays bounds what people write about what they do, in bytes.
const textSays = 500

func (a *api) decide(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	body, err := deciding(r)
	if err != nil {
		return nil, err
	}
	f, err := a.Decider.DecideFile(context.WithoutCancel(r.Context()), job.Decision{File: id, As: body.As, About: body.About, Fence: body.Fence, By: body.By, Why: body.Reason})
	return fileOf(f), err
}

func deciding(r *http.Request) (body Deciding, err error) {
	err = read(r, &body, &body.By)
	if err == nil && (body.Reason == "" || len(body.Reason) > textSays) {
		err = badRequest{errors.New("reason is empty, or longer than 500 bytes: whoever comes after wants to know why")}
	}
	return body, err
}

// Reconciled says how many doubts of a job were ended together.
type Reconciled struct {
	Job     string         `json:"job"`
	As      job.Resolution `json:"as"`
	Settled int            `json:"settled"`
}

// reconcile ends all doubts of one kind: each of them is known, so that about says nothing.
func (a *api) reconcile(r *http.Request) (any, error) {
	body, err := deciding(r)
	if err == nil && (body.About != "" || body.Fence != nil) {
		err = badRequest{errors.New("about and fence are of a decision about one file; here it is what a restored ledger or a mass change holds")}
	}
	if err != nil {
		return nil, err
	}
	done := Reconciled{Job: r.PathValue("name"), As: body.As}
	done.Settled, err = a.Decider.ReconcileJob(context.WithoutCancel(r.Context()), done.Job, body.As, body.By, body.Reason)
	return done, err
}
