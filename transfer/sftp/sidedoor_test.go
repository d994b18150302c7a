package sftp

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Ways that lead over the same accounts, one the other way round, or over one twice, do not wait for each other for ever: all of them
// take the gates in one order, helpers as well.
func TestHelpersTakeTheGatesInOneOrder(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/haulier.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(Options{Store: s})
		hopTo := func(host string) *hop {
			h := &hop{pool: p, endpoint: job.Endpoint{Host: host, Port: 22, User: "u"}, login: &login{}, mark: "m"}
			a := p.account(h.account())
			a.prove("m")
			a.doubt("m") // so that each goes alone
			return h
		}
		a, b := hopTo("a"), hopTo("b")
		first, second := p.account(a.account()), p.account(b.account())
		first.gate <- struct{}{} // somebody logs in
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got := make(chan error, 1)
		go func() {
			leave, err := p.sidedoor(ctx, []*hop{b, a, b})
			if err == nil {
				leave()
			}
			got <- err
		}()
		synctest.Wait()
		if len(second.gate) > 0 {
			t.Error("it holds the second gate while it waits for the first")
		}
		<-first.gate
		synctest.Wait()
		select {
		case err := <-got:
			if err != nil || len(first.gate)+len(second.gate) > 0 {
				t.Errorf("it gave %v, gates held: %d, %d", err, len(first.gate), len(second.gate))
			}
		default:
			t.Error("it waits for a gate that it holds")
			cancel()
			<-got
		}
	})
}

// Of several bounds of one account the narrowest counts, and the longest; one that is over counts no more.
func TestBoundsOfOneAccount(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for name, tc := range map[string]struct {
		first, second   int
		firstFor, later time.Duration // how long the first holds, and when the second comes, which holds for an hour
		want            map[time.Duration]int
	}{
		"a narrower one comes":  {3, 1, 24 * time.Hour, time.Minute, map[time.Duration]int{2 * time.Minute: 1, 23 * time.Hour: 1, 25 * time.Hour: 5}},
		"a wider one comes":     {1, 3, time.Minute, time.Second, map[time.Duration]int{2 * time.Second: 1, 59 * time.Minute: 1, 2 * time.Hour: 5}},
		"the first one is over": {0, 3, time.Minute, time.Hour, map[time.Duration]int{61 * time.Minute: 3, 3 * time.Hour: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			for at, want := range tc.want {
				a := &account{}
				a.bound(tc.first, now, now.Add(tc.firstFor))
				a.bound(tc.second, now.Add(tc.later), now.Add(tc.later+time.Hour))
				got := 0
				for a.spare(5, now.Add(at)) != nil {
					got++
				}
				if got != want {
					t.Errorf("after %s there are %d connections, want %d", at, got, want)
				}
			}
		})
	}
}
