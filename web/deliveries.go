package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Outbox is what was told, or is to be.
type Outbox interface {
	ListDeliveries(ctx context.Context, which job.Deliveries) ([]job.Delivery, error)
	Redeliver(ctx context.Context, id int64, by string) error
}

// Delivery is one event told to one channel.
type Delivery struct {
	ID         int64             `json:"id"`
	Channel    string            `json:"channel"`
	Recipient  string            `json:"recipient,omitempty"`
	Event      int64             `json:"event"`
	Type       string            `json:"type"`
	Connection string            `json:"connection,omitempty"`
	WebhookID  string            `json:"webhook_id"`
	State      job.DeliveryState `json:"state"`
	Attempts   int               `json:"attempts"`
	Made       time.Time         `json:"made"`
	Last       time.Time         `json:"last,omitzero"`
	Next       time.Time         `json:"next,omitzero"`
	Status     int               `json:"status,omitempty"`
	Detail     string            `json:"detail,omitempty"`
}

// DeliveryOf gives a delivery as it is shown.
func DeliveryOf(d job.Delivery) Delivery {
	return Delivery{
		ID: d.ID, Channel: d.Channel, Recipient: d.Recipient, Event: d.Event.ID, Type: d.Event.Type, Connection: d.Connection, WebhookID: d.MessageID,
		State: d.State, Attempts: d.Attempts, Made: d.Made, Last: d.Last, Next: d.Next, Status: d.Status, Detail: d.Detail,
	}
}

// Redelivered is the answer to a redelivery.
type Redelivered struct {
	Redelivered int64 `json:"redelivered"`
}

func deliveryRoutes(a *api) []route.Route {
	return []route.Route{
		{
			Method: "GET", Path: "/api/v1/deliveries", Role: route.Viewer, Summary: "Events told to channels, the latest first",
			Query: []route.Param{
				{Name: "channel", Says: "only to this channel"}, {Name: "state", Says: "only in this state: pending, sent, failed, disabled or dropped"},
				{Name: "since", Says: "only those made at this time or later, as 2026-11-24T00:00:00Z"},
				{Name: "before", Says: "only those with a lower number, for the next page"}, {Name: "limit", Says: "how many, 1,000 at most"},
			},
			Out: []Delivery{}, Handler: answers(a.deliveries),
		},
		{
			Method: "POST", Path: "/api/v1/deliveries/{id}/redeliver", Role: route.Operator, Scope: route.ScopeDelivery, Summary: "Send a delivery again, with the id that it had",
			In: Asked{}, Out: Redelivered{}, Handler: answers(a.redeliver),
		},
	}
}

func (a *api) deliveries(r *http.Request) (any, error) {
	q := r.URL.Query()
	which := job.Deliveries{Sight: route.Of(r.Context()).Sight, Channel: q.Get("channel"), State: job.DeliveryState(q.Get("state"))}
	for name, into := range map[string]func(string) error{
		"since":  func(text string) (err error) { which.Since, err = time.Parse(time.RFC3339, text); return err },
		"before": func(text string) (err error) { which.Before, err = strconv.ParseInt(text, 10, 64); return err },
		"limit":  func(text string) (err error) { which.Limit, err = strconv.Atoi(text); return err },
	} {
		if text := q.Get(name); text != "" && into(text) != nil {
			return nil, badRequest{errors.New(name + " is not written as it should be")}
		}
	}
	rows, err := a.Outbox.ListDeliveries(r.Context(), which)
	list := make([]Delivery, len(rows))
	for i, d := range rows {
		list[i] = DeliveryOf(d)
	}
	return list, err
}

func (a *api) redeliver(r *http.Request) (any, error) {
	id, body, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	return Redelivered{id}, a.Outbox.Redeliver(r.Context(), id, body.By)
}
