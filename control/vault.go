package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// SecretStore keeps the secrets that were set by hand.
type SecretStore interface {
	Secret(ctx context.Context, name string) (secret.Text, error)
	SecretSet(ctx context.Context, name string) (time.Time, error)
}

// Vault finds secrets by their references, anew each time: a rotated password counts from the next login on.
type Vault struct {
	Store SecretStore
	// Getenv looks up the environment; nil: os.LookupEnv.
	Getenv func(string) (string, bool)
}

// maxSecret bounds a secret file, in bytes.
const maxSecret = 64 << 10

// Reveal gives the secret that ref names. Every failure is config.secret_missing or config.secret_rights.
func (v Vault) Reveal(ctx context.Context, ref job.SecretRef) (secret.Text, error) {
	switch ref.From {
	case job.SecretEnv:
		return v.fromEnv(ref)
	case job.SecretFile:
		return fromFile(ref, ref.Name)
	case job.SecretCredential:
		return v.fromCredential(ref)
	case job.SecretStored:
		text, err := v.Store.Secret(ctx, ref.Name)
		if errors.Is(err, job.ErrNotFound) {
			return secret.Text{}, missing(ref, "nothing is stored under this name", "haulier secrets set "+ref.Name)
		}
		return text, err
	}
	return secret.Text{}, missing(ref, "this kind of reference is not known", "haulier docs secrets")
}

// Version tells one content of a secret from the next without giving it: when it was set, for those that the store
// keeps, else four hex digits of a digest, which say next to nothing about it.
func (v Vault) Version(ctx context.Context, ref job.SecretRef) string {
	if ref.From == job.SecretStored {
		set, err := v.Store.SecretSet(ctx, ref.Name)
		if err != nil {
			return ""
		}
		return strconv.FormatInt(set.UnixMicro(), 10)
	}
	text, err := v.Reveal(ctx, ref)
	if err != nil {
		return ""
	}
	defer text.Wipe()
	sum := sha256.Sum256(text.Reveal())
	return hex.EncodeToString(sum[:2])
}

func (v Vault) lookup(name string) (string, bool) {
	if v.Getenv != nil {
		return v.Getenv(name)
	}
	return os.LookupEnv(name)
}

func (v Vault) fromEnv(ref job.SecretRef) (secret.Text, error) {
	value, set := v.lookup(ref.Name)
	if !set || value == "" {
		return secret.Text{}, missing(ref, "the variable is not set in the environment of this program", "set it where the program is started")
	}
	return secret.New([]byte(value)), nil
}

func (v Vault) fromCredential(ref job.SecretRef) (secret.Text, error) {
	dir, set := v.lookup("CREDENTIALS_DIRECTORY")
	if !set || dir == "" {
		return secret.Text{}, missing(ref, "systemd gave this program no credentials", "add LoadCredential="+ref.Name+" to the unit")
	}
	return fromFile(ref, filepath.Join(dir, filepath.Base(ref.Name)))
}

// fromFile reads a secret file; one line end after the secret is not part of it.
func fromFile(ref job.SecretRef, path string) (secret.Text, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return secret.Text{}, missing(ref, path+" is not there", "write the secret into that file, mode 0600")
	case err != nil:
		return secret.Text{}, missing(ref, err.Error(), "give this program's user the right to read it")
	case info.Mode().Perm()&0o007 != 0:
		return secret.Text{}, &job.Reason{
			Slug: "config.secret_rights", What: "nothing was sent", Cause: fmt.Sprintf("%s may be read by everybody (mode %04o)", path, info.Mode().Perm()),
			Do: "chmod 600 " + path, Who: job.WhoUs,
		}
	case info.Size() > maxSecret:
		return secret.Text{}, missing(ref, fmt.Sprintf("%s has %d bytes, more than any secret", path, info.Size()), "name the right file")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secret.Text{}, missing(ref, err.Error(), "give this program's user the right to read it")
	}
	defer clear(text)
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) == 0 {
		return secret.Text{}, missing(ref, path+" is empty", "write the secret into that file")
	}
	return secret.New(text), nil
}

func missing(ref job.SecretRef, cause, do string) *job.Reason {
	return &job.Reason{
		Slug: "config.secret_missing", What: "nothing was sent", Cause: fmt.Sprintf("secret {%s: %s}: %s", ref.From, ref.Name, cause), Do: do, Who: job.WhoUs,
	}
}
