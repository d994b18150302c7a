package month

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// nights are what happens every night unless the story says otherwise: all files come at 01:10, exports go at 07:00.
func (m *month) nights() {
	for date := time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC); date.Before(time.Date(2027, 4, 21, 0, 0, 0, 0, time.UTC)); date = date.AddDate(0, 0, 1) {
		day := date.Format(time.DateOnly)
		for _, spec := range m.cfg.Jobs {
			if spec.Expect == nil || m.gone[spec.Name+" "+day] || !spec.Expect.On(date) {
				continue
			}
			name, files := spec.Name, []string{"file.csv"}
			switch name {
			case "pair":
				files = append(files, "other.csv")
			case "dated":
				files[0] = date.Format("20060102.csv")
			}
			zone, when := usual(name, day)
			m.in(zone, when, func() { m.brings(name, files...) })
		}
	}
}

// usual is when a job runs on a day.
func usual(name, day string) (zone, when string) {
	switch name {
	case "outbox":
		return "Europe/Brussels", day + " 07:00"
	case "sydney":
		return "Australia/Sydney", day + " 01:10"
	}
	return "Europe/Brussels", day + " 01:10"
}

// begins has the daemon start, with all connections at work.
func (m *month) begins() {
	m.at("2027-03-20 00:00", func() {
		m.start()
		ctx := m.t.Context()
		entities := map[string]string{}
		for name := range m.cfg.Connections {
			entities[name] = name + "-nv"
		}
		if err := m.store.MarkConnections(ctx, entities); err != nil {
			m.t.Fatal(err)
		}
		for name := range entities {
			if err := m.store.Activate(ctx, name); err != nil {
				m.t.Fatal(err)
			}
		}
	})
}

// people pause, extend and renew.
func (m *month) people() {
	m.pause("paused", "2027-03-29 12:00", 48*time.Hour)
	m.idle("paused", "2027-03-30")
	m.idle("paused", "2027-03-31")
	m.pause("outbox", "2027-04-18 12:00", 24*time.Hour)
	m.idle("outbox", "2027-04-19")

	m.at("2027-03-30 03:50", func() { m.extend("extended", "2027-03-30 08:00") })
	m.instead("extended", "2027-03-30", "2027-03-30 07:30", func() { m.brings("extended", "file.csv") })
	m.at("2027-04-01 03:30", func() { m.extend("again", "2027-04-01 06:00") })
	m.instead("again", "2027-04-01", "", nil)

	m.at("2027-04-20 08:00", func() { m.reload(load(m.t, text(""))) }) // a new password
	m.at("2027-04-20 12:00", func() {})
}

func (m *month) pause(name, when string, last time.Duration) {
	m.at(when, func() {
		err := m.store.Pause(m.t.Context(), job.Pause{Kind: "job", Name: name, Reason: "they move", By: "ops", Until: time.Now().Add(last)})
		if err != nil {
			m.t.Fatal(err)
		}
	})
}

