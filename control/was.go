package control

import (
	"context"
	"slices"
	"strings"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

// Was is the last recorded configuration that had a connection.
type Was struct {
	Config   *config.Config // nil: none is recorded
	Revision store.Revision
}

// Revisions gives the recorded configurations, the latest first.
type Revisions interface {
	Revisions(ctx context.Context, limit int) ([]store.Revision, error)
}

// LastWith gives for each connection the latest recorded configuration that had it, and nothing for one that none had.
func LastWith(ctx context.Context, s Revisions, connections ...string) (map[string]Was, error) {
	last := make(map[string]Was, len(connections))
	revisions, err := s.Revisions(ctx, 0)
	for _, revision := range revisions {
		open := slices.DeleteFunc(slices.Clone(connections), func(name string) bool {
			return last[name].Config != nil || !strings.Contains(revision.Text, "\n  "+name+":")
		})
		if len(open) == 0 {
			continue
		}
		cfg, _ := config.LoadText(revision.Text, revision.Path, "the configuration of before", config.Options{NoFiles: true})
		if cfg == nil {
			continue // one that this version of the program would refuse tells nothing; the one before it may
		}
		for _, name := range open {
			if _, had := cfg.Connections[name]; had {
				last[name] = Was{cfg, revision}
			}
		}
	}
	return last, err
}
