package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
	"github.com/haulier/haulier/web"
)

// apiServers look at customers' servers for the API.
type apiServers struct {
	daemon *control.Daemon
	pool   *sftp.Pool
	turns  *turns
}

const (
	looksMost = 90 * time.Second // that one look at a server takes
	looksBusy = 8                // servers looked at for the API at once
)

// turns let each thing be done once at a time, and few things at once: what takes its time at customers' servers must not pile up.
type turns struct {
	mu   sync.Mutex
	busy map[string]bool
}

// take begins something; done ends it.
func (t *turns) take(what string) (done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[what] || len(t.busy) >= looksBusy {
		return nil, &job.Reason{
			Slug: "api.busy", What: "nothing was begun", Cause: "the same is being done already, or much else at once", Do: "ask again in a moment", Who: job.WhoUs, Err: job.ErrExists,
		}
	}
	if t.busy == nil {
		t.busy = map[string]bool{}
	}
	t.busy[what] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.busy, what)
	}, nil
}

// look lets one look at a server take its turn, in bounded time.
func look[T any](ctx context.Context, t *turns, what string, of func(context.Context) (T, error)) (T, error) {
	done, err := t.take(what)
	if err != nil {
		var none T
		return none, err
	}
	defer done()
	ctx, stop := context.WithTimeout(ctx, looksMost)
	defer stop()
	return of(ctx)
}

func (s apiServers) TestConnection(ctx context.Context, name, by string) (web.Test, error) {
	return look(ctx, s.turns, "connection "+name, func(ctx context.Context) (web.Test, error) {
		cfg := s.daemon.Config()
		c, found := cfg.Connections[name]
		if !found {
			return web.Test{}, noSuchConnection(name)
		}
		report, err := control.TestConnection(ctx, s.pool, s.daemon.Store, c, control.PurposeOf(c, cfg.Jobs), by)
		test := web.Test{Connection: name, OK: report.OK, Error: report.Error}
		for _, stage := range report.Stages {
			test.Stages = append(test.Stages, web.TestStage{Name: stage.Name, State: string(stage.State), Milliseconds: stage.Milliseconds, Detail: stage.Detail})
		}
		return test, err
	})
}

func (s apiServers) PlanJob(ctx context.Context, name, by string) (web.Plan, error) {
	return look(ctx, s.turns, "job "+name, func(ctx context.Context) (web.Plan, error) {
		cfg := s.daemon.Config()
		spec, found := cfg.Job(name)
		if !found {
			return web.Plan{}, fmt.Errorf("job %s: %w", naming.Printable(name, 100), job.ErrNotFound)
		}
		if err := s.daemon.Store.Act(ctx, by, "job.plan", name, ""); err != nil {
			return web.Plan{}, err
		}
		intents, err := planJob(ctx, cfg, s.daemon.Store, s.pool, spec, job.Run{Started: time.Now()})
		return web.Plan{Job: name, Type: spec.Type, Next: nextOf(spec).UTC(), Intents: intents}, err
	})
}

func (s apiServers) HostKeys(ctx context.Context, name string) (web.HostKeys, error) {
	c, found := s.daemon.Config().Connections[name]
	if !found {
		return web.HostKeys{}, noSuchConnection(name)
	}
	shown := web.HostKeys{Connection: name, Address: control.PinAddress(c.Endpoint), From: "store", Keys: []web.HostKey{}, Shown: []web.HostKeyShown{}}
	pins, err := s.daemon.Store.Pins(ctx, shown.Address)
	if len(c.HostKeys) > 0 {
		shown.From, pins = "configuration", nil
		for _, key := range c.HostKeys {
			pins = append(pins, job.Pin{Key: key})
		}
	}
	for _, pin := range pins {
		kind, fingerprint, key := hostKeyOf(pin.Key)
		shown.Keys = append(shown.Keys, web.HostKey{Type: kind, Fingerprint: fingerprint, Key: key, Added: pin.Added.UTC(), By: pin.By, Why: pin.Why})
	}
	seen, errSeen := s.daemon.Store.HostKeysSeen(ctx, shown.Address)
	for _, one := range seen {
		kind, fingerprint, key := hostKeyOf(one.Key)
		counts := slices.ContainsFunc(shown.Keys, func(k web.HostKey) bool { return k.Fingerprint == fingerprint })
		shown.Shown = append(shown.Shown, web.HostKeyShown{Type: kind, Fingerprint: fingerprint, Key: key, Counts: counts, First: one.First.UTC(), Last: one.Last.UTC(), Times: one.Count})
	}
	return shown, errors.Join(err, errSeen)
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

func (s apiServers) TrustHostKey(ctx context.Context, name string, asked web.Trusting, sight job.Sight) (web.HostKeys, error) {
	cfg := s.daemon.Config()
	c, found := cfg.Connections[name]
	if !found {
		return web.HostKeys{}, noSuchConnection(name)
	}
	if other := sharedBeyond(cfg, c, sight); other {
		return web.HostKeys{}, &job.Reason{
			Slug: "host_key.shared", What: "nothing was pinned", Cause: "the server is also one of somebody else's, and you see the data of some entities only",
			Do: "ask somebody who sees everything", Who: job.WhoUs,
		}
	}
	targets, err := targetsOf(cfg, name)
	if err != nil {
		return web.HostKeys{}, &job.Reason{
			Slug: "host_key.configured", What: "nothing was pinned", Cause: "host_keys in the configuration lists the keys of this server, and only they count",
			Do: "change host_keys there", Who: job.WhoUs, Err: err,
		}
	}
	pinned, err := look(ctx, s.turns, "connection "+name, func(ctx context.Context) (string, error) {
		return asked.Fingerprint, s.pin(ctx, targets[len(targets)-1], asked)
	})
	if err != nil {
		return web.HostKeys{}, err
	}
	shown, err := s.HostKeys(ctx, name)
	shown.Pinned = []string{pinned}
	return shown, err
}

// pin asks a server for its keys, and pins the one that bears the fingerprint. Jump hosts on the way are trusted by command.
func (s apiServers) pin(ctx context.Context, t target, asked web.Trusting) error {
	keys, err := s.pool.Scan(ctx, t.way)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(keys, func(k sftp.HostKey) bool { return k.Fingerprint == asked.Fingerprint })
	if at < 0 {
		return notPinned(t, keys, fmt.Sprintf("none of the %s that %s shows bears %s", count(len(keys), "host key"), control.PinAddress(t.way.Endpoint), naming.Printable(asked.Fingerprint, mostShown)))
	}
	return control.Trust(ctx, s.daemon.Store, t.way.Endpoint, keys, keys[at:at+1], asked.Replace, asked.By)
}

// sharedBeyond says whether the server of a connection is also that of one which somebody does not see: a pin counts for all of them.
func sharedBeyond(cfg *config.Config, c job.Connection, sight job.Sight) bool {
	if sight.Whole() {
		return false
	}
	at := control.PinAddress(c.Endpoint)
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
