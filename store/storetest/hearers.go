package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

const contact = "it@acme.example"

// began has an incident begin, and told to channels.
func (b bundle) began(t *testing.T, made ...job.Delivery) (incident int64) {
	t.Helper()
	e := b.alert(t, down)
	incident = b.open(t)[0].ID
	b.route(t, e, incident, made...)
	return incident
}

func (b bundle) route(t *testing.T, e job.Event, incident int64, made ...job.Delivery) {
	t.Helper()
	for i := range made {
		made[i].Event, made[i].Incident, made[i].Connection = e, incident, "acme"
	}
	ok(t, b.Deliver(t.Context(), must[int64](t)(b.Routed(t.Context())), e.ID, made))
}

// over ends the incident, and gives the event that says so.
func (b bundle) over(t *testing.T) job.Event {
	t.Helper()
	ok(t, b.Resolve(t.Context(), down, b.clock.Now()))
	all := must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{}))
	last := all[slices.IndexFunc(all, func(i job.Incident) bool { return i.Cause == down })]
	if last.Reopened > 0 {
		b.clock.Add(job.FlapFor)
	}
	return b.said(t, last.ID, "resolved")
}

// back has the incident go on, and gives the event that says so.
func (b bundle) back(t *testing.T) job.Event {
	t.Helper()
	b.raise(t, down, "", b.clock.Now())
	b.clock.Add(job.GatherFor)
	return b.said(t, b.open(t)[0].ID, "reminded")
}

func (b bundle) said(t *testing.T, incident int64, want string) job.Event {
	t.Helper()
	said, err := b.TellIncident(t.Context(), incident, b.clock.Now(), func(job.Incident) store.Manner { return store.Manner{} })
	ok(t, err)
	same(t, "said", said, want)
	return b.lastEvent(t)
}

func to(channels ...string) (made []job.Delivery) {
	for _, c := range channels {
		made = append(made, job.Delivery{Channel: c})
	}
	return made
}

func heard(h job.Hearers) []job.Delivery { return []job.Delivery{{Hearers: &h}} }

// got has all that is owed to channels arrive, in turn, and says what it was.
func (b bundle) got(t *testing.T, channels ...string) (got []string) {
	t.Helper()
	for _, c := range channels {
		for due := b.owed(t, c); len(due) > 0; due = b.owed(t, c) {
			got = append(got, fmt.Sprintf("%s %s %s", c, due[0].Recipient, due[0].Event.Type))
			b.attempt(t, due[0], nil)
		}
	}
	return got
}

func (b bundle) rows(t *testing.T, which job.Deliveries) (rows []string) {
	t.Helper()
	for _, d := range must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), which)) {
		rows = append(rows, fmt.Sprintf("%s %s %s: %s", d.Channel, d.Event.Type, d.State, d.Detail))
	}
	return rows
}

func theEndGoesToWhoeverHeard(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, append(to("hook", "pager"), job.Delivery{Channel: "ops", Recipient: contact, Contact: true})...)
	b.got(t, "hook", "ops", "pager")
	changed := append([]job.Outlet{{Name: "new"}}, outlets[0], outlets[2]) // without the pager
	ok(t, b.UseOutlets(t.Context(), changed))
	e := b.over(t)

	broken := append(heard(job.Hearers{Contacts: true}), job.Delivery{Channel: "new", Event: job.Event{ID: e.ID + 7}})
	broken[0].Event, broken[0].Incident = e, incident
	if err := b.Deliver(t.Context(), must[int64](t)(b.Routed(t.Context())), e.ID, broken); err == nil {
		t.Fatal("a delivery of no event was made")
	}
	same(t, "made by halves", len(b.owed(t, "hook")), 0)

	b.route(t, e, incident, heard(job.Hearers{Contacts: true, Else: []string{"new"}})...)
	same(t, "heard", b.got(t, "hook", "new", "ops", "pager"), []string{"hook  alert.resolved", "ops " + contact + " alert.resolved"})
	same(t, "dropped", b.rows(t, job.Deliveries{State: job.DeliveryDropped}), []string{"pager alert.resolved dropped: the channel was taken out of the configuration"})
}

