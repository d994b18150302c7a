package config

import (
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/haulier/haulier/job"
)

// Web says who is answered over the network, and how.
type Web struct {
	Listen         string // host:port; empty: nobody
	At             job.Position
	Wide           bool     // beyond this machine
	Public         *url.URL // nil: none
	Cert, Key      string   // files; empty: no TLS of our own
	Idle, Absolute time.Duration
	OIDC           *WebOIDC
	Proxy          *WebProxy
}

// WebOIDC is a provider that people log in at.
type WebOIDC struct {
	Issuer, Client               string
	Secret                       *job.SecretRef
	Scopes                       []string
	Name, RolesClaim, EntityName string
	Roles                        map[string][]string // groups by role
}

// WebProxy is a proxy that stands before us.
type WebProxy struct {
	Trusted                []netip.Prefix
	User, Role, EntityName string
	Roles                  map[string][]string
}

// sessionLongest is the longest that a session may be good for.
const sessionLongest = 30 * 24 * time.Hour

func (b *builder) web() {
	v := b.top.get("web")
	w := Web{
		Listen: v.get("listen").str(), At: b.placeOf(v.get("listen")).position(), Idle: v.get("session", "idle").duration(), Absolute: v.get("session", "absolute").duration(),
		Cert: b.local(v.get("tls", "cert")), Key: b.local(v.get("tls", "key")),
	}
	if text := v.get("public_url").str(); text != "" {
		w.Public, _ = url.Parse(text)
	}
	if o := v.get("oidc"); o.usable() {
		w.OIDC = b.webOIDC(o)
	}
	if p := v.get("proxy"); p.usable() {
		w.Proxy = &WebProxy{
			Trusted: all[netip.Prefix](p.get("trusted")), User: p.get("user_header").str(), Role: p.get("role_header").str(),
			EntityName: p.get("entities_header").str(), Roles: groupsOf(p.get("roles")),
		}
	}
	w.Wide = w.Listen != "" && !loopbackAddress(w.Listen)
	b.config.Web = w
	b.judgeWeb(v, w)
}

func (b *builder) placeOf(v *value) place {
	if v == nil {
		return place{}
	}
	return v.at
}

func (b *builder) webOIDC(v *value) *WebOIDC {
	b.lookForSecret(v.get("client_secret"))
	return &WebOIDC{
		Issuer: v.get("issuer").str(), Client: v.get("client_id").str(), Secret: b.reference(v.get("client_secret")), Scopes: v.get("scopes").words(),
		Name: v.get("name_claim").str(), RolesClaim: v.get("roles_claim").str(), EntityName: v.get("entities_claim").str(), Roles: groupsOf(v.get("roles")),
	}
}

func groupsOf(v *value) map[string][]string {
	groups := map[string][]string{}
	for _, role := range []string{"admin", "operator", "viewer"} {
		if names := v.get(role).words(); len(names) > 0 {
			groups[role] = names
		}
	}
	return groups
}

func loopbackAddress(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// saidInClear says whether an address is asked without TLS, beyond this machine.
func saidInClear(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !loopbackAddress(net.JoinHostPort(u.Hostname(), "80"))
}

// judgeWeb refuses what would show passwords or pages to more people than is meant.
func (b *builder) judgeWeb(v *value, w Web) {
	listen := v.get("listen")
	if w.Wide && listen.usable() {
		if w.Cert == "" && w.Proxy == nil {
			b.fail(listen.at, "E-CONFLICT", "web.listen %s is beyond this machine, and passwords would go there as they are; give web.tls, or web.proxy for the one that speaks TLS before it, or write 127.0.0.1", quoted(w.Listen))
		}
		if w.Public == nil && v.get("public_url") == nil {
			b.fail(listen.at, "E-MISSING", "web.listen %s is beyond this machine: web.public_url must say by which name people come", quoted(w.Listen))
		}
	}
	if w.OIDC != nil && w.Public == nil && v.get("public_url") == nil {
		b.fail(v.get("oidc").key, "E-MISSING", "web.oidc wants web.public_url: the provider sends people back there")
	}
	if issuer := v.get("oidc", "issuer"); issuer.usable() && saidInClear(issuer.str()) {
		b.fail(issuer.at, "E-CONFLICT", "web.oidc.issuer %s is asked without TLS, and whoever stands in between could log in as anybody; write https", quoted(issuer.text))
	}
	if w.OIDC != nil && len(w.OIDC.Roles) == 0 && v.get("oidc", "roles").usable() {
		b.fail(v.get("oidc", "roles").key, "E-MISSING", "web.oidc.roles gives nobody a role: name groups under admin, operator or viewer")
	}
	if w.Proxy != nil && w.Proxy.User != "" && w.Proxy.Role == "" {
		b.fail(v.get("proxy", "user_header").key, "E-MISSING", "web.proxy.user_header wants role_header: without a role nobody is let in")
	}
	if a := v.get("session", "absolute"); a.usable() && w.Absolute > sessionLongest {
		b.fail(a.at, "E-VALUE", "web.session.absolute is %s, and may be 30 days (720h) at most", quoted(a.text))
	}
}
