package notify

import (
	"math/rand/v2"
	"time"
)

// ladder is how long is waited behind each failure; behind the last the message is given up.
var ladder = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// waitMost bounds what a receiver can ask to be waited.
const waitMost = 24 * time.Hour

// nextAttempt is when a message is tried again whose attempts have failed rung times before; zero: never. A receiver may ask for a
// longer wait, not for a shorter one. Jitter, up to a tenth, keeps many messages from coming back at once.
func nextAttempt(now time.Time, rung int, asked time.Duration) time.Time {
	if rung >= len(ladder) {
		return time.Time{}
	}
	wait := ladder[rung]
	wait += rand.N(wait / 10)
	return now.Add(max(wait, min(asked, waitMost)))
}
