package wire

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

const (
	chunkDefault = 32 << 10  // bytes that every server reads and writes at once
	chunkMax     = 255 << 10 // with header and handle still under packet.MaxLength
	windowBytes  = 2 << 20   // in flight a session: an SSH channel's window holds no more
	windowCount  = 64        // requests in flight of one copy
	handlesMost  = 64        // files open at once, where the server does not tell how many may be
	handlesTold  = 256       // where it does
)

// Options of a Client. The zero value works; a stream over a network needs Kill.
type Options struct {
	// Kill ends the connection beneath the stream at once, without waiting for the peer: it closes the net.Conn. It is
	// called at most once, when the session ends by an error or the peer holds up Close, and gets the cause. Nil: closing
	// the stream has to do.
	Kill func(cause error)
	// Closed is called when a session that is well has sent that it ends, while the server may still have to answer that. Nil: nobody
	// wants to know.
	Closed func()
	// RequestTimeout bounds the silence of the server while it owes an answer to a request other than READ and WRITE,
	// whose answers may take long on a slow line, and Patience times that the time for the answer itself. The fsync and the
	// CLOSE of a written file may take a second more for every MiB. Zero: only the contexts bound it.
	RequestTimeout time.Duration
	// MaxListingPacket bounds one packet of a listing, in bytes; longer ones end the session with ErrListingPacket.
	// Zero: 256 KiB, as for all other packets.
	MaxListingPacket int
	// MaxInFlight bounds the bytes that all copies of the session have in flight together. Zero: 2 MiB.
	MaxInFlight int
	// Limits are what the server takes in one request, where another session with it has asked already. Nil: it is asked.
	Limits *Limits
}

func (o Options) withDefaults() Options {
	if o.MaxListingPacket <= 0 {
		o.MaxListingPacket = packet.MaxLength
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = windowBytes
	}
	return o
}

// Limits are what the server takes in one request.
type Limits struct {
	Read    int    // bytes asked in one READ
	Write   int    // bytes sent in one WRITE
	Handles uint64 // files open at once; 0: not told
}

// Client is one SFTP session. All its methods may be called by many goroutines at once.
type Client struct {
	stream     io.ReadWriteCloser
	opts       Options
	limits     Limits
	extensions map[string]string
	window     *window
	handles    chan struct{} // has one for each file that is open
	closing    atomic.Int32  // of those, which are to be closed and wait for nobody

	queued  *sync.Cond // of mu: something waits to be written, or the session ended
	mu      sync.Mutex
	nextID  uint32
	pending map[uint32]*request
	queue   []*request
	cause   error // why the session ended; nil while it lives
	trip    time.Duration

	dead    chan struct{} // closed when cause is set
	written chan struct{} // closed when nothing is written any more
	version chan []byte   // the server's first packet
	heard   atomic.Int64  // when the server last sent a byte, since start
	start   time.Time
	done    sync.WaitGroup
	killed  sync.Once
}

// New begins an SFTP session on stream, which it owns from now on: also after an error, stream is closed. Cancelling ctx
// later does nothing.
func New(ctx context.Context, stream io.ReadWriteCloser, opts Options) (*Client, error) {
	c := &Client{
		stream:  stream,
		opts:    opts.withDefaults(),
		limits:  Limits{Read: chunkDefault, Write: chunkDefault},
		pending: map[uint32]*request{},
		dead:    make(chan struct{}),
		written: make(chan struct{}),
		version: make(chan []byte, 1),
		start:   time.Now(),
	}
	c.queued = sync.NewCond(&c.mu)
	c.window = newWindow(c.opts.MaxInFlight)
	c.handles = make(chan struct{}, handlesMost)
	c.done.Go(c.readLoop)
	c.done.Go(c.writeLoop)
	if err := c.handshake(ctx); err != nil {
		c.fail(err)
		c.done.Wait()
		return nil, err
	}
	return c, nil
}

// Extensions gives the extensions that the server offers, with their versions, raw.
func (c *Client) Extensions() map[string]string { return maps.Clone(c.extensions) }

// Limits gives what the server takes in one request.
func (c *Client) Limits() Limits { return c.limits }

// Done is closed when the session has ended, for whatever reason.
func (c *Client) Done() <-chan struct{} { return c.dead }

