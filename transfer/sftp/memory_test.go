package sftp_test

import (
	"context"
	"sync"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// memory is a store that forgets at the end of a test. The real one has its own tests.
type memory struct {
	mu       sync.Mutex
	pins     map[string][]job.Pin
	seen     map[string]string
	strange  []job.HostKeyChange
	profiles map[string]job.Profile
	active   map[string]bool
	breakers map[job.Account]job.Breaker
	keys     []job.Key
	private  map[string]string
	used     map[int]time.Time
	secrets  map[string]string
	revealed int
}

func newMemory() *memory {
	return &memory{
		pins: map[string][]job.Pin{}, seen: map[string]string{}, profiles: map[string]job.Profile{}, active: map[string]bool{},
		breakers: map[job.Account]job.Breaker{}, private: map[string]string{}, used: map[int]time.Time{}, secrets: map[string]string{},
	}
}

func (m *memory) Pins(_ context.Context, address string) ([]job.Pin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]job.Pin(nil), m.pins[address]...), nil
}

func (m *memory) AddPin(_ context.Context, p job.Pin) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pins[p.Address] = append(m.pins[p.Address], p)
	return nil
}

func (m *memory) SawHostKey(_ context.Context, address, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[address] = key
	return nil
}

func (m *memory) LoggedIn(ctx context.Context, _, address, key string) error {
	return m.SawHostKey(ctx, address, key)
}

func (m *memory) HostKeyChanged(_ context.Context, c job.HostKeyChange) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.strange = append(m.strange, c)
	return nil
}

func (m *memory) Profile(_ context.Context, connection string) (job.Profile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.profiles[connection], nil
}

func (m *memory) SaveProfile(_ context.Context, connection string, p job.Profile) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.profiles[connection] = p
	return nil
}

func (m *memory) ConnectionState(_ context.Context, connection string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.active[connection], nil
}

func (m *memory) Activate(_ context.Context, connection string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active[connection] = true
	return nil
}

func (m *memory) Breaker(_ context.Context, a job.Account) (job.Breaker, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.breakers[a], nil
}

func (m *memory) SaveBreaker(_ context.Context, a job.Account, b job.Breaker) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.breakers[a] = b
	return nil
}

func (m *memory) Keys(_ context.Context, kind job.KeyKind, name string) ([]job.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []job.Key
	for _, k := range m.keys {
		if k.Kind == kind && k.Name == name {
			found = append(found, k)
		}
	}
	return found, nil
}

func (m *memory) Private(_ context.Context, k job.Key) (secret.Text, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.private[k.Fingerprint]
	if !ok {
		return secret.Text{}, job.ErrNotFound
	}
	return secret.New([]byte(text)), nil
}

func (m *memory) PromoteKey(_ context.Context, k job.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.keys {
		switch {
		case m.keys[i].Name != k.Name:
		case m.keys[i].Version == k.Version:
			m.keys[i].Slot = job.SlotCurrent
		case m.keys[i].Slot == job.SlotCurrent:
			m.keys[i].Slot = job.SlotGrace
		}
	}
	return nil
}

func (m *memory) KeyUsed(_ context.Context, k job.Key, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used[k.Version] = at
	return nil
}

func (m *memory) Reveal(_ context.Context, ref job.SecretRef) (secret.Text, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revealed++
	text, ok := m.secrets[ref.Name]
	if !ok {
		return secret.Text{}, job.ErrNotFound
	}
	return secret.New([]byte(text)), nil
}

// addKey puts a private key into the store.
func (m *memory) addKey(name string, version int, slot job.KeySlot, fingerprint, private string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append(m.keys, job.Key{Name: name, Version: version, Kind: job.KeySSH, Slot: slot, Fingerprint: fingerprint})
	m.private[fingerprint] = private
}
