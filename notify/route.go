package notify

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// batch is how many events are read at a time.
const batch = 200

// route makes deliveries of events until the context ends.
func (s *Service) route(ctx context.Context) {
	for {
		n, err := s.routeSome(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, job.ErrStale) {
			s.Log.Error("events cannot be told", "error", err)
		}
		if n == batch && err == nil {
			continue
		}
		if !rest(ctx, lookEvery) {
			return
		}
	}
}

// routeSome makes the deliveries of the next events, and says how many there were.
func (s *Service) routeSome(ctx context.Context) (int, error) {
	channels := s.all()
	if err := s.tellOutbox(ctx, channels); err != nil || len(outletsOf(channels)) == 0 {
		return 0, err
	}
	from, err := s.Outbox.Routed(ctx)
	if err != nil {
		return 0, err
	}
	events, err := s.Outbox.Events(ctx, from, batch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	var made []job.Delivery
	for _, e := range events {
		made = append(made, s.deliveries(channels, e)...)
	}
	return len(events), s.Outbox.Deliver(ctx, from, events[len(events)-1].ID, made)
}

// deliveries are what an event is to be told to.
func (s *Service) deliveries(channels map[string]job.Channel, e job.Event) (made []job.Delivery) {
	about := factsOf(e)
	e.Data = nil
	for _, name := range s.told(channels, e, about) {
		d := job.Delivery{Channel: name, Event: e, Connection: about.Connection}
		made = append(made, d)
		for _, contact := range s.contacts(channels[name], e.Type, about) {
			d.Recipient, d.Contact = contact, true
			made = append(made, d)
		}
	}
	return made
}

// told names the channels that an event goes to. An alert about a channel goes to its fallback, and never to itself.
func (s *Service) told(channels map[string]job.Channel, e job.Event, about facts) []string {
	names := map[string]bool{}
	for name, c := range channels {
		if c.Webhook != nil && asksFor(c.Webhook.Events, e.Type) {
			names[name] = true
		}
	}
	if strings.HasPrefix(e.Type, "alert.") {
		for _, name := range s.Route(about.event(e)) {
			names[name] = true
		}
		if dead := about.channel(); dead != "" {
			names[channels[dead].Fallback] = true
			delete(names, dead)
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { c, found := channels[name]; return !found || c.Type == job.ChannelPing })
	return slices.Sorted(maps.Keys(names))
}

// asksFor says whether a list of types and families has a type; an empty one has all.
func asksFor(types []string, kind string) bool {
	if len(types) == 0 {
		return true
	}
	family, _, _ := strings.Cut(kind, ".")
	return slices.Contains(types, kind) || slices.Contains(types, family+".*")
}

// contacts are the addresses on the other side that learn of an alert as well: when it is for them to act, and once it is over.
func (s *Service) contacts(c job.Channel, kind string, about facts) (addresses []string) {
	theirs := about.Error.Who == job.WhoCustomer || about.Error.Who == job.WhoNetwork || about.Error.Who == job.WhoBoth
	said := kind == "alert.opened" || kind == "alert.resolved" && about.ResolvedBy == "" // what ended otherwise is not over for them
	if c.Mail == nil || !c.Mail.Contacts || !theirs || !said || about.Kind != job.AlertMissing && about.Kind != job.AlertFailed {
		return nil
	}
	connection, found := s.Connection(about.Connection)
	if !found {
		return nil
	}
	for _, contact := range connection.Contacts {
		if a, err := mail.ParseAddress(contact); err == nil && a.Address == contact && !slices.Contains(c.Mail.To, contact) {
			addresses = append(addresses, contact)
		}
	}
	return addresses
}

// facts are what is read of an event's data to decide who is told of it, and in which words.
type facts struct {
	ID         int64         `json:"id"`
	Cause      string        `json:"cause_key"`
	Kind       job.AlertKind `json:"kind"`
	Severity   job.Severity  `json:"severity"`
	Connection string        `json:"connection"`
	Jobs       []string      `json:"jobs"`
	JobsTotal  int           `json:"jobs_total"`
	Count      int           `json:"count"`
	Opened     string        `json:"opened"`
	Resolved   string        `json:"resolved"`
	ResolvedBy string        `json:"resolved_by"`
	Age        int64         `json:"age_seconds"`
	Contacts   []string      `json:"contacts"`
	Error      job.Reason    `json:"error"`

	data json.RawMessage
}

// factsOf reads an event; one that cannot be read has none.
func factsOf(e job.Event) facts {
	f := facts{data: e.Data}
	if json.Unmarshal(e.Data, &f) != nil {
		return facts{data: e.Data}
	}
	return f
}

func (f facts) event(e job.Event) job.Event {
	e.Data = f.data
	return e
}

// channel names the channel that an alert is about; empty: it is about something else.
func (f facts) channel() string {
	rest, found := strings.CutPrefix(f.Cause, "channel/")
	name, _, _ := strings.Cut(rest, "/")
	if !found {
		return ""
	}
	return name
}
