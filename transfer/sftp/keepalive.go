package sftp

import (
	"sync"
	"sync/atomic"
	"time"
)

// keepalive asks a quiet server for a sign of life, so that a dead line is noticed between requests too.
//
// Some servers never answer such questions: silence counts only from one that has answered before.
type keepalive struct {
	way  *way
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup

	asked    atomic.Int64 // when the open question was sent, since the start of the line; 0: none is open
	answered atomic.Bool
}

func startKeepalive(w *way) *keepalive {
	k := &keepalive{way: w, quit: make(chan struct{})}
	every := w.last().timeouts.Keepalive
	questions := make(chan struct{}, 1)
	k.done.Go(func() { k.ask(questions) })
	k.done.Go(func() {
		defer close(questions)
		k.watch(every, questions)
	})
	return k
}

// ask sends the questions. It may block for ever on a frozen peer: watch is beside it, and cutting the line frees it.
func (k *keepalive) ask(questions <-chan struct{}) {
	h := k.way.last()
	for range questions {
		k.asked.Store(int64(time.Since(h.line.start)))
		_, _, err := h.client.SendRequest("keepalive@openssh.com", true, nil)
		k.asked.Store(0)
		if err != nil {
			return
		}
		k.answered.Store(true)
	}
}

// watch puts a question when the line was quiet, and cuts the line when one stays without an answer.
func (k *keepalive) watch(every time.Duration, questions chan<- struct{}) {
	h := k.way.last()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-tick.C:
		}
		if asked := k.asked.Load(); asked != 0 {
			open := time.Since(h.line.start) - time.Duration(asked)
			if k.answered.Load() && min(open, h.line.idle()) >= h.timeouts.Stall {
				k.way.life.cut(&timeoutError{errSilent, h.timeouts.Stall})
				return
			}
			continue
		}
		if h.line.idle() >= every {
			select {
			case questions <- struct{}{}:
			default:
			}
		}
	}
}

// stop ends the questions; wait waits for the last one, which ends with the line.
func (k *keepalive) stop() { k.once.Do(func() { close(k.quit) }) }
func (k *keepalive) wait() { k.done.Wait() }
