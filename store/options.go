package store

import (
	"log/slog"
	"time"

	"github.com/haulier/haulier/internal/secret"
)

// Options say how a store is opened.
type Options struct {
	// Path of the database file. It is made, 0600, when it is not there; its folder must exist.
	Path string
	// ReadOnly opens a store that must be there and of this program's schema; every write gives ErrReadOnly.
	ReadOnly bool
	// MasterKey gives the 32 bytes that seal secrets, and makes them when create is set and there are none: see
	// KeySource. It is asked only when the store has sealed rows or gets its first. Nil: nothing can be sealed or opened.
	MasterKey func(create bool) (secret.Text, error)
	// Now is the clock of the rows. Nil: time.Now.
	Now func() time.Time
	// Logger hears of statements that failed or took over a second, without their values. Nil: nobody.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
