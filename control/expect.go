package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler/expect"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// ExpectedNames tells the files of a job's days apart: by the date in their names where they bear one that tells the day.
func ExpectedNames(spec job.Spec) expect.Names {
	p, err := patternOf(spec)
	if err != nil { // the configuration was checked: it counts by when they come
		return expect.Names{Wants: anyName, Shown: func(time.Time) string { return "its pattern" }}
	}
	noon := func(date time.Time) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), 12, 0, 0, 0, spec.Timing.Zone)
	}
	n := expect.Names{Exact: p.TellsDay(), Wants: anyName, Shown: func(date time.Time) string { return naming.Printable(p.On(noon(date)), 200) }}
	if n.Exact {
		n.Wants = func(date time.Time) func(string) bool {
			m, err := p.Matcher(noon(date), 0)
			if err != nil {
				return anyName(date)
			}
			return m.Match
		}
	}
	return n
}

func anyName(time.Time) func(string) bool { return func(string) bool { return true } }

func patternOf(spec job.Spec) (naming.Pattern, error) {
	glob, regex := "", ""
	switch {
	case spec.Import != nil:
		glob, regex = spec.Import.Match, spec.Import.MatchRegex
	case spec.Export != nil:
		glob, regex = spec.Export.Match, spec.Export.MatchRegex
	}
	if regex != "" {
		return naming.ParseRegexp(regex)
	}
	return naming.ParsePattern(glob)
}

// Foremost gives of each job's open days, in their order, the one that people have to know of: the latest that is late or
// missing, else the one that comes.
func Foremost(days []job.Expectation) (list []job.Expectation) {
	for _, e := range days {
		last := len(list) - 1
		switch {
		case last < 0 || list[last].Job != e.Job:
			list = append(list, e)
		case e.Verdict.Bad():
			list[last] = e
		}
	}
	return list
}

// ExpectationBook is what a person's decision about a day needs of the store.
type ExpectationBook interface {
	OpenExpectations(ctx context.Context, jobName string) ([]job.Expectation, error)
	ExtendExpectation(ctx context.Context, read job.Expectation, by time.Time, x job.Extension, line store.AuditLine) (job.Expectation, error)
}

// mostExtended is how far ahead a deadline can be moved.
const mostExtended = 7 * 24 * time.Hour

// ExtendExpectation moves the deadline of a job's day, of the one that is late or missing, else of the next: what was told of
// it is taken back until then. Day names another open day; empty: that one.
func ExtendExpectation(ctx context.Context, book ExpectationBook, jobName, day string, until, now time.Time, by, why string) (job.Expectation, error) {
	open, err := book.OpenExpectations(ctx, jobName)
	if err != nil {
		return job.Expectation{}, err
	}
	e, found := extendable(open, day)
	if !found {
		return job.Expectation{}, &job.Reason{
			Slug: "usage.no_open_day", What: "nothing was extended", Cause: fmt.Sprintf("no day of %s is open%s", jobName, on(day)),
			Do: "haulier jobs expectations " + jobName, Who: job.WhoUs, Err: job.ErrNotFound,
		}
	}
	if !until.After(now) || until.Before(e.By) || until.After(now.Add(mostExtended)) {
		return job.Expectation{}, &job.Reason{
			Slug: "usage.bad_deadline", What: "nothing was extended",
			Cause: fmt.Sprintf("%s is not ahead, before the deadline %s, or more than 7 days away", until.UTC().Format(time.RFC3339), e.By.UTC().Format(time.RFC3339)),
			Do:    "name a time behind both, within 7 days", Who: job.WhoUs,
		}
	}
	detail := fmt.Sprintf("%s: from %s to %s: %s", e.Day, e.By.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339), naming.Printable(why, 300))
	return book.ExtendExpectation(ctx, e, until, job.Extension{By: by, At: now, Reason: strings.ToValidUTF8(why, "")},
		store.AuditLine{At: now, Who: by, Act: "expect.extend", Object: jobName, Detail: detail})
}

func on(day string) string {
	if day == "" {
		return ""
	}
	return " on " + day
}

// extendable gives the day that is meant.
func extendable(open []job.Expectation, day string) (meant job.Expectation, found bool) {
	for _, e := range open {
		if day != "" && e.Day != day {
			continue
		}
		if !found || e.Verdict.Bad() { // the latest that is bad; else the next
			meant, found = e, true
		}
	}
	return meant, found
}
