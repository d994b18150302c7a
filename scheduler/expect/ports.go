package expect

import (
	"context"
	"log/slog"
	"time"

	"github.com/haulier/haulier/job"
)

// Store remembers the days. A day is written by whoever read it last: later ones get job.ErrStale.
type Store interface {
	BeginExpectation(ctx context.Context, e job.Expectation) error
	LastExpectation(ctx context.Context, jobName string) (job.Expectation, bool, error)
	OpenExpectations(ctx context.Context, jobName string) ([]job.Expectation, error)
	// JudgeExpectation counts what came, takes the time, asks decide and writes, in one transaction.
	JudgeExpectation(ctx context.Context, read job.Expectation, j job.Judging) (job.Expectation, error)
	Closer
}

// Closer ends the days of jobs of which nothing is expected any more.
type Closer interface {
	ExpectingJobs(ctx context.Context) ([]string, error)
	CloseExpectations(ctx context.Context, jobName string, why job.Reason) error
}

// Evidence is what a reason is made of.
type Evidence interface {
	LooksSince(ctx context.Context, jobName string, since time.Time) (count int, last *job.Run, err error)
	Look(ctx context.Context, jobName string) (job.Look, bool, error)
	LastArrivals(ctx context.Context, jobName string, limit int) ([]job.File, error)
	Expectations(ctx context.Context, jobName, since string, limit int) ([]job.Expectation, error)
}

// Options of the evaluator. Now is the time by which it wakes; verdicts take that of the store.
type Options struct {
	Store    Store
	Evidence Evidence
	Names    func(spec job.Spec) Names
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}
