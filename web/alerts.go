package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// AlertAsked is the body of a request about an incident.
type AlertAsked struct {
	By     string    `json:"by,omitempty"`     // who asks, for the audit, where the request does not say
	Note   string    `json:"note,omitempty"`   // of ack
	Until  time.Time `json:"until,omitzero"`   // of silence; missing: the silence is lifted
	Reason string    `json:"reason,omitempty"` // of silence
}

// Cared is the number of the incident that something was done about.
type Cared struct {
	ID int64 `json:"id"`
}

// alertsMost is how many incidents one answer carries.
const alertsMost = 500

func (a *api) alerts(r *http.Request) (any, error) {
	q := r.URL.Query()
	var since time.Time
	var before int64
	var err error
	if text := q.Get("since"); text != "" {
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, badRequest{errors.New("since is no time such as 2026-11-24T06:00:00Z")}
		}
	}
	if text := q.Get("before"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 1 {
			return nil, badRequest{errors.New("before is no number of an incident")}
		}
	}
	list, err := a.Care.Find(r.Context(), route.Of(r.Context()).Sight, q.Get("all") == "1", since, before, alertsMost)
	if list == nil {
		list = []job.Incident{}
	}
	return list, err
}

func (a *api) ack(r *http.Request) (any, error) {
	id, body, err := alertAsked(r)
	if err != nil {
		return nil, err
	}
	return Cared{id}, a.Care.Ack(r.Context(), id, body.By, body.Note)
}

func (a *api) silence(r *http.Request) (any, error) {
	id, body, err := alertAsked(r)
	if err != nil {
		return nil, err
	}
	if body.Until.IsZero() {
		return Cared{id}, a.Care.Unsilence(r.Context(), id, body.By)
	}
	return Cared{id}, a.Care.Silence(r.Context(), id, body.By, body.Reason, body.Until)
}

// alertAsked reads a request about an incident.
func alertAsked(r *http.Request) (id int64, body AlertAsked, err error) {
	if id, err = idOf(r); err == nil {
		err = read(r, &body, &body.By)
	}
	return id, body, err
}
