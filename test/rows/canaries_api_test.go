package rows_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// heard is the place of what the API answers over TCP.
const heard = "API over TCP"

// loud are connections whose servers, proxies and keys have something to say.
var loud = []string{"parrot", sentinel, "proxy", "jump", "own"}

// Every GET route of the API, found in its own document, is asked over TCP of a daemon that holds a secret of every kind, has used each of them, and has been
// refused by servers, mail servers and receivers that say back what they were sent. Nothing that it answers has any of them, in a body or in a header.
func TestCanariesAreNotInTheAPI(t *testing.T) {
	n := newNest(t)
	n.fill()
	a := n.overTCP()
	n.trouble(a)
	for _, way := range loud {
		a.hears("POST", "/api/v1/connections/"+way+"/test", `{}`)
		a.hears("POST", "/api/v1/connections/"+way+"/trust", `{"fingerprint":"SHA256:x"}`)
	}
	for _, job := range []string{sentinel, sentinel + "-out"} {
		a.hears("POST", "/api/v1/jobs/"+job+"/plan", `{}`)
	}
	a.everyGET()
	if a.asked < 100 || len(n.canaries) < 30 {
		t.Errorf("%d answers were searched for %d canaries", a.asked, len(n.canaries))
	}
	n.places = map[string]*bytes.Buffer{heard: n.places[heard]} // commands are searched elsewhere
	n.search(n.canaries, map[string]string{heard: sentinel})
}

// listener is a program at the API, which remembers what it hears.
type listener struct {
	*nest
	address string
	token   string // what it shows; a canary
	cookie  string // of somebody who has logged in; a canary too
	named   string // the cookie's name
	asked   int
}

