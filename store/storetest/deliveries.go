package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// outlets are ops, who falls back on pager, and a hook.
var outlets = []job.Outlet{
	{Name: "ops", Fallback: "pager", Recipients: []string{"a@x.example", "b@x.example"}, Mark: "1"},
	{Name: "pager", Mark: "1"},
	{Name: "hook", Fallback: "pager", Mark: "1"},
}

// happen makes an event: a run that begins.
func (b bundle) happen(t *testing.T) job.Event {
	t.Helper()
	must[job.Run](t)(b.BeginRun(t.Context(), job.Run{Job: "j", Connection: "acme"}))
	return b.lastEvent(t)
}

// alert makes the event alert.opened.
func (b bundle) alert(t *testing.T, cause string) job.Event {
	t.Helper()
	must[bool](t)(b.Raise(t.Context(), cause, "", job.Reason{Slug: "net.dns"}, b.clock.Now()))
	b.clock.Add(job.GatherFor)
	ids, _, err := b.IncidentsDue(t.Context(), b.clock.Now(), 0)
	ok(t, err)
	for _, id := range ids {
		must[string](t)(b.TellIncident(t.Context(), id, b.clock.Now(), func(job.Incident) store.Manner { return store.Manner{} }))
	}
	e := b.lastEvent(t)
	same(t, "event", e.Type, "alert.opened")
	return e
}

func (b bundle) lastEvent(t *testing.T) job.Event {
	t.Helper()
	events := must[[]job.Event](t)(b.Events(t.Context(), 0, 0))
	return events[len(events)-1]
}

// deliver routes all events that are not routed yet, the last of them to channels.
func (b bundle) deliver(t *testing.T, e job.Event, channels ...string) {
	t.Helper()
	var made []job.Delivery
	for _, c := range channels {
		made = append(made, job.Delivery{Channel: c, Event: e, Connection: "acme"})
	}
	ok(t, b.Deliver(t.Context(), must[int64](t)(b.Routed(t.Context())), e.ID, made))
}

func (b bundle) owed(t *testing.T, channel string) []job.Delivery {
	t.Helper()
	return must[[]job.Delivery](t)(b.DueDeliveries(t.Context(), channel, b.clock.Now().Add(time.Hour), 0))
}

func (b bundle) attempt(t *testing.T, d job.Delivery, change func(*job.Attempt)) job.Delivery {
	t.Helper()
	a := job.Attempt{Delivery: d.ID}
	if change != nil {
		a.Reason = &job.Reason{Slug: "channel.refused", Cause: "it answered 500"}
		change(&a)
	}
	ok(t, b.RecordAttempt(t.Context(), a))
	return must[job.Delivery](t)(b.Delivery(t.Context(), d.ID))
}

func fails(*job.Attempt) {}

func (b bundle) again(a *job.Attempt) { a.Next = b.clock.Now().Add(time.Minute) }

func (b bundle) causes(t *testing.T) []string {
	t.Helper()
	causes := []string{}
	for _, i := range must[[]job.Incident](t)(b.OpenIncidents(t.Context())) {
		causes = append(causes, i.Cause)
	}
	return causes
}

func channelsBeginWithWhatComes(t *testing.T, b bundle) {
	old := b.happen(t)
	ok(t, b.UseOutlets(t.Context(), outlets))
	same(t, "cursor", must[int64](t)(b.Routed(t.Context())), old.ID)
	e := b.happen(t)
	b.deliver(t, e, "ops", "hook", "unknown")
	same(t, "owed to ops, hook, pager", []int{len(b.owed(t, "ops")), len(b.owed(t, "hook")), len(b.owed(t, "pager"))}, []int{2, 1, 0})
	d := b.owed(t, "ops")[0]
	same(t, "delivery", []any{d.Recipient, d.State, d.Event.Type, d.Connection, len(d.Event.Data) > 2}, []any{"a@x.example", job.DeliveryPending, "run.started", "acme", true})

	wants(t, b.Deliver(t.Context(), old.ID, e.ID, []job.Delivery{{Channel: "pager", Event: e}}), job.ErrStale) // whoever died just before it knew
	same(t, "owed after a second turn", len(b.owed(t, "pager")), 0)

	behind := b.happen(t) // while a new channel comes: it is told of later things only
	ok(t, b.UseOutlets(t.Context(), append(outlets, job.Outlet{Name: "new"})))
	b.deliver(t, behind, "new", "hook")
	same(t, "owed to new and hook", []int{len(b.owed(t, "new")), len(b.owed(t, "hook"))}, []int{0, 2})

	ok(t, b.UseOutlets(t.Context(), outlets[:2]))
	same(t, "owed to a hook that is gone", len(b.owed(t, "hook")), 0)
	same(t, "dropped", len(must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{State: job.DeliveryDropped}))), 2)
	wants(t, b.Redeliver(t.Context(), must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{Channel: "hook"}))[0].ID, "ann"), job.ErrStale)
}

