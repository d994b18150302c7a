package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
)

// trustFlags is how a host key is accepted.
type trustFlags struct {
	fingerprint string
	replace     bool
}

func connectionsTrustCommand(a *app) *cobra.Command {
	var flags trustFlags
	command := &cobra.Command{
		Use:   "trust NAME",
		Short: "Show the host keys of a server, and pin those that you have compared",
		Long: "Asks the server, or a jump host of that name, for its host key of each type, and sends it no login. Compare the\n" +
			"fingerprints with what the customer gave you by another way (by phone, on paper), not with what this shows.\n" +
			"On a terminal each key is asked for; --fingerprint pins the one that bears it, and ends with exit code 12 if none does.\n" +
			"Jump hosts on the way that are not trusted yet come first.",
		Args: exactly("NAME"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			targets, err := targetsOf(cfg, args[0])
			if err != nil {
				return err
			}
			return a.trust(cmd.Context(), cfg, targets, flags)
		},
	}
	command.Flags().StringVar(&flags.fingerprint, "fingerprint", "", "pin the key with this fingerprint (SHA256:…) without asking")
	command.Flags().BoolVar(&flags.replace, "replace", false, "forget pins of the server that it no longer shows; otherwise they stay")
	return command
}

// target is one server on the way to a connection, reached through the jump hosts before it.
type target struct {
	name   string
	way    job.Connection
	isJump bool // only on the way
}

// targetsOf gives the servers whose host keys a connection needs, in the order in which they are met; for a jump host
// the same, up to itself.
func targetsOf(cfg *config.Config, name string) ([]target, error) {
	c, found := cfg.Connections[name]
	if !found {
		j, isJump := cfg.JumpHosts[name]
		if !isJump {
			_, err := findConnection(cfg, name)
			return nil, err
		}
		c = wayTo(cfg, j)
	}
	if len(c.HostKeys) > 0 {
		return nil, usage(fmt.Errorf("%q lists host_keys in the configuration, and only they count: nothing is pinned beside them", name))
	}
	var all []target
	for i, j := range c.Jump {
		way := c
		way.Endpoint = j.Endpoint
		way.Endpoint.Jump = c.Jump[:i]
		all = append(all, target{j.Name, way, true})
	}
	return append(all, target{name, c, false}), nil
}

// wayTo is how a jump host is reached: as the first connection does that uses it, else directly.
func wayTo(cfg *config.Config, j job.Jump) job.Connection {
	names := make([]string, 0, len(cfg.Connections))
	for name := range cfg.Connections {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := cfg.Connections[name]
		for i, hop := range c.Jump {
			if hop.Name == j.Name {
				way := job.Connection{Name: j.Name, Enabled: true, Endpoint: hop.Endpoint, DenyNetworks: c.DenyNetworks}
				way.Endpoint.Jump = c.Jump[:i]
				return way
			}
		}
	}
	return job.Connection{Name: j.Name, Enabled: true, Endpoint: j.Endpoint}
}

// trusted is what was shown and pinned of one server, as scripts read it.
type trusted struct {
	Name    string    `json:"name"`
	Address string    `json:"address"`
	Keys    []hostKey `json:"keys"`
	Pinned  []string  `json:"pinned"` // fingerprints, pinned now
}

type hostKey struct {
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
	Key         string `json:"key"`
	Pinned      bool   `json:"pinned"` // before
}

func (a *app) trust(ctx context.Context, cfg *config.Config, targets []target, flags trustFlags) error {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	t := truster{app: a, store: s, pool: poolOf(cfg, s, nil), flags: flags}
	if flags.fingerprint == "" && isTerminal(a.stdin) {
		t.prompter = newPrompter(a)
	}
	for _, each := range targets {
		if each.isJump && len(each.way.HostKeys) > 0 {
			continue
		}
		done, err := t.visit(ctx, each)
		if err != nil || done {
			return err
		}
	}
	return nil
}

// truster asks about the keys of servers and pins them.
type truster struct {
	app      *app
	store    *store.Store
	pool     *sftp.Pool
	flags    trustFlags
	prompter *prompter // nil: nobody can be asked
}

