// Package shout sends texts to chat, pagers and phones through shoutrrr. It is a home of its own for that library, which knows very
// many services.
package shout

import (
	"context"
	"errors"
	"io"
	"log"
	"sync"

	"github.com/nicholas-fedor/shoutrrr"

	"github.com/haulier/haulier/internal/secret"
)

// ErrFailed is all that is said of a failure: what shoutrrr says has the URL in it, and with it the tokens of the service.
var ErrFailed = errors.New("the service did not take the text")

// atOnce bounds the calls that may be out at one time, those that hang among them: shoutrrr cannot be called off.
var atOnce = make(chan struct{}, 16)

// calls are those that are out, by message: shoutrrr cannot be called off, and what is still out may yet arrive.
var calls = struct {
	sync.Mutex
	out map[string]*call
}{out: map[string]*call{}}

type call struct {
	done chan struct{}
	err  error // once done
}

// Send sends a text to the service that a URL names. When the context ends it gives up waiting; the call stays out, and whoever sends the same
// message again waits for it and is told what it came to. A message without a name is sent each time.
func Send(ctx context.Context, url secret.Text, message, text string) error {
	c, err := begin(ctx, string(url.Reveal()), message, text) // the caller may wipe it while a call that hangs still needs it
	if err != nil {
		return err
	}
	select {
	case <-c.done:
		forget(message, c)
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin gives the call that is out for a message, or makes one.
func begin(ctx context.Context, url, message, text string) (*call, error) {
	if c := outFor(message); c != nil {
		return c, nil
	}
	select {
	case atOnce <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c := &call{done: make(chan struct{})}
	calls.Lock()
	if message != "" {
		calls.out[message] = c
	}
	calls.Unlock()
	go func() {
		defer func() { <-atOnce }()
		c.err = send(url, text)
		close(c.done)
	}()
	return c, nil
}

func outFor(message string) *call {
	calls.Lock()
	defer calls.Unlock()
	return calls.out[message]
}

// forget drops a call whose end was told.
func forget(message string, c *call) {
	calls.Lock()
	defer calls.Unlock()
	if calls.out[message] == c {
		delete(calls.out, message)
	}
}

func send(url, text string) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrFailed
		}
	}()
	sender, err := shoutrrr.NewSender(log.New(io.Discard, "", 0), url)
	if err != nil {
		return ErrFailed
	}
	for _, err := range sender.Send(text, nil) {
		if err != nil {
			return ErrFailed
		}
	}
	return nil
}
