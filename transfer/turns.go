package transfer

import (
	"sync"
	"time"
)

const (
	// turnsMost is how many small files of one run move at the same time: they wait for answers and for the disk.
	turnsMost = 256
	// turnsLarge is what one large file takes of them: four of those fill line and memory.
	turnsLarge = 64
	// turnBytes is what a file may have for each turn that it takes.
	turnBytes = 16 << 10

	// filesFirst is how many files move at the same time before it is known how a server bears it, and filesLeast how many
	// even if it bears them badly.
	filesFirst, filesLeast = 32, 4
	// slowFile is how long a small file may take on a near server. One that takes longer waits for others, and would in the
	// end wait until it is given up.
	slowFile = 2 * time.Second
)

// turns says how many files of a run move at the same time: as many as their sizes suggest, and as the server and our disk
// bear without letting them wait.
type turns struct {
	even bool // every file takes one turn, and their number stays

	mu    sync.Mutex
	freed sync.Cond
	free  int64 // turns
	files int   // that move
	bound int   // of files

	fastest time.Duration // small file so far
	cut     time.Time     // when the bound was lowered last
}

// newTurns gives turns to most files at once, whatever their size; 0: as many as their sizes suggest.
func newTurns(most int) *turns {
	t := &turns{even: most > 0, free: int64(pick(most, turnsMost)), bound: pick(most, filesFirst)}
	t.freed.L = &t.mu
	return t
}

// take waits until a file of that size may move, and gives what ends its turn. Only one goroutine may call it.
func (t *turns) take(size int64) (end func()) {
	n := t.of(size)
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.free < n || t.files >= t.bound {
		t.freed.Wait()
	}
	t.free -= n
	t.files++
	began := time.Now()
	return func() { t.end(n, began, time.Since(began)) }
}

func (t *turns) end(n int64, began time.Time, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free += n
	t.files--
	if !t.even && n == 1 {
		t.learn(began, took)
	}
	t.freed.Signal()
}

// learn lets more files move where each is through soon, and half as many where they wait for each other, once for all that moved
// meanwhile. On a long way each takes long by itself.
func (t *turns) learn(began time.Time, took time.Duration) {
	if t.fastest == 0 || took < t.fastest {
		t.fastest = took
	}
	slow := max(slowFile, 3*t.fastest)
	switch {
	case took > slow && began.After(t.cut):
		t.bound, t.cut = max(t.bound/2, filesLeast), began.Add(took)
	case took < slow/2:
		t.bound = min(t.bound+1, turnsMost)
	}
}

func (t *turns) of(size int64) int64 {
	if t.even {
		return 1
	}
	return min(1+size/turnBytes, turnsLarge)
}
