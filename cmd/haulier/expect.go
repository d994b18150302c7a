package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/scheduler/expect"
)

// expectantRunner has what a run brought counted at once, not only at the next deadline.
type expectantRunner struct {
	scheduler.Runner
	expect *expect.Service
}

func (r expectantRunner) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	result := r.Runner.Run(ctx, spec, run)
	r.expect.Poke(spec.Name)
	return result
}

// expectText says in few words what is expected of a job: expect 1 file by 03:00 +2h mon-fri.
func expectText(e *job.Expect) string {
	if e == nil {
		return ""
	}
	text := fmt.Sprintf("  expect %s by %02d:%02d", count(e.Files, "file"), e.By/60, e.By%60)
	if e.Grace > 0 {
		grace := strings.TrimSuffix(e.Grace.String(), "0s")
		if strings.HasSuffix(grace, "h0m") {
			grace = strings.TrimSuffix(grace, "0m")
		}
		text += " +" + grace
	}
	if days := daysText(e.Days); days != "" {
		text += "  " + days
	}
	if e.Calendar != nil {
		text += "  " + e.Calendar.Name
	}
	return text
}

// daysText names days of the week, as spans from Monday; empty: all.
func daysText(days [7]bool) string {
	var spans []string
	for from := range 7 {
		on := func(n int) bool { return n < 7 && days[(n+1)%7] } // 0 is Monday
		if !on(from) || from > 0 && on(from-1) {
			continue
		}
		to := from
		for on(to + 1) {
			to++
		}
		name := func(n int) string { return strings.ToLower(time.Weekday((n + 1) % 7).String()[:3]) }
		switch {
		case from == 0 && to == 6:
			return ""
		case from == to:
			spans = append(spans, name(from))
		default:
			spans = append(spans, name(from)+"-"+name(to))
		}
	}
	return strings.Join(spans, ",")
}
