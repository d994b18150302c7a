package month

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
)

// crowd is a server with so many jobs that no message names them all; the last of them has people of its own.
const crowd = job.JobsNamed + 21

func crowded() string {
	var b strings.Builder
	b.WriteString(head + account("bank", "") + "jobs:\n")
	for n := range crowd {
		b.WriteString(incoming(fmt.Sprintf("bank-%03d", n+1), "bank", "Europe/Brussels", "*.csv", ""))
	}
	b.WriteString("    alert: {failed: [pager]}\n")
	return b.String()
}

// TestADeadServerOfMoreJobsThanAreNamed: what all of them meet is one alert, that names a hundred and counts the others; it goes to
// the people of each, also of those that it does not name, is told again after half a day, and is over for just those who heard of it.
func TestADeadServerOfMoreJobsThanAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &month{daemon: newDaemon(t, load(t, crowded())), gone: map[string]bool{}}
		m.begins()
		m.at("2027-03-20 00:05", func() { m.each(m.fails) })
		m.at("2027-03-20 01:05", func() { m.stop(); m.start() })
		m.at("2027-03-20 13:05", func() { m.each(func(name string) { m.brings(name) }) })
		m.at("2027-03-21 13:05", func() {})
		m.tell()
		all := m.deliveries()
		m.stop()
		m.office.close()
		m.office.compare("testdata/crowd.txt", m.office.silences(15*time.Minute)...)
		m.office.once(all)
		m.named()
	})
}

func (m *month) each(do func(name string)) {
	for _, spec := range m.cfg.Jobs {
		do(spec.Name)
	}
}

// named holds what the mails and webhooks name to what there is.
func (m *month) named() {
	for _, got := range m.office.got {
		want := job.JobsNamed
		if strings.HasPrefix(got.to, "it@") || got.to == "pager" {
			want = 0
		}
		if n := strings.Count(got.body, "bank-"); n != want {
			m.t.Errorf("%q to %s names %d jobs", got.says, got.to, n)
		}
		if got.to == "ops@platform.example" && !strings.Contains(got.body, "bank-100 and 21 more\n") {
			m.t.Errorf("%q does not count the others:\n%s", got.says, got.body)
		}
	}
}
