package sftp

import (
	"context"
	"errors"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

// HostKey is a host key that a server shows.
type HostKey struct {
	Key         string // type and base64, as a pin holds it
	Type        string
	Fingerprint string // SHA256:…
	Pinned      bool   // it is pinned already
}

// errScanned ends a handshake once the key is seen: before a name or a credential is sent.
var errScanned = errors.New("the host key was seen")

// Scan asks a server for its host key of each type in turn, one connection each, and sends no credentials to it. Jump
// hosts on the way are logged in to as usual. Errors are *job.Reason; with no error there is at least one key.
func (p *Pool) Scan(ctx context.Context, c job.Connection) ([]HostKey, error) {
	jumps, err := p.jumpsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	known, err := p.pinsOf(ctx, c.Endpoint)
	if err != nil {
		return nil, err
	}
	w := &way{hops: jumps}
	if len(jumps) > 0 {
		entry, err := p.enter(ctx, jumps, true)
		if err != nil {
			return nil, err
		}
		defer entry.leave()
		for i := range jumps {
			if err := w.step(ctx, i, false); err != nil {
				w.drop(err)
				entry.failed(ctx)
				return nil, viaJump(c.Jump[i].Name, err)
			}
		}
		entry.succeeded(ctx)
		defer w.drop(errClosed)
	}
	return p.scan(ctx, w, c, known)
}

func (p *Pool) scan(ctx context.Context, jumps *way, c job.Connection, known pins) ([]HostKey, error) {
	var found []HostKey
	var last error
	offered := hostKeyTypes // until the server has told
	for _, keyType := range hostKeyTypes {
		if !slices.Contains(offered, keyType) {
			continue
		}
		h := &hop{pool: p, connection: c.Name, endpoint: c.Endpoint, timeouts: withDefaults(c.Timeouts), deny: c.DenyNetworks, login: &login{}}
		key, err := h.show(ctx, jumps, keyType)
		var negotiation *ssh.AlgorithmNegotiationError
		switch {
		case err == nil:
			_, pinned := known.match(key)
			found = append(found, HostKey{Key: keyLine(key), Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key), Pinned: pinned})
			h.seen(ctx, key)
		case errors.As(err, &negotiation) && negotiation.What == "host key":
			offered, last = typesOf(negotiation.RequestedAlgorithms), err
		case len(found) > 0 && broken(err):
			// Dropbear drops the line when it is asked for a type that it names and has no key of. What it showed counts.
			h.pool.opts.Log.Info("the server showed no host key of a type", "host", address(h.endpoint), "type", keyType, "error", err)
		default:
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, last
	}
	return found, nil
}

func typesOf(algorithms []string) []string {
	var types []string
	for _, a := range algorithms {
		types = append(types, typeOf(a))
	}
	return types
}

func (h *hop) seen(ctx context.Context, key ssh.PublicKey) {
	if err := h.pool.opts.Store.SawHostKey(ctx, pinAddress(h.endpoint), keyLine(key)); err != nil {
		h.pool.opts.Log.Warn("remember a host key", "host", address(h.endpoint), "error", err)
	}
}

// show lets the server prove its key of one type.
func (h *hop) show(ctx context.Context, jumps *way, keyType string) (ssh.PublicKey, error) {
	w := &way{life: jumps.life, hops: append(slices.Clone(jumps.hops), h)}
	raw, err := w.reach(ctx, len(w.hops)-1)
	if err != nil {
		return nil, h.dialReason(w.interrupted(ctx, err))
	}
	defer func() { _ = raw.Close() }()
	if w.life == nil {
		w.life = &life{conn: raw}
	}
	stop := w.life.guard(ctx, h.timeouts.Handshake, errHandshake)
	defer stop()
	h.line = newLine(raw)
	var key ssh.PublicKey
	_, _, _, err = ssh.NewClientConn(h.line, address(h.endpoint), &ssh.ClientConfig{
		Config:            transport(h.endpoint.AlsoAllow),
		ClientVersion:     clientVersion,
		HostKeyAlgorithms: hostKeyAlgorithms(keyType, h.endpoint.AlsoAllow),
		HostKeyCallback: func(_ string, _ net.Addr, shown ssh.PublicKey) error {
			key = shown
			return errScanned
		},
	})
	if errors.Is(err, errScanned) {
		return key, nil
	}
	return nil, h.failure(w.interrupted(ctx, err))
}
