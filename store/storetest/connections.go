package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// since gives the types of the events behind one, and their data.
func (b bundle) since(t *testing.T, last int64) (types []string, data []map[string]any) {
	t.Helper()
	for _, e := range must[[]job.Event](t)(b.Events(t.Context(), last, 0)) {
		var fields map[string]any
		ok(t, json.Unmarshal(e.Data, &fields))
		types, data = append(types, e.Type), append(data, fields)
	}
	return types, data
}

func connectionsGoDownOnce(t *testing.T, b bundle) {
	account := job.Account{Host: "sftp.acme.example", Port: 22, User: "PLAT01"}
	open := job.Breaker{Open: true, Reason: &job.Reason{Slug: "auth.key_rejected"}, Since: due(1), Until: due(2), Connection: "acme"}
	closed := job.Breaker{Connection: "acme"}
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	ok(t, b.SaveBreaker(t.Context(), account, open)) // a draft was never up
	ok(t, b.SaveBreaker(t.Context(), account, closed))
	b.raise(t, down, "acme-in", due(1))
	ok(t, b.ResolveConnection(t.Context(), "acme", "", due(2)))
	same(t, "events of a draft", b.eventTypes(t), []string{})

	ok(t, b.Activate(t.Context(), "acme"))
	for range 3 {
		ok(t, b.SaveBreaker(t.Context(), account, open))
	}
	b.raise(t, "connection/acme/auth.key_rejected", "acme-in", due(2))
	b.raise(t, down, "acme-in", due(3))
	ok(t, b.SaveBreaker(t.Context(), account, closed)) // it logs in, and its run is not over
	types, data := b.since(t, 0)
	same(t, "events", types, []string{"connection.down"})
	same(t, "data", data[0], map[string]any{"connection": "acme", "entity": "acme-nv", "since": due(1).Format(time.RFC3339),
		"error": map[string]any{"slug": "auth.key_rejected", "what": "", "cause": "", "do": "", "who": ""}})
	ok(t, b.Resolve(t.Context(), "connection/acme/auth.key_rejected", due(4)))
	same(t, "events", b.eventTypes(t), []string{"connection.down"})
	ok(t, b.ResolveConnection(t.Context(), "acme", "ann (disabled)", due(5)))
	ok(t, b.ResolveConnection(t.Context(), "acme", "", due(6)))
	types, data = b.since(t, 1)
	same(t, "events", types, []string{"connection.up"})
	same(t, "data", data[0], map[string]any{"connection": "acme", "entity": "acme-nv", "since": due(1).Format(time.RFC3339), "down_seconds": 4 * 3600.0, "by": "ann (disabled)"})

	b.raise(t, own, "acme-in", due(6)) // a job's failure is not its connection's
	ok(t, b.SaveBreaker(t.Context(), account, open))
	ok(t, b.SaveBreaker(t.Context(), account, job.Breaker{})) // nobody's login
	types, _ = b.since(t, 2)
	same(t, "events", types, []string{"connection.down"})
	ok(t, b.ResolveConnection(t.Context(), "acme", "", due(7)))
	types, _ = b.since(t, 3)
	same(t, "events", types, []string{"connection.up"})
	ok(t, b.SaveBreaker(t.Context(), account, open))
	ok(t, b.SaveBreaker(t.Context(), account, closed))
	types, _ = b.since(t, 4)
	same(t, "events", types, []string{"connection.down", "connection.up"})
}

// A connection is not up while its account keeps it out, whatever runs over older sessions come to.
func connectionsAreUpOnceTheyLogIn(t *testing.T, b bundle) {
	account, former := job.Account{Host: "sftp.acme.example", Port: 22, User: "PLAT01"}, job.Account{Host: "old.acme.example", Port: 22, User: "PLAT01"}
	refused := func(a job.Account, connection string) {
		ok(t, b.SaveBreaker(t.Context(), a, job.Breaker{Open: true, Reason: &job.Reason{Slug: "auth.key_rejected"}, Since: due(1), Until: due(2), Connection: connection}))
	}
	good := func(connection, by string) { ok(t, b.ResolveConnection(t.Context(), connection, by, due(3))) }
	last := int64(0)
	wants := func(when string, want ...string) {
		t.Helper()
		types, data := b.since(t, last)
		last += int64(len(types))
		for i := range types {
			types[i] += " " + data[i]["connection"].(string)
		}
		same(t, when, types, want)
	}
	for _, name := range []string{"acme", "other"} {
		ok(t, b.Activate(t.Context(), name))
	}
	refused(account, "acme")
	good("acme", "")
	wants("a run goes well while the breaker is open", "connection.down acme")
	b.raise(t, "connection/other/net.timeout", "other-in", due(1))
	refused(account, "other")
	good("other", "")
	wants("a connection of the same account", "connection.down other")
	ok(t, b.SaveBreaker(t.Context(), account, job.Breaker{Connection: "acme"}))
	good("other", "")
	wants("the breaker is closed", "connection.up acme", "connection.up other")
	refused(account, "acme")
	good("acme", "ann (disabled)")
	wants("somebody says so", "connection.down acme", "connection.up acme")
	ok(t, b.SaveBreaker(t.Context(), account, job.Breaker{}))

	refused(former, "acme")
	ok(t, b.LoggedIn(t.Context(), "acme", "[sftp.acme.example]:22", "ssh-ed25519 AAAA"))
	good("acme", "")
	wants("it has another account by now", "connection.down acme", "connection.up acme")
}

