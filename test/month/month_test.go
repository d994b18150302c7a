package month

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// month is a story: what happens when.
type month struct {
	*daemon
	acts []act
	gone map[string]bool // NAME DAY on which the usual file does not come
}

type act struct {
	at time.Time
	do func()
}

const clock = "2006-01-02 15:04"

func (m *month) at(when string, do func()) { m.in("Europe/Brussels", when, do) }

// in has something happen at the time of a zone, to the second where it says so.
func (m *month) in(zone, when string, do func()) {
	m.t.Helper()
	place, err := time.LoadLocation(zone)
	if err != nil {
		m.t.Fatal(err)
	}
	form := clock
	if len(when) > len(clock) {
		form += ":05"
	}
	at, err := time.ParseInLocation(form, when, place)
	if err != nil {
		m.t.Fatal(err)
	}
	m.acts = append(m.acts, act{at, do})
}

// instead lets a job's usual file of a day not come, and another thing happen.
func (m *month) instead(name, day, when string, do func()) {
	m.t.Helper()
	m.gone[name+" "+day] = true
	if do != nil {
		m.at(when, do)
	}
}

func (m *month) tell() {
	slices.SortStableFunc(m.acts, func(a, b act) int { return a.at.Compare(b.at) })
	for _, a := range m.acts {
		time.Sleep(time.Until(a.at))
		synctest.Wait() // what is due at that very moment was done
		a.do()
		m.books.wrote.Store(true)
		synctest.Wait()
	}
}

// TestAMonthOfFortyJobs: 20 March to 20 April 2027 in Brussels. The clocks change, people pause, extend and renew, a server is
// dead for three days, another for a night, and the daemon is started anew at awkward moments. What people were told is in
// testdata/messages.txt, written by hand: no more, no less, and nothing twice.
func TestAMonthOfFortyJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: forty jobs live for a month")
	}
	synctest.Test(t, func(t *testing.T) {
		m := &month{daemon: newDaemon(t, load(t, "2027-04-20")), gone: map[string]bool{}}
		if n := len(m.cfg.Jobs); n != 40 {
			t.Fatalf("there are %d jobs", n)
		}
		m.people()
		m.troubles()
		m.dead()
		m.restarts()
		m.nights()
		m.tell()
		m.compare()
		m.verdicts()
		m.stop()
	})
}

// compare holds what was told to the list.
func (m *month) compare() {
	m.t.Helper()
	golden, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		m.t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(golden)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			want = append(want, line)
		}
	}
	got := m.told()
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			m.t.Errorf("message %d is another. Told from there on:\n%s\n\nwanted:\n%s", i+1, part(got, i), part(want, i))
			return
		}
	}
}

func part(list []string, from int) string {
	return strings.Join(list[min(from, len(list)):min(from+12, len(list))], "\n")
}

// told gives what people are told, a line each: when, what, about what.
func (m *month) told() (lines []string) {
	m.t.Helper()
	brussels, _ := time.LoadLocation("Europe/Brussels")
	for after := int64(0); ; {
		events, err := m.store.Events(m.t.Context(), after, 1000)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range events {
			after = e.ID
			if strings.HasPrefix(e.Type, "file.") || strings.HasPrefix(e.Type, "run.") {
				continue
			}
			var data struct {
				Cause string `json:"cause_key"`
				Total int    `json:"jobs_total"`
				Job   string
				Day   string
			}
			if err := json.Unmarshal(e.Data, &data); err != nil {
				m.t.Fatal(err)
			}
			about := strings.TrimSpace(data.Job + " " + data.Day)
			if data.Cause != "" {
				about = data.Cause
			}
			if data.Total > 1 {
				about += fmt.Sprintf(" %d jobs", data.Total)
			}
			lines = append(lines, e.At.In(brussels).Format(clock)+" "+e.Type+" "+about)
		}
		if len(events) < 1000 {
			return lines
		}
	}
}

// verdicts looks at how the days of jobs ended: all that a day may come to was met with.
func (m *month) verdicts() {
	m.t.Helper()
	seen := map[job.Verdict]int{}
	for _, spec := range m.cfg.Jobs {
		days, err := m.store.Expectations(m.t.Context(), spec.Name, "", 0)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range days {
			seen[e.Verdict]++
		}
	}
	want := map[job.Verdict]int{
		job.VerdictMissing: 3, job.VerdictRecoveredLate: 9, job.VerdictRecoveredMissing: 6, job.VerdictExcused: 2, job.VerdictPending: 30,
	}
	for verdict, n := range want {
		if seen[verdict] != n {
			m.t.Errorf("%d days ended %s, wanted %d (all: %v)", seen[verdict], verdict, n, seen)
		}
	}
	if seen[job.VerdictMet] < 800 {
		m.t.Errorf("met on %d days only", seen[job.VerdictMet])
	}
}

// extend moves a deadline, as a person does.
func (m *month) extend(name, until string) {
	m.t.Helper()
	brussels, _ := time.LoadLocation("Europe/Brussels")
	to, err := time.ParseInLocation(clock, until, brussels)
	if err == nil {
		_, err = control.ExtendExpectation(m.t.Context(), m.store, name, "", to, time.Now(), "ops", "they called")
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// reload makes another configuration count.
func (m *month) reload(cfg *config.Config) {
	m.cfg = cfg
	m.load()
}
