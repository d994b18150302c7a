package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// ImportPGP keeps a customer's public key, after checks: exactly one, able to encrypt, not expired. A private key is
// taken as one of ours.
func (k Keys) ImportPGP(ctx context.Context, name string, text, passphrase secret.Text) (job.Key, []pgp.Warning, error) {
	if err := k.freePGP(ctx, name); err != nil {
		return job.Key{}, nil, err
	}
	key, warnings, err := theirs(name, text)
	if isReason(err, pgp.SlugKeyPrivate) {
		return k.importOurs(ctx, name, text, passphrase)
	}
	if err != nil {
		return job.Key{}, nil, err
	}
	kept, err := k.add(ctx, key, secret.Text{}, "pgp.import")
	return kept, warnings, err
}

// theirs judges a customer's public key. One that only signs is of use too: for inbound.pgp.signed_by.
func theirs(name string, text secret.Text) (job.Key, []pgp.Warning, error) {
	key, warnings, err := pgp.Inspect(text.Reveal(), time.Now())
	if isReason(err, pgp.SlugKeyNoEncrypt) {
		if signer, more, signErr := pgp.InspectSigner(text.Reveal(), time.Now()); signErr == nil {
			only := pgp.Warning{Slug: pgp.SlugKeyNoEncrypt, Text: "this key can only verify signatures; nothing can be encrypted to it"}
			key, warnings, err = signer, append(more, only), nil
		}
	}
	key.Name, key.Kind, key.Slot, key.Version = name, job.KeyPGPPublic, job.SlotCurrent, 0
	return key, warnings, err
}

func isReason(err error, slug string) bool {
	var reason *job.Reason
	return errors.As(err, &reason) && reason.Slug == slug
}

func (k Keys) importOurs(ctx context.Context, name string, text, passphrase secret.Text) (job.Key, []pgp.Warning, error) {
	key, private, err := pgp.InspectPrivate(text.Reveal(), passphrase)
	if err != nil {
		return job.Key{}, nil, err
	}
	key.Name, key.Kind, key.Slot, key.Version = name, job.KeyPGP, job.SlotCurrent, 0
	kept, err := k.add(ctx, key, private, "pgp.import")
	return kept, nil, err
}

// Renewal is a customer's key before and after it was renewed. Where both are of one version, the key that was given is
// the one that is kept, and nothing was changed.
type Renewal struct {
	Old, New job.Key
	Warnings []pgp.Warning
}

// RenewPGP makes a public key the current version of a customer's key that is kept, after the checks of [Keys.ImportPGP].
// The version before stays in grace: its signatures count until it is retired.
func (k Keys) RenewPGP(ctx context.Context, name string, text secret.Text) (Renewal, error) {
	old, err := k.renewable(ctx, name)
	if err != nil {
		return Renewal{}, err
	}
	key, warnings, err := theirs(name, text)
	if err != nil {
		return Renewal{}, err
	}
	if pgp.Same(old, key) {
		return Renewal{old, old, warnings}, nil
	}
	if err := asAble(old, key, text); err != nil {
		return Renewal{}, err
	}
	kept, err := k.add(ctx, key, secret.Text{}, "pgp.renew")
	return Renewal{old, kept, warnings}, err
}

// renewable gives the current version of a customer's key.
func (k Keys) renewable(ctx context.Context, name string) (job.Key, error) {
	versions, err := k.Store.Keys(ctx, job.KeyPGPPublic, name)
	if err != nil {
		return job.Key{}, err
	}
	if current := inSlots(versions, job.SlotCurrent); len(current) > 0 {
		return current[0], nil
	}
	ours, err := k.Store.Keys(ctx, job.KeyPGP, name)
	if err != nil {
		return job.Key{}, err
	}
	if len(ours) > 0 {
		return job.Key{}, fmt.Errorf("%q is a key of ours and no customer's; a new version of it is made by haulier pgp rotate %s: %w", name, name, job.ErrExists)
	}
	return job.Key{}, fmt.Errorf("there is no customer's key %q to replace; haulier pgp import %s FILE takes a new one: %w", name, name, job.ErrNotFound)
}

// asAble refuses a key that only signs in the place of one that files are encrypted to: each export would fail from then
// on.
func asAble(old, key job.Key, text secret.Text) error {
	now := time.Now()
	if pgp.Check(key, now) == nil || pgp.Check(old, lastDay(old, now)) != nil {
		return nil
	}
	_, _, err := pgp.Inspect(text.Reveal(), now)
	return err
}

// lastDay is the last time up to now at which a key had not expired.
func lastDay(k job.Key, now time.Time) time.Time {
	if k.Expires.IsZero() || k.Expires.After(now) {
		return now
	}
	return k.Expires.Add(-time.Second)
}
