package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
)

func TestADecisionAboutAFileInDoubt(t *testing.T) {
	p, server := setup(t)
	for _, c := range []struct {
		path, body string
		status     int
		want, said string
	}{
		{"/files/4/decision", `{"by":"ann","as":"landed","reason":"it is there","about":"remote.mass_change"}`, 200, `"state":"landed"`, "decide {4 landed remote.mass_change ann it is there} fence any"},
		{"/files/4/decision", `{"by":"ann","as":"landed","reason":"x","about":"remote.mass_change","fence":0}`, 200, `"fence":3`, "decide {4 landed remote.mass_change ann x} fence 0"},
		{"/files/4/decision", `{"by":"ann","as":"landed"}`, 400, "reason is empty", ""},
		{"/files/4/decision", `{"by":"ann","as":"drop","reason":"` + strings.Repeat("x", 501) + `"}`, 400, "reason is empty, or longer", ""},
		{"/files/4/decision", `{"by":"ann","verdict":"landed","reason":"x"}`, 400, "api.bad_request", ""},
		{"/files/0/decision", `{"by":"ann","as":"landed","reason":"x"}`, 400, "api.bad_request", ""},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed","reason":"they are there"}`, 200, `{"job":"acme","as":"landed","settled":3,"left":2}`, "reconcile acme {landed 0 ann they are there}"},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed","reason":"x","upto":71}`, 200, `"left":2`, "reconcile acme {landed 71 ann x}"},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed","reason":"x","upto":-1}`, 400, "upto is no number", ""},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed","reason":"x","about":"remote.indeterminate"}`, 400, "api.bad_request", ""},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed","reason":"x","fence":3}`, 400, "api.bad_request", ""},
		{"/jobs/acme/reconcile", `{"by":"ann","as":"landed"}`, 400, "reason is empty", ""},
	} {
		p.said = ""
		status, _, text := ask(t, server, "POST", "/api/v1"+c.path, c.body)
		if status != c.status || !strings.Contains(text, c.want) || p.said != c.said {
			t.Errorf("%s: %d %s, said %q", c.body, status, text, p.said)
		}
	}
	p.err = &job.Reason{Slug: "held.decided", What: "file 4 was left as it is", Err: job.ErrStale}
	if status, _, text := ask(t, server, "POST", "/api/v1/files/4/decision", `{"by":"ann","as":"drop","reason":"x"}`); status != http.StatusConflict || !strings.Contains(text, "held.decided") {
		t.Errorf("%d %s", status, text)
	}
}
