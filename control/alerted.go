package control

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

// Alerted names the channels that an alert goes to: those of the jobs that it touches, and of what is no job's, or of jobs that are gone, those of defaults.
func Alerted(cfg *config.Config, e job.Event) []string {
	var about struct {
		Kind   job.AlertKind `json:"kind"`
		Jobs   []string      `json:"jobs"`
		Missed []string      `json:"missed"` // of them, those whose deadline has passed: their missing files are told with this
	}
	if json.Unmarshal(e.Data, &about) != nil {
		return nil
	}
	over := e.Type == "alert.resolved"
	names := map[string]bool{}
	add := func(a job.Alert, kind job.AlertKind) {
		for _, name := range a.Channels(kind, over) {
			names[name] = true
		}
	}
	known := false
	for _, name := range about.Jobs {
		spec, found := cfg.Job(name)
		known = known || found
		if found {
			add(spec.Alert, about.Kind)
		}
		if found && slices.Contains(about.Missed, name) {
			add(spec.Alert, job.AlertMissing)
		}
	}
	if !known {
		add(cfg.Alert, about.Kind)
	}
	return slices.Sorted(maps.Keys(names))
}
