package rows_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// site is a daemon that is asked over the network, as programs of two tenants do.
type site struct {
	*world
	c       *customer
	address string
	tokens  map[string]string
}

// answer is what the daemon answered.
type answer struct {
	status int
	head   http.Header
	text   string
}

// script is what somebody puts where a name or a number belongs.
const script = "<script>alert(1)</script>"

// newSite serves two tenants, each with an import that has landed a file and an export, and tokens for them.
func newSite(t *testing.T) *site {
	t.Helper()
	port := freePort(t)
	s := &site{world: newWorld(t), c: newCustomer(t, sftptest.Options{}), address: fmt.Sprintf("http://127.0.0.1:%d", port), tokens: map[string]string{}}
	tenant := func(name string) string {
		return s.c.connection(name, "entity: "+name+"-nv", fmt.Sprintf("locations: {out: /%s-out, in: /%s-in}", name, name))
	}
	s.config(fmt.Sprintf("web: {listen: \"127.0.0.1:%d\", public_url: \"%s\"}\nconnections:\n", port, s.address), tenant("acme"), tenant("bank"), "jobs:\n",
		importJob("acme-files", "acme", "out", "archive: {dir: archive}"), exportJob("acme-segments", "acme", "in"),
		importJob("bank-files", "bank", "out"), exportJob("bank-segments", "bank", "in"))
	for _, name := range []string{"acme", "bank"} {
		s.c.put(name+"-out/"+name+"-"+strings.ReplaceAll(script, "/", "-")+".csv", "the customers of "+name)
		s.c.put(name+"-in/.keep", "")
		s.haulier(0, "run", name+"-files")
		if err := os.Mkdir(s.path(name+"-segments"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, flags := range map[string][]string{
		"viewer": {"--role", "viewer"}, "operator": {"--role", "operator"}, "admin": {"--role", "admin"},
		"acme": {"--role", "operator", "--entity", "acme-nv"}, "bank": {"--role", "operator", "--entity", "bank-nv"},
	} {
		s.token(name, "90d", flags...)
	}
	s.serve()
	return s
}

// token makes a token.
func (s *site) token(name, expires string, flags ...string) {
	s.t.Helper()
	s.tokens[name] = strings.TrimSpace(s.haulier(0, append([]string{"tokens", "create", name, "--expires", expires}, flags...)...).out)
}

// ask asks with a token, by its name; an unknown name is no token.
func (s *site) ask(who, method, path, body string, head ...string) answer {
	s.t.Helper()
	if token := s.tokens[who]; token != "" {
		head = append(head, "Authorization", "Bearer "+token)
	}
	return s.askWith(method, path, body, head...)
}

// askWith asks with these header fields.
func (s *site) askWith(method, path, body string, head ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(w.Body)
	if err = errors.Join(err, w.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(text)}
}

// good wants an answer of 200, and reads it.
func good[T any](s *site, who, method, path, body string, head ...string) (value T) {
	s.t.Helper()
	a := s.ask(who, method, "/api/v1"+path, body, head...)
	if err := json.Unmarshal([]byte(a.text), &value); err != nil || a.status != http.StatusOK {
		s.t.Fatalf("%s %s as %s: %d %s", method, path, who, a.status, a.text)
	}
	return value
}

// refused wants a refusal in the form of the API, which says back nothing that a browser would run.
func (s *site) refused(status int, slug, who, method, path, body string, head ...string) string {
	s.t.Helper()
	a := s.ask(who, method, "/api/v1"+path, body, head...)
	s.isProblem(a, status, slug, method+" "+path+" as "+who)
	return a.text
}

func (s *site) isProblem(a answer, status int, slug, asked string) {
	s.t.Helper()
	var p struct {
		Status              int
		Slug, Do, Cause     string
		Title, Type, What   string
		Technical, Who, New string
	}
	err := json.Unmarshal([]byte(a.text), &p)
	if err != nil || a.status != status || p.Status != status || p.Slug != slug || p.Do == "" || p.Cause == "" || p.Type != "haulier:"+slug || a.head.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s: %d %q, want %d %s: %s", asked, a.status, a.head.Get("Content-Type"), status, slug, a.text)
	}
	if strings.Contains(a.text, "<script") {
		s.t.Errorf("%s says script back: %s", asked, a.text)
	}
}

// file is the number of the file that a tenant's import has landed.
func (s *site) file(tenant string) string {
	s.t.Helper()
	list := good[struct{ Files []struct{ ID int64 } }](s, "admin", "GET", "/files?job="+tenant+"-files", "")
	if len(list.Files) != 1 {
		s.t.Fatalf("%s has the files %v", tenant, list.Files)
	}
	return fmt.Sprint(list.Files[0].ID)
}