// Err says why the session ended; nil while it lives.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Close ends the session and waits for its goroutines. A peer that keeps the stream from closing until ctx is done is
// cut off by Options.Kill. Requests still in flight fail with ErrClosed. It may be called again.
func (c *Client) Close(ctx context.Context) error {
	if c.end(ErrClosed) {
		go func() {
			defer c.done.Done()
			_ = c.stream.Close()
			if c.opts.Closed != nil {
				c.opts.Closed()
			}
		}()
	}
	gone := make(chan struct{})
	go func() { c.done.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
		c.kill(context.Cause(ctx))
		<-gone
	}
	return nil
}

// fail ends the session for cause and frees everybody, the peer included. Only the first cause counts.
func (c *Client) fail(cause error) {
	if c.end(cause) {
		defer c.done.Done()
		c.kill(cause)
		_ = c.stream.Close()
	}
}

func (c *Client) kill(cause error) {
	if c.opts.Kill != nil {
		c.killed.Do(func() { c.opts.Kill(cause) })
	}
}

// end marks the session as ended and says whether it lived until now. Who hears yes closes the stream and then takes itself off
// done, to which it is added here, while the loops are still counted: added later, it could come behind another's Wait.
func (c *Client) end(cause error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return false
	}
	c.cause = cause
	c.done.Add(1)
	close(c.dead)
	c.queued.Broadcast()
	return true
}

// offers says whether the server has an extension.
func (c *Client) offers(extension string) bool {
	_, ok := c.extensions[extension]
	return ok
}

// missing is the answer of a server that does not have an extension, given without asking it.
func missing(op Op, path string) error {
	return &StatusError{Code: packet.Unsupported, Op: op, Path: path}
}

func (c *Client) handshake(ctx context.Context) error {
	hello := packet.End(packet.AppendUint32([]byte{0, 0, 0, 0, packet.Init}, packet.Version), 0)
	c.enqueue(&request{op: OpInit, packet: hello})
	began := time.Now()
	body, err := c.awaitVersion(ctx)
	if err != nil {
		return &ConnectionError{Op: OpInit, Sent: true, Err: err}
	}
	c.timed(time.Since(began))
	if c.extensions, err = parseVersion(body); err != nil {
		return &ConnectionError{Op: OpInit, Sent: true, Err: err}
	}
	switch {
	case c.opts.Limits != nil:
		c.limits = *c.opts.Limits
	case c.offers(packet.Limits):
		return c.askLimits(ctx)
	}
	return nil
}

func (c *Client) awaitVersion(ctx context.Context) ([]byte, error) {
	var silent <-chan time.Time
	if c.opts.RequestTimeout > 0 {
		timer := time.NewTimer(c.opts.RequestTimeout)
		defer timer.Stop()
		silent = timer.C
	}
	select {
	case body := <-c.version:
		return body, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-silent:
		return nil, fmt.Errorf("%w for %v", ErrSilent, c.opts.RequestTimeout)
	case <-c.dead:
		return nil, c.Err()
	}
}

func parseVersion(body []byte) (map[string]string, error) {
	f := packet.Parse(body)
	version := f.Uint32()
	extensions := map[string]string{}
	for f.Len() > 0 {
		name := f.String()
		extensions[name] = f.String()
	}
	if f.Err() != nil {
		return nil, protocol("VERSION: %v", f.Err())
	}
	if version != packet.Version {
		return nil, fmt.Errorf("%w: it speaks version %d only, version %d is needed", ErrProtocol, version, packet.Version)
	}
	return extensions, nil
}

// askLimits adopts the lengths that the server grants. A server that offers the question and refuses to answer it keeps
// the lengths that every server takes.
func (c *Client) askLimits(ctx context.Context) error {
	b := packet.AppendString(packet.Begin(nil, packet.Extended, 0), packet.Limits)
	r, err := c.ask(ctx, &request{op: OpLimits, packet: b})
	if err != nil {
		return err
	}
	if r.kind == packet.Status {
		return nil
	}
	f := packet.Parse(r.body)
	whole, read, write, handles := f.Uint64(), f.Uint64(), f.Uint64(), f.Uint64()
	if f.Err() != nil {
		return &ConnectionError{Op: OpLimits, Sent: true, Err: protocol("limits: %v", f.Err())}
	}
	if whole > 1024 {
		write = min(write, whole-1024) // room for header and handle
	}
	c.limits = Limits{Read: granted(read), Write: granted(write), Handles: handles}
	if handles > 0 {
		c.handles = make(chan struct{}, min(max(handles-1, 1), handlesTold)) // one is left for a listing
	}
	return nil
}

// granted is the length to use where the server grants n bytes; 0 means that it did not say.
func granted(n uint64) int {
	if n == 0 {
		return chunkDefault
	}
	return int(min(n, chunkMax))
}
