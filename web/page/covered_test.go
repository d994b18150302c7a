package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
)

// missed is what is missing of a job, as people are told of it with another incident.
func missed(id, with int64, name string) job.Incident {
	return job.Incident{
		ID: id, Cause: "job/" + name + "/expect.missing", Kind: job.AlertMissing, Connection: "acme", Jobs: []string{name}, JobsTotal: 1, CoveredBy: with, Count: 1,
		Opened: pagetest.Now, Last: pagetest.Now, Reason: job.Reason{Slug: "expect.missing", What: name + ": 0 of 1 file landed", Cause: "it was rejected", Do: "ask"},
	}
}

// A file that was rejected and what is missing for it are one card, which names both, wherever incidents are shown and counted.
func TestARejectedFileAndWhatIsMissingForItAreOneCard(t *testing.T) {
	w := pagetest.Night()
	w.Open = append(w.Open, missed(15, 14, "acme-customers"))
	h := w.Handler(pagetest.Operator)
	for _, path := range []string{"/", "/alerts", "/jobs/acme-customers"} {
		text, _ := get(t, h, path)
		says(t, path, text, []string{`action="/alerts/14/ack"`, `with it <a href="/alerts/15">acme-customers: 0 of 1 file landed</a>`}, []string{`action="/alerts/15/ack"`})
	}
	text, _ := get(t, h, "/")
	says(t, "/", text, []string{"2 need attention"}, []string{"3 need"})
	w.Open = []job.Incident{missed(15, 14, "acme-customers")} // what explained it is not there, or not for this reader
	text, _ = get(t, w.Handler(pagetest.Operator), "/")
	says(t, "/", text, []string{"1 needs attention", `id="i15"`}, []string{"with it"})
}

// What only waits for a look hides nothing that is missing.
func TestWhatWaitsForALookHidesNothing(t *testing.T) {
	w := pagetest.Empty()
	w.AddSupervised()
	w.Open = append(w.Open, missed(30, w.Open[0].ID, "salto-in"))
	text, _ := get(t, w.Handler(pagetest.Operator), "/")
	says(t, "/", text, []string{"1 needs attention", `id="i30"`}, nil)
}

// A server with many jobs that miss something stays one card of a few lines.
func TestManyThatAreMissingAreCounted(t *testing.T) {
	w := pagetest.Night()
	for n := range int64(60) {
		w.Open = append(w.Open, missed(100+n, 12, fmt.Sprintf("job-%d", n)))
	}
	text, _ := get(t, w.Handler(pagetest.Operator), "/")
	says(t, "/", text, []string{"2 need attention", "60 deadlines in all that passed with it"}, nil)
	if n := strings.Count(text, "with it <a"); n != 5 {
		t.Errorf("%d of them are named", n)
	}
}
