package control

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// Keys generates, imports, rotates and retires keys, and writes each of these down with it. By is who asks.
type Keys struct {
	Store *store.Store
	By    string
}

// free says that no key of this name is there yet.
func (k Keys) free(ctx context.Context, kind job.KeyKind, name string) error {
	if err := keyName(name); err != nil {
		return err
	}
	have, err := k.Store.Keys(ctx, kind, name)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		return nil
	}
	next := "rotate it to get a new one"
	if kind == job.KeyPGPPublic {
		next = fmt.Sprintf("choose another name, or renew it: haulier pgp import %s FILE --replace", name)
	}
	return fmt.Errorf("there is a %s key %q already; %s: %w", kind, name, next, job.ErrExists)
}

// freePGP says that no PGP key of this name is there yet, neither ours nor a customer's: pgp show and retire go by it.
func (k Keys) freePGP(ctx context.Context, name string) error {
	if err := k.free(ctx, job.KeyPGP, name); err != nil {
		return err
	}
	return k.free(ctx, job.KeyPGPPublic, name)
}

// keyName says whether a name may be one of a key: [a-z0-9-].
func keyName(name string) error {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			name = ""
			break
		}
	}
	if name == "" {
		return &job.Reason{
			Slug: "config.key_name", What: "no key was made", Cause: "names of keys have the letters a to z, digits and hyphens only",
			Do: "choose another name", Who: job.WhoUs,
		}
	}
	return nil
}

// add keeps a key and writes it down.
func (k Keys) add(ctx context.Context, key job.Key, private secret.Text, act string) (kept job.Key, err error) {
	defer private.Wipe()
	err = k.Store.Together(ctx, act+" "+key.Name, func(t *store.Store) error {
		if kept, err = t.AddKey(ctx, key, private); err != nil {
			return err
		}
		return t.AddAudit(ctx, k.line(act, kept))
	})
	return kept, err
}

func (k Keys) line(act string, key job.Key) store.AuditLine {
	return store.AuditLine{Who: k.By, Act: act, Object: fmt.Sprintf("%s %s@%d", key.Kind, key.Name, key.Version), Detail: key.Fingerprint}
}

// GenerateSSH makes the first login key of a name. Algorithm is ed25519 (also when empty), rsa-3072 or rsa-4096.
func (k Keys) GenerateSSH(ctx context.Context, name, algorithm string) (job.Key, error) {
	if err := k.free(ctx, job.KeySSH, name); err != nil {
		return job.Key{}, err
	}
	return k.newSSH(ctx, name, algorithm, job.SlotCurrent, "key.generate")
}

func (k Keys) newSSH(ctx context.Context, name, algorithm string, slot job.KeySlot, act string) (job.Key, error) {
	pair, err := sshkey.Generate(algorithm, "haulier-"+name)
	if err != nil {
		return job.Key{}, err
	}
	return k.add(ctx, sshOf(name, pair, slot, "generated"), pair.Private, act)
}

func sshOf(name string, pair sshkey.Pair, slot job.KeySlot, origin string) job.Key {
	return job.Key{
		Name: name, Kind: job.KeySSH, Algorithm: pair.Algorithm, Slot: slot, Public: pair.Public, Fingerprint: pair.Fingerprint, Origin: origin,
	}
}

// RotateSSH makes the key that follows the current one. Both are offered, the next one first, until a server has taken
// it; then it is the current one. A next key that waits already is given back as it is.
func (k Keys) RotateSSH(ctx context.Context, name, algorithm string) (job.Key, error) {
	keys, err := k.Store.Keys(ctx, job.KeySSH, name)
	if err != nil {
		return job.Key{}, err
	}
	if len(keys) == 0 {
		return job.Key{}, fmt.Errorf("there is no SSH key %q; generate one first: %w", name, job.ErrNotFound)
	}
	for _, key := range keys {
		if key.Slot == job.SlotNext {
			return key, nil
		}
		if key.Slot == job.SlotCurrent && algorithm == "" {
			algorithm = key.Algorithm
		}
	}
	if !strings.HasPrefix(algorithm, "rsa-") {
		algorithm = sshkey.Ed25519
	}
	return k.newSSH(ctx, name, algorithm, job.SlotNext, "key.rotate")
}

// ImportSSH keeps a login key that a customer made for us, without its passphrase, sealed.
func (k Keys) ImportSSH(ctx context.Context, name string, text, passphrase secret.Text) (job.Key, error) {
	if err := k.free(ctx, job.KeySSH, name); err != nil {
		return job.Key{}, err
	}
	pair, err := sshkey.Import(text, passphrase, "haulier-"+name)
	if err != nil {
		return job.Key{}, err
	}
	return k.add(ctx, sshOf(name, pair, job.SlotCurrent, "imported"), pair.Private, "key.import")
}

