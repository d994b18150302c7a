package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/haulier/haulier/store"
)

// runLog writes the logs of runs. Lines that come while others are written go together: a run may end many files a second.
type runLog struct {
	*store.Store
	log *slog.Logger // told of what could not be written

	mu      sync.Mutex
	next    *logLines
	writing bool
}

// logLines are lines that are written together, by their run.
type logLines struct {
	of   map[int64][]store.LogLine
	done chan struct{}
	errs map[int64]error // of the runs whose lines could not be written
}

// AddLogLines adds lines behind all that were added before, and waits until they are written. Its error is of this run's lines.
func (l *runLog) AddLogLines(_ context.Context, run int64, lines []store.LogLine) error {
	added := l.add(run, lines...)
	<-added.done
	return added.errs[run]
}

// add adds lines without waiting: a run that ends waits for its last one.
func (l *runLog) add(run int64, lines ...store.LogLine) *logLines {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil {
		l.next = &logLines{of: map[int64][]store.LogLine{}, done: make(chan struct{}), errs: map[int64]error{}}
	}
	l.next.of[run] = append(l.next.of[run], lines...)
	if !l.writing {
		l.writing = true
		go l.write()
	}
	return l.next
}

func (l *runLog) write() {
	for {
		l.mu.Lock()
		lines := l.next
		l.next, l.writing = nil, lines != nil
		l.mu.Unlock()
		if lines == nil {
			return
		}
		for run, some := range lines.of {
			if err := l.Store.AddLogLines(context.Background(), run, some); err != nil {
				l.log.Error("run log not written", "run", run, "error", err)
				lines.errs[run] = err
			}
		}
		close(lines.done)
	}
}
