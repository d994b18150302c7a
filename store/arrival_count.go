package store

import (
	"maps"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

// arrivalCount counts arrivals by their names: another version of a file is not another file, and what became of the last that
// was refused, or of any that was good, is what became of the name. Good names are remembered only until there are enough.
type arrivalCount struct {
	job.Arrivals
	wanted int
	next   time.Time            // when the window of the next day opens; zero: names tell whose a file is
	names  map[string]job.State // landed, held or rejected
	// refusals are the numbers of the files that were refused last, by their names.
	refusals map[string]int64
}

// refusedNamed bounds how many names are remembered that were held or rejected. More are not counted: whatever waits for a person
// explains what is missing only if it is sure to be as much.
const refusedNamed = 1000

// arrival is a file whose way has ended.
type arrival struct {
	id     int64
	name   string
	state  job.State
	reason string
	at     time.Time
}

func (c *arrivalCount) add(a arrival) {
	if c.another(a.at) {
		return
	}
	switch a.state {
	case job.FileHeld, job.FileRejected:
		c.refuse(a)
	case job.FileSkipped:
		if slugOf(reasonFrom(a.reason)) == "content.duplicate" { // it came, and was the same as the one before
			c.good(a.name, a.at)
		}
	default:
		c.good(a.name, a.at)
	}
}

// all is what came.
func (c *arrivalCount) all() job.Arrivals {
	c.Refused = slices.Sorted(maps.Values(c.refusals))
	return c.Arrivals
}

// another says whether what comes at a time is another day's: this one has what it wants, and the next is open.
func (c *arrivalCount) another(at time.Time) bool {
	return !c.Filled.IsZero() && at.After(c.Filled) && !c.next.IsZero() && at.After(c.next)
}

func (c *arrivalCount) refuse(a arrival) {
	switch before, known := c.names[a.name]; {
	case before == job.FileLanded:
		return
	case !known && c.Held+c.Rejected >= refusedNamed:
		return
	}
	c.leave(a.name)
	c.names[a.name], c.refusals[a.name], c.Why = a.state, a.id, reasonFrom(a.reason)
	if a.state == job.FileHeld {
		c.Held++
	} else {
		c.Rejected++
	}
}

// leave takes a name out of what was refused.
func (c *arrivalCount) leave(name string) {
	switch c.names[name] {
	case job.FileHeld:
		c.Held--
	case job.FileRejected:
		c.Rejected--
	}
	delete(c.names, name)
	delete(c.refusals, name)
}

func (c *arrivalCount) good(name string, at time.Time) {
	if c.names[name] == job.FileLanded {
		return
	}
	c.leave(name)
	if c.First.IsZero() {
		c.First = at
	}
	c.Got++
	c.Last = at
	if c.Got == c.wanted {
		c.Filled = at
	}
	if c.Got <= c.wanted {
		c.names[name] = job.FileLanded
	}
}
