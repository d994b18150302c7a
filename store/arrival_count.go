package store

import (
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
}

// refusedNamed bounds how many names are remembered that were held or rejected. More are not counted: whatever waits for a person
// explains what is missing only if it is sure to be as much.
const refusedNamed = 1000

func (c *arrivalCount) add(name string, state job.State, reason string, at time.Time) {
	if c.another(at) {
		return
	}
	switch state {
	case job.FileHeld, job.FileRejected:
		c.refused(name, state, reasonFrom(reason))
	case job.FileSkipped:
		if slugOf(reasonFrom(reason)) == "content.duplicate" { // it came, and was the same as the one before
			c.good(name, at)
		}
	default:
		c.good(name, at)
	}
}

// another says whether what comes at a time is another day's: this one has what it wants, and the next is open.
func (c *arrivalCount) another(at time.Time) bool {
	return !c.Filled.IsZero() && at.After(c.Filled) && !c.next.IsZero() && at.After(c.next)
}

func (c *arrivalCount) refused(name string, state job.State, why *job.Reason) {
	switch before, known := c.names[name]; {
	case before == job.FileLanded:
		return
	case !known && c.Held+c.Rejected >= refusedNamed:
		return
	}
	c.leave(name)
	c.names[name], c.Refused = state, why
	if state == job.FileHeld {
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
