package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// Runs that were given up are one incident: it names their jobs, and who else was at work, of very many some.
func TestRunsThatAreGivenUpAreOneIncident(t *testing.T) {
	s := openStore(t)
	r := &control.Runner{Book: s, Logger: slog.New(slog.DiscardHandler)}
	var beside []string
	for n := range 30 {
		run := job.Run{ID: int64(n + 1), Job: fmt.Sprintf("job-%02d", n), Connection: fmt.Sprintf("c%d", n%3), Reason: &job.Reason{Slug: "run.given_up", Cause: "It was start 5."}}
		if err := r.GivenUp(t.Context(), run, beside); err != nil {
			t.Fatal(err)
		}
		beside = append(beside, run.Job)
	}
	open, err := s.OpenIncidents(t.Context())
	if err != nil || len(open) != 1 || open[0].JobsTotal != 30 || open[0].Connection != "" {
		t.Fatalf("incidents %+v, error %v", open, err)
	}
	if want := "It was start 5. At work beside it: job-00, job-01, job-02, job-03, job-04, job-05, job-06, job-07, job-08, job-09 and 19 more."; open[0].Reason.Cause != want {
		t.Errorf("cause %q, want %q", open[0].Reason.Cause, want)
	}
}

// Whatever a run ends with that is no success opens an incident, also a panic; what people ended themselves opens none.
func TestEveryEndThatIsNoSuccessIsAnIncident(t *testing.T) {
	reason := func(slug string) error { return &job.Reason{Slug: slug, Who: job.WhoUs} }
	for _, test := range []struct {
		name    string
		session func() (control.Session, error)
		want    string
	}{
		{"login", func() (control.Session, error) { return nil, reason("auth.key_rejected") }, "connection/acme/auth.key_rejected"},
		{"an error without a reason", func() (control.Session, error) { return nil, context.DeadlineExceeded }, "job/out/local.failed"},
		{"panic", func() (control.Session, error) { panic("a mistake") }, "job/out/run.panic"},
		{"no outbox", func() (control.Session, error) { return nil, reason("local.outbox") }, "job/out/local.outbox"},
		{"cancelled", func() (control.Session, error) { return nil, reason("run.cancelled") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openStore(t)
			r := &control.Runner{
				Sessions:    func(context.Context, job.Connection) (control.Session, error) { return test.session() },
				Connections: func(string) (job.Connection, bool) { return job.Connection{Name: "acme", Enabled: true}, true },
				Book:        s, Logger: slog.New(slog.DiscardHandler),
			}
			spec := job.Spec{Name: "out", Type: job.TypeExport, Connection: "acme", Export: &job.Export{Outbox: "/nowhere/at/all"}}
			run, err := s.BeginRun(t.Context(), job.Run{Job: "out", Connection: "acme", Type: job.TypeExport, State: job.RunRunning})
			if err != nil {
				t.Fatal(err)
			}
			r.Run(t.Context(), spec, run)
			open, err := s.OpenIncidents(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(open) > 0 {
				got = open[0].Cause
			}
			if got != test.want || len(open) > 1 {
				t.Errorf("open %+v, wanted %q", open, test.want)
			}
		})
	}
}

// A run of a job that was given up and that ends by itself, though not well, ends the job's part in that: the process has not died in it. One
// that people cancelled shows nothing.
func TestAnEndOfItsOwnEndsWhatWasGivenUp(t *testing.T) {
	for slug, want := range map[string][]string{
		"auth.key_rejected": {"connection/acme/auth.key_rejected"},
		"run.cancelled":     {job.CauseGivenUp},
	} {
		s := openStore(t)
		r := &control.Runner{
			Sessions: func(context.Context, job.Connection) (control.Session, error) {
				return nil, &job.Reason{Slug: slug, Who: job.WhoUs}
			},
			Connections: func(string) (job.Connection, bool) { return job.Connection{Name: "acme", Enabled: true}, true },
			Book:        s, Logger: slog.New(slog.DiscardHandler),
		}
		spec := job.Spec{Name: "out", Type: job.TypeExport, Connection: "acme", Export: &job.Export{Outbox: "/nowhere/at/all"}}
		run, err := s.BeginRun(t.Context(), job.Run{Job: "out", Connection: "acme", Type: job.TypeExport, State: job.RunRunning})
		if err == nil {
			err = r.GivenUp(t.Context(), job.Run{ID: 99, Job: "out", Reason: &job.Reason{Slug: "run.given_up"}}, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		if slug == "run.cancelled" {
			cancel(&job.Reason{Slug: slug, Who: job.WhoUs})
		}
		r.Run(ctx, spec, run)
		cancel(nil)
		open, err := s.OpenIncidents(t.Context())
		var got []string
		for _, i := range open {
			got = append(got, i.Cause)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("after %s stand %q, error %v; want %q", slug, got, err, want)
		}
	}
}