// overTCP serves the nest over the network, with the secrets that only a daemon has.
func (n *nest) overTCP() *listener {
	t := n.world.t
	t.Helper()
	a := &listener{nest: n, address: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	const signs = "the signing secret of a channel!"
	for name, secret := range map[string][2]string{ // with what of it is a secret
		"CHANNEL_URL": {rudeReceiver(t) + "/hooks/T0kenInThePath9d41x7", "T0kenInThePath9d41x7"}, "WHSEC": {"whsec_" + base64.StdEncoding.EncodeToString([]byte(signs)), signs},
		"SMTP_PASS": {odd("smtp"), odd("smtp")}, "OIDC_SECRET": {odd("oidc"), odd("oidc")}, "PING": {rudeReceiver(t) + "/ping/3f1c-uuid-of-the-ping-9d41", "3f1c-uuid-of-the-ping-9d41"},
	} {
		n.env = append(n.env, name+"="+secret[0])
		n.canaries = append(n.canaries, newCanary(name, []byte(secret[1])))
	}
	mail := newRudeMail(t)
	top := fmt.Sprintf("log: {level: debug}\nweb: {listen: %q, public_url: \"http://%s\", oidc: {issuer: \"https://login.invalid\", client_id: haulier, client_secret: {env: OIDC_SECRET}, roles: {viewer: [x]}}}\n", a.address, a.address) + `channels:
  hook: {type: webhook, url: {env: CHANNEL_URL}, signing_secret: {env: WHSEC}, allow_private: true}
  deadman: {type: healthchecks, ping_url: {env: PING}, allow_private: true}
` + fmt.Sprintf("  mail: {type: email, to: ops@platform.example, smtp: {host: localhost, port: %d, tls: none, username: mailer, password: {env: SMTP_PASS}}}\n", mail.port)
	p := newParrot(t, n.c.keys[0])
	p.set("echo")
	parts := n.configuration(top, n.c.place(), "jump_hosts:\n  jump-host:\n    "+n.c.place()+"    username: jump\n    auth: {methods: [password], password: {env: JUMP}}\n")
	at := slices.Index(parts, "jobs:\n")
	parrots := connection("parrot", placeOf("127.0.0.1", p.port(), n.c.HostKeys()...), "username: env", "auth: {methods: [password], password: {env: LOGIN}}", "locations: {out: /out}")
	n.world.config(slices.Insert(parts, at, parrots)...)
	n.world.write("haulier.yaml", strings.Replace(n.read("haulier.yaml"), "defaults: {", "defaults: {alert: {failed: [hook, mail]}, ", 1))
	n.write(sentinel+"-out/sent.csv", n.secret["what the platform sends"])
	n.c.put("in/.keep", "")
	a.logins()
	n.serve()
	a.logIn()
	return a
}

// logins makes a user, a token and a link to a sheet.
func (a *listener) logins() {
	t := a.world.t
	t.Helper()
	password := odd("login of a user")
	a.secret["login"] = password
	a.canaries = append(a.canaries, newCanary("password of a user", []byte(password)))
	a.callWith(password+"\n", "users", "add", "ann", "--role", "admin")
	if checked := a.call("check").all(); strings.Contains(checked, ": error:") {
		t.Fatal(checked)
	}
	a.token = strings.TrimSpace(a.call("tokens", "create", sentinel, "--role", "admin", "--expires", "90d").out)
	link := strings.TrimSpace(a.call("onboarding", sentinel, "--link", "14d").out)
	a.secretOf("token of the API", a.token[strings.LastIndexByte(a.token, '_')+1:])
	a.secretOf("token of a sheet", link[strings.LastIndexByte(link, '/')+1:])
}

// secretOf makes what was given out once a canary.
func (a *listener) secretOf(what, text string) {
	a.world.t.Helper()
	if len(text) < 40 {
		a.world.t.Fatalf("%s is %q", what, text)
	}
	a.canaries = append(a.canaries, newCanary(what, []byte(text)))
}

// logIn logs somebody in as a browser does.
func (a *listener) logIn() {
	t := a.world.t
	t.Helper()
	form := url.Values{"user": {"ann"}, "password": {a.secret["login"]}}.Encode()
	w := a.send("POST", "/login", form, "Content-Type", "application/x-www-form-urlencoded", "Origin", "http://"+a.address)
	defer w.Body.Close()
	if len(w.Cookies()) != 1 {
		t.Fatalf("nobody is logged in: %v", w)
	}
	a.named, a.cookie = w.Cookies()[0].Name, w.Cookies()[0].Value
	a.secretOf("cookie of a session", a.cookie)
	for _, path := range []string{"/api/v1/overview", "/api/v1/keys"} {
		a.hear(heard, a.read(a.send("GET", path, "", "Cookie", w.Cookies()[0].Name+"="+a.cookie)))
	}
}

// trouble has runs and tests fail in the ways in which servers say back what they were sent.
func (n *nest) trouble(a *listener) {
	n.tryAll()
	for _, op := range []string{"readdir", "open", "read", "rename"} {
		n.repeats(op, userOf(sentinel))
		n.c.put("out/new-"+op, n.secret["what a customer sends"])
		n.terse("run", sentinel)
		n.repeats(op, userOf("env"))
		n.terse("run", sentinel+"-out", "--force")
	}
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{RefuseLogin: true} })
	n.tryAll()
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{FreshHostKey: true} })
	n.tryAll()
	for _, channel := range []string{"mail", "hook"} {
		until(n.world.t, "a delivery to "+channel+" that was tried", func() bool {
			failed := a.send("GET", "/api/v1/deliveries?limit=1&state=failed&channel="+channel, "", "Authorization", "Bearer "+a.token)
			return strings.Contains(a.read(failed), `"state":"failed"`)
		})
	}
}

