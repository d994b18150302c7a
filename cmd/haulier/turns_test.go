package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// soon is how long to wait, as whoever asks is told; -1: it is not that.
func soon(err error) time.Duration {
	var too route.TooSoon
	if !errors.As(err, &too) {
		return -1
	}
	return too.Wait
}

// What is being done at a server is not begun a second time, little is done at once, and less for one tenant.
func TestTurns(t *testing.T) {
	var turns turns
	done := must[func()](t)(turns.take(turn{"a", "one", "a"}))
	if _, err := turns.take(turn{"a", "one", "a"}); slugOf(err) != "api.busy" || !errors.Is(err, job.ErrExists) {
		t.Errorf("the same twice: %v", err)
	}
	var ends []func()
	for i := range looksOfTenant - 1 {
		ends = append(ends, must[func()](t)(turns.take(turn{fmt.Sprint("one", i), "one", fmt.Sprint(i)})))
	}
	if _, err := turns.take(turn{"z", "one", "z"}); slugOf(err) != "api.looks_full" || soon(err) <= 0 {
		t.Errorf("more than one tenant may: %v", err)
	}
	for i := range looksBusy - looksOfTenant {
		ends = append(ends, must[func()](t)(turns.take(turn{fmt.Sprint("two", i), fmt.Sprint("two", i), fmt.Sprint(i)})))
	}
	if _, err := turns.take(turn{"y", "three", "y"}); slugOf(err) != "api.looks_full" {
		t.Errorf("more than is borne: %v", err)
	}
	for _, end := range append(ends, done) {
		end()
	}
	for i := range looksOfTenant {
		must[func()](t)(turns.take(turn{fmt.Sprint("again", i), "one", fmt.Sprint("again", i)}))
	}
}

// Nobody looks at a server without a pause, and less so where it refuses the login. Others are not made to wait.
func TestTurnsKeepAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		at := turn{"connection acme", "one", "acme"}
		for range looksBurst {
			must[func()](t)(turns.take(at))()
		}
		if _, err := turns.take(at); slugOf(err) != "api.too_soon" || soon(err) != looksEach {
			t.Errorf("without a pause: %v, wait %v", err, soon(err))
		}
		must[func()](t)(turns.take(turn{"connection bank", "one", "bank"}))()
		time.Sleep(looksEach)
		must[func()](t)(turns.take(at))()
		time.Sleep(time.Hour)
		for range 2 { // refused
			must[func()](t)(turns.take(at))()
			turns.refused("acme")
		}
		if _, err := turns.take(at); soon(err) != looksEach {
			t.Errorf("after two refused logins: %v, wait %v", err, soon(err))
		}
		time.Sleep(time.Hour)
		must[func()](t)(turns.take(at))()
		if len(turns.rested) != 1 {
			t.Errorf("of %d connections something is remembered", len(turns.rested))
		}
	})
}

// Connections that log in as one account keep one pace, and a login that is let through past a refusal keeps it too.
func TestTurnsKeepThePaceOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		cfg := &config.Config{Connections: map[string]job.Connection{
			"acme": {Endpoint: job.Endpoint{User: "h", Host: "sftp.example", Port: 22}}, "acme-too": {Endpoint: job.Endpoint{User: "h", Host: "SFTP.example", Port: 22}},
			"other": {Endpoint: job.Endpoint{User: "i", Host: "sftp.example", Port: 22}},
		}}
		for i := range looksBurst {
			name := []string{"acme", "acme-too"}[i%2]
			must[func()](t)(turns.take(turnOf(cfg, name, name)))()
		}
		for _, name := range []string{"acme", "acme-too"} {
			if _, err := turns.take(turnOf(cfg, name, name)); slugOf(err) != "api.too_soon" {
				t.Errorf("%s: %v", name, err)
			}
			if err := turns.login(accountOf(cfg.Connections[name].Endpoint)); slugOf(err) != "api.too_soon" || soon(err) != 3*looksEach {
				t.Errorf("%s is let in: %v, wait %v", name, err, soon(err))
			}
		}
		must[func()](t)(turns.take(turnOf(cfg, "other", "other")))()
		time.Sleep(time.Hour)
		for range looksBurst / (1 + looksRefused) {
			if err := turns.login("h@sftp.example:22"); err != nil {
				t.Error(err)
			}
		}
		if _, err := turns.take(turnOf(cfg, "acme", "acme")); soon(err) != looksEach {
			t.Errorf("after as many logins: %v", err)
		}
	})
}

// Whoever resumes a connection again and again past a refused login is told to wait, over API and pages alike. One that was not refused is
// resumed as often as they like.
func TestResumingKeepsThePace(t *testing.T) {
	who := route.Identity{Name: "olivia", Role: route.Admin}
	h, s, _ := apiOverServer(t, &who)
	resume := func() (int, string) { return askAPI(t, h, "POST", "/connections/acme/resume", `{}`) }
	for range looksBurst + 1 {
		if status, text := resume(); status != 200 {
			t.Fatalf("nothing was refused: %d %s", status, text)
		}
	}
	c := answerOf[web.ConnectionShown](t, h, "GET", "/connections/acme", "")
	account := job.Account{Host: c.Host, Port: c.Port, User: c.User}
	refused := job.Breaker{Open: true, Since: time.Now(), Until: time.Now().Add(time.Hour), Reason: &job.Reason{Slug: "auth.password_rejected"}}
	for range looksBurst / (1 + looksRefused) {
		if err := s.SaveBreaker(t.Context(), account, refused); err != nil {
			t.Fatal(err)
		}
		if status, text := resume(); status != 200 {
			t.Fatalf("it may be tried: %d %s", status, text)
		}
	}
	if err := s.SaveBreaker(t.Context(), account, refused); err != nil {
		t.Fatal(err)
	}
	if status, text := resume(); status != 429 || !strings.Contains(text, "api.too_soon") {
		t.Errorf("once more: %d %s", status, text)
	}
	if b := must[job.Breaker](t)(s.Breaker(t.Context(), account)); !b.Until.After(time.Now()) {
		t.Error("it was let through")
	}
}

// A refused login counts for three whoever makes it: a test, or a plan.
func TestRefusedLoginsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, e := servers{turns: &turns{}}, job.Endpoint{User: "h", Host: "sftp.example", Port: 22}
		for _, failed := range []*job.Reason{nil, {Slug: "net.timeout"}, {Slug: "auth.password_rejected"}} {
			must[func()](t)(at.turns.take(turn{"x", "one", accountOf(e)}))()
			at.counts(failed, e)
		}
		at.counts(&job.Reason{Slug: "auth.closed"}, e)
		if err := at.turns.login(accountOf(e)); soon(err) != 4*looksEach {
			t.Errorf("after two refused logins: %v, wait %v", err, soon(err))
		}
	})
}