// Who heard only that it is late hears the end of that, once it came; who also heard that it is missing hears the end of one.
func theEndOfWhatWasPassedOn(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	tell := func(slug, say string, made ...job.Delivery) {
		t.Helper()
		i := b.byCause(t, "job/acme-in/"+slug)
		b.route(t, b.said(t, i.ID, say), i.ID, made...)
	}
	b.raise(t, "job/acme-in/expect.late", "acme-in", b.clock.Now())
	b.clock.Add(job.GatherFor)
	tell("expect.late", "opened", to("hook", "pager")...)
	b.clock.Add(time.Hour)
	b.raise(t, "job/acme-in/expect.missing", "acme-in", b.clock.Now())
	same(t, "said that it is over while it is missing", must[string](t)(b.TellIncident(t.Context(), b.byCause(t, "job/acme-in/expect.late").ID, b.clock.Now(), quietly)), "")
	b.clock.Add(job.GatherFor)
	tell("expect.missing", "opened", to("pager")...)
	b.got(t, "hook", "pager")
	_ = must[store.Pruned](t)(b.Prune(t.Context(), b.clock.Now().Add(400*24*time.Hour))) // whoever has heard of it is not forgotten
	ok(t, b.Resolve(t.Context(), "job/acme-in/expect.missing", b.clock.Now()))
	tell("expect.late", "resolved", heard(job.Hearers{})...)
	tell("expect.missing", "resolved", heard(job.Hearers{})...)
	same(t, "heard", b.got(t, "hook", "pager"), []string{"hook  alert.resolved", "pager  alert.resolved"})
}

func quietly(job.Incident) store.Manner { return store.Manner{} }

func (b bundle) byCause(t *testing.T, cause string) job.Incident {
	t.Helper()
	for _, i := range must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{})) {
		if i.Cause == cause {
			return i
		}
	}
	t.Fatal("no incident " + cause)
	return job.Incident{}
}

func theEndIsNotForAll(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, to("ops", "hook", "pager")...)
	b.got(t, "ops", "hook", "pager")
	one := []job.Outlet{outlets[0], outlets[1], outlets[2]}
	one[0].Recipients = []string{"b@x.example", "new@x.example"}
	ok(t, b.UseOutlets(t.Context(), one))
	b.route(t, b.over(t), incident, heard(job.Hearers{Except: []string{"pager"}})...)
	same(t, "heard", b.got(t, "hook", "ops", "pager"), []string{"hook  alert.resolved", "ops b@x.example alert.resolved"})
	same(t, "dropped", b.rows(t, job.Deliveries{State: job.DeliveryDropped}), []string{"ops alert.resolved dropped: the recipient is not in the configuration any more"})
}

func whoStandsInHearsTheEnd(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, to("hook")...)
	opening := b.owed(t, "hook")[0]
	b.attempt(t, opening, b.again)
	b.route(t, b.over(t), incident, heard(job.Hearers{})...)
	same(t, "in turn", []any{len(b.owed(t, "hook")), b.owed(t, "hook")[0].Event.Type}, []any{1, "alert.opened"})
	b.attempt(t, opening, b.again)
	same(t, "heard by the pager", b.got(t, "pager"), nil)
	b.attempt(t, opening, b.again) // the third failure: who stands in hears both
	same(t, "heard by the pager", b.got(t, "pager"), []string{"pager  alert.opened", "pager  alert.resolved"})

	b.deliver(t, b.happen(t), "hook") // the hook lives, but does not take the opening: it need not hear of an end
	other := must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{Channel: "hook"}))[0]
	b.attempt(t, other, nil)
	b.attempt(t, opening, fails)
	ended := []string{"hook alert.resolved disabled: that it began was not delivered", "hook alert.opened disabled: channel.refused: it answered 500"}
	same(t, "ended", b.rows(t, job.Deliveries{Channel: "hook", State: job.DeliveryDisabled}), ended)
	ok(t, b.Redeliver(t.Context(), opening.ID, "ann"))
	same(t, "heard in the end", b.got(t, "hook"), []string{"hook  alert.opened", "hook  alert.resolved"})
}

func whoHeardNothingHearsNoEnd(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, to("hook")...)
	b.got(t, "hook")
	b.route(t, b.over(t), incident, heard(job.Hearers{})...)
	for range 4 {
		b.attempt(t, b.owed(t, "hook")[0], b.again)
	}
	same(t, "heard by who stands in", b.got(t, "pager"), nil)
	b.route(t, b.back(t), incident, heard(job.Hearers{})...)
	same(t, "heard by who stands in", b.got(t, "pager"), []string{"pager  alert.reminded"})

	ok(t, b.RecordAttempt(t.Context(), job.Attempt{Delivery: b.owed(t, "hook")[0].ID, Reason: &job.Reason{}, Gone: true}))
	b.route(t, b.over(t), incident, heard(job.Hearers{})...)
	same(t, "heard by who stood in", b.got(t, "pager"), []string{"pager  alert.resolved"})
}

