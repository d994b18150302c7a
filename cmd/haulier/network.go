package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

// network is what is answered over TCP.
type network struct {
	listener net.Listener
	handler  http.Handler
	own      *certificate // nil: no TLS of our own
}

// listenWidely lets whoever may ask the routes over TCP; nil where the configuration does not say so.
func listenWidely(ctx context.Context, w config.Web, s *store.Store, routes []route.Route, log *slog.Logger, listen func(network, address string) (net.Listener, error)) (*network, error) {
	if w.Listen == "" {
		return nil, nil
	}
	if err := somebodyMayLogIn(ctx, w, s, log); err != nil {
		return nil, err
	}
	gate, err := access.New(gateOptions(w, s, log))
	if err != nil {
		return nil, err
	}
	n := &network{}
	if n.handler, err = gate.Handler(routes); err != nil {
		return nil, err
	}
	if w.Cert != "" {
		if n.own, err = newCertificate(w); err != nil {
			return nil, err
		}
	}
	if n.listener, err = listen("tcp", w.Listen); err != nil {
		return nil, fmt.Errorf("serve pages on %s: %w", w.Listen, err)
	}
	if n.own != nil {
		n.listener = tls.NewListener(n.listener, n.own.config())
	}
	return n, nil
}

// renew reads the certificate anew with each configuration that is loaded.
func (n *network) renew(d *control.Daemon) {
	before := d.Drafts
	d.Drafts = func(cfg *config.Config) {
		before(cfg)
		if n.own == nil {
			return
		}
		if err := n.own.read(); err != nil {
			d.Logger.Error("the certificate before goes on", "error", err)
		}
	}
}

// somebodyMayLogIn keeps pages that nobody can use from being served beyond this machine: whoever finds them first would try.
func somebodyMayLogIn(ctx context.Context, w config.Web, s *store.Store, log *slog.Logger) error {
	if w.OIDC != nil || w.Proxy != nil && w.Proxy.User != "" {
		return nil
	}
	users, err := s.Users(ctx)
	if err != nil || len(users) > 0 {
		return err
	}
	if !w.Wide {
		log.Warn("nobody can log in to the pages yet: haulier users add NAME --role admin", "listen", w.Listen)
		return nil
	}
	return &job.Reason{
		Slug: "access.no_users", What: "the daemon did not start; nothing was moved",
		Cause: fmt.Sprintf("%s:%d:%d: web.listen %q is beyond this machine, and there is no user, no web.oidc and no web.proxy.user_header", w.At.File, w.At.Line, w.At.Column, w.Listen),
		Do:    "haulier users add NAME --role admin", Who: job.WhoUs,
	}
}

func gateOptions(w config.Web, s *store.Store, log *slog.Logger) access.Options {
	o := access.Options{
		Store: s, Log: log, Listen: w.Listen, Public: w.Public, TLS: w.Cert != "", Idle: w.Idle, Absolute: w.Absolute,
	}
	if p := w.Proxy; p != nil {
		o.Proxy = access.Proxy{Trusted: p.Trusted, User: p.User, Roles: p.Role, Entities: p.EntityName, Map: rolesOf(p.Roles)}
	}
	if c := w.OIDC; c != nil {
		o.OIDC = &access.OIDC{
			Issuer: c.Issuer, Client: c.Client, Scopes: c.Scopes, Name: c.Name, Roles: c.RolesClaim, Entities: c.EntityName, Map: rolesOf(c.Roles),
		}
		if c.Secret != nil {
			o.OIDC.Secret = func(ctx context.Context) (secret.Text, error) { return control.Vault{Store: s}.Reveal(ctx, *c.Secret) }
		}
	}
	return o
}

func rolesOf(groups map[string][]string) access.Roles {
	roles := access.Roles{}
	for role, names := range groups {
		roles[route.Role(role)] = names
	}
	return roles
}

// certificate is the one that we show, as it was read last.
type certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

func newCertificate(w config.Web) (*certificate, error) {
	c := &certificate{cert: w.Cert, key: w.Key}
	return c, c.read()
}

// read reads it anew. One that is no good changes nothing.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read web.tls: %w", err)
	}
	c.now.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if now := c.now.Load(); now != nil {
				return now, nil
			}
			return nil, errors.New("there is no certificate")
		},
	}
}
