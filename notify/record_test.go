package notify

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// fullTray records nothing until a time.
type fullTray struct {
	*fakeTray
	until time.Time
	err   error
}

func (f *fullTray) RecordAttempt(ctx context.Context, a job.Attempt) error {
	if time.Now().Before(f.until) {
		return f.err
	}
	return f.fakeTray.RecordAttempt(ctx, a)
}

// serves runs a pager on a tray for a time, and gives how many texts it got.
func serves(t *testing.T, tray *fullTray, d time.Duration) (sent int) {
	t.Helper()
	s := New(Options{
		Outbox: tray, Tray: tray, Secrets: vault{"pager": pagerTo}, Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, nil },
		Shout: func(context.Context, secret.Text, string, string) error { sent++; return nil },
	})
	if err := s.Use(t.Context(), map[string]job.Channel{"pager": {Name: "pager", Type: job.ChannelShout, Shout: &job.Shout{URL: ref("pager")}}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	s.Run(ctx)
	return sent
}

// While the disk is full a message that was taken is not sent again, and when there is room what became of it is written down.
func TestWhatCannotBeRecordedIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray := &fullTray{&fakeTray{d: job.Delivery{ID: 1, Next: time.Now()}}, time.Now().Add(time.Hour), errors.New("database or disk is full")}
		if sent := serves(t, tray, 2*time.Hour); sent != 1 || len(tray.attempts) != 1 || tray.attempts[0].Reason != nil {
			t.Errorf("sent %d times, recorded %+v", sent, tray.attempts)
		}
	})
}

// A process that ends while it cannot write does end, and the next sends again.
func TestTheEndDoesNotWaitForARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tray := &fullTray{&fakeTray{d: job.Delivery{ID: 1, Next: time.Now()}}, time.Now().Add(time.Hour), errors.New("database or disk is full")}
		if sent := serves(t, tray, time.Minute) + serves(t, tray, time.Hour); sent != 2 || len(tray.attempts) != 1 {
			t.Errorf("sent %d times, recorded %+v", sent, tray.attempts)
		}
	})
}
