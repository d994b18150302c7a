package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// toTheMinute is how exactly the use of sessions and tokens is noted: a write for each request would cost more than it tells.
const toTheMinute = time.Minute

// begin begins a session in the browser, in place of the one that it had; password is the hash that was looked at, if one was.
func (g *Gate) begin(w http.ResponseWriter, r *http.Request, s job.Login, password string) error {
	key := random(keyBytes)
	var instead []byte
	if before, found := g.cookie(r, sessionCookie); found {
		instead = hashOf(before)
	}
	now := g.Now()
	s.Hash, s.Begun, s.Seen, s.Address = hashOf(key), now, now, counted(g.client(r))
	if err := g.Store.BeginSession(context.WithoutCancel(r.Context()), s, instead, password); err != nil {
		return err
	}
	g.setCookie(w, sessionCookie, key, g.Absolute)
	return nil
}

// session finds the session of a request. One that is over is ended.
func (g *Gate) session(ctx context.Context, key string, note noting) (route.Identity, bool, error) {
	s, err := g.Store.Session(ctx, hashOf(key))
	if errors.Is(err, job.ErrNotFound) {
		return route.Identity{}, false, nil
	}
	if err != nil {
		return route.Identity{}, false, err
	}
	now := g.Now()
	if g.over(s, now) {
		return route.Identity{}, false, g.Store.EndSession(ctx, s.Hash, "")
	}
	if note == ofAll && now.Sub(s.Seen) >= toTheMinute {
		err = g.Store.SeeSession(context.WithoutCancel(ctx), s.Hash, now)
	}
	name := s.User
	if s.From == job.LoginOIDC {
		name = "oidc:" + name
	}
	return route.Identity{Name: name, Role: route.Role(s.Role), Sight: s.Sight}, err == nil, err
}

// over says whether a session has ended by itself.
func (g *Gate) over(s job.Login, now time.Time) bool {
	return now.Sub(s.Begun) >= g.Absolute || now.Sub(s.Seen) >= g.Idle
}
