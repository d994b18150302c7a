package control

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// Accounts knows whether accounts may be dialled.
type Accounts interface {
	Ready(ctx context.Context, c job.Connection) (*job.Reason, time.Time)
}

// Gate keeps slots from dialling where nobody should: connections that are off, drafts, accounts whose breaker is open.
type Gate struct {
	Connections func(name string) (job.Connection, bool)
	Accounts    Accounts
}

// Ready gives the reason for which a job may not dial now; nil: it may.
func (g Gate) Ready(ctx context.Context, spec job.Spec) *job.Reason {
	c, found := g.Connections(spec.Connection)
	if !found {
		return nil // the run says so better
	}
	if !c.Enabled {
		return disabledReason(c)
	}
	reason, _ := g.Accounts.Ready(ctx, c)
	return reason
}

func disabledReason(c job.Connection) *job.Reason {
	return &job.Reason{
		Slug: "connection.disabled", What: "nothing was dialled", Cause: fmt.Sprintf("connection %q has enabled: false", c.Name),
		Do: "set enabled: true when it may be used again", Who: job.WhoUs,
	}
}
