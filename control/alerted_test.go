package control

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

// Who is told of an incident is said by its jobs; what is missing behind a dead server goes to those who wait for what is missing.
func TestAlertsGoToWhomTheirJobsName(t *testing.T) {
	cfg := &config.Config{
		Alert: job.Alert{Failed: []string{"ops"}},
		Jobs: []job.Spec{
			{Name: "staff", Alert: job.Alert{Failed: []string{"ops"}, Missing: []string{"oncall"}, Late: []string{"desk"}}},
			{Name: "other", Alert: job.Alert{Failed: []string{"other"}, Missing: []string{"boss"}, Recovered: []string{"all"}}},
		},
	}
	for name, test := range map[string]struct {
		kind, data string
		want       []string
	}{
		"failed":                    {"alert.opened", `{"kind":"failed","jobs":["staff"]}`, []string{"ops"}},
		"failed, of two":            {"alert.opened", `{"kind":"failed","jobs":["staff","other"]}`, []string{"ops", "other"}},
		"late":                      {"alert.opened", `{"kind":"late","jobs":["staff"]}`, []string{"desk"}},
		"missing":                   {"alert.opened", `{"kind":"missing","jobs":["staff"]}`, []string{"oncall"}},
		"missing behind the server": {"alert.reminded", `{"kind":"failed","jobs":["staff","other"],"missed":["staff"]}`, []string{"oncall", "ops", "other"}},
		"over":                      {"alert.resolved", `{"kind":"failed","jobs":["other"]}`, []string{"all"}},
		"of no job":                 {"alert.opened", `{"kind":"config","jobs":[]}`, []string{"ops"}},
		"of a job that is gone":     {"alert.opened", `{"kind":"failed","jobs":["gone"]}`, []string{"ops"}},
		"that cannot be read":       {"alert.opened", `{`, nil},
	} {
		if got := Alerted(cfg, job.Event{Type: test.kind, Data: json.RawMessage(test.data)}); !slices.Equal(got, test.want) {
			t.Errorf("%s goes to %q, want %q", name, got, test.want)
		}
	}
}
