package page

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// runStates are the states that a list may be narrowed to.
var runStates = []job.RunState{job.RunRunning, job.RunSucceeded, job.RunPartial, job.RunFailed, job.RunSkipped, job.RunInterrupted, job.RunCancelled, job.RunQueued}

// ages are how far back a list may look.
var ages = []struct {
	Value, Label string
	span         time.Duration
}{{"24h", "24 hours", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour}}

type runsListed struct {
	Runs                          []job.Run
	Job, Connection, State, Since string
	File                          string
	States                        []job.RunState
	Ages                          any
	Older                         string // the way to the next page; empty: there is none
	Narrowed                      bool
	First                         bool // the newest are on this page
}

const runsPage = 50

func (p *pages) runs(r *http.Request) (view, error) {
	q := r.URL.Query()
	listed := runsListed{
		Job: typed(r, "job"), Connection: typed(r, "connection"), State: typed(r, "state"), Since: typed(r, "since"), File: typed(r, "file"), States: runStates, Ages: ages,
	}
	ask := RunQuery{Job: listed.Job, Connection: listed.Connection, File: listed.File, Limit: runsPage, Sight: route.Of(r.Context()).Sight}
	if slices.Contains(runStates, job.RunState(listed.State)) {
		ask.States = []job.RunState{job.RunState(listed.State)}
	}
	for _, age := range ages {
		if age.Value == listed.Since {
			ask.Since = p.Clock().Add(-age.span)
		}
	}
	ask.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64)
	listed.Narrowed = listed.Job != "" || listed.Connection != "" || listed.State != "" || listed.Since != "" || listed.File != ""
	listed.First = ask.Before <= 0
	runs, before, err := p.Ledger.Runs(r.Context(), ask)
	if before > 0 {
		listed.Older = older(q, before)
	}
	listed.Runs = runs
	v := view{Title: "Runs", Section: "runs", Body: "runs", Data: listed}
	if listed.First {
		v.Regions = []string{"runlist"}
	}
	return v, err
}

func older(q url.Values, before int64) string {
	q = url.Values{"job": q["job"], "connection": q["connection"], "state": q["state"], "since": q["since"], "file": q["file"]}
	q.Set("before", strconv.FormatInt(before, 10))
	return "/runs?" + q.Encode()
}

// typed is what somebody typed into a field: short, and nothing in it that cannot be seen.
func typed(r *http.Request, field string) string {
	text := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			return -1
		}
		return c
	}, r.URL.Query().Get(field))
	if len(text) > nameMost {
		text = strings.ToValidUTF8(text[:nameMost], "")
	}
	return strings.TrimSpace(text)
}
