package web_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/haulier/haulier/job"
)

func TestContentIsAFileWithItsHash(t *testing.T) {
	p, server := setup(t)
	for name, want := range map[string]string{
		"a.csv":            "attachment; filename=a.csv",
		"../\"a\\\xff\n.x": "attachment; filename=..__a___.x",
		"été.csv":          "attachment; filename*=utf-8''%C3%A9t%C3%A9.csv",
	} {
		p.name, p.body, p.said = name, strings.NewReader("hello"), ""
		request, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/files/4/content?as=received", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		h := answer.Header
		if answer.StatusCode != 200 || string(text) != "hello" || h.Get("Content-Disposition") != want || h.Get("Content-Digest") != "sha-256=:qw==:" || h.Get("Content-Length") != "5" {
			t.Errorf("%q: %d %q %v", name, answer.StatusCode, text, h)
		}
		if p.said != "open true; socket file.download /api/v1/files/4/content as=received; " {
			t.Errorf("in this order: %q", p.said)
		}
	}
}

// What turns out wrong in the middle breaks off; what is wrong from the beginning is refused, and what is not audited is not given.
func TestContentThatIsWrongNeverEndsWell(t *testing.T) {
	p, server := setup(t)
	wrong := &job.Reason{Slug: "content.changed", What: "w", Cause: "c", Do: "d", Who: job.WhoUs, Err: job.ErrStale}
	p.body = iotest.ErrReader(wrong)
	if status, kind, text := ask(t, server, "GET", "/api/v1/files/4/content", ""); p.said != "open false; socket file.refuse /api/v1/files/4/content 409 ; " || status != http.StatusConflict || kind != "application/problem+json" || !strings.Contains(text, "content.changed") {
		t.Errorf("%d %s %s; %s", status, kind, text, p.said)
	}
	p.size = 100_000
	p.body = io.MultiReader(strings.NewReader(strings.Repeat("x", 64<<10)), iotest.ErrReader(wrong))
	request, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/files/4/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	}
	if err == nil || answer == nil || answer.StatusCode != 200 {
		t.Error("half a file was taken for whole")
	}
	p.err = &job.Reason{Slug: "content.taken", Err: job.ErrGone}
	if status, _, _ := ask(t, server, "GET", "/api/v1/files/4/content", ""); status != http.StatusGone {
		t.Errorf("taken: %d", status)
	}
	p.err, p.auditErr, p.body = nil, errors.New("no space"), strings.NewReader("hello")
	if status, _, text := ask(t, server, "GET", "/api/v1/files/4/content", ""); status == 200 || strings.Contains(text, "hello") {
		t.Errorf("not audited: %d %s", status, text)
	}
}
