package expect

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/blank"
)

// world is a store with a clock of its own, and an evaluator that dies whenever it has judged: what it knows must be in the store.
type world struct {
	t     *testing.T
	store *store.Store
	now   time.Time
	specs []job.Spec
	told  int64 // the last event that was looked at
}

func newWorld(t *testing.T, now string, specs ...job.Spec) *world {
	t.Helper()
	w := &world{t: t, now: at(t, now), specs: specs}
	s, err := store.Open(t.Context(), store.Options{Path: blank.Lay(t, filepath.Join(t.TempDir(), "haulier.db")), Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.store = s
	return w
}

var brussels = mustZone("Europe/Brussels")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// at reads a wall time in Brussels.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", text, brussels)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// nightly is an import whose file is to be there by 03:00, with two hours of grace.
func nightly(change ...func(*job.Spec)) job.Spec {
	spec := job.Spec{
		Name: "acme-in", Type: job.TypeImport, Connection: "acme", Enabled: true, Timing: job.Timing{Zone: brussels},
		Expect: &job.Expect{Opens: job.NoOpening, By: 3 * 60, Grace: 2 * time.Hour, Days: everyDay(), Files: 1, LookBack: 7 * 24 * time.Hour},
	}
	for _, c := range change {
		c(&spec)
	}
	return spec
}

func everyDay() [7]bool { return [7]bool{true, true, true, true, true, true, true} }

// names tell no day, unless the job's name says that they do: by the date between _ and . then.
func names(spec job.Spec) Names {
	if !strings.HasSuffix(spec.Name, "-dated") {
		return Names{
			Wants: func(time.Time) func(string) bool { return func(string) bool { return true } },
			Shown: func(time.Time) string { return "customers*.csv" },
		}
	}
	shown := func(date time.Time) string { return "customers_" + date.Format("20060102") + ".csv" }
	return Names{Exact: true, Shown: shown, Wants: func(date time.Time) func(string) bool {
		return func(name string) bool { return name == shown(date) }
	}}
}

// look starts an evaluator at a time, lets it judge, and gives what it told: the types of the events with their days.
func (w *world) look(when string) []string {
	w.t.Helper()
	if when != "" {
		w.now = at(w.t, when)
	}
	s := New(Options{Store: w.store, Evidence: w.store, Names: names, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }})
	if err := s.Load(w.specs); err != nil {
		w.t.Fatal(err)
	}
	s.pass(w.t.Context())
	return w.said()
}

func (w *world) said() []string {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), w.told, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	said := []string{}
	for _, e := range events {
		w.told = e.ID
		kind, found := strings.CutPrefix(e.Type, "expectation.")
		if !found {
			continue
		}
		var data struct{ Day string }
		if err := json.Unmarshal(e.Data, &data); err != nil {
			w.t.Fatal(err)
		}
		said = append(said, kind+" "+data.Day)
	}
	return said
}

// wants looks at a time and compares what is told, in order.
func (w *world) wants(when string, said ...string) {
	w.t.Helper()
	if got := w.look(when); strings.Join(got, ", ") != strings.Join(said, ", ") {
		w.t.Errorf("at %s it told %q, wanted %q", when, got, said)
	}
	if again := w.look(""); len(again) > 0 {
		w.t.Errorf("at %s it told once more: %q", when, again)
	}
}

// comes lets a file reach a state at a time.
func (w *world) comes(when, name string, state job.State) {
	w.t.Helper()
	w.now = at(w.t, when)
	spec := w.specs[0]
	f, err := w.store.See(w.t.Context(), job.File{Job: spec.Name, Connection: spec.Connection, Type: spec.Type, Path: "/out/" + name, Dir: "/out", Run: 1})
	if err == nil {
		f, err = w.store.Claim(w.t.Context(), f, 1)
	}
	if err == nil {
		f.State, f.Step = state, job.StepDone
		if state == job.FileRejected || state == job.FileHeld {
			f.Reason = &job.Reason{Slug: "pgp.not_encrypted", What: "it did not land", Cause: "it is in clear", Do: "ask for an encrypted one", Who: job.WhoCustomer}
		}
		_, err = w.store.Advance(w.t.Context(), job.StepSeen, f, job.Beside{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// day gives how a day stands, and its reason.
func (w *world) day(day string) job.Expectation {
	w.t.Helper()
	e, err := w.store.Expectation(w.t.Context(), w.specs[0].Name, day)
	if err != nil {
		w.t.Fatal(day, err)
	}
	return e
}

func (w *world) verdict(day string, want job.Verdict) {
	w.t.Helper()
	if e := w.day(day); e.Verdict != want {
		w.t.Errorf("%s is %s, wanted %s: %+v", day, e.Verdict, want, e)
	}
}

// incidents gives the slugs of what is open.
func (w *world) incidents() string {
	w.t.Helper()
	open, err := w.store.OpenIncidents(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var slugs []string
	for _, i := range open {
		slugs = append(slugs, i.Cause)
	}
	return strings.Join(slugs, " ")
}

func (w *world) alarm(want string) {
	w.t.Helper()
	if want != "" {
		want = fmt.Sprintf("job/%s/expect.%s", w.specs[0].Name, want)
	}
	if got := w.incidents(); got != want {
		w.t.Errorf("open incidents %q, wanted %q", got, want)
	}
}

// ran records a run that began and ended at a time.
func (w *world) ran(when string, reason *job.Reason) {
	w.t.Helper()
	w.now = at(w.t, when)
	spec := w.specs[0]
	run, err := w.store.BeginRun(w.t.Context(), job.Run{Job: spec.Name, Connection: spec.Connection, Type: spec.Type, Trigger: job.TriggerSchedule})
	if err == nil {
		run.State, run.Reason = job.RunSucceeded, reason
		if reason != nil {
			run.State = job.RunFailed
		}
		err = w.store.EndRun(w.t.Context(), run)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
