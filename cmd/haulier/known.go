package main

import (
	"context"
	"errors"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// known tells what the store of a configuration holds. Where there is no store yet, nothing is held.
func (a *app) known(ctx context.Context, cfg *config.Config) (config.Known, error) {
	s, err := a.store(ctx, cfg, true)
	if errors.Is(err, store.ErrMissing) {
		return holdings{}.known(), nil
	}
	if err != nil {
		return config.Known{}, err
	}
	held, err := holdingsOf(ctx, s)
	return held.known(), err
}

// holdings are the names of what a store holds.
type holdings struct{ keys, pins, secrets map[string]bool }

func holdingsOf(ctx context.Context, s *store.Store) (holdings, error) {
	held := holdings{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, kind := range []job.KeyKind{job.KeySSH, job.KeyPGP, job.KeyPGPPublic} {
		keys, err := s.Keys(ctx, kind, "")
		if err != nil {
			return holdings{}, err
		}
		for _, key := range keys {
			if key.Slot != job.SlotRetired {
				held.keys[keyID(kind, key.Name)] = true
			}
		}
	}
	pins, err := s.Pins(ctx, "")
	if err != nil {
		return holdings{}, err
	}
	for _, pin := range pins {
		held.pins[pin.Address] = true
	}
	names, err := s.SecretNames(ctx)
	for _, name := range names {
		held.secrets[name] = true
	}
	return held, err
}

func (h holdings) known() config.Known {
	return config.Known{
		Key:    func(kind job.KeyKind, name string) bool { return h.keys[keyID(kind, name)] },
		Pin:    func(address string) bool { return h.pins[address] },
		Secret: func(name string) bool { return h.secrets[name] },
	}
}

func keyID(kind job.KeyKind, name string) string { return string(kind) + " " + name }
