package store

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/internal/secret"
)

const (
	masterKeySize       = 32
	masterKeyVariable   = "HAULIER_MASTER_KEY"
	masterKeyCredential = "haulier-master-key"
)

// KeySource knows where the master key is kept: the first of the variable HAULIER_MASTER_KEY (64 hex digits), the file
// haulier-master-key in systemd's $CREDENTIALS_DIRECTORY, and Path. A place that holds something else is an error, never
// passed over.
type KeySource struct {
	// Path of the key file, 64 hex digits, mode 0600; usually master.key beside the store. It is the one that is made.
	Path string
	// Getenv reads the environment. Nil: os.Getenv.
	Getenv func(string) string
}

// MasterKey gives the key. When there is none, create makes one in the file at Path; else fs.ErrNotExist is in the error.
func (k KeySource) MasterKey(create bool) (secret.Text, error) {
	place, text, err := k.elsewhere()
	switch {
	case err != nil:
		return secret.Text{}, fmt.Errorf("read the master key: %w", err)
	case place != "":
		return parseMasterKey(place, text)
	}
	return k.fromFile(create)
}

// Elsewhere names the place of the key if that is not the file at Path: one that Replace cannot write.
func (k KeySource) Elsewhere() string {
	place, text, _ := k.elsewhere()
	clear(text)
	return place
}

func (k KeySource) elsewhere() (place string, text []byte, err error) {
	getenv := k.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	if v := getenv(masterKeyVariable); v != "" {
		return "the variable " + masterKeyVariable, []byte(v), nil
	}
	dir := getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", nil, nil
	}
	text, err = os.ReadFile(filepath.Join(dir, masterKeyCredential))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	return "the credential " + masterKeyCredential, text, err
}

func (k KeySource) fromFile(create bool) (secret.Text, error) {
	key, err := readKeyFile(k.Path)
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	b := make([]byte, masterKeySize)
	_, _ = rand.Read(b) // never fails
	err = writeKeyFile(k.Path, secret.New(b), os.Link)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return secret.Text{}, fmt.Errorf("make the master key: %w", err)
	}
	return readKeyFile(k.Path) // also when another process was first
}

// Replace puts another master key into the file at Path, whole or not at all.
func (k KeySource) Replace(key secret.Text) error {
	if len(key.Reveal()) != masterKeySize {
		return errNotMasterKey("the new master key")
	}
	if err := writeKeyFile(k.Path, key, os.Rename); err != nil {
		return fmt.Errorf("replace the master key: %w", err)
	}
	return nil
}

func readKeyFile(path string) (secret.Text, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret.Text{}, fmt.Errorf("the master key %s may be read by others (mode %04o): chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the master key: %w", err)
	}
	return parseMasterKey(path, b)
}

// parseMasterKey takes 64 hex digits, or 32 bytes as they are. The text is never part of the error.
func parseMasterKey(where string, b []byte) (secret.Text, error) {
	defer clear(b)
	if len(b) == masterKeySize {
		return secret.New(b), nil
	}
	key := make([]byte, masterKeySize)
	text := bytes.TrimSpace(b)
	if len(text) != hex.EncodedLen(masterKeySize) {
		return secret.Text{}, errNotMasterKey(where)
	}
	if _, err := hex.Decode(key, text); err != nil {
		return secret.Text{}, errNotMasterKey(where)
	}
	defer clear(key)
	return secret.New(key), nil
}

func errNotMasterKey(where string) error {
	return fmt.Errorf("%s does not hold a master key: 64 hex digits are needed (openssl rand -hex 32)", where)
}

// keyDraft begins the name of a key file until it is whole.
const keyDraft = ".master-"

// writeKeyFile makes the file beside its place, on disk, and then gives it its name by link (which refuses one that is
// there) or by rename. Drafts of processes that died go: each holds a key.
func writeKeyFile(path string, key secret.Text, name func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), keyDraft+"*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(f.Name()); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	_, err = fmt.Fprintln(f, hex.EncodeToString(key.Reveal()))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := failpoint.Around("master.name", func() error { return name(f.Name(), path) }); err != nil {
		return err
	}
	return errors.Join(removeDrafts(filepath.Dir(path)), syncDir(filepath.Dir(path)))
}

func removeDrafts(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), keyDraft) {
			continue
		}
		if e := os.Remove(filepath.Join(dir, e.Name())); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
