package month

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

const clock = "2006-01-02 15:04"

var brussels, _ = time.LoadLocation("Europe/Brussels")

// wanted is a line of the list: who is to be told what, and when, to the minute. What was tried again may come within a time, as every
// wait is a little longer than the ladder says.
type wanted struct {
	line        string
	from, until time.Time
}

// listed reads a list: empty lines and those that begin with # are for people.
func listed(t *testing.T, path string) (list []wanted) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		day, rest, _ := strings.Cut(line, " ")
		times, what, _ := strings.Cut(rest, " ")
		first, last, within := strings.Cut(times, "..")
		if !within {
			last = first
		}
		from, wrong := time.ParseInLocation(clock, day+" "+first, brussels)
		until, err := time.ParseInLocation(clock, day+" "+last, brussels)
		if wrong != nil || err != nil {
			t.Fatalf("%q: %v, %v", line, wrong, err)
		}
		list = append(list, wanted{what, from, until.Add(time.Minute)})
	}
	return list
}

func (w wanted) is(m message) bool {
	return w.line == m.to+" "+m.says && !m.at.Before(w.from) && m.at.Before(w.until)
}

// compare holds what was received, and what else there is to tell, to a list: all of it, and no more.
func (o *office) compare(path string, besides ...message) {
	o.t.Helper()
	left := slices.Concat(o.got, besides)
	var missed []string
	for _, w := range listed(o.t, path) {
		i := slices.IndexFunc(left, w.is)
		if i < 0 {
			missed = append(missed, w.from.Format(clock)+" "+w.line)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	var more []string
	for _, m := range left {
		more = append(more, stamp(m.at)+" "+m.to+" "+m.says)
	}
	if len(missed)+len(more) > 0 {
		o.t.Errorf("not received, though on the list:\n%s\n\nreceived, though not on the list:\n%s", strings.Join(missed, "\n"), strings.Join(more, "\n"))
	}
}

// once holds what was received to the deliveries of the store: each was received once, and nothing else was; and no receiver was told
// the same of an incident twice.
func (o *office) once(all []job.Delivery) {
	o.t.Helper()
	ids, told := map[string]int{}, map[string]bool{}
	pages := 0
	for _, m := range o.got {
		ids[m.to+" "+m.id]++
		if m.to == "pager" {
			pages++
		}
		if same := m.incident + " " + m.says; m.to == "platform" && m.incident != "" {
			if told[same] {
				o.t.Errorf("the platform was told twice: %s", same)
			}
			told[same] = true
		}
	}
	for _, d := range all {
		to := d.Recipient
		if to == "" {
			to = d.Channel
		}
		if d.State != job.DeliverySent {
			o.t.Errorf("the delivery of event %d, %s, to %s is %s: %s", d.Event.ID, d.Event.Type, to, d.State, d.Detail)
		}
		if to == "pager" { // bears no id
			pages--
			continue
		}
		if n := ids[to+" "+d.MessageID]; n != 1 {
			o.t.Errorf("%s received %s of event %d %d times", to, d.Event.Type, d.Event.ID, n)
		}
		delete(ids, to+" "+d.MessageID)
	}
	for id := range ids {
		if !strings.HasPrefix(id, "pager ") {
			o.t.Errorf("%s is no delivery of ours", id)
		}
	}
	if pages != 0 {
		o.t.Errorf("the pager showed %d texts more than there are deliveries", pages)
	}
}

// deliveries are all that the store has.
func (d *daemon) deliveries() (all []job.Delivery) {
	d.t.Helper()
	for before := int64(0); ; {
		some, err := d.store.ListDeliveries(d.t.Context(), job.Deliveries{Before: before, Limit: 500})
		if err != nil {
			d.t.Fatal(err)
		}
		if len(some) == 0 {
			return all
		}
		all, before = append(all, some...), some[len(some)-1].ID
	}
}
