package sftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/net/proxy"

	"github.com/haulier/haulier/job"
)

// A deniedError says that a name led to an address that deny_networks forbids.
type deniedError struct {
	address netip.Addr
	network netip.Prefix
}

func (e *deniedError) Error() string {
	return fmt.Sprintf("%v lies in %v, which deny_networks forbids", e.address, e.network)
}

// A proxyError says that the proxy did not make the connection.
type proxyError struct {
	proxy   string
	reached bool // the proxy itself answered
	err     error
}

func (e *proxyError) Error() string { return fmt.Sprintf("through proxy %s: %v", e.proxy, e.err) }
func (e *proxyError) Unwrap() error { return e.err }

// address is where an endpoint is dialled.
func address(e job.Endpoint) string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// dialTCP connects to an endpoint, through its proxy if it has one. The name is resolved anew each time.
func (h *hop) dialTCP(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeouts.Connect)
	defer cancel()
	if err := h.denyLiteral(); err != nil {
		return nil, err
	}
	if h.endpoint.Proxy == nil {
		conn, err := h.dialDirect(h.traceDial(ctx), address(h.endpoint), h.deny)
		if err == nil {
			h.trace.done(stageTCP, fmt.Sprintf("%s (from %s)", conn.RemoteAddr(), hostOf(conn.LocalAddr())))
		}
		return conn, err
	}
	h.trace.done(stageDNS, "left to the proxy "+h.endpoint.Proxy.Address)
	conn, err := h.dialProxy(ctx, *h.endpoint.Proxy)
	if err == nil {
		h.trace.done(stageTCP, fmt.Sprintf("%s through the %s proxy %s", address(h.endpoint), h.endpoint.Proxy.Type,
			h.endpoint.Proxy.Address))
	}
	return conn, err
}

func (h *hop) dialDirect(ctx context.Context, target string, deny []netip.Prefix) (net.Conn, error) {
	dialer := net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return denied(address, deny)
	}}
	if h.endpoint.BindAddress != "" {
		local, err := netip.ParseAddr(h.endpoint.BindAddress)
		if err != nil {
			return nil, fmt.Errorf("bind_address %q: %w", h.endpoint.BindAddress, err)
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	network := "tcp"
	if h.endpoint.TCP4 {
		network = "tcp4"
	}
	return dialer.DialContext(ctx, network, target)
}

// denied judges the address that a connection is about to be made to.
func denied(address string, deny []netip.Prefix) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	return deniedAddr(to.Addr().Unmap(), deny)
}

func deniedAddr(addr netip.Addr, deny []netip.Prefix) error {
	for _, network := range deny {
		if network.Contains(addr.WithZone("")) {
			return &deniedError{addr, network}
		}
	}
	return nil
}

// denyLiteral judges a host that is written as an address, whoever dials it. Names that a proxy or a jump host resolves
// can't be judged here.
func (h *hop) denyLiteral() error {
	addr, err := netip.ParseAddr(h.endpoint.Host)
	if err != nil {
		return nil
	}
	return deniedAddr(addr.Unmap(), h.deny)
}

// traceDial tells the trace what the name led to. An address that was written needs no look-up.
func (h *hop) traceDial(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			if info.Err == nil {
				h.trace.done(stageDNS, fmt.Sprintf("%s -> %s", h.endpoint.Host, addresses(info.Addrs)))
			}
		},
		ConnectStart: func(_, _ string) { h.trace.done(stageDNS, h.endpoint.Host) },
	})
}

func addresses(list []net.IPAddr) string {
	const most = 4
	text := ""
	for i, a := range list {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(list)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += a.String()
	}
	return text
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// dialProxy asks a proxy for the connection.
func (h *hop) dialProxy(ctx context.Context, p job.Proxy) (net.Conn, error) {
	login, err := h.proxyLogin(ctx, p)
	if err != nil {
		return nil, err
	}
	h.proxied = login
	var reached bool
	direct := dialFunc(func(ctx context.Context, _, target string) (net.Conn, error) {
		conn, err := h.dialDirect(ctx, target, nil)
		reached = err == nil
		return conn, err
	})
	var conn net.Conn
	switch p.Type {
	case "socks5":
		conn, err = dialSOCKS(ctx, direct, p.Address, login, address(h.endpoint))
	case "http":
		conn, err = dialConnect(ctx, direct, p.Address, login, address(h.endpoint))
	default:
		err = fmt.Errorf("proxy type %q is not known", p.Type)
	}
	if err != nil {
		return nil, &proxyError{proxy: p.Address, reached: reached, err: err}
	}
	return conn, nil
}

func (h *hop) proxyLogin(ctx context.Context, p job.Proxy) (*proxy.Auth, error) {
	if p.User == "" {
		return nil, nil
	}
	login := &proxy.Auth{User: p.User}
	if p.Password != nil {
		password, err := h.pool.opts.Secrets.Reveal(ctx, *p.Password)
		if err != nil {
			return nil, secretReason("the proxy's password", err)
		}
		login.Password = string(password.Reveal())
	}
	return login, nil
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialFunc) Dial(network, address string) (net.Conn, error) {
	return f(context.Background(), network, address)
}

func (f dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func dialSOCKS(ctx context.Context, direct dialFunc, proxyAddress string, login *proxy.Auth, target string) (net.Conn, error) {
	dialer, err := proxy.SOCKS5("tcp", proxyAddress, login, direct)
	if err != nil {
		return nil, err
	}
	able, ok := dialer.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("the SOCKS5 dialer takes no context")
	}
	return able.DialContext(ctx, "tcp", target)
}
