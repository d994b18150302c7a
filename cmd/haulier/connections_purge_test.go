package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// TestPurge deletes what only the removed connection used, and nothing else.
func TestPurge(t *testing.T) {
	const both = `version: 1
connections:
  acme:
    host: sftp.acme.example
    username: platform
    auth: {methods: [publickey, password], key: acme, password: {stored: acme-pw}}
    locations: {out: /out}
    inbound: {pgp: {decrypt_with: [acme-in]}}
  bank:
    host: sftp.bank.example
    username: platform
    auth: {methods: [publickey], key: shared}
    locations: {out: /out}
  mail:
    host: sftp.bank.example
    username: other
    auth: {methods: [publickey], key: shared}
    locations: {out: /out}
jobs:
  fetch:
    type: import
    connection: acme
    from: {location: out, match: "*"}
    to: {dir: landing}
`
	only := both[:strings.Index(both, "  acme:")] + both[strings.Index(both, "  bank:"):strings.Index(both, "jobs:")]
	b := newBench(t, both)
	b.run(exitOK, "keys", "generate", "acme")
	b.run(exitOK, "keys", "generate", "shared")
	b.answer(exitOK, "s3cret", "secrets", "set", "acme-pw")
	b.store(func(ctx context.Context, cfg *config.Config, s *store.Store) {
		pair, err := sshkey.Generate(sshkey.Ed25519, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"acme", "bank"} {
			if err := s.AddPin(ctx, job.Pin{Address: "[sftp." + host + ".example]:22", Key: strings.TrimSpace(pair.Public), By: "ops", Why: "trust"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.AddRevision(ctx, store.Revision{Hash: "1", Text: config.Masked(cfg), By: "ops"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Request(ctx, job.Request{Connection: "acme", Job: "fetch", Direction: job.Download, OK: true, Bytes: 7}); err != nil {
			t.Fatal(err)
		}
	})
	_, problem := b.run(exitUsage, "connections", "purge", "acme", "--yes")
	wants(t, problem, "still configured")

	b.configure(only)
	out, _ := b.run(exitOK, "connections", "show", "acme")
	wants(t, out, "acme (acme)  removed", "no daemon has loaded it without", "revision 1", "sftp.acme.example:22", "login keys acme; stored secrets acme-pw; host key",
		"acme-in stay", "haulier connections purge acme deletes", "ask the customer to remove our public key")
	out, _ = b.run(exitOK, "--json", "connections", "show", "acme")
	wants(t, out, `"state":"removed"`, `"removed":{"since":null,"revision":1,`, `"left":{"connection":"acme","keys":["acme"],"secrets":["acme-pw"]`)
	_, problem = b.answer(exitUnexpected, "n\n", "connections", "purge", "acme")
	wants(t, problem, "nothing was deleted")
	out, said := b.answer(exitOK, "y\n", "connections", "purge", "acme")
	wants(t, out, "login keys acme", "stored secrets acme-pw", "host key ssh-ed25519", "[sftp.acme.example]:22")
	wants(t, said, "acme-in", "Ask the customer to remove our public key")
	b.store(func(ctx context.Context, cfg *config.Config, s *store.Store) {
		keys, err := s.Keys(ctx, job.KeySSH, "")
		if err != nil || len(keys) != 1 || keys[0].Name != "shared" {
			t.Errorf("keys %v, %v", keys, err)
		}
		pins, err := s.Pins(ctx, "")
		if err != nil || len(pins) != 1 || pins[0].Address != "[sftp.bank.example]:22" {
			t.Errorf("pins %v, %v", pins, err)
		}
		if names, err := s.SecretNames(ctx); err != nil || len(names) != 0 {
			t.Errorf("secrets %v, %v", names, err)
		}
		if stats, err := s.Stats(ctx, "acme", 1, cfg.Timezone, time.Now()); err != nil || stats.Requests.OK != 1 {
			t.Errorf("the history went too: %+v, %v", stats, err)
		}
	})
	out, _ = b.run(exitOK, "connections", "show", "acme")
	wants(t, out, "kept          none")
	if strings.Contains(out, "connections purge") {
		t.Errorf("nothing is left to purge:\n%s", out)
	}
	out, _ = b.run(exitOK, "connections", "list")
	wants(t, out, "acme                 removed   platform@sftp.acme.example:22  1 job, ")

	// A connection that shares key and server with others leaves them alone.
	b.store(func(ctx context.Context, cfg *config.Config, s *store.Store) {
		if _, err := s.AddRevision(ctx, store.Revision{Hash: "2", Text: config.Masked(cfg), By: "ops"}); err != nil {
			t.Fatal(err)
		}
	})
	b.configure(only[:strings.Index(only, "  mail:")])
	out, _ = b.run(exitOK, "--json", "connections", "purge", "mail", "--yes")
	if diff := cmp.Diff(`{"connection":"mail","keys":[],"secrets":[],"pins":[],"kept":[],"learned":false}`+"\n", out); diff != "" {
		t.Error(diff)
	}
	_, problem = b.run(exitUsage, "connections", "purge", "nobody", "--yes")
	wants(t, problem, `nothing is known of a connection "nobody"`)
}
