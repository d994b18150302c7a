package expect

import (
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
)

// reason says that a day is late or missing: what came and what not, why as far as it is known, and whose turn it is. Our own
// failures and files that wait for a decision come before the customer.
func (s saying) reason(e job.Expectation, refused *job.Reason) *job.Reason {
	out := &job.Reason{Slug: "expect.late", What: s.what(e), Who: job.WhoCustomer}
	if e.Verdict == job.VerdictMissing {
		out.Slug = "expect.missing"
	}
	if e.Type == job.TypeExport {
		out.Who = job.WhoUs
	}
	out.Do = s.advice(e)
	switch failed := s.failed(); {
	case e.Held > 0:
		out.Cause = fmt.Sprintf("%s came and %s for a decision%s", files(e.Held), plural(e.Held, "waits", "wait"), because(refused))
		out.Do, out.Who = "haulier held list "+e.Job, job.WhoUs
	case e.Rejected > 0:
		out.Cause = fmt.Sprintf("%s came and %s rejected%s", files(e.Rejected), plural(e.Rejected, "was", "were"), because(refused))
		if refused != nil {
			out.Do, out.Who = refused.Do, refused.Who
		}
	case failed != nil:
		out.Cause = fmt.Sprintf("%s; the last run failed with %s: %s", s.looked(e), failed.Slug, failed.Cause)
		out.Do, out.Who, out.Technical = failed.Do, failed.Who, failed.Technical
	case s.looks == 0:
		out.Cause = s.looked(e) + "; nobody can say whether anything lies there"
		out.Do, out.Who = "haulier run "+e.Job, job.WhoUs
	default:
		out.Cause = s.looked(e) + s.seen(e)
	}
	out.Cause = bounded(out.Cause+s.usually(e), mostText)
	return out
}

// what says first what has become of the data.
func (s saying) what(e job.Expectation) string {
	verb := "landed"
	if e.Type == job.TypeExport {
		verb = "delivered"
	}
	what := fmt.Sprintf("%s: %d of %s %s by %s", e.Job, e.Got, files(e.Wanted), verb, s.clock(e.By))
	if grace := e.Missing.Sub(e.By); grace > 0 && e.Verdict == job.VerdictMissing {
		what += fmt.Sprintf(" and %s later", span.Text(grace))
	}
	return what
}

// failed is why the last run of the day did not succeed; nil when it did.
func (s saying) failed() *job.Reason {
	if s.run == nil || s.run.State == job.RunSucceeded || s.run.State == job.RunCancelled {
		return nil
	}
	return s.run.Reason
}

func (s saying) looked(e job.Expectation) string {
	if s.looks == 0 {
		return "no run has looked since " + s.clock(later(e.Opens, e.By.Add(-24*time.Hour)))
	}
	text := fmt.Sprintf("looked %d %s", s.looks, plural(s.looks, "time", "times"))
	if s.run != nil {
		text += ", last " + s.clock(s.run.Started)
	}
	return text
}

// seen says what the last look held, and what of it was nearest.
func (s saying) seen(e job.Expectation) string {
	where := "the folder"
	if e.Type == job.TypeExport {
		where = "the outbox"
	}
	shown := s.rule.names.Shown(parseDay(e.Day))
	text := fmt.Sprintf(": %s holds %s, none of them new and of %s", where, files(s.look.Names), shown)
	switch {
	case !s.saw:
		text = ": nothing new matches " + shown
	case s.look.Names == 0:
		text = fmt.Sprintf(": %s is empty", where)
	}
	if near := s.nearest(); len(near) > 0 {
		text += "; nearest: " + strings.Join(near, ", ")
	}
	return text
}

// strayShown bounds how many names a reason has.
const strayShown = 3

func (s saying) nearest() (names []string) {
	for _, stray := range s.look.Strays[:min(len(s.look.Strays), strayShown)] {
		names = append(names, fmt.Sprintf("%s (%s)", bounded(stray.Name, mostName), stray.Why))
	}
	for _, f := range s.last {
		if f.Ended.IsZero() {
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s %s)", printable(base(f.Path)), f.State, s.clock(f.Ended)))
	}
	return names
}

func (s saying) usually(e job.Expectation) string {
	if s.often == 0 {
		return ""
	}
	zone := s.rule.spec.Timing.Zone
	return fmt.Sprintf("; usual arrival %s %s", e.Planned.Add(s.usual).In(zone).Format("15:04"), zone)
}

// advice names the one command that helps: to take a name that nearly matches, or to look once more.
func (s saying) advice(e job.Expectation) string {
	if e.Type == job.TypeExport {
		return "look whether the platform left the file in the outbox; then haulier run " + e.Job
	}
	if s.saw && len(s.look.Strays) > 0 {
		return fmt.Sprintf("ask the customer whether one of the names nearby is meant; once it is right there: haulier run %s", e.Job)
	}
	return fmt.Sprintf("ask the customer for the file; once it is there: haulier run %s", e.Job)
}

// clock is a time as the job's people read it, wherever they are: a reason is read in letters, on pages and by who lives in another zone.
func (s saying) clock(t time.Time) string {
	zone := s.rule.spec.Timing.Zone
	return t.In(zone).Format("15:04") + " " + zone.String() + " on " + t.In(zone).Format("Mon 2 Jan")
}

func because(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", r.Slug, r.Cause)
}

func files(n int) string { return fmt.Sprintf("%d %s", n, plural(n, "file", "files")) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

const (
	mostText = 1500
	mostName = 120
)

// bounded keeps a text within what a message can hold.
func bounded(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// printable escapes what came from outside.
func printable(s string) string {
	quoted := fmt.Sprintf("%q", bounded(s, mostName))
	return quoted[1 : len(quoted)-1]
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
