package rows_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/transfer/sftptest"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/route"
)

// teller is a daemon that tells people and programs all that it can, with secrets of every kind in use, and others who say them back.
type teller struct {
	*world
	*mine
	c        *customer
	mail     *testserver.Mail
	site     string
	browser  *http.Client
	secret   map[string]string
	canaries []canary
	mu       sync.Mutex // held while something is heard
}

// keep makes a secret a canary.
func (l *teller) keep(kind, text string) string {
	l.secret[kind] = text
	l.canaries = append(l.canaries, newCanary(kind, []byte(text)))
	return text
}

func (l *teller) heard(place string, texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hear(place, texts...)
}

// parrotWeb answers every request with all that it was sent, as a failure.
func (l *teller) parrotWeb(place string, status int) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if place != "" {
			head := r.Header.Clone()
			head.Del("Webhook-Signature") // made of the secret; the rest may not be
			l.heard(place, fmt.Sprint(head), string(body))
		}
		w.WriteHeader(status)
		user, password, _ := r.BasicAuth()
		_, _ = fmt.Fprintf(w, "you asked %s as %v (%s %s) with %s", r.RequestURI, r.Header, user, password, body)
	}))
	l.world.t.Cleanup(server.Close)
	return server
}

// provider is one for OpenID Connect that repeats our secret in place of a token.
func (l *teller) provider() *httptest.Server {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`, server.URL, server.URL+"/auth", server.URL+"/token", server.URL+"/keys")
		default:
			_ = r.ParseForm()
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, l.secret["secret of the provider"], fmt.Sprint(r.Header, r.Form))
		}
	}))
	l.world.t.Cleanup(server.Close)
	return server
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	l := &teller{world: newWorld(t), mine: newMine(t), secret: map[string]string{}}
	for _, kind := range []string{"login", "mail", "secret of the provider", "password of a user"} {
		l.keep(kind, odd(kind))
	}
	for _, kind := range []string{"path of a webhook", "path of a ping", "token of a chat"} {
		l.keep(kind, "kanarie-"+strings.ReplaceAll(kind, " ", "-")+"-5f0c7e")
	}
	signing := l.keep("signing secret", "a canary that signs, 32 bytes of!")
	l.c = newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "customer", Password: l.secret["login"]}}})
	l.mail = testserver.NewMail(t, func(m *testserver.Mail) { m.Took = l.letter })
	refusing := testserver.NewMail(t, func(m *testserver.Mail) { m.Refuse["AUTH"] = "535 you sent " + l.secret["mail"] })
	l.site = fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	l.env = append(l.env, "LOGIN="+l.secret["login"], "MAIL="+l.secret["mail"], "OIDC="+l.secret["secret of the provider"], "SIGN=whsec_"+base64.StdEncoding.EncodeToString([]byte(signing)),
		"HOOK="+l.parrotWeb("webhook", 200).URL+"/"+l.secret["path of a webhook"], "BADHOOK="+l.parrotWeb("webhook", 500).URL+"/"+l.secret["path of a webhook"],
		"PING="+l.parrotWeb("", 500).URL+"/"+l.secret["path of a ping"], "CHAT=generic://"+strings.TrimPrefix(l.parrotWeb("", 500).URL, "http://")+"/"+l.secret["token of a chat"]+"?disabletls=yes")
	smtp := func(m *testserver.Mail) string {
		return fmt.Sprintf("smtp: {host: 127.0.0.1, port: %d, tls: none, username: haulier, password: {env: MAIL}}", m.Port())
	}
	all := "[mail, badmail, hook, badhook, chat]"
	l.config("log: {level: debug}\nmetrics: {listen: \"127.0.0.1:", fmt.Sprint(freePort(t)), "\"}\nweb:\n  listen: \"", strings.TrimPrefix(l.site, "http://"), "\"\n  public_url: \"", l.site, "\"\n",
		"  oidc: {issuer: \"", l.provider().URL, "\", client_id: haulier, client_secret: {env: OIDC}, roles: {viewer: [all]}}\n",
		"channels:\n  mail: {type: email, to: [ops@platform.example], contacts: true, ", smtp(l.mail), "}\n  badmail: {type: email, to: [ops@platform.example], ", smtp(refusing), "}\n",
		"  hook: {type: webhook, url: {env: HOOK}, signing_secret: {env: SIGN}, allow_private: true}\n  badhook: {type: webhook, url: {env: BADHOOK}, signing_secret: {env: SIGN}, allow_private: true, format: cloudevents}\n",
		"  chat: {type: shoutrrr, url: {env: CHAT}, allow_private: true}\n  ping: {type: healthchecks, ping_url: {env: PING}, allow_private: true, every: 10s}\n",
		"connections:\n", connection(sentinel, l.c.place(), "username: customer", "contacts: [it@customer.example]", "auth: {methods: [password], password: {env: LOGIN}}", "locations: {out: /out}"),
		"jobs:\n", importJob(sentinel, sentinel, "out", "alert: {failed: "+all+"}"))
	l.c.put("out/.keep", "")
	jar, _ := cookiejar.New(nil)
	l.browser = &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return l
}

// letter hears a letter as it comes, and as it is read.
func (l *teller) letter(letter testserver.Letter) {
	read, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(letter.Text)))
	l.heard("letters", letter.To, letter.Text, string(read))
}

// ask asks as the browser does, and gives the answer without the cookies in it.
func (l *teller) ask(method, path string, form url.Values) (*http.Response, string) {
	l.world.t.Helper()
	r, err := http.NewRequestWithContext(l.world.t.Context(), method, l.site+path, strings.NewReader(form.Encode()))
	if err != nil {
		l.world.t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Origin": l.site} {
		r.Header.Set(name, value)
	}
	answer, err := l.browser.Do(r)
	if err != nil {
		l.world.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		l.world.t.Fatal(err)
	}
	head := answer.Header.Clone()
	head.Del("Set-Cookie")
	return answer, fmt.Sprint(head) + string(text)
}

// enter logs somebody in, makes a token and a link, and keeps each as a canary.
func (l *teller) enter() {
	t := l.world.t
	l.tell(0, l.secret["password of a user"]+"\n", "users", "add", "ann", "--role", "admin")
	l.keep("token", strings.TrimSpace(l.haulier(0, "tokens", "create", "platform", "--role", "admin", "--expires", "90d").out))
	_, text := l.ask("POST", "/login", url.Values{"user": {"ann"}, "password": {"wrong " + l.secret["password of a user"]}})
	l.heard("pages", text)
	_, text = l.ask("POST", "/login", url.Values{"user": {"ann"}, "password": {l.secret["password of a user"]}})
	l.heard("pages", text)
	site, _ := url.Parse(l.site)
	for _, c := range l.browser.Jar.Cookies(site) {
		l.keep("cookie "+c.Name, c.Value)
	}
	if len(l.browser.Jar.Cookies(site)) != 1 {
		t.Fatalf("ann has not logged in: %s", text)
	}
	_, text = l.ask("POST", "/connections/"+sentinel+"/sheet/link", url.Values{"days": {"7"}})
	l.heard("pages", text)
	_, text = l.ask("GET", "/", nil) // the one page that shows it
	_, token, found := strings.Cut(text, l.site+"/sheet/")
	if token, _, _ = strings.Cut(token, `"`); !found || len(token) != 43 {
		t.Fatalf("no link was made: %.2000s", text)
	}
	l.keep("token of a sheet", token)
}

