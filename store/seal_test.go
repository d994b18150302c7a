package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func secretOf(text string) secret.Text { return secret.New([]byte(text)) }

func set(t *testing.T, s *store.Store, name, value string) {
	t.Helper()
	if err := s.SetSecret(t.Context(), name, secretOf(value)); err != nil {
		t.Fatal(err)
	}
}

func opens(t *testing.T, s *store.Store, name, want string) {
	t.Helper()
	text, err := s.Secret(t.Context(), name)
	if err != nil || string(text.Reveal()) != want {
		t.Fatalf("secret %s does not open as it was sealed: %v", name, err)
	}
}

func TestMasterKeyIsMadeOnlyWhenItIsNeeded(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	if _, err := os.Stat(filepath.Join(dir, "master.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("opening a store made a master key: %v", err)
	}
	set(t, s, "x", "y")
	info, err := os.Stat(filepath.Join(dir, "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 65 {
		t.Fatalf("the master key is %v, %v", info, err)
	}
}

func TestWithoutItsMasterKeyAStoreIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	set(t, s, "x", "y")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, at(dir).Path)
	right := contents(t, filepath.Join(dir, "master.key"))
	spoil := map[string]func(path string) error{
		"missing": os.Remove,
		"another": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("ab", 32)), 0o600) },
		"broken":  func(path string) error { return os.WriteFile(path, []byte("short"), 0o600) },
		"open":    func(path string) error { return os.Chmod(path, 0o644) },
	}
	for name, do := range spoil {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "master.key")
			if err := do(path); err != nil {
				t.Fatal(err)
			}
			var reason *job.Reason
			_, err := store.Open(t.Context(), at(dir))
			if !errors.Is(err, store.ErrMasterKey) || !errors.As(err, &reason) || reason.Slug != "local.master_key" {
				t.Errorf("opened with %v", err)
			}
			if !bytes.Equal(contents(t, at(dir).Path), before) {
				t.Error("the store was written to")
			}
			_ = os.Remove(path)
			if err := os.WriteFile(path, right, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	opens(t, open(t, at(dir)), "x", "y")
	none := at(dir)
	none.MasterKey = nil
	if _, err := store.Open(t.Context(), none); !errors.Is(err, store.ErrMasterKey) {
		t.Errorf("opened without a source of keys: %v", err)
	}
	none.ReadOnly = true // what is not sealed may still be read
	if _, err := open(t, none).Secret(t.Context(), "x"); !errors.Is(err, store.ErrMasterKey) {
		t.Errorf("a secret without a key gave %v", err)
	}
}

func TestMasterKeySources(t *testing.T) {
	dir := t.TempDir()
	hex := func(pair string) string { return strings.Repeat(pair, 32) }
	env := map[string]string{}
	source := store.KeySource{Path: filepath.Join(dir, "master.key"), Getenv: func(name string) string { return env[name] }}
	want := func(create bool, pair byte) {
		t.Helper()
		key, err := source.MasterKey(create)
		if err != nil || !bytes.Equal(key.Reveal(), bytes.Repeat([]byte{pair}, 32)) {
			t.Fatalf("not the key of %x: %v", pair, err)
		}
	}
	if _, err := source.MasterKey(false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no key anywhere gave %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".master-1"), nil, 0o600); err != nil { // of a process that died
		t.Fatal(err)
	}
	if err := source.Replace(secret.New(bytes.Repeat([]byte{1}, 32))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".master-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the draft of a key stays behind: %v", err)
	}
	want(true, 1)
	if place := source.Elsewhere(); place != "" {
		t.Errorf("the key is in its file, and said to be in %s", place)
	}
	env["CREDENTIALS_DIRECTORY"] = dir
	want(false, 1)
	if err := os.WriteFile(filepath.Join(dir, "haulier-master-key"), bytes.Repeat([]byte{2}, 32), 0o400); err != nil {
		t.Fatal(err)
	}
	want(false, 2)
	if place := source.Elsewhere(); place != "the credential haulier-master-key" {
		t.Errorf("the key is said to be in %q", place)
	}
	env["HAULIER_MASTER_KEY"] = hex("03") + "\n"
	want(false, 3)
	env["HAULIER_MASTER_KEY"] = "canary-not-hex"
	if _, err := source.MasterKey(true); err == nil || strings.Contains(err.Error(), "canary") {
		t.Fatalf("a variable without a key gave %v", err)
	}
	if err := source.Replace(secretOf("short")); err == nil {
		t.Fatal("a short key was kept")
	}
}

// TestSealedRowsOpenOnlyInTheirPlace swaps ciphertexts between rows, alters one and moves one.
func TestSealedRowsOpenOnlyInTheirPlace(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	set(t, s, "a", "one")
	set(t, s, "b", "two")
	set(t, s, "c", "three")
	key, err := s.AddKey(t.Context(), job.Key{Kind: job.KeySSH, Name: "d"}, secretOf("private"))
	if err != nil {
		t.Fatal(err)
	}
	sqlExec(t, at(dir).Path,
		`CREATE TABLE copy AS SELECT * FROM secrets`,
		`UPDATE secrets SET (key_id, nonce, sealed) = (SELECT key_id, nonce, sealed FROM copy WHERE name = 'b') WHERE name = 'a'`,
		`UPDATE secrets SET (key_id, nonce, sealed) = (SELECT key_id, nonce, sealed FROM copy WHERE name = 'a') WHERE name = 'b'`,
		`UPDATE secrets SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'00' AS BLOB) WHERE name = 'c'`,
		`UPDATE secrets SET version = 2 WHERE name = 'd'`)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := s.Secret(t.Context(), name); !errors.Is(err, store.ErrSealed) {
			t.Errorf("secret %s gave %v", name, err)
		}
	}
	key.Version = 2
	if _, err := s.Private(t.Context(), key); !errors.Is(err, store.ErrSealed) {
		t.Errorf("a private key under another version gave %v", err)
	}
	if bad, err := s.CheckSecrets(t.Context()); err != nil || len(bad) != 4 {
		t.Errorf("the check found %v, %v", bad, err)
	}
}

