package control

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer"
)

// KeyStore keeps keys.
type KeyStore interface {
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Private(ctx context.Context, k job.Key) (secret.Text, error)
	KeyUsed(ctx context.Context, k job.Key, at time.Time) error
}

// Keyring makes the PGP openers and sealers that runs need, from the keys of the store as they are now. What they do is
// written down as the use of their keys.
type Keyring struct {
	Store KeyStore
	Log   *slog.Logger // nil: nothing is logged
}

// Opener opens what is encrypted to the keys of the policy, the current ones first.
func (k Keyring) Opener(ctx context.Context, policy job.Opening, limits job.Limits) (transfer.Opener, error) {
	opener := &pgp.Opener{Policy: pgp.Policy{MaxPlain: limits.MaxFileSize, MaxRatio: limits.PGPRatio}}
	for _, name := range policy.DecryptWith {
		if err := k.addOurs(ctx, opener, name); err != nil {
			return nil, err
		}
	}
	for _, name := range policy.SignedBy {
		keys, err := k.versions(ctx, job.KeyPGPPublic, name, job.SlotCurrent, job.SlotGrace)
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
	ours := make([]job.Key, len(opener.Keys))
	for i, key := range opener.Keys {
		ours[i] = key.Key
	}
	return notingOpener{Opener: opener, uses: k.uses(), ours: ours, theirs: opener.Verify}, nil
}

// addOurs adds the keys of one name: current and grace to open with, the others only to explain.
func (k Keyring) addOurs(ctx context.Context, opener *pgp.Opener, name string) error {
	keys, err := k.Store.Keys(ctx, job.KeyPGP, name)
	if err != nil {
		return err
	}
	opening := inSlots(keys, job.SlotCurrent, job.SlotNext, job.SlotGrace)
	if len(opening) == 0 {
		return noKey(job.KeyPGP, name)
	}
	for _, key := range opening {
		material, err := k.Store.Private(ctx, key)
		if err != nil {
			return err
		}
		opener.Keys = append(opener.Keys, pgp.Private{Key: key, Material: material})
	}
	opener.Known = append(opener.Known, inSlots(keys, job.SlotRetired)...)
	return nil
}

// Sealer encrypts to the recipients of the policy, and signs where it says so.
func (k Keyring) Sealer(ctx context.Context, policy job.Sealing) (transfer.Sealer, error) {
	sealer := &pgp.Sealer{}
	for _, name := range policy.EncryptTo {
		keys, err := k.versions(ctx, job.KeyPGPPublic, name, job.SlotCurrent)
		if err != nil {
			return nil, err
		}
		sealer.To = append(sealer.To, keys...)
	}
	noting := notingSealer{Sealer: sealer, uses: k.uses(), keys: sealer.To}
	if policy.SignWith == "" {
		return noting, nil
	}
	keys, err := k.versions(ctx, job.KeyPGP, policy.SignWith, job.SlotCurrent)
	if err != nil {
		return nil, err
	}
	material, err := k.Store.Private(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	sealer.SignWith = &pgp.Private{Key: keys[0], Material: material}
	noting.keys = append(slices.Clip(noting.keys), keys[0])
	return noting, nil
}

// versions gives the versions of a key that are in some slots, as inSlots orders them; there is at least one.
func (k Keyring) versions(ctx context.Context, kind job.KeyKind, name string, slots ...job.KeySlot) ([]job.Key, error) {
	keys, err := k.Store.Keys(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	found := inSlots(keys, slots...)
	if len(found) == 0 {
		return nil, noKey(kind, name)
	}
	return found, nil
}

// inSlots gives the keys that are in some slots: slot by slot, and the newest version first, which knows most.
func inSlots(keys []job.Key, slots ...job.KeySlot) []job.Key {
	var found []job.Key
	for _, slot := range slots {
		for _, key := range slices.Backward(keys) {
			if key.Slot == slot {
				found = append(found, key)
			}
		}
	}
	return found
}

func noKey(kind job.KeyKind, name string) *job.Reason {
	whose, do := "ours", "haulier pgp generate "+name
	if kind == job.KeyPGPPublic {
		whose, do = "the customer's", fmt.Sprintf("haulier pgp import %s FILE", name)
	}
	return &job.Reason{
		Slug: "pgp.key_missing", What: "nothing was moved", Cause: fmt.Sprintf("there is no PGP key %q (%s) in the store", name, whose), Do: do, Who: job.WhoUs,
	}
}
