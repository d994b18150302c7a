package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/haulier/haulier/job"
)

// lineEvery is how often a transfer says a line where no bar can be drawn.
const lineEvery = 30 * time.Second

// progress shows how runs come on: a bar on a terminal, a line now and then elsewhere, events with --json, and always
// one line for each file that reached its end.
type progress struct {
	app *app

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	file int64
	said map[int64]time.Time
	told map[int64]bool // files whose end was shown

	explained map[string]bool // slugs that were told in full
}

func newProgress(a *app) *progress {
	return &progress{app: a, said: map[int64]time.Time{}, told: map[int64]bool{}, explained: map[string]bool{}}
}

// show takes one sign of life.
func (p *progress) show(event job.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if event.Stage == job.StageEnd {
		p.told[event.File] = true
	}
	switch {
	case p.app.json:
		_ = p.app.object(event)
	case event.Stage == job.StageEnd:
		p.clear()
		p.end(event)
	case p.app.quiet:
	case event.Stage == job.StageWait:
		p.clear()
		p.app.say("%s: %s\n", event.Job, event.Detail)
	case event.Total > 0 && isTerminal(p.app.stderr):
		p.draw(event)
	case event.Total > 0:
		p.line(event)
	}
}

// all says whether the ends of all these files were shown.
func (p *progress) all(files []int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !slices.ContainsFunc(files, func(id int64) bool { return !p.told[id] })
}

// missed shows the end of a file that nobody was told of while it happened.
func (p *progress) missed(o job.Outcome) {
	if p.told[o.File.ID] {
		return
	}
	f := shownOf(o.File)
	detail := f.Local
	if o.File.Type == job.TypeExport {
		detail = f.Remote
	}
	p.show(job.Progress{
		Run: o.Run, Job: o.File.Job, File: f.ID, Name: f.Name, Stage: job.StageEnd, Done: o.Bytes, Total: f.Size, State: f.State, Detail: detail, Reason: f.Error,
	})
}

// end says what became of a file. A cause that many files share is told with the first of them; `show` tells each.
func (p *progress) end(event job.Progress) {
	delete(p.said, event.File)
	known := event.Reason != nil && p.explained[event.Reason.Slug]
	if known {
		event.Name += "  [" + event.Reason.Slug + "] as above"
	}
	switch {
	case event.Before:
		p.app.printf("%-9s %s: its source is still to be seen to\n", event.State, event.Name)
	case event.State == job.FileLanded:
		p.app.printf("imported  %s  %s -> %s\n", event.Name, size(event.Total), event.Detail)
	case event.State == job.FileDelivered:
		p.app.printf("delivered %s  %s -> %s\n", event.Name, size(event.Total), event.Detail)
	default:
		p.app.printf("%-9s %s\n", event.State, event.Name)
	}
	if event.Reason != nil && !known {
		p.explained[event.Reason.Slug] = true
		fmt.Fprint(p.app.stderr, reasonText(event.Reason, "  ", p.app.colored(p.app.stderr)))
	}
}

// draw moves the bar of the file that moved last.
func (p *progress) draw(event job.Progress) {
	if p.bar == nil || p.file != event.File {
		p.clear()
		p.file = event.File
		p.bar = progressbar.NewOptions64(event.Total,
			progressbar.OptionSetWriter(p.app.stderr), progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true),
			progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionEnableColorCodes(p.app.colored(p.app.stderr)))
	}
	p.bar.Describe(fmt.Sprintf("%s  %s", event.Name, event.Stage))
	_ = p.bar.Set64(min(event.Done, event.Total))
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

// line says how far a file has come, not too often.
func (p *progress) line(event job.Progress) {
	last, known := p.said[event.File]
	if !known {
		p.said[event.File] = time.Now()
		return
	}
	if time.Since(last) < lineEvery {
		return
	}
	p.said[event.File] = time.Now()
	p.app.say("%-9s %s  %s of %s\n", event.Stage, event.Name, size(event.Done), size(event.Total))
}

// size writes bytes as people do.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < 4 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[unit])
}
