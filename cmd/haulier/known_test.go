package main

import (
	"context"
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

func TestKnown(t *testing.T) {
	ctx := context.Background()
	cfg := &config.Config{DataDir: t.TempDir()}
	a := &app{}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})

	nothing, err := a.known(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if nothing.Key(job.KeySSH, "acme") || nothing.Pin("[sftp.acme.example]:22") || nothing.Secret("acme") {
		t.Error("something is held where there is no store")
	}

	s, err := a.openStore(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []job.Key{
		{Name: "acme", Kind: job.KeySSH},
		{Name: "acme", Kind: job.KeySSH, Slot: job.SlotRetired},
		{Name: "old", Kind: job.KeySSH, Slot: job.SlotRetired},
		{Name: "coming", Kind: job.KeySSH, Slot: job.SlotNext},
		{Name: "acme-in", Kind: job.KeyPGP, Slot: job.SlotGrace},
		{Name: "acme-out", Kind: job.KeyPGPPublic},
	} {
		if _, err := s.AddKey(ctx, key, secret.Text{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddPin(ctx, job.Pin{Address: "[sftp.acme.example]:22", Key: "ssh-ed25519 AAAA", By: "ops", Why: "trust"}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSecret(ctx, "acme", secret.New([]byte("hush"))); err != nil {
		t.Fatal(err)
	}

	known, err := a.known(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind job.KeyKind
		name string
		want bool
	}{
		{job.KeySSH, "acme", true}, {job.KeySSH, "coming", true}, {job.KeySSH, "old", false}, {job.KeySSH, "acme-in", false},
		{job.KeyPGP, "acme-in", true}, {job.KeyPGP, "acme-out", false}, {job.KeyPGPPublic, "acme-out", true},
	} {
		if got := known.Key(c.kind, c.name); got != c.want {
			t.Errorf("Key(%s, %s) = %t", c.kind, c.name, got)
		}
	}
	if !known.Pin("[sftp.acme.example]:22") || known.Pin("[sftp.acme.example]:2222") {
		t.Error("pins are not those of the store")
	}
	if !known.Secret("acme") || known.Secret("bank") {
		t.Error("secrets are not those of the store")
	}
}
