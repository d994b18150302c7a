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
		deliveries, err := s.deliveries(ctx, channels, e)
		if err != nil {
			return 0, err
		}
		made = append(made, deliveries...)
	}
	return len(events), s.Outbox.Deliver(ctx, from, events[len(events)-1].ID, made)
}

// deliveries are what an event is to be told to.
func (s *Service) deliveries(ctx context.Context, channels map[string]job.Channel, e job.Event) (made []job.Delivery, err error) {
	about := factsOf(e)
	e.Data = nil
	d := job.Delivery{Event: e, Connection: about.Connection}
	told := map[string]bool{}
	if strings.HasPrefix(e.Type, "alert.") {
		d.Incident = about.ID
		route, err := s.Route(ctx, about.event(e))
		if err != nil {
			return nil, err
		}
		if to := hearers(channels, e.Type, about, route); to != nil {
			heard := d
			heard.Hearers = to
			made = append(made, heard)
		} else {
			told = toldOf(channels, about, route.Told)
		}
	}
	made = append(made, s.deliveriesTo(channels, told, d, about)...)
	return append(made, feeds(channels, told, d, about.channel())...), nil
}

// hearers are those of an alert that goes to whoever has heard of the incident: that it is over, or back. nil: it goes where the
// configuration says.
func hearers(channels map[string]job.Channel, kind string, about facts, route job.Route) *job.Hearers {
	switch {
	case kind == job.EventAlertResolved:
		return &job.Hearers{
			Contacts: about.ResolvedBy == "", // what ended otherwise is not over for them
			Feeds:    feedsOfBoth(channels), Except: route.Quiet,
		}
	case kind == job.EventAlertReminded && about.Since.Reopened:
		return &job.Hearers{
			Contacts: true, Else: slices.Sorted(maps.Keys(toldOf(channels, about, route.Told))),
			Anyway: len(about.Missed)+len(about.Since.Joined) > 0, // by now it concerns people who did not hear of it before
		}
	}
	return nil
}

// toldOf gives the channels that an alert goes to by the configuration. One about a channel goes to its fallback, and never to itself.
func toldOf(channels map[string]job.Channel, about facts, route []string) map[string]bool {
	told := map[string]bool{}
	for _, name := range route {
		told[name] = true
	}
	if dead := about.channel(); dead != "" {
		told[channels[dead].Fallback] = true
		delete(told, dead)
	}
	maps.DeleteFunc(told, func(name string, _ bool) bool { c, found := channels[name]; return !found || c.Type == job.ChannelPing })
	return told
}

// deliveriesTo are those to channels and, by them, to contacts.
func (s *Service) deliveriesTo(channels map[string]job.Channel, told map[string]bool, d job.Delivery, about facts) (made []job.Delivery) {
	for _, d.Channel = range slices.Sorted(maps.Keys(told)) {
		made = append(made, d)
		for _, contact := range s.contacts(channels[d.Channel], d.Event.Type, about) {
			to := d
			to.Recipient, to.Contact = contact, true
			made = append(made, to)
		}
	}
	return made
}

// feeds are the deliveries to channels that ask for events of a type. That an incident is over goes to one that also asks for when it
// began only if it heard that, as to all others.
// One about a channel never goes to itself.
func feeds(channels map[string]job.Channel, told map[string]bool, d job.Delivery, dead string) (made []job.Delivery) {
	both := feedsOfBoth(channels)
	d.Feed = true
	for _, d.Channel = range slices.Sorted(maps.Keys(channels)) {
		c := channels[d.Channel]
		switch {
		case told[d.Channel] || d.Channel == dead || c.Webhook == nil || !asksFor(c.Webhook.Events, d.Event.Type):
		case d.Event.Type != job.EventAlertResolved:
			made = append(made, d)
		case !slices.Contains(both, d.Channel):
			d.Incident = 0 // it hears of no beginnings
			made = append(made, d)
		}
	}
	return made
}

// feedsOfBoth names the channels that ask for when incidents begin and for when they are over.
func feedsOfBoth(channels map[string]job.Channel) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		hook := channels[name].Webhook
		if hook != nil && asksFor(hook.Events, job.EventAlertOpened) && asksFor(hook.Events, job.EventAlertResolved) {
			names = append(names, name)
		}
	}
	return names
}

// asksFor says whether a list of types and families has a type; an empty one has all.
func asksFor(types []string, kind string) bool {
	if len(types) == 0 {
		return true
	}
	family, _, _ := strings.Cut(kind, ".")
	return slices.Contains(types, kind) || slices.Contains(types, family+".*")
}

// contacts are the addresses on the other side that learn of an alert as well: that it began, when it is for them to act. Whoever did
// learns when it is over, and back.
func (s *Service) contacts(c job.Channel, kind string, about facts) (addresses []string) {
	theirs := about.Error.Who == job.WhoCustomer || about.Error.Who == job.WhoNetwork || about.Error.Who == job.WhoBoth
	if c.Mail == nil || !c.Mail.Contacts || !theirs || kind != job.EventAlertOpened || about.Kind != job.AlertMissing && about.Kind != job.AlertFailed {
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
	Missed     []string      `json:"missed"` // of the jobs, those whose deadline has passed for this
	Count      int           `json:"count"`
	Opened     string        `json:"opened"`
	Resolved   string        `json:"resolved"`
	ResolvedBy string        `json:"resolved_by"`
	Age        int64         `json:"age_seconds"`
	Contacts   []string      `json:"contacts"`
	Error      job.Reason    `json:"error"`
	Since      struct {
		Reopened bool     `json:"reopened"` // people were told that it was over
		Joined   []string `json:"joined"`   // jobs that it has struck only since
	} `json:"since"`

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

// closed says that it is over otherwise than by being well again: resolved_by says how.
func (f facts) closed() bool { return f.Resolved != "" && f.ResolvedBy != "" }

// channel names the channel that an alert is about; empty: it is about something else.
func (f facts) channel() string {
	rest, found := strings.CutPrefix(f.Cause, "channel/")
	name, _, _ := strings.Cut(rest, "/")
	if !found {
		return ""
	}
	return name
}
