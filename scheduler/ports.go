package scheduler

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// Runner does the work of one run. It returns soon after ctx is done; context.Cause(ctx) says why. It may be called for
// different jobs at once, never twice at once for one job. Panics are recovered and recorded.
type Runner interface {
	Run(ctx context.Context, spec job.Spec, run job.Run) job.Result
}

// Gate says whether a job may dial now: nil, or why not (a disabled or draft connection, an open breaker). Runs by hand
// do not ask it.
type Gate interface {
	Ready(ctx context.Context, spec job.Spec) *job.Reason
}

// Slots is where slots are remembered.
type Slots interface {
	// Loaded records that a job is configured and gives since when its slots count.
	Loaded(ctx context.Context, jobName, connection string, now time.Time) (first time.Time, err error)
	// AddSlot records a slot in the state it bears; created is false for one that is recorded already.
	AddSlot(ctx context.Context, slot job.Slot) (created bool, err error)
	// EndSlot records how a slot that was due ended; job.ErrStale if it ended otherwise before.
	EndSlot(ctx context.Context, slot job.Slot) error
	// OpenSlots gives the slots of a job that are still due, oldest first.
	OpenSlots(ctx context.Context, jobName string) ([]job.Slot, error)
	// LastSlot gives the latest slot of a job, whatever its state.
	LastSlot(ctx context.Context, jobName string) (slot job.Slot, ok bool, err error)
}

// Runs is where runs are remembered.
type Runs interface {
	// BeginRun records a run that starts, or one that ends as it begins because it may not start. In the same step the slot
	// of a run that starts ends as ran, if it is still due. A run that follows another is the one that was queued for it;
	// job.ErrExists if that one has ended. Begun once more, as the answer was lost, a slot's run is the same run.
	BeginRun(ctx context.Context, run job.Run) (job.Run, error)
	// EndRun records what a run came to; job.ErrStale if it has ended before. In the same step it queues a run of each
	// follower, unless one waits already.
	EndRun(ctx context.Context, run job.Run, followers ...job.Run) error
	// DropRetry records that the next attempt after an ended run will not be made.
	DropRetry(ctx context.Context, run int64) error
	// OpenRuns gives the runs that have not ended; at start these are what the end of the last process cut off, and what
	// was queued and not begun.
	OpenRuns(ctx context.Context) ([]job.Run, error)
	// PendingRetries gives the ended runs whose RetryAt is set and whose next attempt was not begun.
	PendingRetries(ctx context.Context) ([]job.Run, error)
	// GivenUp gives the jobs of which no run has come to an end of its own since people were told that the process dies in one, each with the
	// first start of that run.
	GivenUp(ctx context.Context) (map[string]int64, error)
}

// Pauses tells what people have paused. kind is job or connection; nil means not paused.
type Pauses interface {
	Paused(ctx context.Context, kind, name string) (*job.Pause, error)
}

// Store is everything the scheduler remembers.
type Store interface {
	Slots
	Runs
	Pauses
}