func whatIsBackIsHeardByWhoeverHeard(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, append(to("hook"), job.Delivery{Channel: "ops", Recipient: contact, Contact: true})...)
	b.got(t, "hook", "ops")
	all := job.Hearers{Contacts: true, Else: []string{"pager"}}
	b.route(t, b.over(t), incident, heard(all)...)
	same(t, "heard", b.got(t, "ops"), []string{"ops " + contact + " alert.resolved"})
	over := b.owed(t, "hook")[0]
	b.route(t, b.back(t), incident, heard(all)...)
	b.attempt(t, over, b.again) // it was on its way
	same(t, "heard", b.got(t, "hook", "ops", "pager"), []string{"hook  alert.reminded", "ops " + contact + " alert.reminded"})
	same(t, "not sent", b.rows(t, job.Deliveries{State: job.DeliveryDropped}), []string{"hook alert.resolved dropped: it came back before this was delivered"})
	same(t, "asked for again", must[int64](t)(b.RedeliverMissed(t.Context(), job.Deliveries{Channel: "hook"}, "ann")), int64(0))
	b.route(t, b.over(t), incident, heard(all)...)
	same(t, "heard", b.got(t, "hook", "ops", "pager"), []string{"hook  alert.resolved", "ops " + contact + " alert.resolved"})
}

// A contact to whom it is being told at that moment that it is over, or may have been, is told that it is back; one to whom it is not yet, or was
// refused, is told neither.
func whatIsBackFollowsAnEndOnItsWay(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	all := job.Hearers{Contacts: true}
	nothing, taken := func(job.Delivery) {}, func(over job.Delivery) { b.attempt(t, over, nil) }
	refused := func(over job.Delivery) { b.attempt(t, over, b.again) }
	lost := func(over job.Delivery) {
		b.attempt(t, over, func(a *job.Attempt) { a.Reason.Unknown, a.Next = true, b.clock.Now().Add(time.Minute) })
	}
	back, theirs := "ops "+contact+" alert.reminded", job.Delivery{Channel: "ops", Recipient: contact, Contact: true}
	for _, test := range []struct {
		name   string
		begun  bool
		ends   func(over job.Delivery)
		before bool // it is back
		want   []string
	}{
		{"not begun", false, nothing, false, nil},
		{"taken", true, taken, false, []string{back}},
		{"refused", true, refused, false, nil},
		{"refused before", true, refused, true, nil},
		{"lost", true, lost, false, []string{back}},
		{"lost before", true, lost, true, []string{back}},
		{"never answered", true, nothing, false, []string{back}},
	} {
		incident := b.began(t, theirs)
		b.got(t, "ops")
		b.route(t, b.over(t), incident, heard(all)...)
		over := b.owed(t, "ops")[0]
		if test.begun {
			same(t, test.name+": begun", must[bool](t)(b.BeginAttempt(t.Context(), over.ID)), true)
		}
		if test.before {
			test.ends(over)
		}
		b.route(t, b.back(t), incident, heard(all)...)
		if !test.begun {
			same(t, test.name+": begun", must[bool](t)(b.BeginAttempt(t.Context(), over.ID)), false)
		}
		if !test.before {
			test.ends(over)
		}
		same(t, test.name, b.got(t, "ops"), test.want)
		b.over(t)
		b.clock.Add(2 * job.FlapFor)
	}
}

// A contact who was not told that it was over is not told that it is back; where nobody of ours is left who heard, it goes as all else.
func whatIsBackIsNewToSome(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, append(to("hook"), job.Delivery{Channel: "ops", Recipient: contact, Contact: true})...)
	b.got(t, "hook", "ops")
	b.route(t, b.over(t), incident, heard(job.Hearers{})...)
	same(t, "heard", b.got(t, "hook", "ops"), []string{"hook  alert.resolved"})
	ok(t, b.UseOutlets(t.Context(), outlets[:2]))
	b.route(t, b.back(t), incident, heard(job.Hearers{Contacts: true, Else: []string{"pager"}})...)
	same(t, "heard", b.got(t, "ops", "pager"), []string{"pager  alert.reminded"})
	b.route(t, b.over(t), incident, heard(job.Hearers{Contacts: true})...)
	same(t, "heard", b.got(t, "ops", "pager"), []string{"ops " + contact + " alert.resolved", "pager  alert.resolved"})
}

func feedsHearWhatTheyAskFor(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, job.Delivery{Channel: "hook", Feed: true}, job.Delivery{Channel: "pager", Feed: true})
	b.got(t, "hook", "pager")
	b.route(t, b.over(t), incident, heard(job.Hearers{Feeds: []string{"hook", "ops"}})...)
	same(t, "heard", b.got(t, "hook", "ops", "pager"), []string{"hook  alert.resolved"})
}

// An incident may stand for longer than deliveries are kept.
func theEndOfALongIncidentIsHeard(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	incident := b.began(t, to("hook")...)
	b.got(t, "hook")
	b.clock.Add(400 * 24 * time.Hour)
	same(t, "pruned", must[store.Pruned](t)(b.Prune(t.Context(), b.clock.Now())).Deliveries, 0)
	b.route(t, b.over(t), incident, heard(job.Hearers{})...)
	same(t, "heard", b.got(t, "hook"), []string{"hook  alert.resolved"})
	b.clock.Add(400 * 24 * time.Hour)
	same(t, "pruned", must[store.Pruned](t)(b.Prune(t.Context(), b.clock.Now())).Deliveries, 2)
}
