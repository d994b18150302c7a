package sftp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/net/proxy"

	"github.com/haulier/haulier/job"
)

const clientVersion = "SSH-2.0-Haulier"

// hop is one SSH server on the way, the customer's last.
type hop struct {
	pool       *Pool
	connection string // whose way this is
	before     *hop   // the one that it is reached through; nil: there is none
	endpoint   job.Endpoint
	timeouts   job.Timeouts
	deny       []netip.Prefix
	pins       pins
	login      *login
	mark       string
	trace      *trace // nil for jump hosts

	// Found on the way.
	proxied *proxy.Auth // what the proxy was sent
	line    *line
	hostKey ssh.PublicKey
	pinned  pin
	client  *ssh.Client
	refused *job.Reason        // the server refused the login: only that opens a breaker
	strange *job.HostKeyChange // we refused the server
	serving sync.WaitGroup     // who answers the server's own requests

	mu    sync.Mutex
	proof chan struct{} // closed when the proof of further host keys is through; nil: none was begun
}

func (h *hop) account() job.Account {
	return job.Account{Host: h.endpoint.Host, Port: h.endpoint.Port, User: h.endpoint.User}
}

// handshake makes an SSH connection of raw, proves the host key and logs in.
func (h *hop) handshake(raw net.Conn) error {
	h.line = newLine(raw)
	config := &ssh.ClientConfig{
		Config:            transport(h.endpoint.AlsoAllow),
		User:              h.endpoint.User,
		ClientVersion:     clientVersion,
		HostKeyCallback:   h.checkHostKey,
		HostKeyAlgorithms: h.pins.algorithms(h.endpoint.AlsoAllow),
		AuthCallback:      h.next,
		BannerCallback:    h.banner,
	}
	conn, channels, requests, err := ssh.NewClientConn(h.line, address(h.endpoint), config)
	if err != nil {
		return err
	}
	h.trace.done(stageLogin, h.loginDetail())
	h.client, h.refused = ssh.NewClient(conn, channels, h.serve(conn, requests)), nil
	return nil
}

// next notes that the transport stands, and picks the next method.
func (h *hop) next(state *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	h.trace.done(stageSSH, h.clean(printable(string(state.Metadata.ServerVersion())))+", "+algorithmsText(state.Algorithms))
	h.trace.done(stageHostKey, h.hostKeyDetail())
	if h.line.ended.Load() {
		h.login.decided(state)
		return nil, nil
	}
	return h.login.next(state)
}

// failure speaks for a handshake that failed.
func (h *hop) failure(err error) *job.Reason {
	var negotiation *ssh.AlgorithmNegotiationError
	var notSSH *notSSHError
	switch {
	case errors.Is(err, errHostKey):
		return h.hostKeyReason()
	case errors.As(err, &negotiation):
		return h.negotiationReason(negotiation)
	case errors.As(err, &notSSH):
		return h.notSSH(notSSH)
	case h.login.banners.Load() > mostBanners:
		return h.handshakeReason(errBanners)
	case broken(err):
		return h.closedReason(err)
	}
	if h.login.last.Metadata == nil {
		return h.handshakeReason(err)
	}
	return h.loginReason(err)
}

// broken says whether a connection ended by itself: the other end, or something between, closed it.
func broken(err error) bool {
	var netError net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &netError)
}

// hungUp says whether a connection was closed by the other end. One that only fell silent was not.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// anew is the same hop for a connection of its own. What its server refused stays written until a login is heard.
func (h *hop) anew() *hop {
	fresh := &hop{pool: h.pool, connection: h.connection, endpoint: h.endpoint, timeouts: h.timeouts, deny: h.deny, pins: h.pins, mark: h.mark,
		trace: h.trace, refused: h.refused}
	fresh.login = &login{creds: h.login.creds, user: h.login.user, pass: h.login.pass}
	return fresh
}

// serve answers the server's own requests until the connection ends.
func (h *hop) serve(conn ssh.Conn, requests <-chan *ssh.Request) <-chan *ssh.Request {
	rest := make(chan *ssh.Request)
	h.serving.Go(func() {
		defer close(rest)
		for r := range requests {
			if r.Type == announceHostKeys && !h.pins.exclusive {
				h.announced(conn, r.Payload)
				continue
			}
			rest <- r
		}
	})
	return rest
}

// withDefaults gives the documented default for every bound that is not set.
func withDefaults(t job.Timeouts) job.Timeouts {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&t.Connect, 15*time.Second)
	set(&t.Handshake, 30*time.Second)
	set(&t.Operation, 30*time.Second)
	set(&t.Stall, time.Minute)
	set(&t.Keepalive, 15*time.Second)
	set(&t.FloorOver, 5*time.Minute)
	return t
}

// remember writes what a good login has shown. What can't be written is logged: the session itself is good.
func (h *hop) remember(ctx context.Context) {
	store, log := h.pool.opts.Store, h.pool.opts.Log
	warn := func(act string, err error) {
		if err != nil {
			log.Warn("remember a login", "act", act, "host", address(h.endpoint), "error", err)
		}
	}
	warn("host key", store.LoggedIn(ctx, h.connection, h.pins.address, keyLine(h.hostKey)))
	if k, ok := keyTaken(h.login); ok {
		warn("key used", store.KeyUsed(ctx, k, h.pool.opts.Now()))
		if k.Slot == job.SlotNext {
			warn("promote key", store.PromoteKey(ctx, k))
			log.Info("the server takes the next key: it is the current one from now on", "key", nameOf(k), "host", address(h.endpoint))
		}
	}
}
