package rows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// dayLine is a line of jobs expectations --json.
type dayLine struct {
	Day, Verdict string
	Got, Wanted  int
	Error        *struct{ Slug, Cause, Who string }
}

func (w *world) days(name string) (days []dayLine) {
	w.t.Helper()
	for line := range strings.Lines(w.haulier(0, "jobs", "expectations", name, "--json").out) {
		var d dayLine
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			w.t.Fatal(err)
		}
		days = append(days, d)
	}
	return days
}

// becomes waits until the oldest day of a job that is known has a verdict.
func (w *world) becomes(name, verdict string) dayLine {
	w.t.Helper()
	var first dayLine
	within(w.t, 2*patience, name+" is "+verdict, func() bool { // a deadline is up to 70 s away
		days := w.days(name)
		if len(days) == 0 {
			return false
		}
		first = days[len(days)-1]
		return first.Verdict == verdict
	})
	return first
}

// nextMinute is the deadline that comes next, with a little time before it.
func nextMinute() time.Time {
	return time.Now().UTC().Add(10 * time.Second).Truncate(time.Minute).Add(time.Minute)
}

// E22, E25: what was to come by a deadline and did not is told by itself, though every run was a success, with the names that
// nearly match; what could not be delivered is told with the reason of the network; and both recover.
func TestExpectedButDidNotArrive(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: deadlines are whole minutes")
	}
	w, c, gone := newWorld(t), newCustomer(t, sftptest.Options{}), newCustomer(t, sftptest.Options{})
	gone.put("in/.keep", "")
	c.put("out/Customers_1.csv", "capital")
	c.put("in/.keep", "")
	by := nextMinute()
	expect := fmt.Sprintf(`expect: {by: "%s", grace: 2s}`, by.Format("15:04"))
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, in: /in}"),
		gone.connection("down", "locations: {in: /in}"),
		"jobs:\n", strings.Replace(importJob("staff", "acme", "out", expect), `match: "*"`, `match: "customers_*.csv"`, 1),
		exportJob("lost", "down", "in", strings.Replace(expect, "}", ", files: 2}", 1)), exportJob("quiet", "acme", "in"))
	w.haulier(0, "run", "staff")
	w.write("lost/a.csv", "x")
	w.haulier(0, "run", "lost")
	gone.Close()
	w.write("lost/b.csv", "x")
	w.haulier(10, "run", "lost")
	s := w.serve()
	has(t, w.haulier(0, "plan", "staff").out, "expect 1 file by "+by.Format("15:04")+" +2s")
	day := w.becomes("staff", "missing")
	if day.Error.Slug != "expect.missing" || day.Error.Who != "customer" || !strings.Contains(day.Error.Cause, "Customers_1.csv (capital letters differ)") {
		t.Errorf("%+v", day.Error)
	}
	if lost := w.becomes("lost", "missing"); lost.Got != 1 || !strings.Contains(lost.Error.Cause, "net.refused") || lost.Error.Who == "customer" {
		t.Errorf("%+v of %d: %+v", lost.Got, lost.Wanted, lost.Error)
	}
	has(t, w.haulier(17, "status", "--exit-code").out, " MISSING  staff ", "-> customer", "2 MISSING")
	w.haulier(2, "jobs", "extend", "quiet", "--until", "3h", "--reason", "nothing is expected of it")
	s.end() // what is told and open outlives the daemon
	s = w.serve()
	c.put("out/customers_1.csv", "as they should be")
	w.haulier(0, "run", "staff")
	w.becomes("staff", "recovered-missing")
	w.haulier(17, "status", "--exit-code")
	w.haulier(0, "jobs", "extend", "lost", "--until", "3h", "--reason", "they mend it")
	has(t, w.haulier(0, "jobs", "expectations", "lost").out, "extended by ops: they mend it", "pending")
	w.haulier(0, "status", "--exit-code")
	s.end()
}
