package access

import (
	"sync"
	"time"
)

const (
	// requestsBurst and requestsEach bound what one identity or address may ask: so many at once, and one more for each such time.
	requestsBurst = 300
	requestsEach  = 20 * time.Millisecond

	limitsMost = 10_000 // of whom something is remembered
)

// limiter bounds requests by who asks. What it remembers is bounded as well: when very many ask at once, those of whom it
// has nothing to remember are forgotten, and else the new ones share one limit.
type limiter struct {
	mu    sync.Mutex
	burst int
	each  time.Duration
	full  map[string]time.Time // when all of the burst may be had again
}

func newLimiter(burst int, each time.Duration) *limiter {
	return &limiter{burst: burst, each: each, full: map[string]time.Time{}}
}

// allow counts a request; else it says how long to wait.
func (l *limiter) allow(who string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.full[who]; !known && len(l.full) >= limitsMost {
		if l.forget(now); len(l.full) >= limitsMost {
			who = ""
		}
	}
	at := l.full[who]
	if at.Before(now) {
		at = now
	}
	at = at.Add(l.each)
	if over := at.Sub(now) - time.Duration(l.burst)*l.each; over > 0 {
		return over
	}
	l.full[who] = at
	return 0
}

func (l *limiter) forget(now time.Time) {
	for who, at := range l.full {
		if at.Before(now) {
			delete(l.full, who)
		}
	}
}
