package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
)

// Expectation is one day of what a job was expected to bring.
type Expectation struct {
	Job        string         `json:"job"`
	Connection string         `json:"connection"`
	Day        string         `json:"day"`
	Zone       string         `json:"timezone"`
	Verdict    job.Verdict    `json:"verdict"`
	Opens      time.Time      `json:"opens"`
	By         time.Time      `json:"by"`
	Missing    time.Time      `json:"missing_at"`
	Planned    time.Time      `json:"planned_by"` // as configured; by differs when it was extended
	Wanted     int            `json:"wanted"`
	Got        int            `json:"got"`
	Held       int            `json:"held"`
	Rejected   int            `json:"rejected"`
	First      *time.Time     `json:"first_arrival"`
	Last       *time.Time     `json:"last_arrival"`
	Filled     *time.Time     `json:"complete"` // when all had come
	Open       bool           `json:"open"`
	Extended   *job.Extension `json:"extended"`
	Error      *job.Reason    `json:"error"`
}

// ExpectationOf shows a day.
func ExpectationOf(e job.Expectation) Expectation {
	return Expectation{
		Job: e.Job, Connection: e.Connection, Day: e.Day, Zone: e.Zone, Verdict: e.Verdict, Opens: e.Opens.UTC(), By: e.By.UTC(), Missing: e.Missing.UTC(),
		Planned: e.Planned.UTC(), Wanted: e.Wanted, Got: e.Got, Held: e.Held, Rejected: e.Rejected, First: pointed(e.First), Last: pointed(e.Last),
		Filled: pointed(e.Filled), Open: !e.Closed, Extended: e.Extended, Error: e.Reason,
	}
}

// pointed gives nil for a time that is none.
func pointed(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// Days keeps what people say to what is expected.
type Days interface {
	// ExtendDay moves the deadline of a day of a job; empty: the one that is late or missing, else the next.
	ExtendDay(ctx context.Context, name, day string, until time.Time, by, why string) (job.Expectation, error)
}

// Extending is the body that asks for a deadline to be moved.
type Extending struct {
	By     string    `json:"by,omitempty"`
	Day    string    `json:"day,omitempty"` // 2026-11-24; empty: the one that is late or missing, else the next
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

func (a *api) extend(r *http.Request) (any, error) {
	var body Extending
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	if body.Reason == "" || body.Until.IsZero() {
		return nil, badRequest{errors.New("until and reason are needed: whoever comes after wants to know why")}
	}
	day, err := a.Days.ExtendDay(context.WithoutCancel(r.Context()), r.PathValue("name"), body.Day, body.Until, body.By, body.Reason)
	return ExpectationOf(day), err
}

// daysMost bounds the days that one answer has.
const daysMost = 400

func (a *api) expectations(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	days := q.number("days", 1, daysMost, 30)
	if q.err != nil {
		return nil, q.err
	}
	since := time.Now().AddDate(0, 0, -int(days)).Format(time.DateOnly)
	list, err := a.Lists.Expectations(r.Context(), r.PathValue("name"), since, 0)
	shown := make([]Expectation, len(list))
	for i, e := range list {
		shown[i] = ExpectationOf(e)
	}
	return shown, err
}
