package sftp

import (
	"context"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// Store remembers what is known of servers, accounts and our keys.
type Store interface {
	HostKeys
	Connections
	Breakers
	Keys
}

// HostKeys keeps the pins of [host]:port and every host key that was ever shown. HostKeyChanged is told of one that was refused, LoggedIn of one
// over which a connection has logged in.
type HostKeys interface {
	Pins(ctx context.Context, address string) ([]job.Pin, error)
	AddPin(ctx context.Context, pin job.Pin) error
	SawHostKey(ctx context.Context, address, key string) error
	LoggedIn(ctx context.Context, connection, address, key string) error
	HostKeyChanged(ctx context.Context, c job.HostKeyChange) error
}

// Connections keeps what was learned of each connection. ConnectionState is false for a draft: a connection without one
// good login.
type Connections interface {
	Profile(ctx context.Context, connection string) (job.Profile, error)
	SaveProfile(ctx context.Context, connection string, p job.Profile) error
	ConnectionState(ctx context.Context, connection string) (active bool, err error)
	Activate(ctx context.Context, connection string) error
}

// Breakers keeps one breaker an account; one that was never saved is closed.
type Breakers interface {
	Breaker(ctx context.Context, account job.Account) (job.Breaker, error)
	SaveBreaker(ctx context.Context, account job.Account, b job.Breaker) error
}

// Keys gives our login keys. PromoteKey makes a key of slot next the current one.
type Keys interface {
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Private(ctx context.Context, k job.Key) (secret.Text, error)
	PromoteKey(ctx context.Context, k job.Key) error
	KeyUsed(ctx context.Context, k job.Key, at time.Time) error
}

// Secrets resolves references to secrets, at each login. Its errors reach people as they are if they are *job.Reason.
type Secrets interface {
	Reveal(ctx context.Context, ref job.SecretRef) (secret.Text, error)
}
