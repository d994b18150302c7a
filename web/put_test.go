package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

// sends puts a file into the outbox of segment.
func sends(t *testing.T, url, query, key, kind, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", url+"/api/v1/outbox/segment"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestFilesAreSentRawOrAsAForm(t *testing.T) {
	p, server := setup(t)
	const (
		file = "--x\r\nContent-Disposition: form-data; name=file; filename=\"dir/b.csv\"\r\n\r\nhello\r\n"
		form = "multipart/form-data; boundary=x"
	)
	for name, c := range map[string]struct {
		query, key, kind, body, want string
		status                       int
	}{
		"raw":            {"?name=a.csv", "k", "text/csv", "hello", "segment a.csv k socket 5 hello", 200},
		"form":           {"", "k", form, file + "--x--\r\n", "segment b.csv k socket -1 hello", 200},
		"form, named":    {"?name=c.csv", "k", form, file + "--x--\r\n", "segment c.csv k socket -1 hello", 200},
		"no key":         {"?name=a.csv", "", "text/csv", "hello", "", 400},
		"odd key":        {"?name=a.csv", "schlüssel", "text/csv", "hello", "", 400},
		"long key":       {"?name=a.csv", strings.Repeat("k", 256), "text/csv", "hello", "", 400},
		"two parts":      {"", "k", form, file + file + "--x--\r\n", "", 400},
		"form cut off":   {"", "k", form, file, "", 400},
		"no part":        {"", "k", form, "--x--\r\n", "", 400},
		"no boundary":    {"", "k", "multipart/form-data", file, "", 400},
		"form not begun": {"", "k", form, "hello", "", 400},
	} {
		p.said = ""
		if status, text := sends(t, server.URL, c.query, c.key, c.kind, c.body); status != c.status || p.said != c.want {
			t.Errorf("%s: %d %s, put %q", name, status, text, p.said)
		}
	}
	p.err = &job.Reason{Slug: "local.name_taken", Err: job.ErrExists}
	if status, _ := sends(t, server.URL, "?name=a.csv", "k", "", "hello"); status != http.StatusConflict {
		t.Errorf("taken: %d", status)
	}
}
