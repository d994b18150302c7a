package control

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Leftovers are what the store still holds of a connection that is no longer configured, and nobody else uses. History
// is not among them: it stays.
type Leftovers struct {
	Connection string    `json:"connection"`
	Keys       []string  `json:"keys"`    // SSH keys
	Secrets    []string  `json:"secrets"` // that were set by hand
	Pins       []job.Pin `json:"pins"`
	Kept       []string  `json:"kept"`    // PGP keys, which files in the archive may need
	Learned    bool      `json:"learned"` // something is known of its server or its login

	Was     Was         `json:"-"` // the last configuration that had it
	Account job.Account `json:"-"` // whose breaker is closed
}

// PurgeStore tells what there is to purge.
type PurgeStore interface {
	Revisions
	Learner
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Pins(ctx context.Context, address string) ([]job.Pin, error)
	SecretNames(ctx context.Context) ([]string, error)
}

// Learner knows what was learned of connections and accounts.
type Learner interface {
	ConnectionState(ctx context.Context, name string) (active bool, err error)
	Profile(ctx context.Context, connection string) (job.Profile, error)
	Breaker(ctx context.Context, a job.Account) (job.Breaker, error)
}

// learned says whether anything is known of a server, or of whether it lets us in.
func learned(ctx context.Context, s Learner, name string, account job.Account) (bool, error) {
	active, err := s.ConnectionState(ctx, name)
	profile, profileErr := s.Profile(ctx, name)
	breaker, breakerErr := s.Breaker(ctx, account)
	return active || !profile.Learned.IsZero() || profile.Banner != "" || breaker.Open, errors.Join(err, profileErr, breakerErr)
}

// Any says whether there is anything to delete.
func (l Leftovers) Any() bool {
	return l.Learned || len(l.Keys) > 0 || len(l.Secrets) > 0 || len(l.Pins) > 0
}

// FindLeftovers looks up what a removed connection left behind. What it was made of is told by the last configuration
// that had it; without one, only a key of its own name is known to be its. found is false when nothing is known of such
// a connection.
func FindLeftovers(ctx context.Context, s PurgeStore, cfg *config.Config, name string) (left Leftovers, found bool, err error) {
	left = Leftovers{Connection: name, Keys: []string{}, Secrets: []string{}, Pins: []job.Pin{}, Kept: []string{}}
	last, err := LastWith(ctx, s, name)
	if err != nil {
		return left, false, err
	}
	left.Was, found = last[name]
	was := job.Connection{Name: name, Endpoint: job.Endpoint{Auth: job.Auth{Key: name}}}
	if found {
		was = left.Was.Config.Connections[name]
		left.Kept = pgpKeysOf(left.Was.Config, name)
	}
	needed := neededBy(cfg)
	rows, err := s.Keys(ctx, job.KeySSH, was.Auth.Key)
	if err != nil {
		return left, found, err
	}
	if was.Auth.Key != "" && len(rows) > 0 && !needed["key "+was.Auth.Key] {
		left.Keys, found = append(left.Keys, was.Auth.Key), true
	}
	if err := left.findSecrets(ctx, s, was, needed); err != nil {
		return left, found, err
	}
	left.Account = job.Account{Host: was.Host, Port: was.Port, User: was.User}
	if left.Learned, err = learned(ctx, s, name, left.Account); err != nil {
		return left, found, err
	}
	if was.Host != "" && !needed["pin "+PinAddress(was.Endpoint)] {
		left.Pins, err = s.Pins(ctx, PinAddress(was.Endpoint))
	}
	return left, found, err
}

func (l *Leftovers) findSecrets(ctx context.Context, s PurgeStore, was job.Connection, needed map[string]bool) error {
	stored, err := s.SecretNames(ctx)
	for _, name := range storedSecrets(was.Endpoint) {
		if slices.Contains(stored, name) && !needed["secret "+name] && !slices.Contains(l.Secrets, name) {
			l.Secrets = append(l.Secrets, name)
		}
	}
	return err
}

// Purge deletes what a removed connection left behind, all of it or nothing.
func Purge(ctx context.Context, s *store.Store, left Leftovers, by string) error {
	line := store.AuditLine{
		Who: by, Act: "connection.purge", Object: left.Connection,
		Detail: fmt.Sprintf("%d keys, %d pins, %d secrets", len(left.Keys), len(left.Pins), len(left.Secrets)),
	}
	return s.Acted(ctx, line, func(t *store.Store) error {
		if err := purgeSecrets(ctx, t, left, by); err != nil {
			return err
		}
		if left.Account.Host != "" {
			if err := t.SaveBreaker(ctx, left.Account, job.Breaker{}); err != nil {
				return err
			}
		}
		if err := t.Resume(ctx, "connection", left.Connection); err != nil && !errors.Is(err, job.ErrNotFound) {
			return err
		}
		return t.PurgeConnection(ctx, left.Connection)
	})
}

func purgeSecrets(ctx context.Context, t *store.Store, left Leftovers, by string) error {
	for _, key := range left.Keys {
		if err := t.DeleteKeys(ctx, job.KeySSH, key); err != nil {
			return err
		}
	}
	for _, name := range left.Secrets {
		if err := t.RemoveSecret(ctx, name); err != nil && !errors.Is(err, job.ErrNotFound) {
			return err
		}
	}
	for _, pin := range left.Pins {
		pin.By, pin.Why = by, "purge"
		if err := t.RemovePin(ctx, pin); err != nil && !errors.Is(err, job.ErrNotFound) {
			return err
		}
	}
	return nil
}

// neededBy says which keys, pins and stored secrets the configuration of now names.
func neededBy(cfg *config.Config) map[string]bool {
	needed := map[string]bool{}
	need := func(e job.Endpoint) {
		needed["key "+e.Auth.Key] = true
		needed["pin "+PinAddress(e)] = true
		for _, name := range storedSecrets(e) {
			needed["secret "+name] = true
		}
	}
	for _, c := range cfg.Connections {
		need(c.Endpoint)
	}
	for _, j := range cfg.JumpHosts {
		need(j.Endpoint)
	}
	return needed
}

// storedSecrets are the names of the stored secrets that an endpoint refers to.
func storedSecrets(e job.Endpoint) []string {
	refs := []*job.SecretRef{e.Auth.Password}
	if e.Auth.Successor != nil {
		refs = append(refs, &e.Auth.Successor.Password)
	}
	if e.Auth.KeyFile != nil {
		refs = append(refs, e.Auth.KeyFile.Passphrase)
	}
	if e.Proxy != nil {
		refs = append(refs, e.Proxy.Password)
	}
	var names []string
	for _, ref := range refs {
		if ref != nil && ref.From == job.SecretStored {
			names = append(names, ref.Name)
		}
	}
	return names
}

// pgpKeysOf are the names of the PGP keys that the jobs of a connection used.
func pgpKeysOf(cfg *config.Config, connection string) []string {
	names := []string{}
	for _, spec := range cfg.Jobs {
		if spec.Connection != connection {
			continue
		}
		if spec.Import != nil && spec.Import.Opening != nil {
			names = append(append(names, spec.Import.Opening.DecryptWith...), spec.Import.Opening.SignedBy...)
		}
		if spec.Export != nil && spec.Export.Sealing != nil {
			names = append(names, spec.Export.Sealing.EncryptTo...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