// send sends a request.
func (a *listener) send(method, path, body string, head ...string) *http.Response {
	t := a.world.t
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// read gives all that an answer says. The content of files is a customer's, whom it is given to.
func (a *listener) read(w *http.Response) string {
	a.world.t.Helper()
	text, err := io.ReadAll(w.Body)
	if err = errors.Join(err, w.Body.Close()); err != nil {
		a.world.t.Fatal(err)
	}
	if a.asked++; w.Header.Get("Content-Digest") != "" {
		text = nil
	}
	return fmt.Sprint(w.Status, w.Header, string(text))
}

// hears asks with the token, as slowly as it is wanted, and keeps the answer.
func (a *listener) hears(method, path, body string) (status int, text string) {
	a.world.t.Helper()
	for {
		w := a.send(method, path, body, "Authorization", "Bearer "+a.token)
		text = a.read(w)
		a.hear(heard, text)
		if w.StatusCode != http.StatusTooManyRequests {
			return w.StatusCode, text
		}
		time.Sleep(time.Second)
	}
}

func (a *listener) get(path string) string {
	a.world.t.Helper()
	_, text := a.hears("GET", path, "")
	return text
}

// everyGET asks all that the document has, of all that there is.
func (a *listener) everyGET() {
	t := a.world.t
	t.Helper()
	var document struct{ Paths map[string]map[string]any }
	_, text, _ := strings.Cut(a.get("/api/openapi.json"), "{")
	if err := json.Unmarshal([]byte("{"+text), &document); err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for pattern, methods := range document.Paths {
		if methods["get"] == nil {
			continue
		}
		for _, path := range a.filledIn(pattern) {
			status, _ := a.hears("GET", path, "")
			answered[pattern] = answered[pattern] || status == http.StatusOK
		}
		if !answered[pattern] {
			t.Errorf("GET %s was answered well for nothing that there is", pattern)
		}
	}
	if len(answered) < 20 {
		t.Errorf("only %d routes are in the document", len(answered))
	}
}

// filledIn are the paths of a pattern, for each name and number that there is, with what its query can ask for.
func (a *listener) filledIn(pattern string) []string {
	names := []string{sentinel, sentinel + "-out"}
	if strings.Contains(pattern, "/connections/") {
		names = loud
	}
	if strings.Contains(pattern, "{id}") {
		names = nil
		for id := range 9 {
			names = append(names, fmt.Sprint(id+1))
		}
	}
	more := map[string][]string{"/onboarding": {"?format=html", "?format=md", "?format=mail"}, "/content": {"?as=received"}, "/alerts": {"?all=1"}, "/stats": {"?window=24h"}}
	var paths []string
	for _, name := range names {
		path := regexp.MustCompile(`\{(id|name)\}`).ReplaceAllString(pattern, name)
		paths = append(paths, path)
		for _, query := range more[pattern[strings.LastIndexByte(pattern, '/'):]] {
			paths = append(paths, path+query)
		}
		if path == pattern {
			break
		}
	}
	return paths
}

// rudeReceiver refuses all that it is sent, and says it back.
func rudeReceiver(t testing.TB) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Said", r.URL.String())
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprint(w, sentinel, " you sent ", r.URL, r.Header)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// rudeMail is a mail server that refuses whoever logs in, and says back with what.
type rudeMail struct{ port int }

func newRudeMail(t testing.TB) rudeMail {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { refuseMail(conn) })
		}
	})
	return rudeMail{l.Addr().(*net.TCPAddr).Port}
}

func refuseMail(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, "220 localhost\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		line := lines.Text()
		switch word, _, _ := strings.Cut(strings.ToUpper(line), " "); word {
		case "EHLO":
			_, _ = io.WriteString(conn, "250-localhost\r\n250 AUTH PLAIN LOGIN\r\n")
		case "QUIT":
			_, _ = io.WriteString(conn, "221 bye\r\n")
			return
		default:
			said := line
			if at := strings.LastIndexByte(line, ' '); at > 0 {
				if text, err := base64.StdEncoding.DecodeString(line[at+1:]); err == nil {
					said += " " + strings.ToValidUTF8(strings.ReplaceAll(string(text), "\x00", " "), "?")
				}
			}
			_, _ = fmt.Fprintf(conn, "535 5.7.8 %s you sent %s\r\n", sentinel, said)
		}
	}
}