// atTheProvider goes there and comes back with a code that it does not take.
func (l *teller) atTheProvider() {
	answer, _ := l.ask("GET", "/login/oidc", nil)
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("state") == "" {
		l.world.t.Fatalf("not sent to the provider: %v", answer.Header)
	}
	answer, text := l.ask("GET", "/login/oidc/callback?code=x&state="+to.Query().Get("state"), nil)
	if l.heard("pages", text); answer.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "access.oidc") {
		l.world.t.Errorf("at the provider: %d %s", answer.StatusCode, text)
	}
}

// look asks for each page that there is, by the router's own list, and for the figures.
func (l *teller) look() {
	for _, r := range page.Routes(page.Options{Sheets: linked{}}) {
		if r.Method != http.MethodGet || r.Path == "/assets/{file}" {
			continue
		}
		path := strings.NewReplacer("{name}", sentinel, "{id}", "1", "{token}", "x", "{$}", "").Replace(r.Path)
		if r.Path == "/events" {
			path += "?once=1&at=/alerts"
		}
		answer, text := l.ask("GET", path, nil)
		l.heard("pages", text)
		if answer.StatusCode != http.StatusOK && r.Role != route.Nobody {
			l.world.t.Errorf("%s: %d %.300s", path, answer.StatusCode, text)
		}
	}
	listen := l.read("haulier.yaml")
	_, listen, _ = strings.Cut(listen, `metrics: {listen: "`)
	listen, _, _ = strings.Cut(listen, `"`)
	_, text := request(l.world.t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, http.MethodGet, "http://"+listen+"/metrics", "")
	l.heard("metrics", text)
}

