package month

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }

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

// instead lets a job's usual file of a day not come, and another thing happen. Its run of the night looks, and finds nothing.
func (m *month) instead(name, day, when string, do func()) {
	m.t.Helper()
	m.idle(name, day)
	if do != nil {
		m.at(when, do)
	}
	if zone, usual := usual(name, day); usual != when {
		m.in(zone, usual, func() { m.brings(name) })
	}
}

// idle is a job that does nothing on a day.
func (m *month) idle(name, day string) { m.gone[name+" "+day] = true }

func (m *month) tell() {
	slices.SortStableFunc(m.acts, func(a, b act) int { return a.at.Compare(b.at) })
	for _, a := range m.acts {
		time.Sleep(time.Until(a.at))
		synctest.Wait() // what is due at that very moment was done
		a.do()
		m.books.changed()
		synctest.Wait()
	}
}

// TestAMonthOfFortyJobs: 20 March to 20 April 2027 in Brussels. The clocks change, people pause, extend and renew, a server is
// dead for three days, another for a night, the platform's receiver for a day, and the daemon is started anew at awkward moments. What
// everybody received is in testdata/messages.txt, written by hand: no more, no less, and nothing twice.
func TestAMonthOfFortyJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: forty jobs live for a month")
	}
	synctest.Test(t, func(t *testing.T) {
		m := &month{daemon: newDaemon(t, load(t, text("2027-04-20"))), gone: map[string]bool{}}
		if n := len(m.cfg.Jobs); n != 40 {
			t.Fatalf("there are %d jobs", n)
		}
		m.begins()
		m.people()
		m.troubles()
		m.dead()
		m.restarts()
		m.nights()
		m.tell()
		m.verdicts()
		all := m.deliveries()
		m.stop()
		m.office.close()
		m.office.compare("testdata/messages.txt", m.office.silences(15*time.Minute)...)
		m.office.once(all)
	})
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
	for _, direction := range []job.Type{job.TypeImport, job.TypeExport} {
		for _, verdict := range job.Verdicts {
			if !m.seen[direction][verdict] {
				m.t.Errorf("no day of an %s was ever %s", direction, verdict)
			}
		}
	}
	want := map[job.Verdict]int{
		job.VerdictMissing: 4, job.VerdictRecoveredLate: 10, job.VerdictRecoveredMissing: 7, job.VerdictExcused: 3, job.VerdictPending: 30,
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
