package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

// The two tenants of the house. Whatever is one's has its word in it, so that it is seen wherever it gets.
const (
	alfa = "alfa"
	zulu = "zulu"
)

func entityOf(word string) string { return word + "-nv" }

// house is the folder of a daemon with the data of two tenants, and people and programs that may ask.
type house struct {
	t       testing.TB
	dir     string
	listen  string
	store   *store.Store // open only until the daemon begins
	objects map[route.Scope]map[string]string
	askers  []asker
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), listen: freeAddress(t), objects: map[route.Scope]map[string]string{}}
	for _, scope := range []route.Scope{route.ScopeJob, route.ScopeConnection, route.ScopeRun, route.ScopeFile, route.ScopeIncident, route.ScopeDelivery} {
		h.objects[scope] = map[string]string{"": "999999"}
	}
	if err := os.WriteFile(filepath.Join(h.dir, "haulier.yaml"), []byte(h.configuration()), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if err = os.Mkdir(filepath.Join(h.dir, "data"), 0o700); err == nil {
		h.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(h.dir, "data", "haulier.db")})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.fill()
	h.people()
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	return h
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// configuration has a connection and an import for each tenant; nobody answers on port 1 of this machine.
func (h *house) configuration() string {
	text := "version: 1\ntimezone: UTC\ndata_dir: data\nweb: {listen: \"" + h.listen + "\", public_url: \"http://" + h.listen + "\"}\nconnections:\n"
	for _, word := range []string{alfa, zulu} {
		text += strings.ReplaceAll("  W-conn: {display_name: W-display, entity: W-nv, host: 127.0.0.1, port: 1, username: W-user, contacts: [W@mail.example], auth: {methods: [password], password: {env: ACCESS_PASS}}, locations: {out: /W-folder, in: /W-inbox}}\n", "W", word)
	}
	text += "jobs:\n"
	for _, word := range []string{alfa, zulu} {
		text += strings.ReplaceAll("  W-in: {type: import, connection: W-conn, from: {location: out, match: \"W-*\"}, to: {dir: landing/W}, expect: {by: \"04:00\"}}\n"+
			"  W-out: {type: export, connection: W-conn, from: {dir: outbox/W, match: \"W-*\"}, to: {location: in}}\n", "W", word)
	}
	return text
}

// fill gives each tenant one of everything.
func (h *house) fill() {
	h.t.Helper()
	ctx := h.t.Context()
	err := errors.Join(
		h.store.MarkConnections(ctx, map[string]string{alfa + "-conn": entityOf(alfa), zulu + "-conn": entityOf(zulu)}),
		h.store.UseOutlets(ctx, []job.Outlet{{Name: "hook"}}), h.tenant(ctx, alfa, 1), h.tenant(ctx, zulu, 2))
	if err != nil {
		h.t.Fatal(err)
	}
}

