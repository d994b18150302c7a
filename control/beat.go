package control

import (
	"context"
	"time"
)

// beat looks until the context ends: at the time that the last look has given, and after most at the latest, zero time and a
// failure included.
func beat(ctx context.Context, most time.Duration, look func(context.Context) (next time.Time, err error), failed func(error)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		next, err := look(ctx)
		wait := most
		switch {
		case err != nil && ctx.Err() == nil:
			failed(err)
		case !next.IsZero():
			wait = max(0, min(most, time.Until(next)))
		}
		timer.Reset(wait)
	}
}
