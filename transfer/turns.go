package transfer

const (
	// turnsMost is how many small files of one run move at the same time: they wait for answers and for the disk.
	turnsMost = 256
	// turnsLarge is what one large file takes of them: four of those fill line and memory.
	turnsLarge = 64
	// turnBytes is what a file may have for each turn that it takes.
	turnBytes = 16 << 10
)

// turns says how many files of a run move at the same time.
type turns struct {
	taken chan struct{}
	even  bool // every file takes one
}

// newTurns gives turns to most files at once, whatever their size; 0: as many as their sizes suggest.
func newTurns(most int) turns {
	return turns{make(chan struct{}, pick(most, turnsMost)), most > 0}
}

// take waits until a file of that size may move, and gives what ends its turn. Only one goroutine may call it.
func (t turns) take(size int64) (end func()) {
	n := t.of(size)
	for range n {
		t.taken <- struct{}{}
	}
	return func() {
		for range n {
			<-t.taken
		}
	}
}

func (t turns) of(size int64) int64 {
	if t.even {
		return 1
	}
	return min(1+size/turnBytes, turnsLarge)
}
