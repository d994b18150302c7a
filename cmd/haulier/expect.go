package main

import (
	"context"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/scheduler/expect"
)

// expectantRunner has what a run brought counted at once, not only at the next deadline.
type expectantRunner struct {
	scheduler.Runner
	expect *expect.Service
}

func (r expectantRunner) Run(ctx context.Context, spec job.Spec, run job.Run) job.Result {
	result := r.Runner.Run(ctx, spec, run)
	r.expect.Poke(spec.Name)
	return result
}
