package config

import (
	"net/netip"
	"path"
	"time"

	"github.com/haulier/haulier/job"
)

func (b *builder) connection(name string, v *value) job.Connection {
	c := job.Connection{
		Name: name, DisplayName: v.get("display_name").str(), Entity: v.get("entity").str(),
		Enabled:  v.get("enabled").flag(),
		Contacts: v.get("contacts").words(), Language: v.get("language").str(),
		Position: v.key.position(),
		Endpoint: b.endpoint("connection", name, v),
		Root:     v.get("root").str(), Locations: map[string]job.Location{},
		MaxConnections: v.get("max_connections").count(),
		Profile:        v.get("profile").str(),
		ReadOnce:       v.get("read_once").flag() || v.get("profile").str() == "read-once",
		Rename:         job.RenameMeans(v.get("rename").str()),
		Verify:         job.Verify(v.get("verify").str()),
		DenyNetworks:   all[netip.Prefix](v.get("deny_networks")),
	}
	if c.DisplayName == "" {
		c.DisplayName = name
	}
	c.Auth.Expires = b.day(v.get("expires_at"))
	for _, location := range v.get("locations").names() {
		c.Locations[location] = locate(c.Root, v.get("locations", location))
	}
	c.Jump = b.jumps(v, c.Endpoint)
	if c.Profile != "" {
		hide(v.get("read_once"))
	}
	if c.Profile == "put-only" {
		hide(v.get("outbound", "partial_suffix"), v.get("outbound", "in_place"))
	}
	b.judgeConnection(c, v)
	return c
}

// hide takes defaults out of Show that a profile overrules.
func hide(values ...*value) {
	for _, v := range values {
		if v != nil && v.implied {
			v.hidden = true
		}
	}
}

// locate reads either form of a location.
func locate(root string, v *value) job.Location {
	if folder := v.str(); folder != "" {
		return job.Location{Path: below(root, folder), Use: job.UseBoth}
	}
	return job.Location{Path: below(root, v.get("path").str()), Use: job.LocationUse(v.get("use").str())}
}

// below joins a folder to the root of its connection. Without a root it stays as written: a path without a leading
// slash begins at the login folder.
func below(root, folder string) string {
	switch {
	case folder == "":
		return ""
	case root == "":
		return path.Clean(folder)
	}
	return path.Join(root, folder)
}

func (b *builder) endpoint(noun, name string, v *value) job.Endpoint {
	e := job.Endpoint{
		Host: v.get("host").str(), Port: v.get("port").count(), User: v.get("username").str(),
		Auth:      b.auth(v.get("auth")),
		HostKeys:  v.get("host_keys").words(),
		TCP4:      v.get("tcp4").flag(),
		AlsoAllow: v.get("algorithms", "also_allow").words(),
		Timeouts:  timeouts(v.get("timeouts")),
	}
	if ip := v.get("bind_address").ip(); ip.IsValid() {
		e.BindAddress = ip.String()
	}
	if p := v.get("proxy"); p.usable() {
		e.Proxy = &job.Proxy{Type: p.get("type").str(), Address: p.get("address").str(), User: p.get("username").str(),
			Password: b.reference(p.get("password"))}
	}
	b.judgeEndpoint(noun, name, e, v)
	return e
}

func timeouts(v *value) job.Timeouts {
	return job.Timeouts{
		Connect: v.get("connect").duration(), Handshake: v.get("handshake").duration(), Operation: v.get("operation").duration(),
		Stall: v.get("stall").duration(), Keepalive: v.get("keepalive").duration(),
		Floor: v.get("floor").bytes(), FloorOver: v.get("floor_over").duration(),
	}
}

func (b *builder) auth(v *value) job.Auth {
	a := job.Auth{Methods: v.get("methods").words(), Key: v.get("key").str(), Password: b.reference(v.get("password"))}
	if f := v.get("key_file"); f.usable() {
		a.KeyFile = &job.KeyFile{Path: b.local(f.get("path")), Passphrase: b.reference(f.get("passphrase"))}
	}
	if s := v.get("successor"); s.usable() {
		if ref := b.reference(s.get("password")); ref != nil {
			a.Successor = &job.Successor{Password: *ref, From: b.day(s.get("valid_from")), Expires: b.day(s.get("expires_at"))}
		}
	}
	return a
}

// day is the beginning of a day where we are; zero: none is given.
func (b *builder) day(v *value) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, v.str(), b.config.Timezone)
	if err != nil {
		return time.Time{}
	}
	return day
}

// reference resolves the path of a secret's file.
func (b *builder) reference(v *value) *job.SecretRef {
	ref := v.secret()
	if ref == nil || ref.From != job.SecretFile {
		return ref
	}
	return &job.SecretRef{From: ref.From, Name: b.localPath(ref.Name)}
}

// jumps resolves the hops. The connection's proxy and local address are how we get out, so they are the first hop's.
func (b *builder) jumps(v *value, own job.Endpoint) []job.Jump {
	var jumps []job.Jump
	for _, item := range v.get("jump").entries() {
		hop, ok := b.config.JumpHosts[item.str()]
		if !ok {
			b.missing(item, "jump host", b.top.get("jump_hosts"), "")
			continue
		}
		if len(jumps) == 0 {
			hop.Endpoint = outgoing(hop.Endpoint, own)
		}
		jumps = append(jumps, hop)
	}
	return jumps
}

func outgoing(hop, own job.Endpoint) job.Endpoint {
	if hop.Proxy == nil {
		hop.Proxy = own.Proxy
	}
	if hop.BindAddress == "" {
		hop.BindAddress = own.BindAddress
	}
	hop.TCP4 = hop.TCP4 || own.TCP4
	return hop
}

func (v *value) entries() []*value {
	if v == nil {
		return nil
	}
	return v.items
}