// visit deals with one server; done says that what was asked for is done.
func (t truster) visit(ctx context.Context, each target) (done bool, err error) {
	keys, err := t.pool.Scan(ctx, each.way)
	if err != nil {
		return false, err
	}
	known := slices.ContainsFunc(keys, func(k sftp.HostKey) bool { return k.Pinned })
	wanted := slices.ContainsFunc(keys, func(k sftp.HostKey) bool { return k.Fingerprint == t.flags.fingerprint })
	if each.isJump && known && !wanted {
		return false, nil
	}
	t.show(each, keys)
	chosen, err := t.choose(ctx, each, keys)
	if err != nil {
		return false, err
	}
	shown := trusted{each.name, control.PinAddress(each.way.Endpoint), []hostKey{}, []string{}}
	for _, key := range keys {
		shown.Keys = append(shown.Keys, hostKey{key.Type, key.Fingerprint, key.Key, key.Pinned})
	}
	if err := control.Trust(ctx, t.store, each.way.Endpoint, keys, chosen, t.flags.replace, user()); err != nil {
		return false, err
	}
	for _, key := range chosen {
		shown.Pinned = append(shown.Pinned, key.Fingerprint)
	}
	if t.app.json {
		return wanted, t.app.object(shown)
	}
	t.tell(each, chosen)
	return wanted, nil
}

func (t truster) show(each target, keys []sftp.HostKey) {
	if t.app.json {
		return
	}
	t.app.printf("%s at %s shows:\n", each.name, control.PinAddress(each.way.Endpoint))
	for _, key := range keys {
		note := ""
		if key.Pinned {
			note = "  trusted already"
		}
		t.app.printf("  %-20s %s%s\n", key.Type, key.Fingerprint, note)
	}
}

func (t truster) tell(each target, chosen []sftp.HostKey) {
	for _, key := range chosen {
		t.app.printf("pinned %s %s for %s\n", key.Type, key.Fingerprint, control.PinAddress(each.way.Endpoint))
	}
	if len(chosen) > 0 && !each.isJump {
		t.app.say("Next: haulier connections test %s\n", each.name)
	}
}

// choose gives the keys that a person accepts, or that bear the fingerprint that a person gave.
func (t truster) choose(ctx context.Context, each target, keys []sftp.HostKey) ([]sftp.HostKey, error) {
	if t.flags.fingerprint != "" {
		for _, key := range keys {
			if key.Fingerprint == t.flags.fingerprint {
				return []sftp.HostKey{key}, nil
			}
		}
		return nil, notPinned(each, keys, fmt.Sprintf("none of the %s that %s shows bears %s", count(len(keys), "host key"),
			control.PinAddress(each.way.Endpoint), naming.Printable(t.flags.fingerprint, mostShown)))
	}
	if t.prompter == nil && slices.ContainsFunc(keys, func(k sftp.HostKey) bool { return !k.Pinned }) {
		return nil, notPinned(each, keys, "nobody can be asked here: the input is no terminal")
	}
	return t.ask(ctx, each, keys)
}

func (t truster) ask(ctx context.Context, each target, keys []sftp.HostKey) ([]sftp.HostKey, error) {
	var chosen []sftp.HostKey
	asked := 0
	for _, key := range keys {
		if key.Pinned {
			continue
		}
		if asked++; asked == 1 {
			t.app.say("Compare with what the customer gave you by phone or on paper.\n")
		}
		answer, err := t.prompter.ask(ctx, fmt.Sprintf("Pin %s %s? y/N", key.Type, key.Fingerprint), "n", yesOrNo)
		if err != nil {
			return nil, err
		}
		if isYes(answer) {
			chosen = append(chosen, key)
		}
	}
	known := slices.ContainsFunc(keys, func(k sftp.HostKey) bool { return k.Pinned })
	if len(chosen) == 0 && !known {
		return nil, notPinned(each, keys, "no key was accepted")
	}
	return chosen, nil
}

func yesOrNo(text string) error {
	if !slices.Contains([]string{"y", "yes", "n", "no"}, strings.ToLower(text)) {
		return errors.New("answer y or n")
	}
	return nil
}

func isYes(text string) bool {
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(text))
}

func notPinned(each target, keys []sftp.HostKey, cause string) *job.Reason {
	var shown []string
	for _, key := range keys {
		shown = append(shown, key.Type+" "+key.Fingerprint)
	}
	return &job.Reason{
		Slug: "host_key.unknown", What: "nothing was pinned, and no login was sent", Cause: cause + "; it shows " + strings.Join(shown, ", "),
		Do:  fmt.Sprintf("compare with the customer by phone, then `haulier connections trust %s --fingerprint SHA256:…`", each.name),
		Who: job.WhoBoth,
	}
}
