package page_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
)

// A file that was refused has a mark in the stage that refused it, and none in those that it never came to.
func TestRejectedFileStopsWhereItWasRefused(t *testing.T) {
	cell := regexp.MustCompile(`(?s)<td data-label="(\w+)">(?:<span class="(\w+)">|<span)`)
	for name, c := range map[string]struct {
		received string
		steps    []job.Step
		want     map[string]string // tone by stage
	}{
		"as it was opened":      {"ab", []job.Step{job.StepSeen, job.StepDone}, map[string]string{"find": "good", "wait": "good", "download": "good", "decrypt": "warn", "publish": "none", "source": "none"}},
		"as it was seen":        {"", []job.Step{job.StepSeen, job.StepDone}, map[string]string{"find": "warn", "wait": "none", "download": "none", "decrypt": "none", "publish": "none", "source": "none"}},
		"as it was downloaded":  {"", []job.Step{job.StepSeen, job.StepClaimed, job.StepDone}, map[string]string{"find": "good", "wait": "good", "download": "warn", "decrypt": "none", "publish": "none", "source": "none"}},
		"as it was to be moved": {"ab", []job.Step{job.StepSeen, job.StepClaimed, job.StepDownloaded, job.StepChecked, job.StepDone}, map[string]string{"find": "good", "wait": "good", "download": "good", "publish": "warn", "source": "none"}},
	} {
		w := pagetest.Night()
		o := &w.Became[209][1]
		o.File.State, o.File.Step, o.File.Received.SHA256 = job.FileRejected, job.StepDone, c.received
		w.Became[209], w.Stepped[o.File.ID] = w.Became[209][1:], nil
		for _, step := range c.steps {
			w.Stepped[2] = append(w.Stepped[2], page.Step{Run: 209, Step: step, At: pagetest.Now})
		}
		text, _ := get(t, w.Handler(pagetest.Operator), "/runs/209")
		got := map[string]string{}
		for _, hit := range cell.FindAllStringSubmatch(text, -1) {
			got[hit[1]] = hit[2]
		}
		for stage, want := range c.want {
			if got[stage] != want {
				t.Errorf("%s: stage %s is %q, want %q", name, stage, got[stage], want)
			}
		}
	}
}

// An alert about a file leads to the run that refused it, however many have found nothing new since, and one about a doubt to where it is
// decided and to no retry.
func TestAlertLeadsToTheRunThatStopped(t *testing.T) {
	w := pagetest.Night()
	s := w.Stand["acme-customers"]
	s.LastRun, s.Stopped = 250, map[string]page.Stop{"pgp.wrong_key": {Run: 209}}
	w.Stand["acme-customers"] = s
	text, _ := get(t, w.Handler(pagetest.Operator), "/")
	says(t, "rejected", text, []string{`href="/runs/209">Look at run 209`, `action="/runs/209/retry"`}, []string{"/runs/250", "Decide…"})
	s.Stopped["pgp.wrong_key"] = page.Stop{Run: 209, Held: true}
	text, _ = get(t, w.Handler(pagetest.Operator), "/alerts/14")
	says(t, "held", text, []string{"Look at run 209", `href="/held?job=acme-customers">Decide…`}, []string{`action="/runs/209/retry"`, "/runs/250"})
}

// What is to be written is in another face, and names of others that have the same marks around them are still text.
func TestWhatIsToBeWrittenIsMarked(t *testing.T) {
	w := pagetest.Night()
	w.Open[0].Reason.Cause = "named `<img src=x>`; and a lone ` is one"
	w.Open[0].Reason.Do = "set `inbound.pgp: none` in the file"
	text, _ := get(t, w.Handler(pagetest.Operator), "/alerts/12")
	says(t, "the reason", text, []string{"set <code>inbound.pgp: none</code> in the file", "<code>&lt;img src=x&gt;</code>", "a lone ` is one"}, []string{"<img src=x"})
}

// Who looks at a run that went well is not asked to do it again before all else.
func TestRetryOfWhatWentWellIsQuiet(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	quiet := slices.IndexFunc(w.Ran, func(r job.Run) bool { return r.State == job.RunSucceeded })
	for id, want := range map[int64]bool{w.Ran[quiet].ID: false, 303: true} {
		if text, _ := get(t, h, fmt.Sprintf("/runs/%d", id)); strings.Contains(text, `class="btn primary" name="config" value="current"`) != want {
			t.Errorf("run %d: the retry stands out: %t", id, !want)
		}
	}
}
