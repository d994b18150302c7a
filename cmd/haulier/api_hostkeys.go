package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
	"github.com/haulier/haulier/web"
)

// HostKeys tells of the host keys of a connection's server, and of the jump hosts on the way to it.
func (s apiServers) HostKeys(ctx context.Context, name string, sight job.Sight) (web.HostKeys, error) {
	cfg := s.daemon.Config()
	c, found := cfg.Connections[name]
	if !found {
		return web.HostKeys{}, noSuchConnection(name)
	}
	server, err := s.serverKeys(ctx, cfg, c.Endpoint, sight)
	shown := web.HostKeys{Connection: name, ServerKeys: server}
	for _, j := range c.Jump {
		keys, errJump := s.serverKeys(ctx, cfg, j.Endpoint, sight)
		shown.Jump, err = append(shown.Jump, web.JumpKeys{Name: j.Name, ServerKeys: keys}), errors.Join(err, errJump)
	}
	return shown, err
}

// serverKeys tells of the host keys of one server. Of one that is also somebody else's, whom the sight does not show, only the keys that
// count: who trusted them, and when logins saw which key, may be of others.
func (s apiServers) serverKeys(ctx context.Context, cfg *config.Config, e job.Endpoint, sight job.Sight) (web.ServerKeys, error) {
	shown := web.ServerKeys{Address: control.PinAddress(e), From: "store", Keys: []web.HostKey{}, Shown: []web.HostKeyShown{}, Shared: sharedBeyond(cfg, e, sight)}
	pins, err := s.daemon.Store.Pins(ctx, shown.Address)
	if len(e.HostKeys) > 0 {
		shown.From, pins = "configuration", nil
		for _, key := range e.HostKeys {
			pins = append(pins, job.Pin{Key: key})
		}
	}
	for _, pin := range ownPins(pins, shown.Shared) {
		kind, fingerprint, key := hostKeyOf(pin.Key)
		shown.Keys = append(shown.Keys, web.HostKey{Type: kind, Fingerprint: fingerprint, Key: key, Added: pin.Added.UTC(), By: pin.By, Why: pin.Why})
	}
	if shown.Shared {
		return shown, err
	}
	seen, errSeen := s.daemon.Store.HostKeysSeen(ctx, shown.Address)
	for _, one := range seen {
		kind, fingerprint, key := hostKeyOf(one.Key)
		counts := slices.ContainsFunc(shown.Keys, func(k web.HostKey) bool { return k.Fingerprint == fingerprint })
		shown.Shown = append(shown.Shown, web.HostKeyShown{Type: kind, Fingerprint: fingerprint, Key: key, Counts: counts, First: one.First.UTC(), Last: one.Last.UTC(), Times: one.Count})
	}
	return shown, errors.Join(err, errSeen)
}

// ownPins are pins without who made them and when, where that may have been somebody of another tenant.
func ownPins(pins []job.Pin, shared bool) []job.Pin {
	if !shared {
		return pins
	}
	own := make([]job.Pin, len(pins))
	for i, p := range pins {
		own[i] = job.Pin{Address: p.Address, Key: p.Key}
	}
	return own
}

// hostKeyOf reads a pin: a public key, or what a configuration has in place of one, TYPE SHA256:….
func hostKeyOf(line string) (kind, fingerprint, key string) {
	if public, _, err := sshkey.ParsePublic([]byte(line)); err == nil {
		fingerprint, _ = sshkey.Fingerprints(public)
		return public.Type(), fingerprint, line
	}
	kind, fingerprint, _ = strings.Cut(line, " ")
	return kind, strings.TrimSpace(fingerprint), ""
}

// actHostKeyLook is that somebody asks a server for its keys to trust one of them, whatever comes of it.
const actHostKeyLook = "host-key.look"

// TrustHostKey pins the key that bears a fingerprint: of the connection's server, or of a jump host on the way to it.
func (s apiServers) TrustHostKey(ctx context.Context, name string, asked web.Trusting, sight job.Sight) (web.HostKeys, error) {
	cfg := s.daemon.Config()
	if _, found := cfg.Connections[name]; !found {
		return web.HostKeys{}, noSuchConnection(name)
	}
	targets, err := targetsOf(cfg, name)
	if err != nil {
		return web.HostKeys{}, &job.Reason{
			Slug: "host_key.configured", What: "nothing was pinned", Cause: "host_keys in the configuration lists the keys of this server, and only they count",
			Do: "change host_keys there", Who: job.WhoUs, Err: err,
		}
	}
	at, err := look(ctx, s.turns, turnOf(cfg, "connection "+name, name), func(ctx context.Context) (string, error) {
		if err := s.daemon.Store.Act(ctx, asked.By, actHostKeyLook, name, naming.Printable(asked.Fingerprint, mostShown)); err != nil {
			return "", err
		}
		return s.pin(ctx, cfg, targets, asked, sight)
	})
	if err != nil {
		return web.HostKeys{}, err
	}
	shown, err := s.HostKeys(ctx, name, sight)
	shown.Pinned, shown.PinnedAt = []string{asked.Fingerprint}, at
	return shown, err
}

// pin goes from server to server, as they are met on the way, until one shows the key that bears the fingerprint, and pins it there. It goes
// past a jump host only where that is known: what stands behind another cannot be believed.
func (s apiServers) pin(ctx context.Context, cfg *config.Config, targets []target, asked web.Trusting, sight job.Sight) (address string, err error) {
	for _, t := range targets {
		if t.isJump && len(t.way.HostKeys) > 0 {
			continue
		}
		keys, err := s.pool.Scan(ctx, t.way)
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(keys, func(k sftp.HostKey) bool { return k.Fingerprint == asked.Fingerprint })
		if at < 0 && t.isJump && slices.ContainsFunc(keys, func(k sftp.HostKey) bool { return k.Pinned }) {
			continue
		}
		address = control.PinAddress(t.way.Endpoint)
		switch {
		case at < 0:
			return "", notPinned(t, keys, fmt.Sprintf("none of the %s that %s shows bears %s", count(len(keys), "host key"), address, naming.Printable(asked.Fingerprint, mostShown)))
		case sharedBeyond(cfg, t.way.Endpoint, sight):
			return "", sharedKey()
		}
		return address, control.Trust(ctx, s.daemon.Store, t.way.Endpoint, keys, keys[at:at+1], asked.Replace, asked.By)
	}
	return "", errors.New("a connection without a server")
}

func sharedKey() *job.Reason {
	return &job.Reason{
		Slug: "host_key.shared", What: "nothing was pinned", Cause: "the server is also one of somebody else's, and you see the data of some entities only",
		Do: "ask somebody who sees everything", Who: job.WhoUs,
	}
}

// sharedBeyond says whether a server is also one of a connection which somebody does not see, or on the way of one: a pin counts for all of them.
func sharedBeyond(cfg *config.Config, e job.Endpoint, sight job.Sight) bool {
	if sight.Whole() {
		return false
	}
	at := control.PinAddress(e)
	for _, other := range cfg.Connections {
		ways := []job.Endpoint{other.Endpoint}
		for _, j := range other.Jump {
			ways = append(ways, j.Endpoint)
		}
		if !sight.Sees(other.Entity) && slices.ContainsFunc(ways, func(e job.Endpoint) bool { return control.PinAddress(e) == at }) {
			return true
		}
	}
	return false
}