// tenant fills in what one tenant has. Incidents and deliveries are numbered from 1.
func (h *house) tenant(ctx context.Context, word string, n int) error {
	s, now, name, connection := h.store, time.Now(), word+"-in", word+"-conn"
	why := job.Reason{Slug: "remote.permission", What: word + "-what", Cause: word + "-cause", Do: word + "-do", Who: job.WhoCustomer, Technical: word + "-technical"}
	_, err := s.Loaded(ctx, name, connection, now)
	run, err2 := s.BeginRun(ctx, job.Run{Job: name, Connection: connection, Type: job.TypeImport, Trigger: job.TriggerManual, By: word + "-person", Started: now.Add(-time.Minute)})
	f, err3 := s.See(ctx, job.File{
		Job: name, Connection: connection, Type: job.TypeImport, Path: "/" + word + "-folder/" + word + "-file.csv", Run: run.ID, Step: job.StepSeen, State: job.FileHeld, Reason: &why,
	})
	_, err4 := s.Raise(ctx, "job/"+name+"/remote.permission", name, why, now)
	_, err5 := s.Raise(ctx, "connection/"+connection+"/net.refused", name, why, now)
	run.State, run.Ended, run.Reason, run.Note = job.RunFailed, now, &why, word+"-note"
	day := now.UTC().Format(time.DateOnly)
	err = errors.Join(err, err2, err3, err4, err5,
		s.Activate(ctx, connection),
		s.Outcome(ctx, job.Outcome{Run: run.ID, File: f}),
		s.EndRun(ctx, run),
		s.AddLogLines(ctx, run.ID, []store.LogLine{{Run: run.ID, Level: "ERROR", Line: word + "-line"}}),
		s.Request(ctx, job.Request{Connection: connection, Job: name, Run: run.ID, File: f.ID, Direction: job.Download, Bytes: 11, Started: now}),
		s.BeginExpectation(ctx, job.Expectation{Job: name, Connection: connection, Type: job.TypeImport, Day: day, Zone: "UTC", Opens: now.Add(-20 * time.Hour), By: now.Add(-time.Hour), Missing: now, Closes: now.Add(time.Hour), Wanted: 1}),
		s.Act(ctx, word+"-person", "job.run", name, word+"-detail"),
		h.delivery(ctx, connection))
	for scope, what := range map[route.Scope]string{
		route.ScopeJob: name, route.ScopeConnection: connection, route.ScopeRun: fmt.Sprint(run.ID), route.ScopeFile: fmt.Sprint(f.ID), route.ScopeIncident: fmt.Sprint(2*n - 1), route.ScopeDelivery: fmt.Sprint(n),
	} {
		h.objects[scope][word] = what
	}
	return err
}

func (h *house) delivery(ctx context.Context, connection string) error {
	from, err := h.store.Routed(ctx)
	events, err2 := h.store.Events(ctx, from, 0)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	last := events[len(events)-1]
	return h.store.Deliver(ctx, from, last.ID, []job.Delivery{{Channel: "hook", Connection: connection, Event: last, Detail: connection}})
}

// people are everybody who may ask, and those who may not any more.
func (h *house) people() {
	h.t.Helper()
	hash, err := access.HashPassword(secret.New([]byte(password)))
	if err != nil {
		h.t.Fatal(err)
	}
	h.askers = []asker{{name: "nobody", sight: job.Sight{}}, bearer("made-up", "hlr_"+strings.Repeat("a", 13)+"_"+strings.Repeat("a", 52))}
	sights := map[string]job.Sight{"all": nil, alfa: {entityOf(alfa)}, zulu: {entityOf(zulu)}, "both": {entityOf(alfa), entityOf(zulu)}, "none": {}}
	for name, sight := range sights {
		for _, role := range []route.Role{route.Viewer, route.Operator, route.Admin} {
			h.token("token-"+name+"-"+string(role), role, sight, time.Hour)
			if name == "all" || name == alfa {
				h.user("user-"+name+"-"+string(role), role, sight, hash)
			}
		}
	}
	h.ended(hash)
}

// ended are an administrator's token that has expired and one that was revoked, and sessions that are over.
func (h *house) ended(hash string) {
	h.t.Helper()
	ctx, now := h.t.Context(), time.Now()
	h.token("expired", route.Admin, nil, -time.Second)
	h.token("revoked", route.Admin, nil, time.Hour)
	err := h.store.RevokeToken(ctx, "revoked", "test")
	for name, begun := range map[string]time.Time{"too-old": now.Add(-13 * time.Hour), "idle": now.Add(-time.Hour), "ended": now} {
		key, keyHash := newKey()
		s := job.Login{Hash: keyHash, User: name, From: job.LoginLocal, Role: "admin", Begun: begun, Seen: begun}
		err = errors.Join(err, h.store.AddUser(ctx, job.User{Name: name, Role: "admin"}, hash, "test"), h.store.BeginSession(ctx, s, nil, hash))
		if name == "ended" {
			_, ended := h.store.EndSessions(ctx, name, "test")
			err = errors.Join(err, ended)
		}
		h.askers = append(h.askers, cookie("session that is "+name, key))
	}
	for i := range h.askers {
		if a := &h.askers[i]; a.name == "expired" || a.name == "revoked" {
			a.role = route.Nobody
		}
	}
	if err != nil {
		h.t.Fatal(err)
	}
}
