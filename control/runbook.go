package control

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// Runbook is what somebody needs who is called at night: the incident, when all was well last, and what is different since.
type Runbook struct {
	Incident job.Incident `json:"incident"`
	Contacts []string     `json:"contacts"`           // at the customer
	LastGood *LastGood    `json:"last_good"`          // null: no run of its jobs ever succeeded
	Changed  []Change     `json:"changed"`            // since then, the newest first; at most mostChanges
	Evidence string       `json:"evidence,omitempty"` // the command that shows the run that failed last
	Failed   int64        `json:"-"`                  // that run; 0: none
}

// LastGood is the last run of the jobs of an incident that succeeded.
type LastGood struct {
	Run      int64     `json:"run"`
	Job      string    `json:"job"`
	At       time.Time `json:"at"`
	Revision int64     `json:"revision"`
}

// Change is something that was changed, or came to light.
type Change struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	By   string    `json:"by,omitempty"`
}

// Runbook gives what is known around an incident.
func (c Care) Runbook(ctx context.Context, id int64, connections map[string]job.Connection) (Runbook, error) {
	i, err := c.Store.Incident(ctx, id)
	if err != nil {
		return Runbook{}, undone(err, id, "shown")
	}
	b := Runbook{Incident: i, Contacts: connections[i.Connection].Contacts, Changed: []Change{}}
	good, failed, err := c.Store.LastRunsOf(ctx, i)
	if err != nil {
		return b, err
	}
	since := i.Opened
	if good.ID != 0 {
		b.LastGood = &LastGood{Run: good.ID, Job: good.Job, At: good.Ended, Revision: good.Revision}
		since = good.Ended
	}
	if failed.ID != 0 {
		b.Evidence, b.Failed = fmt.Sprintf("haulier show %d", failed.ID), failed.ID
	}
	address := ""
	if server, found := connections[i.Connection]; found {
		address = PinAddress(server.Endpoint)
	}
	changes, err := c.Store.ChangesSince(ctx, since, address)
	for _, change := range changes {
		b.Changed = append(b.Changed, Change{At: change.At, What: change.What, By: change.By})
	}
	return b, err
}
