package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"time"

	"github.com/haulier/haulier/internal/ask"
	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

//go:embed templates
var templateFiles embed.FS

// looks are the templates.
type looks struct{ *template.Template }

func parseLooks(a assets) looks {
	funcs := template.FuncMap{
		"asset": a.link, "name": name, "prose": prose, "base": base, "size": size, "thousands": thousands[int64], "percent": percent,
		"count": func(n any, noun string) string { return count(number(n), noun) }, "span": span.Text, "on": onSheet,
		"icon": icon, "ago": ago, "add": func(a, b int) int { return a + b }, "took": took, "tone": tone, "bars": bars, "lines": lines,
		"supervised": supervised, "marksays": markSays, "letter": ask.Letter, "list": func(all ...any) []any { return all }, "mailed": mailed, "marked": marked, "numbered": func(n int) string { return thousands(n) }, "truth": func(b *bool) bool { return b != nil && *b },
	}
	return looks{template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/*.html"))}
}

func number(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// on is one thing on a sheet, for templates of single things.
type on struct {
	*sheet
	It any
}

// onSheet puts a thing on a sheet, or on that of another thing.
func onSheet(where, it any) (on, error) {
	switch s := where.(type) {
	case *sheet:
		return on{s, it}, nil
	case on:
		return on{s.sheet, it}, nil
	}
	return on{}, fmt.Errorf("%T is no sheet", where)
}

// whole renders a page.
func (l looks) whole(s *sheet) ([]byte, error) {
	var out bytes.Buffer
	err := l.ExecuteTemplate(&out, "layout", s)
	return out.Bytes(), err
}

// region renders one part of a page.
func (l looks) region(name string, s *sheet) (string, error) {
	var out bytes.Buffer
	err := l.ExecuteTemplate(&out, name, s)
	return out.String(), err
}

// Region renders a live part within a page.
func (s *sheet) Region(name string) string { return name }

// May says whether who looks may do what a role is needed for.
func (s *sheet) May(role string) bool { return s.Who.Role.May(route.Role(role)) }

// At is an instant in the zone of a job, as near as it is; of no job, in the zone of the configuration.
func (s *sheet) At(t time.Time, jobName string) template.HTML {
	if t.IsZero() {
		return stamp(t, time.UTC, "")
	}
	return near(t, s.Now, s.zoneOf(jobName))
}

// Day is the day of an instant, in the zone of the configuration.
func (s *sheet) Day(t time.Time) template.HTML { return stamp(t, s.zoneOf(""), time.DateOnly) }

// Exact is an instant to the second.
func (s *sheet) Exact(t time.Time, jobName string) template.HTML {
	return stamp(t, s.zoneOf(jobName), exactForm)
}

// Full is an instant with its date.
func (s *sheet) Full(t time.Time, jobName string) template.HTML {
	return stamp(t, s.zoneOf(jobName), dayForm)
}

// Ago is how long ago something was.
func (s *sheet) Ago(t time.Time) string { return ago(t, s.Now) }

// Connection finds one that is configured.
func (s *sheet) Connection(name string) *job.Connection {
	c, found := s.Plan.Connections[name]
	if !found {
		return nil
	}
	return &c
}

// Ask is what a customer is asked for about a failure that is theirs to mend, in their language; empty where it is not.
func (s *sheet) Ask(who job.Who, slug, connection string) string {
	if who != job.WhoCustomer && who != job.WhoBoth {
		return ""
	}
	return ask.Customer(s.Plan.Connections[connection].Language, slug)
}

// took is how long a run took, or takes since.
func took(r job.Run, now time.Time) string {
	switch {
	case r.State == job.RunQueued:
		return "waits"
	case r.Ended.IsZero():
		return "for " + span.Text(now.Sub(r.Started))
	}
	return span.Text(r.Ended.Sub(r.Started))
}

// tones are the colours of words.
var tones = map[string]string{
	"ok": "good", "succeeded": "good", "landed": "good", "delivered": "good", "active": "good", "met": "good", "ran": "good", "resolved": "good",
	"failed": "bad", "failing": "bad", "FAIL": "bad", "refused": "bad", "ended": "bad", "ends soon": "warn", "old": "warn", "waits": "warn", "cut-off": "bad", "missing": "bad",
	"partial": "warn", "held": "warn", "rejected": "warn", "interrupted": "warn", "late": "warn", "missed": "warn", "warn": "warn", "stale": "warn", "recovered-late": "warn", "recovered-missing": "warn",
	"running": "busy", "moving": "busy",
}

// tone is the colour that goes with a word and its icon.
func tone(word any) string {
	if t, found := tones[wordOf(word)]; found {
		return t
	}
	return "calm"
}

func wordOf(word any) string {
	switch w := word.(type) {
	case string:
		return w
	case Word:
		return string(w)
	case job.RunState:
		return string(w)
	case job.State:
		return string(w)
	}
	return ""
}

// icons are the drawings that go with words, by name in the sprite.
var icons = map[string]string{
	"ok": "check", "succeeded": "check", "landed": "check", "delivered": "check", "active": "check", "met": "check", "recovered-late": "clock", "recovered-missing": "clock", "excused": "skip", "pending": "dot", "ran": "check", "resolved": "check",
	"failed": "cross", "failing": "cross", "FAIL": "cross", "refused": "cross", "cut-off": "cross", "missing": "cross",
	"partial": "half", "held": "hand", "to-approve": "hand", "ended": "cross", "ends soon": "clock", "ends": "dot", "old": "alert", "grows old": "dot", "waits": "hand", "noted": "dot", "rejected": "stop", "interrupted": "half", "late": "clock", "missed": "clock", "warn": "alert",
	"running": "play", "moving": "play", "queued": "clock", "waiting": "clock", "skipped": "skip", "coalesced": "skip", "cancelled": "stop",
	"paused": "pause", "disabled": "off", "draft": "draft", "new": "dot", "due": "dot", "expected": "dot", "--": "dot",
}

// icon is the drawing that goes with a word. The word stands beside it, so it has no name of its own.
func icon(word any) template.HTML {
	drawing, found := icons[wordOf(word)]
	if !found {
		drawing = wordOf(word)
	}
	return template.HTML(`<svg class="icon" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(drawing) + `"/></svg>`)
}