func attemptsClimbAndEnd(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	b.deliver(t, b.happen(t), "hook")
	d := b.owed(t, "hook")[0]
	got := b.attempt(t, d, b.again)
	same(t, "failed", []any{got.State, got.Attempts, got.Rung, got.MessageID, got.Detail}, []any{job.DeliveryFailed, 1, 1, d.MessageID, "channel.refused: it answered 500"})
	got = b.attempt(t, d, nil)
	same(t, "sent", []any{got.State, got.Attempts, got.MessageID, got.Next.IsZero()}, []any{job.DeliverySent, 2, d.MessageID, true})

	ok(t, b.Redeliver(t.Context(), d.ID, "ann"))
	again := b.owed(t, "hook")[0]
	same(t, "again", []any{again.ID, again.MessageID, again.Rung, again.Attempts}, []any{d.ID, d.MessageID, 0, 2})
	same(t, "audit", must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 1))[0].Act, "delivery.redeliver")
	wants(t, b.Redeliver(t.Context(), 77, "ann"), job.ErrNotFound)
	wants(t, b.RecordAttempt(t.Context(), job.Attempt{Delivery: 77}), job.ErrNotFound)

	b.attempt(t, d, nil) // one that others overtake is given up alone
	b.deliver(t, b.happen(t), "hook")
	late := b.owed(t, "hook")[0]
	b.deliver(t, b.happen(t), "hook")
	b.attempt(t, b.owed(t, "hook")[1], nil)
	same(t, "late", b.attempt(t, late, fails).State, job.DeliveryDisabled)
	same(t, "incidents", b.causes(t), []string{"channel/hook/channel.gave_up"})
	b.deliver(t, b.happen(t), "hook")
	b.attempt(t, b.owed(t, "hook")[0], nil)
	same(t, "incidents", b.causes(t), []string{})
}

func alertsGoToTheFallback(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	first := b.alert(t, "connection/acme/net.dns")
	b.deliver(t, first, "ops")
	b.deliver(t, b.happen(t), "ops") // no alert: it waits
	d := b.owed(t, "ops")[0]
	for n := range 2 {
		b.attempt(t, d, b.again)
		same(t, fmt.Sprintf("owed to pager after %d failures", n+1), len(b.owed(t, "pager")), 0)
	}
	b.attempt(t, d, b.again)
	same(t, "owed to pager", len(b.owed(t, "pager")), 1)
	same(t, "incidents", b.causes(t), []string{"connection/acme/net.dns", "channel/ops/channel.failing"})
	second := b.alert(t, "connection/bank/net.dns")
	b.deliver(t, second, "ops")
	b.attempt(t, d, b.again)
	same(t, "owed to pager, once each", len(b.owed(t, "pager")), 2)
	same(t, "events", []int64{b.owed(t, "pager")[0].Event.ID, b.owed(t, "pager")[1].Event.ID}, []int64{first.ID, second.ID})
	b.attempt(t, d, nil)
	same(t, "incidents", b.causes(t), []string{"connection/acme/net.dns", "connection/bank/net.dns"})
	b.deliver(t, b.alert(t, "connection/third/net.dns"), "ops")
	same(t, "owed to pager when ops is well", len(b.owed(t, "pager")), 2)
}

