package notify

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// Outbox is where events become deliveries.
type Outbox interface {
	UseOutlets(ctx context.Context, outlets []job.Outlet) error
	Routed(ctx context.Context) (event int64, err error)
	Events(ctx context.Context, after int64, limit int) ([]job.Event, error)
	Deliver(ctx context.Context, from, to int64, deliveries []job.Delivery) error
}

// Tray is what is to be sent, and where it is written down how that went.
type Tray interface {
	DueDeliveries(ctx context.Context, channel string, now time.Time, limit int) ([]job.Delivery, error)
	// BeginAttempt notes that a delivery is about to be sent; wanted is false when it is not to be sent any more.
	BeginAttempt(ctx context.Context, delivery int64) (wanted bool, err error)
	RecordAttempt(ctx context.Context, a job.Attempt) error
}

// Secrets finds secrets by their references.
type Secrets interface {
	Reveal(ctx context.Context, ref job.SecretRef) (secret.Text, error)
}

// Options plug the service together. Outbox, Tray and Secrets are needed.
type Options struct {
	Outbox  Outbox
	Tray    Tray
	Secrets Secrets

	// Route says which channels an alert goes to; nil: none. Webhooks that ask for it get it besides.
	Route func(context.Context, job.Event) (job.Route, error)
	// Connection finds a connection that is configured; nil: none is.
	Connection func(name string) (job.Connection, bool)
	// Shout sends a text to the service that a URL names; nil: channels of shoutrrr fail. While a call is out for a message, another for the
	// same waits for it.
	Shout func(ctx context.Context, url secret.Text, message, text string) error
	// Resolve gives the addresses of a name; nil: as the system does.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial makes connections; nil: over the network, for webhooks and pings to addresses that are allowed.
	Dial Dial
	// Alive says what hangs of the scheduler; nil while it does what is due.
	Alive func(ctx context.Context) error
	// Zone is that of times in mail; nil: UTC.
	Zone func() *time.Location
	// Version is told to receivers.
	Version string
	Log     *slog.Logger // nil: nobody
}

func (o Options) withDefaults() Options {
	if o.Route == nil {
		o.Route = func(context.Context, job.Event) (job.Route, error) { return job.Route{}, nil }
	}
	if o.Connection == nil {
		o.Connection = func(string) (job.Connection, bool) { return job.Connection{}, false }
	}
	if o.Alive == nil {
		o.Alive = func(context.Context) error { return nil }
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Zone == nil {
		o.Zone = func() *time.Location { return time.UTC }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
