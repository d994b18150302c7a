package page

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// found is what a search came to.
type found struct {
	Query       string
	Run         *job.Run
	Jobs        []job.Spec
	Connections []job.Connection
	Files       []job.File
	Older       string // the way to further files; empty: there are none
}

const foundMost = 20

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (p *pages) search(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	f := found{Query: typed(r, "q")}
	if f.Query == "" {
		return view{Title: "Search", Body: "search", Data: f}, nil
	}
	if id, err := strconv.ParseInt(f.Query, 10, 64); err == nil {
		if run, err := p.Ledger.Run(ctx, id); err == nil && sees(ctx, plan, run.Connection) {
			f.Run = &run
		}
	}
	p.named(r, plan, &f)
	ask := FileQuery{Limit: foundMost, Sight: route.Of(ctx).Sight}
	if low := strings.ToLower(f.Query); sha256Form.MatchString(low) {
		ask.SHA256 = low
	} else {
		ask.Name = globOf(f.Query)
	}
	ask.Before, _ = strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	files, before, err := p.Ledger.Files(ctx, ask)
	if before > 0 {
		f.Older = "/search?" + url.Values{"q": {f.Query}, "before": {strconv.FormatInt(before, 10)}}.Encode()
	}
	f.Files = files
	return view{Title: "Search", Body: "search", Data: f}, err
}

// named finds jobs and connections by a part of their names.
func (p *pages) named(r *http.Request, plan Plan, f *found) {
	want := strings.ToLower(f.Query)
	for _, spec := range seenJobs(r.Context(), plan) {
		if strings.Contains(spec.Name, want) && len(f.Jobs) < foundMost {
			f.Jobs = append(f.Jobs, spec)
		}
	}
	for name, c := range plan.Connections {
		hit := strings.Contains(name+" "+strings.ToLower(c.DisplayName+" "+c.Host+" "+c.Entity), want)
		if hit && sees(r.Context(), plan, name) && len(f.Connections) < foundMost {
			f.Connections = append(f.Connections, c)
		}
	}
}

// globOf makes a pattern of what somebody typed: as it is when it has a star or a question mark, else what begins so, which the
// index of names finds at once.
func globOf(text string) string {
	if strings.ContainsAny(text, "*?") {
		return text
	}
	return strings.ReplaceAll(text, "[", "[[]") + "*"
}