// Retire ends a key of one of these kinds that is no longer used, and destroys its private part. A current key is not
// retired: something has to take its place first. Nor is a PGP key of ours that was used lately, unless the person says
// so: what the customer encrypts to it tomorrow could never be opened.
func (k Keys) Retire(ctx context.Context, label string, usedLately bool, kinds ...job.KeyKind) (job.Key, error) {
	key, err := k.find(ctx, label, kinds)
	if err != nil {
		return key, err
	}
	if key.Slot == job.SlotCurrent {
		return key, &job.Reason{
			Slug: "key.in_use", What: "the key was left as it is", Cause: label + " is the current key",
			Do: replacing(key), Who: job.WhoUs,
		}
	}
	if !usedLately && key.Kind == job.KeyPGP && key.Slot == job.SlotGrace && time.Since(key.LastUsed) < graceUse {
		return key, inUseLately(key)
	}
	err = k.Store.Acted(ctx, k.line("key.retire", key), func(t *store.Store) error {
		if err := t.SetKeySlot(ctx, key, job.SlotRetired); err != nil {
			return err
		}
		return t.DropPrivate(ctx, key)
	})
	if err == nil {
		key.Slot = job.SlotRetired
	}
	return key, err
}

// graceUse is how long a replaced PGP key of ours must have opened nothing before it is retired without a further word.
const graceUse = 30 * 24 * time.Hour

func inUseLately(key job.Key) *job.Reason {
	label := labelOf(key)
	return &job.Reason{
		Slug: "key.used_lately", What: "the key was left as it is, and still opens what comes",
		Cause: fmt.Sprintf("%s was used on %s; a customer may still encrypt to it, and its private part would be gone for good", label, key.LastUsed.UTC().Format("2006-01-02 15:04 UTC")),
		Do:    fmt.Sprintf("ask the customer to use the current key, and retire this one when it was not used for 30 days; all the same: haulier pgp retire %s --used-lately", label),
		Who:   job.WhoBoth,
	}
}

// replacing is the command that puts another key in the place of a current one.
func replacing(key job.Key) string {
	switch key.Kind {
	case job.KeyPGP:
		return "haulier pgp rotate " + key.Name
	case job.KeyPGPPublic:
		return fmt.Sprintf("haulier pgp import %s FILE --replace", key.Name)
	}
	return "haulier keys rotate " + key.Name
}

// find finds a key by NAME@VERSION.
func (k Keys) find(ctx context.Context, label string, kinds []job.KeyKind) (job.Key, error) {
	name, text, _ := strings.Cut(label, "@")
	version, err := strconv.Atoi(text)
	if err != nil {
		return job.Key{}, fmt.Errorf("%q names no version of a key: write NAME@VERSION as keys list shows it: %w", label, job.ErrNotFound)
	}
	for _, kind := range kinds {
		keys, err := k.Store.Keys(ctx, kind, name)
		if err != nil {
			return job.Key{}, err
		}
		for _, key := range keys {
			if key.Version == version {
				return key, nil
			}
		}
	}
	return job.Key{}, fmt.Errorf("there is no %s key %s: %w", kinds[0], label, job.ErrNotFound)
}

// GeneratePGP makes the first PGP key of ours of a name: rsa-4096 (also when empty) or x25519.
func (k Keys) GeneratePGP(ctx context.Context, name, algorithm string) (job.Key, error) {
	if err := k.freePGP(ctx, name); err != nil {
		return job.Key{}, err
	}
	return k.newPGP(ctx, name, algorithm, "pgp.generate")
}

func (k Keys) newPGP(ctx context.Context, name, algorithm, act string) (job.Key, error) {
	kind := pgp.Kind(algorithm)
	if algorithm == "" {
		kind = pgp.RSA4096
	}
	key, private, err := pgp.Generate(kind, name, "")
	if err != nil {
		return job.Key{}, err
	}
	key.Name, key.Kind, key.Slot, key.Version = name, job.KeyPGP, job.SlotCurrent, 0
	return k.add(ctx, key, private, act)
}

// RotatePGP makes a new PGP key of ours the current one. The one before stays in grace and still opens what customers
// encrypt to it, until it is retired.
func (k Keys) RotatePGP(ctx context.Context, name, algorithm string) (job.Key, error) {
	keys, err := k.Store.Keys(ctx, job.KeyPGP, name)
	if err != nil {
		return job.Key{}, err
	}
	if len(keys) == 0 {
		return job.Key{}, fmt.Errorf("there is no PGP key %q; generate one first: %w", name, job.ErrNotFound)
	}
	if algorithm == "" && strings.Contains(keys[len(keys)-1].Algorithm, "25519") {
		algorithm = string(pgp.X25519)
	}
	return k.newPGP(ctx, name, algorithm, "pgp.rotate")
}
