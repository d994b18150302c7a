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
	if err == nil {
		err = said(body.Reason)
	}
	return body, err
}

func said(why string) error {
	if why == "" || len(why) > textSays {
		return badRequest{errors.New("reason is empty, or longer than 500 bytes: whoever comes after wants to know why")}
	}
	return nil
}

// Reconciled says how many doubts of a job were ended together.
type Reconciled struct {
	Job     string         `json:"job"`
	As      job.Resolution `json:"as"`
	Settled int            `json:"settled"`
	Left    int            `json:"left"` // held for the same, and above upto; the job holds what looks new until they are settled, too
}

// Settling is the body of a decision about all that a restored ledger or a mass change holds of a job.
type Settling struct {
	By     string         `json:"by,omitempty"`   // who decides, for the audit; it counts on the socket only
	As     job.Resolution `json:"as"`             // landed, delivered, again or drop
	Reason string         `json:"reason"`         // why, for the audit
	UpTo   int64          `json:"upto,omitempty"` // highest id of the files that were looked at: later ones stay held; none: all are settled
}

// reconcile ends doubts of one kind together.
func (a *api) reconcile(r *http.Request) (any, error) {
	var body Settling
	err := read(r, &body, &body.By)
	switch {
	case err != nil:
		return nil, err
	case body.UpTo < 0:
		return nil, badRequest{errors.New("upto is no number of a file")}
	}
	if err := said(body.Reason); err != nil {
		return nil, err
	}
	done := Reconciled{Job: r.PathValue("name"), As: body.As}
	done.Settled, done.Left, err = a.Decider.ReconcileJob(context.WithoutCancel(r.Context()), done.Job, job.Settling{As: body.As, UpTo: body.UpTo, By: body.By, Why: body.Reason})
	return done, err
}
