package access

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
	"github.com/haulier/haulier/web/route"
)

// acting is a house at work, in which everything that a route does can be done, and the hand beside it that lays things ready.
type acting struct {
	*served
	beside      *store.Store
	db          *sql.DB
	root        asker
	refused     bool // nothing is to be at work
	made, looks int
	last        string // number of what a customer filled in last
	fingerprint string
}

func newActing(t *testing.T) *acting {
	t.Helper()
	h := newHouse(t)
	server := h.servers()
	s := h.serve()
	beside, err := store.Open(t.Context(), store.Options{Path: filepath.Join(h.dir, "data", "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	a := &acting{served: s, beside: beside, db: h.raw(), fingerprint: server.Fingerprint()}
	t.Cleanup(func() {
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
		_ = a.db.Close()
	})
	a.root = a.asker("token-all-admin")
	return a
}

// servers are one that shows its host key, one that takes connections and says nothing, and one that is told everything.
func (h *house) servers() *sftptest.Server {
	h.t.Helper()
	server, err := sftptest.Start(sftptest.Options{Root: h.t.TempDir(), Users: []sftptest.User{{Name: "customer", Password: "x"}}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(server.Stop)
	slow, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = slow.Close() })
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	h.t.Cleanup(hook.Close)
	more, jobs := "", ""
	ports := map[string]int{"alfa-open": server.Port(), "alfa-slow": slow.Addr().(*net.TCPAddr).Port}
	for i := range places {
		ports[fmt.Sprintf("alfa-place-%d", i)] = 1 + i // of its own: what logs in as one account at one server keeps one pace
	}
	for name, port := range ports {
		jobs += fmt.Sprintf("  %s: {type: import, connection: %s, from: {location: out, match: \"*\"}, to: {dir: landing/%s}}\n", name, name, name)
		more += fmt.Sprintf("  %s: {entity: alfa-nv, host: 127.0.0.1, port: %d, username: customer, auth: {methods: [password], password: {env: ACCESS_PASS}}, locations: {out: /}}\n", name, port)
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "haulier.yaml"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.write("haulier.yaml", strings.Replace(string(text), "jobs:\n", more+"jobs:\n"+jobs, 1)+
		"channels:\n  hook: {type: webhook, url: \""+hook.URL+"\", signing_secret: {env: ACCESS_HOOK}}\n")
	if err := os.MkdirAll(filepath.Join(h.dir, "outbox", alfa), 0o700); err != nil {
		h.t.Fatal(err)
	}
	s, err := store.Open(h.t.Context(), store.Options{Path: filepath.Join(h.dir, "data", "haulier.db")})
	if err == nil {
		err = s.Activate(h.t.Context(), "alfa-slow")
	}
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		h.t.Fatal(err)
	}
	return server
}

func (a *acting) asker(name string) asker {
	a.t.Helper()
	i := slices.IndexFunc(a.askers, func(who asker) bool { return who.name == name })
	if i < 0 {
		a.t.Fatalf("there is no %s", name)
	}
	return a.askers[i]
}

func (a *acting) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *acting) exec(statement string) {
	a.t.Helper()
	_, err := a.db.Exec(statement)
	a.must(err)
}

func (a *acting) one(query string) (value string) {
	a.t.Helper()
	a.must(a.db.QueryRow(query).Scan(&value))
	return value
}

// send asks with a body.
func (a *acting) send(who asker, method, path, kind, body string) got {
	for {
		r, err := http.NewRequestWithContext(a.t.Context(), method, "http://"+a.listen+path, strings.NewReader(body))
		a.must(err)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", "http://"+a.listen)
		r.Header.Set("Idempotency-Key", fmt.Sprintf("key-%d-%s", a.made, who.name))
		if who.sign != nil {
			who.sign(r)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		a.must(err)
		text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		_ = answer.Body.Close()
		a.must(err)
		if answer.StatusCode != http.StatusTooManyRequests {
			return got{answer.StatusCode, answer.Header, string(text)}
		}
		time.Sleep(time.Second) // as Retry-After says
	}
}

// ready is a deed with its object laid ready.
type ready struct {
	deed
	route  route.Route
	method string
	path   string
	id     string
}

func (a *acting) ready(r route.Route) ready {
	d := deeds[r.Pattern()]
	id := a.objects[r.Scope][alfa]
	if d.before != nil {
		id = d.before(a)
	}
	path := strings.NewReplacer("{id}", id, "{name}", id).Replace(r.Path)
	if strings.HasPrefix(r.Path, "/api/v1/outbox/") {
		path = fmt.Sprintf("/api/v1/outbox/alfa-out?name=alfa-%d.csv", a.made)
	}
	words := strings.NewReplacer("FINGERPRINT", a.fingerprint, "LAST", a.last, "SOON", time.Now().Add(5*time.Hour).UTC().Format(time.RFC3339),
		"IN DAYS", time.Now().Add(80*time.Hour).UTC().Format(time.RFC3339))
	d.api, d.form = words.Replace(d.api), words.Replace(d.form)
	return ready{d, r, r.Method, path, id}
}

func (a *acting) do(who asker, r ready) got {
	if r.api != "" {
		kind := "application/json"
		if r.route.Takes != "" {
			kind = "application/octet-stream"
		}
		return a.send(who, r.method, r.path, kind, r.api)
	}
	return a.send(who, r.method, r.path, "application/x-www-form-urlencoded", r.form)
}

// called is how the audit list names somebody.
func called(who asker) string {
	if strings.HasPrefix(who.name, "token-") {
		return "token:" + who.name
	}
	return who.name
}

func (a *acting) count(r ready, who asker) string {
	a.t.Helper()
	return a.one(strings.NewReplacer("ID", r.id, "WHO", called(who)).Replace(r.counts))
}

// waitFor waits until a query says something.
func (a *acting) waitFor(query, want string) bool {
	a.t.Helper()
	for range 1500 {
		if a.one(query) == want {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// changing are the routes that change something.
func changing(t *testing.T) (list []route.Route) {
	for _, r := range newWorld(t).routes {
		if r.Method != http.MethodGet && !slices.Contains(idle, r.Pattern()) {
			if _, found := deeds[r.Pattern()]; !found {
				t.Errorf("nobody knows what %s comes to", r.Pattern())
				continue
			}
			list = append(list, r)
		}
	}
	if len(list) != len(deeds) {
		t.Errorf("%d routes and %d deeds", len(list), len(deeds))
	}
	return list
}

// For each route that changes something: who may has it done, with its lines in the audit list, which name them; and where the list takes no line, as
// a process that dies just before would leave it, nothing is done.
func TestWhatEachActComesTo(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: each act of the built program, twice")
	}
	list, a := changing(t), newActing(t)
	for _, r := range list {
		kind := "token"
		if !strings.HasPrefix(r.Path, "/api/") {
			kind = "user"
		}
		for _, sight := range []string{"all", alfa} {
			if r.Scope == route.ScopeWhole && sight != "all" {
				continue
			}
			a.act(r, a.asker(kind+"-"+sight+"-"+string(r.Role)))
		}
	}
}

func (a *acting) act(r route.Route, who asker) {
	a.exec(`DELETE FROM pauses`)
	if !a.waitFor(`SELECT count(*) FROM runs WHERE ended = 0 AND job LIKE 'alfa-%'`, "0") {
		a.t.Fatalf("%s: a run goes on", r.Pattern())
	}
	a.made++
	ready := a.ready(r)
	before := a.count(ready, who)
	a.refuseLines(true)
	answer := a.do(who, ready)
	a.refuseLines(false)
	if after := a.count(ready, who); after != before || r.Path[:5] == "/api/" && answer.status < 400 {
		a.t.Errorf("%s as %s, where no line is taken: %d %.300s, and the store says %s, before %s", r.Pattern(), who.name, answer.status, answer.body, after, before)
	}
	a.made++
	_, last := a.lines(0)
	answer = a.do(who, ready)
	var n int
	_, _ = fmt.Sscan(before, &n)
	counts := strings.NewReplacer("ID", ready.id, "WHO", called(who)).Replace(ready.counts)
	done := a.waitFor(counts, fmt.Sprint(n+1))
	lines, _ := a.lines(last)
	var acts []string
	for _, l := range lines {
		if l.who == "serve" {
			continue // tests a connection that nobody has logged in over, by itself
		}
		if acts = append(acts, l.act); l.who != called(who) {
			a.t.Errorf("%s as %s: the line %q names %q", r.Pattern(), who.name, l.act, l.who)
		}
	}
	if got := strings.Join(acts, " "); got != ready.acts || !done {
		a.t.Errorf("%s as %s: %d %.300s, lines %q, want %q; the store says %s, before %s", r.Pattern(), who.name, answer.status, answer.body, got, ready.acts, a.one(counts), before)
	}
}
