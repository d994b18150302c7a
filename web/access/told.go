package access

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// tellRefused writes a refused login down. What was typed as the user is named only where there is such a user: it may be
// a password in the wrong place.
func (g *Gate) tellRefused(r *http.Request, account string) {
	yes, before := g.refused.tell(g.Now())
	if !yes {
		return
	}
	ctx := context.WithoutCancel(r.Context())
	if _, _, err := g.Store.User(ctx, account); err != nil {
		account = "unknown"
	}
	detail := "from " + counted(g.client(r))
	if before > 0 {
		detail += fmt.Sprintf("; %d more were not written down", before)
	}
	if err := g.Store.Act(ctx, "nobody", "user.refuse", account, detail); err != nil {
		g.Log.Error("a refused login was not written down", "error", err)
	}
}

func (g *Gate) retryAfter(w http.ResponseWriter, answer *refusal) {
	if answer.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(answer.wait/time.Second)+1))
	}
}

// Refused logins are written to the audit list, but no more than so many in so long: the list is for ever.
const (
	refusalsTold = 20
	refusalsIn   = time.Hour
)

// refusals counts refused logins.
type refusals struct {
	mu     sync.Mutex
	since  time.Time
	told   int
	untold int
}

// tell says whether a refusal is to be written down, and how many before it were not.
func (f *refusals) tell(now time.Time) (yes bool, before int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.since) >= refusalsIn {
		f.since, f.told = now, 0
	}
	if f.told >= refusalsTold {
		f.untold++
		return false, 0
	}
	f.told++
	before, f.untold = f.untold, 0
	return true, before
}
