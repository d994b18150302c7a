package access

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/haulier/haulier/web/route"
)

// lookAgain is how often whoever watches a stream has to be somebody who may.
const lookAgain = 5 * time.Second

// watched ends a stream whose watcher may not watch it any more: the session is over, the token revoked, the role or the sight another.
func (g *Gate) watched(ctx context.Context, r *http.Request, to route.Route, who route.Identity) (until context.Context, stop func()) {
	until, end := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		defer end()
		again := time.NewTicker(lookAgain)
		defer again.Stop()
		for {
			select {
			case <-until.Done():
				return
			case <-again.C:
			}
			if !g.still(r, to, who) {
				return
			}
		}
	})
	return until, func() { end(); looking.Wait() }
}

// still says whether a request would pass now as it did. Where that cannot be found out it ends: it can be asked again.
func (g *Gate) still(r *http.Request, to route.Route, who route.Identity) bool {
	now, err := g.identify(r, unnoted)
	return err == nil && reflect.DeepEqual(now, who) && g.within(r, now, to) == nil
}
