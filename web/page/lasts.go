package page

import "sync"

// lastsMost bounds of how many names something is kept.
const lastsMost = 200

// lasts keeps the last of something by name until the daemon ends, of those names that were kept last.
type lasts[T any] struct {
	mu     sync.Mutex
	byName map[string]T
	order  []string // the oldest first
}

func (k *lasts[T]) keep(name string, what T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byName == nil {
		k.byName = map[string]T{}
	}
	if _, known := k.byName[name]; !known {
		k.order = append(k.order, name)
	}
	k.byName[name] = what
	if len(k.order) > lastsMost {
		delete(k.byName, k.order[0])
		k.order = k.order[1:]
	}
}

func (k *lasts[T]) of(name string) *T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if what, found := k.byName[name]; found {
		return &what
	}
	return nil
}
