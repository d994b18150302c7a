package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// fakeTray owes one delivery and takes down what became of it.
type fakeTray struct {
	d        job.Delivery
	attempts []job.Attempt
	times    []time.Time
}

func (f *fakeTray) UseOutlets(context.Context, []job.Outlet) error { return nil }
func (f *fakeTray) Routed(context.Context) (int64, error)          { return 0, nil }
func (f *fakeTray) Events(context.Context, int64, int) ([]job.Event, error) {
	return nil, nil
}
func (f *fakeTray) Deliver(context.Context, int64, int64, []job.Delivery) error { return nil }

func (f *fakeTray) DueDeliveries(_ context.Context, _ string, now time.Time, _ int) ([]job.Delivery, error) {
	if f.d.Next.IsZero() || f.d.Next.After(now) {
		return nil, nil
	}
	return []job.Delivery{f.d}, nil
}

func (f *fakeTray) BeginAttempt(context.Context, int64) (bool, error) { return true, nil }

func (f *fakeTray) RecordAttempt(_ context.Context, a job.Attempt) error {
	f.attempts, f.times = append(f.attempts, a), append(f.times, time.Now())
	f.d.Rung++
	f.d.Next = a.Next
	return nil
}

// The ladder is climbed to its end, each wait a little longer than it says, and then nothing more is tried.
func TestLadderIsClimbedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray := &fakeTray{d: job.Delivery{ID: 1, Next: time.Now()}}
		o := Options{Outbox: tray, Tray: tray, Secrets: vault{"pager": pagerTo}, Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, nil }, Shout: func(context.Context, secret.Text, string, string) error { return errors.New("500 " + pagerTo) }}
		s := New(o)
		if err := s.Use(t.Context(), map[string]job.Channel{"pager": {Name: "pager", Type: job.ChannelShout, Shout: &job.Shout{URL: ref("pager")}}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(10 * 24 * time.Hour)
		synctest.Wait()
		cancel()
		<-done
		if len(tray.attempts) != len(ladder)+1 {
			t.Fatalf("%d attempts", len(tray.attempts))
		}
		for i, wait := range ladder {
			if got := tray.times[i+1].Sub(tray.times[i]); got < wait || got > wait+wait/10+lookEvery {
				t.Errorf("attempt %d came after %s, the ladder says %s", i+2, got, wait)
			}
		}
		if last := tray.attempts[len(ladder)]; !last.Next.IsZero() || strings.Contains(last.Reason.Error(), canary) {
			t.Errorf("the last attempt: %+v", last)
		}
		if counts := s.Counts(); counts[Count{"pager", "failed"}] != int64(len(ladder)) || counts[Count{"pager", "disabled"}] != 1 {
			t.Errorf("counts %v", counts)
		}
	})
}

// A process that dies between the answer of the other side and its record sends again, with the same id.
func TestADeathBehindTheAnswerSendsAgainWithTheSameID(t *testing.T) {
	w := newWorld(t)
	var deaths atomic.Int32
	hook, got := w.hook(answering(200))
	s := New(w.options())
	w.use(s, hook)
	s.Tray = dying{s.Tray, &deaths}
	ctx, cancel := context.WithCancel(t.Context())
	w.run("acme-in")
	if _, err := s.routeSome(ctx); err != nil {
		t.Fatal(err)
	}
	for deaths.Load() < 2 {
		due, err := w.store.DueDeliveries(ctx, "hook", time.Now(), 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("due %v, error %v", due, err)
		}
		if a, err := s.attempt(ctx, hook, due[0]); err == nil && a != nil {
			_ = s.Tray.RecordAttempt(ctx, *a)
		}
	}
	cancel()
	_, stop := w.serve(hook) // the next life
	d := w.until(inState(job.DeliverySent))
	stop()
	for range 3 {
		if r := <-got; r.header.Get("Webhook-Id") != d.MessageID {
			t.Errorf("id %s, want %s", r.header.Get("Webhook-Id"), d.MessageID)
		}
	}
	if all := w.deliveries(); len(all) != 1 || all[0].Attempts != 1 {
		t.Errorf("deliveries %+v", all)
	}
}

// dying records nothing: the process is gone before it can.
type dying struct {
	Tray
	deaths *atomic.Int32
}

func (d dying) RecordAttempt(context.Context, job.Attempt) error {
	d.deaths.Add(1)
	return errors.New("dead")
}

// A receiver that says 410 is given up at once; alerts that it is owed, and the news of its end, go to its fallback.
func TestADeadChannelIsToldByItsFallback(t *testing.T) {
	w := newWorld(t)
	hook, _ := w.hook(answering(410))
	hook.Fallback = "pager"
	pager := job.Channel{Name: "pager", Type: job.ChannelShout, Shout: &job.Shout{URL: ref("pager")}}
	w.routed = []string{"hook"}
	_, stop := w.serve(hook, pager)
	w.alert("connection/acme/auth.key_rejected", refusedKey)
	if text := <-w.shouts; !strings.Contains(text, "auth.key_rejected") {
		t.Errorf("the pager got %q", text)
	}
	w.tellDue(time.Now().Add(2 * job.GatherFor))
	text := <-w.shouts
	stop()
	if !strings.Contains(text, "channel hook [channel.disabled]") || len(text) > shoutMost {
		t.Errorf("the pager got %q", text)
	}
	everything := w.log.String()
	for _, d := range w.deliveries() {
		everything += d.Detail
	}
	for _, secret := range []string{canary, whsec[6:], whsec2[6:]} {
		if strings.Contains(everything, secret) {
			t.Errorf("%s is shown:\n%s", secret, everything)
		}
	}
}

// A channel that is taken out is sent nothing more, and one that comes in is told of what happens from then on.
func TestChannelsComeAndGo(t *testing.T) {
	w := newWorld(t)
	first, got := w.hook(answering(200))
	s, stop := w.serve(first)
	w.run("one")
	w.untilAll(1, job.DeliverySent)
	second := first
	second.Name = "second"
	w.use(s, second)
	w.run("two")
	w.untilAll(2, job.DeliverySent)
	stop()
	if len(got) != 2 || w.deliveries()[0].Channel != "second" || w.deliveries()[1].Channel != "hook" {
		t.Errorf("%d requests, deliveries %+v", len(got), w.deliveries())
	}
}

// Nothing is pinged while the scheduler hangs.
func TestPingsTellThatTheSchedulerLives(t *testing.T) {
	var pings, looks atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	defer server.Close()
	w := newWorld(t)
	var hangs atomic.Bool
	w.alive = func(context.Context) error {
		looks.Add(1)
		if hangs.Load() {
			return errors.New("it hangs")
		}
		return nil
	}
	w.vault["ping"] = server.URL + "/" + canary
	_, stop := w.serve(job.Channel{Name: "deadman", Type: job.ChannelPing, Ping: &job.Ping{URL: given("ping"), Every: 5 * time.Millisecond, AllowPrivate: true}})
	wait := func(n *atomic.Int32, least int32) {
		for n.Load() < least {
			time.Sleep(time.Millisecond)
		}
	}
	wait(&pings, 2)
	hangs.Store(true)
	wait(&looks, looks.Load()+2)
	before := pings.Load()
	wait(&looks, looks.Load()+5)
	if pings.Load() != before {
		t.Error("it was pinged while it hung")
	}
	hangs.Store(false)
	wait(&pings, before+1)
	stop()
	if strings.Contains(w.log.String(), canary) {
		t.Errorf("the URL is shown:\n%s", w.log.String())
	}
}