func deadChannelsAreGivenUp(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	b.deliver(t, b.alert(t, "connection/acme/net.dns"), "hook")
	b.deliver(t, b.happen(t), "hook")
	d := b.owed(t, "hook")[0]
	got := b.attempt(t, d, func(a *job.Attempt) { a.Gone, a.Status = true, 410; b.again(a) })
	same(t, "gone", []any{got.State, got.Status, got.Next.IsZero()}, []any{job.DeliveryDisabled, 410, true})
	same(t, "owed to hook and pager", []int{len(b.owed(t, "hook")), len(b.owed(t, "pager"))}, []int{0, 1})
	same(t, "incidents", b.causes(t), []string{"connection/acme/net.dns", "channel/hook/channel.disabled"})
	b.clock.Add(48 * time.Hour)
	b.deliver(t, b.alert(t, "connection/bank/net.dns"), "hook")
	same(t, "owed to hook that wants nothing, and to pager", []int{len(b.owed(t, "hook")), len(b.owed(t, "pager"))}, []int{0, 2})
	same(t, "kept", len(must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{Channel: "hook", State: job.DeliveryDisabled}))), 3)
	same(t, "asked for again", must[int64](t)(b.RedeliverMissed(t.Context(), job.Deliveries{Channel: "hook"}, "ann")), int64(3))
	same(t, "owed", len(b.owed(t, "hook")), 3)

	b.attempt(t, b.owed(t, "hook")[0], fails) // the ladder has ended and nothing arrived
	same(t, "owed", len(b.owed(t, "hook")), 0)
	b.deliver(t, b.happen(t), "hook")
	same(t, "owed at once", len(b.owed(t, "hook")), 0)
	b.clock.Add(25 * time.Hour)
	b.deliver(t, b.happen(t), "hook")
	b.deliver(t, b.happen(t), "hook")
	same(t, "let through after a day", len(b.owed(t, "hook")), 1)
	b.attempt(t, b.owed(t, "hook")[0], nil)
	b.deliver(t, b.happen(t), "hook")
	same(t, "owed when it lives", len(b.owed(t, "hook")), 1)

	b.attempt(t, b.owed(t, "hook")[0], func(a *job.Attempt) { a.Gone = true })
	changed := append([]job.Outlet(nil), outlets...)
	changed[2].Mark = "2"
	ok(t, b.UseOutlets(t.Context(), changed))
	b.deliver(t, b.happen(t), "hook")
	same(t, "owed when its configuration has changed", len(b.owed(t, "hook")), 1)
}

func contactsKillNoChannel(t *testing.T, b bundle) {
	ok(t, b.UseOutlets(t.Context(), outlets))
	e := b.alert(t, "connection/acme/net.dns")
	ok(t, b.Deliver(t.Context(), must[int64](t)(b.Routed(t.Context())), e.ID, []job.Delivery{{Channel: "ops", Event: e, Recipient: "it@acme.example", Contact: true}}))
	d := b.owed(t, "ops")
	same(t, "owed", []any{len(d), d[0].Recipient, d[0].Contact}, []any{1, "it@acme.example", true})
	for range 5 {
		b.attempt(t, d[0], b.again)
	}
	same(t, "owed to pager", len(b.owed(t, "pager")), 0)
	b.attempt(t, d[0], fails)
	same(t, "incidents", b.causes(t), []string{"connection/acme/net.dns", "channel/ops/channel.gave_up"})
	b.deliver(t, b.happen(t), "ops")
	same(t, "owed to ops", len(b.owed(t, "ops")), 2)
}

func deliveriesAreSeenByTheirOwn(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	ok(t, b.UseOutlets(t.Context(), outlets))
	b.deliver(t, b.happen(t), "hook")
	for _, c := range []struct {
		sight job.Sight
		want  int
	}{{nil, 1}, {job.Sight{}, 0}, {job.Sight{"acme-nv"}, 1}, {job.Sight{"other"}, 0}} {
		same(t, fmt.Sprint(c.sight), len(must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{Sight: c.sight}))), c.want)
	}
	id := b.owed(t, "hook")[0].ID
	entity, found, err := b.Owner(t.Context(), "delivery", fmt.Sprint(id))
	same(t, "entity", []any{entity, found, err}, []any{"acme-nv", true, nil})
	_, found, err = b.Owner(t.Context(), "delivery", fmt.Sprint(id+1))
	same(t, "entity of none", []any{found, err}, []any{false, nil})
	_, err = b.Delivery(t.Context(), id+1)
	wants(t, err, job.ErrNotFound)
	same(t, "since later", len(must[[]job.Delivery](t)(b.ListDeliveries(t.Context(), job.Deliveries{Since: b.clock.Now()}))), 0)
}

func pruningKeepsWhatIsToBeTold(t *testing.T, b bundle) {
	b.happen(t)
	ok(t, b.UseOutlets(t.Context(), outlets))
	b.deliver(t, b.happen(t), "hook")
	b.happen(t) // nobody has made its deliveries yet
	old := b.clock.Now().Add(50 * 24 * time.Hour)
	same(t, "pruned", must[store.Pruned](t)(b.Prune(t.Context(), old)), store.Pruned{Events: 1})
	b.attempt(t, b.owed(t, "hook")[0], nil)
	same(t, "pruned", must[store.Pruned](t)(b.Prune(t.Context(), old)), store.Pruned{})
	same(t, "pruned", must[store.Pruned](t)(b.Prune(t.Context(), old.Add(50*24*time.Hour))), store.Pruned{Deliveries: 1, Events: 1})
	same(t, "left", len(b.eventTypes(t)), 1)
}
