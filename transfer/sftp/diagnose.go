package sftp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// Purpose is what a connection is for, and so what a test of it must show. The zero value judges each location by its
// use, looks and changes nothing.
type Purpose struct {
	// Download and Upload say what the jobs do. Neither: what the uses of the locations allow.
	Download, Upload bool
	// Locations to look at, by name. Nil: all of the connection.
	Locations map[string]job.Location
	// Write uploads an empty file to each location that is for uploads, renames and removes it.
	Write bool
	// RoundTrip sends a small file of random bytes, fetches it where that is allowed, compares and removes it.
	RoundTrip bool
}

// Test dials, whatever the breaker says and without moving the time of its next login, logs in and looks at what the connection is for, stage by stage. What it learns
// is kept in the profile of the connection. A server that only takes uploads is sent no question that it would refuse.
func (p *Pool) Test(ctx context.Context, c job.Connection, purpose Purpose) Report {
	return p.test(ctx, c, purpose, true)
}

// Try is a Test that no person asked for: a breaker keeps it out, and a login that one lets through is counted.
func (p *Pool) Try(ctx context.Context, c job.Connection, purpose Purpose) Report {
	return p.test(ctx, c, purpose, false)
}

func (p *Pool) test(ctx context.Context, c job.Connection, purpose Purpose, always bool) Report {
	t := newTrace()
	report := Report{Connection: c.Name}
	s, err := p.session(ctx, c, always, t)
	if err != nil {
		report.Error = asReason(err)
		report.Stages = stagesAfter(c, t, report.Error)
		return report
	}
	probe := &probe{s: s, t: t, purpose: purpose.of(c)}
	probe.run(ctx)
	if err := s.Close(); err != nil && probe.failure == nil {
		probe.failure = asReason(err)
	}
	report.Profile = s.Profile()
	report.Error = probe.failure
	report.OK = report.Error == nil
	report.Stages = complete(t.stages, stageOrder(c))
	return report
}

func asReason(err error) *job.Reason {
	var r *job.Reason
	if errors.As(err, &r) {
		return r
	}
	return &job.Reason{
		Slug: "ssh.failed", What: untouched, Cause: "the test ended in an error", Do: "see the text below", Who: job.WhoUs,
		Technical: technical(err), Err: err,
	}
}

// of fills in what the configuration says.
func (p Purpose) of(c job.Connection) Purpose {
	if !p.Download && !p.Upload {
		p.Download, p.Upload = true, true
	}
	if p.Locations == nil {
		p.Locations = c.Locations
	}
	return p
}

// names are those of the locations, sorted.
func (p Purpose) names() []string { return slices.Sorted(maps.Keys(p.Locations)) }

func (p Purpose) downloads(l job.Location) bool { return p.Download && l.Use != job.UseUpload }
func (p Purpose) uploads(l job.Location) bool   { return p.Upload && l.Use != job.UseDownload }

func stageOrder(c job.Connection) []string {
	var order []string
	for _, j := range c.Jump {
		order = append(order, stageJump+j.Name)
	}
	return append(order, stageDNS, stageTCP, stageSSH, stageHostKey, stageLogin, stageSFTP, stageLocations, stageRights, stageSpace, stageRename)
}

// stagesAfter gives all stages when a connection did not come about: those that went well, the one that failed, and those
// that were not reached.
func stagesAfter(c job.Connection, t *trace, failure *job.Reason) []Stage {
	order := stageOrder(c)
	t.note(failedStage(order, t.stages, failure), StateFail, fmt.Sprintf("%s [%s]", failure.Cause, failure.Slug))
	return complete(t.stages, order)
}

// failedStage is the stage to which a failure belongs: by its area where that says it, else the first that is not done.
func failedStage(order []string, done []Stage, failure *job.Reason) string {
	var jump *jumpError
	area, _, _ := strings.Cut(failure.Slug, ".")
	switch {
	case errors.As(failure, &jump):
		return stageJump + jump.name
	case area == "auth", area == "key":
		return stageLogin
	case area == "host_key":
		return stageHostKey
	}
	for _, name := range order {
		if !slices.ContainsFunc(done, func(s Stage) bool { return s.Name == name }) {
			return name
		}
	}
	return order[len(order)-1]
}

// complete puts stages in order and fills in those that were not reached.
func complete(done []Stage, order []string) []Stage {
	all := make([]Stage, 0, len(order))
	for _, name := range order {
		i := slices.IndexFunc(done, func(s Stage) bool { return s.Name == name })
		if i < 0 {
			all = append(all, Stage{Name: name, State: StateNotReached, Detail: "not reached"})
			continue
		}
		all = append(all, done[i])
	}
	return all
}
