package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// ConfigChange is a configuration that was read anew, and counts or does not.
type ConfigChange struct {
	Revision    int64       // that counts now
	Before      int64       // that counted before
	By          string      // who asked
	Jobs        int         // in the one that counts now
	Connections int         // in it
	Reason      *job.Reason // why the new one does not count; nil: it does
}

type configEvent struct {
	Revision    int64      `json:"revision"`
	Before      int64      `json:"before,omitempty"`
	By          string     `json:"by"`
	Jobs        int        `json:"jobs"`
	Connections int        `json:"connections"`
	Error       *errorView `json:"error,omitempty"`
}

// TellConfig tells that a configuration that was read anew counts, or why it does not.
func (s *Store) TellConfig(ctx context.Context, c ConfigChange) error {
	kind := job.EventConfigReloaded
	if c.Reason != nil {
		kind, c.Before = job.EventConfigRejected, 0
	}
	return s.write(ctx, "tell of the configuration", func(tx *gorm.DB) error {
		return s.tell(tx, kind, configEvent{c.Revision, c.Before, short(c.By), c.Jobs, c.Connections, viewOf(c.Reason)})
	})
}
