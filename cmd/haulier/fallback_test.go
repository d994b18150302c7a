package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/store"
)

func TestABrokenFileShowsTheConfigurationThatCountedLast(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "haulier.yaml")
	good := "version: 1\ntimezone: UTC\nconnections:\n  acme: {host: sftp.acme.example, username: u, auth: {methods: [publickey], key: acme}, locations: {in: /in}}\n" +
		"jobs:\n  night: {type: import, connection: acme, schedule: \"0 2 * * *\", from: {location: in, match: \"*.csv\"}, to: {dir: landing}}\n"
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	a := &app{stdout: &bytes.Buffer{}, stderr: &stderr, configPath: file}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	s, err := a.openStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddRevision(t.Context(), store.Revision{Hash: "1", Text: config.Masked(cfg)}); err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(good+"nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	last, err := a.configOrLast(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, found := last.Job("night"); !found || last.DataDir != cfg.DataDir || last.Connections["acme"].Host != "sftp.acme.example" {
		t.Errorf("configuration %+v", last)
	}
	if text := stderr.String(); !strings.Contains(text, "E-UNKNOWN-KEY") || !strings.Contains(text, "revision 1") {
		t.Errorf("stderr %q", text)
	}
	if err := os.RemoveAll(cfg.DataDir); err != nil {
		t.Fatal(err)
	}
	if _, err := a.configOrLast(t.Context()); codeOf(t.Context(), err) != exitConfig {
		t.Errorf("without a store: %v", err)
	}
}
