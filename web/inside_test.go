package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

var referred = regexp.MustCompile(`reference ([A-Z2-7]{8})`)

// bodies are what acts need to get as far as to what is behind the API.
var bodies = map[string]string{
	"reject": `{"reason":"x"}`, "decision": `{"as":"drop","reason":"x"}`, "outcome": `{"created":0,"updated":0,"deleted":0,"errored":0}`, "trust": `{"fingerprint":"SHA256:x"}`,
	"onboarding": `{"days":3}`, "extend": `{"until":"2026-11-24T06:00:00Z","reason":"x"}`, "pause": `{"reason":"x"}`, "silence": `{"until":"2026-11-24T06:00:00Z","reason":"x"}`, "check": "x", "acme": "x", "reconcile": `{"as":"landed","reason":"x"}`, "handled": `{"last":1}`,
}

// What goes wrong inside names places of this machine: over the network nobody is told, whatever they ask, and the log has it under the reference
// that they get. On the socket it is told.
func TestFailuresInsideAreForThisMachine(t *testing.T) {
	const place = "/var/lib/haulier/haulier.db"
	for name, err := range map[string]error{
		"no reason": errors.New("open " + place + ": permission denied"),
		"technical": &job.Reason{Slug: "local.permission", What: "file 4 was not given out", Cause: "it cannot be opened", Do: "look at the rights of its folder", Who: job.WhoUs, Technical: "open " + place + ": permission denied"},
		"conflict":  errors.Join(job.ErrExists, errors.New(place)),
	} {
		p, _ := setup(t)
		p.err, p.body = err, strings.NewReader("x")
		o := p.options()
		o.Care = &care{err: err}
		told := 0
		for _, r := range web.Routes(o) {
			if !strings.HasPrefix(r.Path, "/api/v1/") {
				continue
			}
			path := strings.NewReplacer("{name}", "acme", "{id}", "4").Replace(r.Path)
			ask := func(who route.Identity) (int, string, string) {
				var log bytes.Buffer
				ctx := route.WithLog(route.With(t.Context(), who), slog.New(slog.NewTextHandler(&log, nil)))
				in := httptest.NewRequestWithContext(ctx, r.Method, path, strings.NewReader(bodyFor(path)))
				in.SetPathValue("name", "acme")
				in.SetPathValue("id", "4")
				in.Header.Set("Idempotency-Key", "k")
				out := httptest.NewRecorder()
				r.Handler(out, in)
				return out.Code, out.Body.String(), log.String()
			}
			status, text, log := ask(route.Identity{Name: "ann", Role: route.Admin})
			if status == http.StatusBadRequest {
				t.Errorf("%s: %s", r.Pattern(), text)
			}
			if strings.Contains(text, place) || status >= 500 && !json.Valid([]byte(text)) {
				t.Errorf("%s, %s: %d %s", name, r.Pattern(), status, text)
			}
			if status < 400 || name == "conflict" {
				continue
			}
			told++
			hit := referred.FindStringSubmatch(text)
			if hit == nil || !strings.Contains(log, "reference="+hit[1]+" ") || !strings.Contains(log, place) || !strings.Contains(log, "who=ann") {
				t.Errorf("%s, %s: %s; the log has %s", name, r.Pattern(), text, log)
			}
			if _, text, log := ask(route.Identity{Role: route.Admin, Machine: true}); !strings.Contains(text, place) || log != "" {
				t.Errorf("%s, %s on the socket: %s; the log has %s", name, r.Pattern(), text, log)
			}
		}
		if name != "conflict" && told < 35 {
			t.Errorf("%s: %d routes failed", name, told)
		}
	}
}

func bodyFor(path string) string {
	if body, found := bodies[path[strings.LastIndexByte(path, '/')+1:]]; found {
		return body
	}
	return "{}"
}
