package sftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// candidate is a key that is offered at a login.
type candidate struct {
	signer ssh.Signer
	key    job.Key // zero for a key file
	name   string  // name@version, or the path of a key file
}

// credentials are what one endpoint is logged in with.
type credentials struct {
	methods   []string // RFC 4252 names, in the order in which they are tried
	keys      []candidate
	passwords []password // in the order in which they are tried
}

// credentialsOf gathers what a login needs before anything is dialled: a missing key costs the customer no connection.
func (p *Pool) credentialsOf(ctx context.Context, e job.Endpoint) (credentials, error) {
	c := credentials{methods: methodsOf(e.Auth)}
	var err error
	if slices.Contains(c.methods, methodKey) {
		if c.keys, err = p.loginKeys(ctx, e); err != nil {
			return c, err
		}
	}
	if usesPassword(c.methods) && e.Auth.Password != nil {
		if c.passwords, err = p.revealed(ctx, e); err != nil {
			return c, err
		}
	}
	return c, nil
}

func usesPassword(methods []string) bool {
	return slices.Contains(methods, methodPassword) || slices.Contains(methods, methodInteractive)
}

// methodsOf are the methods as configured; "password" answers keyboard-interactive too, which is how many servers ask
// for a password.
func methodsOf(a job.Auth) []string {
	methods := slices.Clone(a.Methods)
	if i := slices.Index(methods, methodPassword); i >= 0 && !slices.Contains(methods, methodInteractive) {
		methods = slices.Insert(methods, i+1, methodInteractive)
	}
	return methods
}

// loginKeys are the keys of one login: a key file, or of a stored key next and then current.
func (p *Pool) loginKeys(ctx context.Context, e job.Endpoint) ([]candidate, error) {
	if e.Auth.KeyFile != nil {
		return p.keyFromFile(ctx, e)
	}
	stored, err := p.storedKeys(ctx, e.Auth.Key)
	if err != nil {
		return nil, err
	}
	var list []candidate
	for _, k := range stored {
		private, err := p.opts.Store.Private(ctx, k)
		if err != nil {
			return nil, storeReason("open the private part of key "+nameOf(k), err)
		}
		signer, err := sshkey.ParsePrivate(private, secret.Text{}, e.AlsoAllow...)
		private.Wipe()
		if err != nil {
			return nil, err
		}
		list = append(list, candidate{signer: signer, key: k, name: nameOf(k)})
	}
	return list, nil
}

func (p *Pool) keyFromFile(ctx context.Context, e job.Endpoint) ([]candidate, error) {
	var passphrase secret.Text
	if e.Auth.KeyFile.Passphrase != nil {
		var err error
		if passphrase, err = p.opts.Secrets.Reveal(ctx, *e.Auth.KeyFile.Passphrase); err != nil {
			return nil, secretReason("the passphrase of key file "+shown(e.Auth.KeyFile.Path), err)
		}
	}
	signer, err := sshkey.Read(e.Auth.KeyFile.Path, passphrase, e.AlsoAllow...)
	if err != nil {
		return nil, err
	}
	return []candidate{{signer: signer, name: e.Auth.KeyFile.Path}}, nil
}

// storedKeys gives next and current of a stored key, newest of each.
func (p *Pool) storedKeys(ctx context.Context, name string) ([]job.Key, error) {
	if name == "" {
		return nil, keyMissing("no key is configured", "set auth.key to the name of a key")
	}
	all, err := p.opts.Store.Keys(ctx, job.KeySSH, name)
	if err != nil {
		return nil, storeReason("read key "+name, err)
	}
	var found []job.Key
	for _, slot := range []job.KeySlot{job.SlotNext, job.SlotCurrent} {
		newest := -1
		for i, k := range all {
			if k.Slot == slot && (newest < 0 || k.Version > all[newest].Version) {
				newest = i
			}
		}
		if newest >= 0 {
			found = append(found, all[newest])
		}
	}
	if len(found) == 0 {
		return nil, keyMissing(fmt.Sprintf("there is no key %q here yet", name), "haulier keys generate "+name)
	}
	return found, nil
}

func nameOf(k job.Key) string { return fmt.Sprintf("%s@%d", k.Name, k.Version) }

// mark is a digest of how an endpoint logs in and of the versions of its credentials; no secret goes into it. A login that
// was refused is worth trying again when it differs.
func (p *Pool) mark(ctx context.Context, e job.Endpoint) string {
	parts := []string{e.Host, fmt.Sprint(e.Port), e.User, strings.Join(e.Auth.Methods, " "), e.Auth.Key}
	if slices.Contains(e.Auth.Methods, methodKey) && e.Auth.KeyFile == nil {
		keys, err := p.storedKeys(ctx, e.Auth.Key)
		for _, k := range keys {
			parts = append(parts, nameOf(k), k.Fingerprint)
		}
		var missing *job.Reason
		if err != nil && !errors.As(err, &missing) {
			parts = append(parts, "unreadable")
		}
	}
	if f := e.Auth.KeyFile; f != nil {
		parts = append(parts, f.Path, fileVersion(f.Path), p.secretVersion(ctx, f.Passphrase))
	}
	var versions []string
	passwords := p.passwordsOf(e)
	for _, password := range passwords {
		versions = append(versions, p.secretVersion(ctx, &password.ref))
	}
	slices.Sort(versions) // that another of two goes first is no new credential, unless nobody has heard it
	parts = append(parts, versions...)
	if p.account(accountOf(e)).awaits(passwords) {
		parts = append(parts, "unheard")
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// secretVersion tells one content of a secret from the next without looking at it.
func (p *Pool) secretVersion(ctx context.Context, ref *job.SecretRef) string {
	if ref == nil {
		return ""
	}
	version := string(ref.From) + " " + ref.Name
	switch {
	case ref.From == job.SecretFile:
		version += " " + fileVersion(ref.Name)
	case p.opts.SecretVersion != nil:
		version += " " + p.opts.SecretVersion(ctx, *ref)
	}
	return version
}

func fileVersion(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "absent"
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}
