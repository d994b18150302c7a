package main

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A service that is started again and again, or reads its configuration again, sends a draft's wrong password once; a person may send it
// whenever they ask for it.
func TestDraftsAreTestedOnceWhereTheyAreRefused(t *testing.T) {
	server, err := sftptest.Start(sftptest.Options{Root: t.TempDir(), Users: []sftptest.User{{Name: "acme", Password: "right"}}, Methods: [][]string{{"password"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	t.Setenv("DRAFT_PASSWORD", "wrong")
	b := newBench(t, fmt.Sprintf(`version: 1
timezone: UTC
connections:
  acme: {host: 127.0.0.1, port: %d, username: acme, auth: {methods: [password], password: {env: DRAFT_PASSWORD}}, host_keys: [%q], locations: {outgoing: /}}
jobs: {}
`, server.Port(), server.HostKeys()[0]))
	a := &app{configPath: b.dir, stderr: t.Output()}
	t.Cleanup(func() { _ = a.close() })
	cfg := must[*config.Config](t)(a.config())
	s, err := a.openStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	started := func() *system {
		return newSystem(func() *config.Config { return cfg }, s, slog.New(slog.DiscardHandler), nil)
	}
	tried := func() (passwords int) {
		for _, o := range server.Log() {
			if o.Op == "auth" && o.Path == "password" {
				passwords++
			}
		}
		return passwords
	}
	for range 4 {
		sys := started()
		testDrafts(t.Context(), sys, cfg)
		testDrafts(t.Context(), sys, cfg)
	}
	if n := tried(); n != 1 {
		t.Errorf("the wrong password was sent %d times", n)
	}
	c := cfg.Connections["acme"]
	if _, err := control.TestConnection(t.Context(), started().pool, s, c, control.PurposeOf(c, nil), "ops"); err != nil || tried() != 2 {
		t.Errorf("a person's test: %v, %d passwords sent", err, tried())
	}
}
