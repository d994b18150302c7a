package web_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// slow takes a while to see that nobody waits any more.
type slow struct {
	ports
	looking bool
}

func (p *slow) WaitRun(ctx context.Context, _ int64) (job.Run, error) {
	p.looking = true
	<-ctx.Done()
	time.Sleep(time.Minute) // of the bubble
	p.looking = false
	return job.Run{}, ctx.Err()
}

// A stream that was left looks at the store no more once its handler has returned.
func TestNobodyLooksForTheEndOfARunThatIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slow{}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		web.Handler(web.Options{Runner: p, Keeper: p, Reader: p, Outbox: p}).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/api/v1/runs/7/events", nil))
		if p.looking {
			t.Error("the handler has returned, and the store is still being asked")
		}
	})
}
