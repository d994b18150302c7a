package main

import (
	"sync"
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// registerFlip makes the toxic known.
var registerFlip = sync.OnceFunc(func() { toxics.Register("flip", new(flip)) })

// flipped counts the bits that were turned.
var flipped atomic.Int64

// flip is a toxic that turns one bit of a connection: of the byte at this place.
type flip struct {
	At int `json:"at"`
}

// flipping is what a connection has come to.
type flipping struct{ passed int }

// NewState is what toxiproxy asks for at each connection.
func (*flip) NewState() any { return new(flipping) }

// Pipe passes bytes on.
func (f *flip) Pipe(stub *toxics.ToxicStub) {
	state := stub.State.(*flipping)
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			if at := f.At - state.passed; at >= 0 && at < len(c.Data) {
				c.Data[at] ^= 0x10
				flipped.Add(1)
			}
			state.passed += len(c.Data)
			stub.Output <- c
		}
	}
}
