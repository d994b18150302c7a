package control

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// SlugHangs: the daemon answers, and does no work any more.
const SlugHangs = "scheduler.hangs"

// answerWithin is how long the store may take over the smallest question.
const answerWithin = 10 * time.Second

// Pulse knows whether a daemon does its work: its scheduler's loop turns, and its store answers. Whoever tells others that
// all is well asks it first: the watchdog, GET /healthz, a dead man's switch.
type Pulse struct {
	Silence func() time.Duration            // how long ago the loop turned
	Ask     func(ctx context.Context) error // the smallest question to the store
}

// Alive gives nil, or what hangs. It takes 10 s at most, whatever the store does.
func (p Pulse) Alive(ctx context.Context) error {
	if silent := p.Silence(); silent > scheduler.LongestSilence {
		return hangs(fmt.Sprintf("the scheduler has not looked at the clock for %s", span.Text(silent)), nil)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- p.Ask(ctx) }() // a disk that hangs does not mind the context
	select {
	case err := <-answer:
		if err != nil {
			return hangs("the store gives no answer: "+err.Error(), err)
		}
		return nil
	case <-ctx.Done():
		return hangs(fmt.Sprintf("the store gave no answer within %s", answerWithin), context.Cause(ctx))
	}
}

func hangs(cause string, err error) *job.Reason {
	return &job.Reason{
		Slug: SlugHangs, What: "no job begins; files and ledger stay as they are", Cause: cause,
		Do: "restart haulier serve (systemd does it by itself), and look into its log", Who: job.WhoUs, Err: err,
	}
}

// Alive gives nil while the daemon does its work, or what hangs.
func (d *Daemon) Alive(ctx context.Context) error {
	return Pulse{Silence: d.Scheduler.Silence, Ask: func(ctx context.Context) error {
		_, err := d.Store.Epoch(ctx)
		return err
	}}.Alive(ctx)
}
