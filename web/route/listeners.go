package route

import "sync"

// Listeners bounds how many listen at once, and how many of them are one who asks. It is ready for use with its bounds set.
type Listeners struct {
	All int // places
	One int // of them, for one who asks

	mu    sync.Mutex
	taken int
	by    map[string]int
}

// Enter gives somebody a place, or finds none. The user of this machine needs none: who opens the socket may stop the whole program.
func (l *Listeners) Enter(who Identity) (leave func(), found bool) {
	if who.Machine {
		return func() {}, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken >= l.All || l.by[who.Name] >= l.One {
		return nil, false
	}
	if l.by == nil {
		l.by = map[string]int{}
	}
	l.taken++
	l.by[who.Name]++
	return sync.OnceFunc(func() { l.leave(who.Name) }), true
}

func (l *Listeners) leave(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken--
	if l.by[name]--; l.by[name] == 0 {
		delete(l.by, name)
	}
}
