package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// keyring is gpg with two keys, both with their private halves: what comes is for "ours", what goes is for "theirs".
type keyring struct {
	home         string
	ours, theirs string // files: our private key, and their public one
}

// sealing are gpg's options that make it fast: the bytes cannot be compressed.
var sealing = []string{"--compress-algo", "none", "--encrypt"}

// newKeyring makes the keys. The home is short: sockets lie in it.
func newKeyring(ctx context.Context) (k *keyring, err error) {
	home, err := os.MkdirTemp("", "gpg-")
	if err != nil {
		return nil, err
	}
	k = &keyring{home: home, ours: filepath.Join(home, "ours.asc"), theirs: filepath.Join(home, "theirs.asc")}
	loose := []string{"--passphrase", "", "--pinentry-mode", "loopback"}
	for _, args := range [][]string{
		{"--quick-generate-key", "ours", "future-default", "default", "never"},
		{"--quick-generate-key", "theirs", "future-default", "default", "never"},
		{"--armor", "--output", k.ours, "--export-secret-keys", "ours"},
		{"--armor", "--output", k.theirs, "--export", "theirs"},
	} {
		if err := k.gpg(ctx, append(loose, args...)...); err != nil {
			return nil, errors.Join(err, k.close())
		}
	}
	return k, nil
}

// words is a call of gpg.
func (k *keyring) words(args ...string) []string {
	return append([]string{"gpg", "--homedir", k.home, "--batch", "--yes", "--quiet", "--no-permission-warning", "--trust-model", "always"}, args...)
}

func (k *keyring) gpg(ctx context.Context, args ...string) error {
	words := k.words(args...)
	if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, out)
	}
	return nil
}

// close ends gpg's agent too.
func (k *keyring) close() error {
	if k == nil {
		return nil
	}
	_ = exec.Command("gpgconf", "--homedir", k.home, "--kill", "all").Run()
	return os.RemoveAll(k.home)
}
