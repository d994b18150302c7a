package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"github.com/haulier/haulier/control"
)

// manager is who started the daemon and waits to hear how it is: systemd, by the socket that it names in NOTIFY_SOCKET.
// Where nobody waits, nobody is told.
type manager struct {
	tell func(state string) error
	log  *slog.Logger

	mu       sync.Mutex // what is told comes in order
	stopping bool       // nothing else is told behind it
}

func newManager(log *slog.Logger) *manager {
	return &manager{log: log, tell: func(state string) error {
		_, err := systemd.SdNotify(false, state)
		return err
	}}
}

func (m *manager) say(states ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, state := range states {
		if m.stopping {
			return
		}
		m.stopping = state == systemd.SdNotifyStopping
		if err := m.tell(state); err != nil {
			m.log.Warn("the service manager cannot be told", "state", state, "error", err)
		}
	}
}

// ready is told when the daemon answers, with a line for `systemctl status`.
func (m *manager) ready(d *control.Daemon) {
	cfg := d.Config()
	m.say(systemd.SdNotifyReady, fmt.Sprintf("STATUS=%s on %s, revision %d", count(len(cfg.Jobs), "job"), count(len(cfg.Connections), "connection"), d.Revision()))
}

// reloading is told when a configuration is being read; over when it counts, or was refused.
func (m *manager) reloading(d *control.Daemon) (over func(error)) {
	m.say(systemd.SdNotifyReloading)
	return func(err error) {
		m.ready(d)
		if err != nil {
			m.say(fmt.Sprintf("STATUS=the last configuration was refused, revision %d goes on: haulier check", d.Revision()))
		}
	}
}

// stops is told when nothing begins any more.
func (m *manager) stops() { m.say(systemd.SdNotifyStopping) }

// watchdog gives how often a sign of life is waited for; zero: nobody waits.
func (m *manager) watchdog() time.Duration {
	every, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		m.log.Warn("the service manager waits for signs of life that it does not get", "error", err)
	}
	return every
}

// feed gives a sign of life twice in each time that is waited for, while there is life: one that hangs is restarted.
func (m *manager) feed(ctx context.Context, every time.Duration, alive func(context.Context) error) {
	if every <= 0 {
		return
	}
	ticker := time.NewTicker(every / 2)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := alive(ctx); err == nil {
			m.say(systemd.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			m.log.Error("the service manager gets no sign of life", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
