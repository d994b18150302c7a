package access

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// peer is who has connected to us.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

func (p Proxy) trusts(a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(p.Trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

// declared says that a proxy stands before us.
func (p Proxy) declared() bool { return len(p.Trusted) > 0 }

// client is the address that somebody asks from: the last one that no trusted proxy has.
func (g *Gate) client(r *http.Request) netip.Addr {
	at := peer(r)
	if !g.Proxy.trusts(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return at
		}
		if at = next.Unmap().WithZone(""); !g.Proxy.trusts(at) {
			return at
		}
	}
	return at
}

// counted is an address as requests and logins are counted by: who has one of IPv6 has 2^64 of them.
func counted(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// dropHeaders takes away what only a trusted proxy may say.
func (g *Gate) dropHeaders(r *http.Request) {
	if g.Proxy.trusts(peer(r)) {
		return
	}
	for _, name := range []string{g.Proxy.User, g.Proxy.Roles, g.Proxy.Entities, "X-Forwarded-For"} {
		if name != "" {
			r.Header.Del(name)
		}
	}
}
