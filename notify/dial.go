package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// postPatience bounds one request, its answer included.
const postPatience = 15 * time.Second

// errAddress says that an address may not be asked.
var errAddress = errors.New("the address is not allowed")

// never are networks that no request may reach: there clouds keep the credentials of machines.
var never = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
	"0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32")

// private are networks that are asked only where the configuration says so.
var private = prefixes("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10",
	"192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "fec0::/10")

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, p := range all {
		list[i] = netip.MustParsePrefix(p)
	}
	return list
}

// embedded are networks of IPv6 whose addresses carry one of IPv4, from a byte on.
var embedded = map[netip.Prefix]int{netip.MustParsePrefix("64:ff9b::/96"): 12, netip.MustParsePrefix("2002::/16"): 2, netip.MustParsePrefix("::/96"): 12}

// allowed judges an address that is about to be connected to: names were resolved by then, so nobody can answer with another.
func allowed(ip netip.Addr, withPrivate bool) bool {
	ip = ip.Unmap().WithZone("")
	if within(ip, never) || within(ip, private) && !withPrivate {
		return false
	}
	for network, from := range embedded {
		if bytes := ip.As16(); ip.Is6() && network.Contains(ip) && ip != netip.IPv6Loopback() {
			return allowed(netip.AddrFrom4([4]byte(bytes[from:from+4])), withPrivate)
		}
	}
	return true
}

func within(ip netip.Addr, networks []netip.Prefix) bool {
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

// Dial makes a connection, as that of net.Dialer does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// guarded connects to the addresses that are allowed.
func guarded(withPrivate bool) Dial {
	dialer := &net.Dialer{Timeout: postPatience, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(to.Addr(), withPrivate) {
			return errAddress
		}
		return nil
	}}
	return dialer.DialContext
}

// client asks the addresses that are allowed, by no proxy, and follows no redirection.
func (s *Sender) client(withPrivate bool) *http.Client {
	dial := s.Dial
	if dial == nil {
		dial = guarded(withPrivate)
	}
	return &http.Client{
		Timeout:       postPatience,
		Transport:     &http.Transport{DialContext: dial, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: postPatience, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
