// Package shout sends texts to chat, pagers and phones through shoutrrr. It is a home of its own for that library, which knows very
// many services.
package shout

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log"
	"net/url"
	"sync"
	"time"

	"github.com/nicholas-fedor/shoutrrr"

	"github.com/haulier/haulier/internal/secret"
)

// ErrFailed is all that is said of a failure: what shoutrrr says has the URL in it, and with it the tokens of the service.
var ErrFailed = errors.New("the service did not take the text")

// atOnce bounds the calls that may be out at one time to one host of a service, those that hang among them: shoutrrr cannot be called off,
// and who hangs may not keep the others waiting.
const atOnce = 4

// outMost is how long a call may be out. What hangs longer is given up, and its place is free.
const outMost = 15 * time.Minute

// keptFor is how long the end of a call is kept for whoever sends the same message again: longer than anybody waits with that.
const keptFor = 30 * time.Hour

// calls are those that are out, or ended unheard, by message and URL: what is still out may yet arrive. Only sums of the URLs are kept,
// which have tokens in them.
var calls = struct {
	sync.Mutex
	out    map[sum]*call
	places map[sum]chan struct{} // by host
}{out: map[sum]*call{}, places: map[sum]chan struct{}{}}

type sum = [sha256.Size]byte

type call struct {
	done chan struct{}
	err  error // once done
}

// Send sends a text to the service that a URL names. When the context ends it gives up waiting; the call stays out, and whoever sends the same
// message there again waits for it and is told what it came to. A message without a name is sent each time.
func Send(ctx context.Context, to secret.Text, message, text string) error {
	target := string(to.Reveal()) // the caller may wipe it while a call that hangs still needs it
	key := sha256.Sum256([]byte(message + "\x00" + target))
	c, err := begin(ctx, key, target, message, text)
	if err != nil {
		return err
	}
	select {
	case <-c.done:
		forget(key, c)
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin gives the call that is out for a message, or makes one.
func begin(ctx context.Context, key sum, target, message, text string) (*call, error) {
	if c := outFor(key); c != nil {
		return c, nil
	}
	place := placesAt(target)
	select {
	case place <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c := &call{done: make(chan struct{})}
	if message != "" {
		calls.Lock()
		calls.out[key] = c
		calls.Unlock()
	}
	go func() {
		defer func() { <-place }()
		c.err = send(target, text)
		time.AfterFunc(keptFor, func() { forget(key, c) })
		close(c.done)
	}()
	return c, nil
}

// placesAt are the places for calls to the host of a URL. They stay: hosts are as many as channels were configured.
func placesAt(target string) chan struct{} {
	host := target
	if u, err := url.Parse(target); err == nil {
		host = u.Scheme + "://" + u.Host
	}
	key := sha256.Sum256([]byte(host))
	calls.Lock()
	defer calls.Unlock()
	if calls.places[key] == nil {
		calls.places[key] = make(chan struct{}, atOnce)
	}
	return calls.places[key]
}

func outFor(key sum) *call {
	calls.Lock()
	defer calls.Unlock()
	return calls.out[key]
}

// forget drops a call whose end was told, or that nobody has asked for.
func forget(key sum, c *call) {
	calls.Lock()
	defer calls.Unlock()
	if calls.out[key] == c {
		delete(calls.out, key)
	}
}

func send(target, text string) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrFailed
		}
	}()
	sender, err := shoutrrr.NewSender(log.New(io.Discard, "", 0), target)
	if err != nil {
		return ErrFailed
	}
	sender.Timeout = outMost // by itself it stops waiting within seconds, while the call goes on and may yet arrive
	for _, err := range sender.Send(text, nil) {
		if err != nil {
			return ErrFailed
		}
	}
	return nil
}