// linked makes the list of routes have those of sheets.
type linked struct{ page.Sheets }

func (linked) Style() string { return "" }

// X12: what people and programs are told of a failure, by letter, webhook and page, in events, figures and the log, holds no secret, though
// the customer's server, the mail server, the targets of channels and the provider of logins say back all that they are sent.
func TestCanariesAreNotInWhatIsTold(t *testing.T) {
	l := newTeller(t)
	s := l.serve()
	l.enter()
	l.atTheProvider()
	l.c.put("out/a.csv", "x")
	l.c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "open", Do: sftptest.Fail, Code: 4, Text: sentinel + ": you sent " + l.secret["login"]}}
	})
	l.ask("POST", "/jobs/"+sentinel+"/run", nil)
	l.ask("POST", "/connections/"+sentinel+"/test", nil)
	until(t, "a letter and a webhook of the failure", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.places["letters"] != nil && l.places["webhook"] != nil && strings.Contains(l.places["webhook"].String(), "alert.opened")
	})
	until(t, "all channels being tried", func() bool {
		out := l.haulier(0, "--json", "events", "list").out
		return slices.IndexFunc([]string{"badmail", "badhook", "chat"}, func(name string) bool { return !strings.Contains(out, name) }) < 0 && strings.Contains(out, "failed")
	})
	for _, name := range []string{"mail", "badmail", "hook", "badhook", "chat", "ping"} {
		said := l.run("alerts", "test", name)
		l.heard("output", said.all())
	}
	l.look()
	for _, args := range [][]string{{"events", "list"}, {"alerts", "list"}, {"alerts", "show", "1"}, {"audit", "list"}, {"users", "list"}, {"tokens", "list"}, {"config", "show"}, {"show", "1"}, {"logs", "1"}} {
		l.heard("output", l.run(args...).all(), l.run(append([]string{"--json"}, args...)...).all())
	}
	s.end()
	l.hear("log", s.log.String())
	if logins := l.mail.Logins(); len(logins) == 0 || !strings.Contains(logins[0], l.secret["mail"]) {
		t.Errorf("the mail server was sent no password: %q", logins)
	}
	l.search(l.canaries, map[string]string{"pages": sentinel, "letters": sentinel, "webhook": sentinel, "metrics": sentinel, "output": sentinel, "log": sentinel})
}

// run runs the program, whatever comes of it.
func (l *teller) run(args ...string) said {
	l.world.t.Helper()
	command := l.command(args...)
	var out, err strings.Builder
	command.Stdout, command.Stderr = &out, &err
	_ = command.Run()
	return said{out.String(), err.String()}
}