func changedHostKeysAreTold(t *testing.T, b bundle) {
	const address, pinned, changed = "[sftp.acme.example]:22", "ssh-ed25519 AAAA", "connection.host_key_changed"
	last := int64(0)
	shows := func(when string, want int, connection, key string) {
		t.Helper()
		b.clock.Add(time.Hour)
		ok(t, b.HostKeyChanged(t.Context(), job.HostKeyChange{Connection: connection, Address: address, Key: key, Shown: "ssh-ed25519 SHA256:x", Pinned: []string{"ssh-ed25519 SHA256:y"}}))
		types, _ := b.since(t, last)
		last += int64(len(types))
		same(t, when, types, append([]string(nil), slices.Repeat([]string{changed}, want)...))
	}
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	ok(t, b.AddPin(t.Context(), job.Pin{Address: address, Key: pinned, Added: b.clock.Now()}))
	ok(t, b.SawHostKey(t.Context(), address, "ssh-ed25519 BBBB")) // somebody looked
	shows("another key", 1, "acme", "ssh-ed25519 BBBB")
	_, data := b.since(t, 0)
	same(t, "data", []any{data[0]["connection"], data[0]["entity"], data[0]["address"], data[0]["shown"], data[0]["pinned"]},
		[]any{"acme", "acme-nv", address, "ssh-ed25519 SHA256:x", []any{"ssh-ed25519 SHA256:y"}})
	shows("the same once more", 0, "acme", "ssh-ed25519 BBBB")
	shows("a third key", 1, "acme", "ssh-ed25519 CCCC")
	shows("a key at a time", 0, "acme", "ssh-ed25519 BBBB")
	shows("to another connection", 1, "second", "ssh-ed25519 BBBB")
	same(t, "seen", len(must2(t, b.HostKeysSeen)(address)), 2)

	ok(t, b.LoggedIn(t.Context(), "acme", address, pinned))
	shows("in turn with one that counts", 0, "acme", "ssh-ed25519 BBBB")
	b.clock.Add(24 * time.Hour)
	ok(t, b.LoggedIn(t.Context(), "acme", address, pinned))
	shows("a day later, behind a login", 1, "acme", "ssh-ed25519 BBBB")
	ok(t, b.AddPin(t.Context(), job.Pin{Address: address, Key: "ssh-ed25519 BBBB", Added: b.clock.Now()}))
	shows("behind a pin", 1, "acme", "ssh-ed25519 CCCC")
	ok(t, b.LoggedIn(t.Context(), "acme", address, "ssh-ed25519 BBBB"))
	ok(t, b.RemovePin(t.Context(), job.Pin{Address: address, Key: pinned}))
	shows("one that counted once", 1, "acme", pinned)

	shows("none of a pinned type", 1, "acme", "")
	ok(t, b.Activate(t.Context(), "acme"))
	shows("none of a pinned type, by each look", 0, "acme", "")
	shows("none of a pinned type, by each look", 0, "acme", "")
	for n := range 150 {
		shows("another key each time", 1, "acme", fmt.Sprint("key ", n))
	}
}

func rotationsAreTold(t *testing.T, b bundle) {
	add := func(slot job.KeySlot) job.Key {
		return must[job.Key](t)(b.AddKey(t.Context(), job.Key{Kind: job.KeySSH, Name: "ours", Algorithm: "ed25519", Fingerprint: "SHA256:x", Slot: slot}, secret.New([]byte("private"))))
	}
	add(job.SlotCurrent)
	same(t, "events of a first key", b.eventTypes(t), []string{})
	next := add(job.SlotNext)
	ok(t, b.PromoteKey(t.Context(), next))
	ok(t, b.PromoteKey(t.Context(), next))
	types, data := b.since(t, 0)
	same(t, "events", types, []string{"key.rotated", "key.rotated"})
	same(t, "slots", []any{data[0]["slot"], data[1]["slot"]}, []any{"next", "current"})
	delete(data[1], "slot")
	same(t, "data", data[1], map[string]any{"kind": "ssh", "name": "ours", "version": 2.0, "algorithm": "ed25519", "fingerprint": "SHA256:x", "before": 1.0})
}

func configurationsAreTold(t *testing.T, b bundle) {
	ok(t, b.TellConfig(t.Context(), store.ConfigChange{Revision: 8, Before: 7, By: "ann", Jobs: 3, Connections: 2}))
	ok(t, b.TellConfig(t.Context(), store.ConfigChange{Revision: 8, Before: 8, By: "ann", Jobs: 3, Connections: 2, Reason: &job.Reason{Slug: "config.rejected_on_reload"}}))
	types, data := b.since(t, 0)
	same(t, "events", types, []string{"config.reloaded", "config.rejected"})
	same(t, "reloaded", data[0], map[string]any{"revision": 8.0, "before": 7.0, "by": "ann", "jobs": 3.0, "connections": 2.0})
	same(t, "rejected", []any{data[1]["revision"], data[1]["before"], data[1]["error"].(map[string]any)["slug"]}, []any{8.0, nil, "config.rejected_on_reload"})
}
