package control

import (
	"context"
	"fmt"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer"
)

// KeyStore keeps keys.
type KeyStore interface {
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Private(ctx context.Context, k job.Key) (secret.Text, error)
}

// Keyring makes the PGP openers and sealers that runs need, from the keys of the store as they are now.
type Keyring struct{ Store KeyStore }

// Opener opens what is encrypted to the keys of the policy, the current ones first.
func (k Keyring) Opener(ctx context.Context, policy job.Opening, limits job.Limits) (transfer.Opener, error) {
	opener := &pgp.Opener{Policy: pgp.Policy{MaxPlain: limits.MaxFileSize, MaxRatio: limits.PGPRatio}}
	for _, name := range policy.DecryptWith {
		if err := k.addOurs(ctx, opener, name); err != nil {
			return nil, err
		}
	}
	for _, name := range policy.SignedBy {
		keys, err := k.current(ctx, job.KeyPGPPublic, name)
		if err != nil {
			return nil, err
		}
		opener.Verify = append(opener.Verify, keys...)
	}
	theirs, err := k.Store.Keys(ctx, job.KeyPGPPublic, "")
	if err != nil {
		return nil, err
	}
	opener.Known = append(opener.Known, theirs...)
	return opener, nil
}

// addOurs adds the keys of one name: current and grace to open with, the others only to explain.
func (k Keyring) addOurs(ctx context.Context, opener *pgp.Opener, name string) error {
	keys, err := k.Store.Keys(ctx, job.KeyPGP, name)
	if err != nil {
		return err
	}
	found := false
	for _, slot := range []job.KeySlot{job.SlotCurrent, job.SlotNext, job.SlotGrace} {
		for _, key := range keys {
			if key.Slot != slot {
				continue
			}
			material, err := k.Store.Private(ctx, key)
			if err != nil {
				return err
			}
			opener.Keys = append(opener.Keys, pgp.Private{Key: key, Material: material})
			found = true
		}
	}
	for _, key := range keys {
		if key.Slot == job.SlotRetired {
			opener.Known = append(opener.Known, key)
		}
	}
	if !found {
		return noKey(job.KeyPGP, name, "haulier pgp generate "+name)
	}
	return nil
}

// Sealer encrypts to the recipients of the policy, and signs where it says so.
func (k Keyring) Sealer(ctx context.Context, policy job.Sealing) (transfer.Sealer, error) {
	sealer := &pgp.Sealer{}
	for _, name := range policy.EncryptTo {
		keys, err := k.current(ctx, job.KeyPGPPublic, name)
		if err != nil {
			return nil, err
		}
		sealer.To = append(sealer.To, keys...)
	}
	if policy.SignWith == "" {
		return sealer, nil
	}
	keys, err := k.current(ctx, job.KeyPGP, policy.SignWith)
	if err != nil {
		return nil, err
	}
	material, err := k.Store.Private(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	sealer.SignWith = &pgp.Private{Key: keys[0], Material: material}
	return sealer, nil
}

// current gives the key of a name that counts now.
func (k Keyring) current(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error) {
	keys, err := k.Store.Keys(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.Slot == job.SlotCurrent {
			return []job.Key{key}, nil
		}
	}
	do := fmt.Sprintf("haulier pgp import %s FILE", name)
	if kind == job.KeyPGP {
		do = "haulier pgp generate " + name
	}
	return nil, noKey(kind, name, do)
}

func noKey(kind job.KeyKind, name, do string) *job.Reason {
	whose := "ours"
	if kind == job.KeyPGPPublic {
		whose = "the customer's"
	}
	return &job.Reason{
		Slug: "pgp.key_missing", What: "nothing was moved", Cause: fmt.Sprintf("there is no PGP key %q (%s) in the store", name, whose), Do: do, Who: job.WhoUs,
	}
}