// troubles are files that come late, or not, or in clear.
func (m *month) troubles() {
	brings := func(name string, files ...string) func() { return func() { m.brings(name, files...) } }
	m.instead("late", "2027-03-22", "2027-03-22 03:40", brings("late", "file.csv"))
	m.instead("late", "2027-03-28", "2027-03-28 03:20", brings("late", "file.csv")) // the clocks went from 02:00 to 03:00
	m.instead("late", "2027-04-05", "2027-04-05 03:00:20", brings("late", "file.csv"))
	m.instead("gone", "2027-03-24", "", nil)
	m.instead("found", "2027-03-26", "2027-03-26 09:15", brings("found", "file.csv"))
	m.instead("found", "2027-04-08", "2027-04-08 05:40", brings("found", "file.csv"))
	m.instead("spring", "2027-03-28", "2027-03-28 03:30", brings("spring", "file.csv"))
	m.instead("pair", "2027-03-31", "2027-03-31 01:10", brings("pair", "file.csv"))
	m.at("2027-03-31 04:00", brings("pair", "other.csv"))
	m.instead("workdays", "2027-04-09", "", nil)
	m.instead("outbox", "2027-04-06", "2027-04-06 08:30", brings("outbox", "file.csv"))
	m.idle("sydney", "2027-03-20")                                                      // before the month
	m.instead("sydney", "2027-04-04", "2027-04-03 17:45", brings("sydney", "file.csv")) // 02:45, the first of two
	m.instead("dated", "2027-04-13", "2027-04-14 03:10", brings("dated", "20270413.csv"))
	m.instead("dated", "2027-04-14", "2027-04-14 03:20", brings("dated", "20270414.csv"))
	m.instead("window", "2027-04-14", "2027-04-14 00:10", brings("window", "file.csv")) // before the day opens
	m.at("2027-04-14 04:00", brings("window", "file.csv"))
	m.instead("dated", "2027-04-18", "2027-04-17 12:00", brings("dated", "20270418.csv")) // a day early
	m.instead("outbox", "2027-04-12", "", nil)
	m.instead("refused", "2027-04-15", "2027-04-15 01:10", func() { m.rejects("refused", "file.csv") })
	m.at("2027-04-15 04:00", brings("refused", "file.csv"))
}

// dead are the servers that are: that of ten jobs for three days, that of three for a night.
func (m *month) dead() {
	for date := time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC); date.Before(time.Date(2027, 4, 20, 0, 0, 0, 0, time.UTC)); date = date.AddDate(0, 0, 1) {
		day := date.Format(time.DateOnly)
		for n := range 10 {
			name := fmt.Sprintf("bank-%02d", n+1)
			run := func() { m.brings(name) }
			if day >= "2027-03-29" && day <= "2027-03-31" {
				run = func() { m.fails(name) }
			}
			m.at(day+" 00:05", run)
			m.at(day+" 12:05", run)
		}
	}
	for n := range 3 {
		name := fmt.Sprintf("shop-%d", n+1)
		m.at("2027-04-10 02:05", func() { m.fails(name) })
		m.instead(name, "2027-04-10", "2027-04-10 06:05", func() { m.brings(name, "file.csv") })
	}
	// A delivery has time until its deadline and grace are over: of a server that is back by then nobody hears.
	m.instead("outbox", "2027-04-16", "2027-04-16 07:00", func() { m.fails("outbox") })
	m.at("2027-04-16 07:40", func() { m.brings("outbox", "file.csv") })
	m.instead("outbox", "2027-04-17", "2027-04-17 07:00", func() { m.fails("outbox") })
	m.at("2027-04-17 10:30", func() { m.brings("outbox", "file.csv") })
	// The platform's receiver takes nothing for a day.
	m.at("2027-03-26 02:00", func() { m.office.closed.Store(true) })
	m.at("2027-03-27 06:00", func() { m.office.closed.Store(false) })
}

// restarts are another daemon in the place of the one before, when something has just been, or is about to be, told.
func (m *month) restarts() {
	again := func() { m.stop(); m.start() }
	for _, when := range []string{
		"2027-03-22 03:00:10", // late, and not yet told by an alert
		"2027-03-24 17:00:20", // a reminder is due
		"2027-03-26 03:00:20", // between two attempts to tell the platform
		"2027-03-28 03:00",    // behind the hour that is not there
		"2027-03-29 00:05:10", // a server has just died
		"2027-03-30 00:05:30", // its reminder
		"2027-04-01 03:30:01", // just extended
		"2027-04-06 00:00",    // a lead time of the password
		"2027-04-10 05:00:20", // missing, and to be told with the dead server
		"2027-04-14 03:15",    // of two days one has come
	} {
		m.at(when, again)
	}
	m.at("2027-04-08 02:50", func() { m.stop() }) // over two deadlines
	m.at("2027-04-08 05:10", func() { m.start() })
}
