// Package shout sends texts to chat, pagers and phones through shoutrrr. It is a home of its own for that library, which knows very
// many services.
package shout

import (
	"context"
	"errors"
	"io"
	"log"

	"github.com/nicholas-fedor/shoutrrr"

	"github.com/haulier/haulier/internal/secret"
)

// ErrFailed is all that is said of a failure: what shoutrrr says has the URL in it, and with it the tokens of the service.
var ErrFailed = errors.New("the service did not take the text")

// atOnce bounds the calls that may be out at one time, those that hang among them: shoutrrr cannot be called off.
var atOnce = make(chan struct{}, 16)

// Send sends a text to the service that a URL names. When the context ends it gives up waiting.
func Send(ctx context.Context, url secret.Text, text string) error {
	select {
	case atOnce <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	target := string(url.Reveal()) // the caller may wipe it while a call that hangs still needs it
	done := make(chan error, 1)
	go func() {
		defer func() { <-atOnce }()
		done <- send(target, text)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
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
