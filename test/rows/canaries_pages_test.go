package rows_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
	"github.com/haulier/haulier/web/page"
)

// A25: every page, by the router's own list, of a daemon whose store holds sealed keys of each kind, stored passwords, users, tokens, links and
// sessions, each of which was used, and failures in which servers said back what they were sent. An admin reads all of them, and none shows a
// secret, in its text or in a header.
func TestCanariesAreNotOnPages(t *testing.T) {
	n := newNest(t)
	n.fill()
	a := n.overTCP()
	n.tryAll()
	n.repeats("readdir", userOf(sentinel))
	n.c.put("out/new.csv", n.secret["what a customer sends"])
	n.terse("run", sentinel)
	n.c.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{RefuseLogin: true} })
	for _, way := range loud {
		n.terse("connections", "test", way)
	}
	a.everyPage()
	if len(n.canaries) < 30 {
		t.Errorf("there are %d canaries only", len(n.canaries))
	}
	n.places = map[string]*bytes.Buffer{"pages": n.places["pages"]} // all else is searched elsewhere
	n.search(n.canaries, map[string]string{"pages": sentinel})
}

// everyPage reads each page of each thing that there is, as whoever has logged in.
func (a *listener) everyPage() {
	t := a.world.t
	t.Helper()
	read := map[string]bool{}
	for _, r := range page.Routes(page.Options{Sheets: linked{}}) {
		if r.Method != http.MethodGet || r.Path == "/assets/{file}" || r.Path == "/sheet/{token}" {
			continue
		}
		for _, path := range a.pagesOf(r.Path) {
			status, text := a.page(path)
			a.hear("pages", text)
			read[r.Path] = read[r.Path] || status == http.StatusOK
		}
		if !read[r.Path] {
			t.Errorf("GET %s was answered well for nothing that there is", r.Path)
		}
	}
	if len(read) < 20 {
		t.Errorf("only %d pages were read", len(read))
	}
}

func (a *listener) pagesOf(pattern string) []string {
	names := []string{sentinel, sentinel + "-out"}
	switch {
	case strings.HasPrefix(pattern, "/connections/"):
		names = loud
	case strings.Contains(pattern, "{id}"):
		names = nil
		for id := range 9 {
			names = append(names, fmt.Sprint(id+1))
		}
	}
	var paths []string
	for _, name := range names {
		path := strings.TrimSuffix(regexp.MustCompile(`\{(id|name)\}`).ReplaceAllString(pattern, name), "{$}")
		if path == "/events" {
			path += "?once=1&at=/alerts"
		}
		paths = append(paths, path)
		if !strings.ContainsRune(pattern, '{') {
			break
		}
	}
	return paths
}

// page asks with the cookie of the session, as slowly as it is wanted.
func (a *listener) page(path string) (status int, text string) {
	a.world.t.Helper()
	for {
		w := a.send("GET", path, "", "Cookie", a.named+"="+a.cookie, "Accept", "text/html")
		status, text = w.StatusCode, a.read(w)
		if status != http.StatusTooManyRequests {
			return status, text
		}
	}
}
