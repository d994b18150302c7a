package control

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// bookOf has the jobs of an incident, two at a time.
type bookOf []store.JobOfIncident

func (b bookOf) JobsOfIncident(_ context.Context, _ int64, after string, _ int) (some []store.JobOfIncident, _ error) {
	for _, its := range b {
		if its.Job > after && len(some) < 2 {
			some = append(some, its)
		}
	}
	return some, nil
}

// Who is told of an incident is said by its jobs; what is missing behind a dead server goes to those who wait for what is missing.
func TestAlertsGoToWhomTheirJobsName(t *testing.T) {
	cfg := &config.Config{
		Alert: job.Alert{Failed: []string{"ops"}},
		Jobs: []job.Spec{
			{Name: "staff", Alert: job.Alert{Failed: []string{"ops"}, Missing: []string{"oncall"}, Late: []string{"desk"}}},
			{Name: "other", Alert: job.Alert{Failed: []string{"other", "chat"}, Missing: []string{"boss"}, Recovered: []string{"chat", "all"}}},
			{Name: "same", Alert: job.Alert{Failed: []string{"other"}}},
		},
	}
	for name, test := range map[string]struct {
		kind, data  string
		want, quiet []string
	}{
		"failed":                    {"alert.opened", `{"kind":"failed","jobs":["staff"]}`, []string{"ops"}, nil},
		"failed, of two":            {"alert.opened", `{"kind":"failed","jobs":["staff","other"]}`, []string{"chat", "ops", "other"}, []string{"other"}},
		"late":                      {"alert.opened", `{"kind":"late","jobs":["staff"]}`, []string{"desk"}, nil},
		"missing":                   {"alert.opened", `{"kind":"missing","jobs":["staff"]}`, []string{"oncall"}, nil},
		"missing behind the server": {"alert.reminded", `{"kind":"failed","jobs":["staff","other"],"missed":["staff"]}`, []string{"chat", "oncall", "ops", "other"}, []string{"other"}},
		"over":                      {"alert.resolved", `{"kind":"failed","jobs":["other"]}`, []string{"chat", "other"}, []string{"other"}},
		"over, and one says more":   {"alert.resolved", `{"kind":"failed","jobs":["other","same"]}`, []string{"chat", "other"}, nil},
		"of no job":                 {"alert.opened", `{"kind":"config","jobs":[]}`, []string{"ops"}, nil},
		"of the process itself":     {"alert.opened", `{"cause_key":"process/run.given_up","kind":"failed","jobs":["other"],"jobs_total":3}`, []string{"ops"}, nil},
		"of a job that is gone":     {"alert.opened", `{"kind":"failed","jobs":["gone"]}`, []string{"ops"}, nil},
		"of more than it names":     {"alert.opened", `{"kind":"failed","jobs":["staff"],"jobs_total":5}`, []string{"boss", "chat", "ops", "other"}, []string{"boss", "other"}},
		"that cannot be read":       {"alert.opened", `{`, nil, nil},
	} {
		book := bookOf{{Job: "gone"}, {Job: "gone2"}, {Job: "gone3"}, {Job: "other", Missed: true}, {Job: "staff"}}
		got, err := Alerted(t.Context(), cfg, book, job.Event{Type: test.kind, Data: json.RawMessage(test.data)})
		if err != nil || !slices.Equal(got.Told, test.want) || !slices.Equal(got.Quiet, test.quiet) {
			t.Errorf("%s goes to %q, quiet %q, error %v; want %q and %q", name, got.Told, got.Quiet, err, test.want, test.quiet)
		}
	}
}

// Each of the jobs of an incident has a say in who is told, however many there are.
func TestAnIncidentHasMoreJobsThanItNames(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range job.JobsNamed + 5 {
		if _, err := s.Raise(t.Context(), "connection/acme/net.dns", fmt.Sprintf("job-%03d", n), job.Reason{Slug: "net.dns"}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	last := fmt.Sprintf("job-%03d", job.JobsNamed+4)
	cfg := &config.Config{Jobs: []job.Spec{{Name: last, Alert: job.Alert{Failed: []string{"last"}}}}}
	open, err := s.OpenIncidents(t.Context())
	if err != nil || len(open) != 1 || open[0].JobsTotal != job.JobsNamed+5 {
		t.Fatalf("open %+v, error %v", open, err)
	}
	data, _ := json.Marshal(open[0])
	got, err := Alerted(t.Context(), cfg, s, job.Event{Type: "alert.opened", Data: data})
	if err != nil || !slices.Equal(got.Told, []string{"last"}) {
		t.Errorf("told %q, error %v", got.Told, err)
	}
}
