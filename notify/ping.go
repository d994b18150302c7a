package notify

import (
	"context"
	"net/http"

	"github.com/haulier/haulier/job"
)

// ping asks a URL for as long as the scheduler lives. When it hangs nothing is asked, and whoever waits for the ping tells.
func (s *Service) ping(ctx context.Context, name string) {
	last := ""
	for {
		c, found := s.channel(name, true)
		if !found {
			return
		}
		state := ""
		if err := s.Alive(ctx); err != nil {
			state = "not sent: " + err.Error()
		} else if r := s.sender.pingOnce(ctx, *c.Ping); r.Reason != nil {
			state = r.Reason.Error()
		}
		if state != last && ctx.Err() == nil {
			s.Log.Warn("ping", "channel", name, "ok", state == "", "cause", state)
		}
		last = state
		rest(ctx, c.Ping.Every)
	}
}

func (s *Sender) pingOnce(ctx context.Context, p job.Ping) result {
	target, err := s.text(ctx, p.URL)
	if err != nil {
		return failedBecause(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil || r.URL.Host == "" {
		return failed("channel.url", "the secret that holds the address holds no web address", "haulier secrets set", job.WhoUs)
	}
	r.Header.Set("User-Agent", "haulier/"+s.Version)
	return s.ask(r, p.AllowPrivate)
}