// TestSecretsAreNowhereInClear looks for planted secrets in every file, copy, log line and error.
func TestSecretsAreNowhereInClear(t *testing.T) {
	const canary = "canary-5b1e77"
	dir := t.TempDir()
	var log bytes.Buffer
	options := at(dir)
	options.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := open(t, options)
	for i := range 20 {
		set(t, s, string(rune('a'+i)), canary)
	}
	k, err := s.AddKey(t.Context(), job.Key{Kind: job.KeyPGP, Name: "k"}, secretOf(canary))
	if err != nil {
		t.Fatal(err)
	}
	k.Name, k.Version = "other", 1
	sqlExec(t, options.Path, `CREATE TRIGGER full BEFORE INSERT ON secrets BEGIN SELECT RAISE(ABORT, 'no more'); END`)
	_, err = s.AddKey(t.Context(), k, secretOf(canary))
	if err == nil || log.Len() == 0 {
		t.Fatalf("a refused key gave %v and logged %q", err, log.String())
	}
	if strings.Contains(err.Error(), canary) || strings.Contains(log.String(), canary) {
		t.Errorf("the secret is in the error or the log: %v\n%s", err, log.String())
	}
	sqlExec(t, options.Path, `DROP TRIGGER full`)
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if bytes.Contains(contents(t, filepath.Join(dir, e.Name())), []byte(canary)) {
			t.Errorf("the secret is in %s in clear", e.Name())
		}
	}
}

// TestRotationMayBeCutOffAnywhere stops a rotation after each of its steps and goes on with either key.
func TestRotationMayBeCutOffAnywhere(t *testing.T) {
	next := secret.New(bytes.Repeat([]byte{7}, 32))
	names := []string{"a", "b", "c", "d"}
	for done := range len(names) {
		for _, with := range []string{"the old key", "the next key"} {
			t.Run(fmt.Sprintf("%d rows, %s", done, with), func(t *testing.T) { cutRotation(t, next, names, done, with) })
		}
	}
}

func cutRotation(t *testing.T, next secret.Text, names []string, done int, with string) {
	dir := t.TempDir()
	options := at(dir)
	keys := store.KeySource{Path: filepath.Join(dir, "master.key"), Getenv: noEnv}
	s := open(t, options)
	for _, name := range names {
		set(t, s, name, "value of "+name)
	}
	sqlExec(t, options.Path, `CREATE TRIGGER stop BEFORE UPDATE ON secrets WHEN OLD.name = '`+names[done]+`'
		BEGIN SELECT RAISE(ABORT, 'cut off'); END`)
	early := func() error { t.Error("the next key was kept too early"); return nil }
	if err := s.RotateMasterKey(t.Context(), next, early); err == nil {
		t.Fatal("the rotation was not cut off")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sqlExec(t, options.Path, `DROP TRIGGER stop`)
	if with == "the next key" {
		if err := keys.Replace(next); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, options)
	for _, name := range names {
		opens(t, s, name, "value of "+name)
	}
	if begun, err := s.NextMasterKey(t.Context()); err != nil || !bytes.Equal(begun.Reveal(), next.Reveal()) {
		t.Fatalf("the key that the rotation goes to is not told: %v", err)
	}
	set(t, s, "late", "sealed during the rotation")
	if err := s.RotateMasterKey(t.Context(), secret.New(bytes.Repeat([]byte{8}, 32)), early); !errors.Is(err, store.ErrMasterKey) {
		t.Fatalf("a second rotation in the first gave %v", err)
	}
	if err := s.RotateMasterKey(t.Context(), next, func() error { return keys.Replace(next) }); err != nil {
		t.Fatal(err)
	}
	if begun, err := s.NextMasterKey(t.Context()); err != nil || !begun.Empty() {
		t.Fatalf("a rotation is told of that has ended: %v", err)
	}
	for _, again := range []*store.Store{s, open(t, options)} {
		for _, name := range names {
			opens(t, again, name, "value of "+name)
		}
		opens(t, again, "late", "sealed during the rotation")
	}
}

func TestRotationEndsUnderTheNextKeyOnly(t *testing.T) {
	dir := t.TempDir()
	options := at(dir)
	keys := store.KeySource{Path: filepath.Join(dir, "master.key"), Getenv: noEnv}
	s := open(t, options)
	next := secret.New(bytes.Repeat([]byte{7}, 32))
	kept := 0
	keep := func() error { kept++; return keys.Replace(next) }
	set(t, s, "a", "one")
	old := contents(t, keys.Path)
	other := open(t, options) // another process that knows the old key
	opens(t, other, "a", "one")
	if err := s.RotateMasterKey(t.Context(), next, keep); err != nil {
		t.Fatal(err)
	}
	if err := s.RotateMasterKey(t.Context(), next, keep); err != nil || kept != 2 {
		t.Fatalf("the same rotation again: %v, kept %d times", err, kept)
	}
	opens(t, other, "a", "one")
	set(t, other, "b", "two")
	opens(t, s, "b", "two")
	if err := os.WriteFile(keys.Path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(context.Background(), options); !errors.Is(err, store.ErrMasterKey) {
		t.Fatalf("the old key opens the store still: %v", err)
	}
}
