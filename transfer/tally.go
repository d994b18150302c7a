package transfer

import (
	"sync"

	"github.com/haulier/haulier/job"
)

// tally counts what became of a run's files.
type tally struct {
	mu      sync.Mutex
	counts  job.Counts
	bytes   job.Bytes
	reason  *job.Reason           // the first failure; a temporary one goes before others, because it takes the ladder
	endedBy *job.Reason           // a failure that ended the run
	trouble bool                  // a file ended well and something about it did not
	held    map[int64]*job.Reason // files that were held, and why
	notes   []string
}

// add counts a file. One that was held a moment ago, because it changed, and taken up again by a later look of the same
// run is counted as it ended.
func (t *tally) add(f job.File) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recount(f.ID)
	state, reason := f.State, f.Reason
	switch state {
	case job.FileLanded, job.FileDelivered:
		t.counts.OK++
		t.trouble = t.trouble || reason != nil
	case job.FileHeld:
		t.counts.Held++
		if t.held == nil {
			t.held = map[int64]*job.Reason{}
		}
		t.held[f.ID] = reason
	case job.FileRejected, job.FileFailed:
		t.counts.Failed++
	case job.FileSkipped:
		t.counts.Skipped++
		return
	default:
		return
	}
	t.blame(reason)
}

// recount takes back what was counted of a held file.
func (t *tally) recount(id int64) {
	before, held := t.held[id]
	if !held {
		return
	}
	delete(t.held, id)
	t.counts.Held--
	if t.reason == before {
		t.reason = nil
	}
}

func (t *tally) blame(reason *job.Reason) {
	if reason == nil {
		return
	}
	if t.reason == nil || (reason.Temporary && !t.reason.Temporary) {
		t.reason = reason
	}
	if t.endedBy == nil && endsRun(reason) {
		t.endedBy = reason
	}
}

// blameFile notes trouble about a file that was counted before.
func (t *tally) blameFile(reason *job.Reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble = true
	t.blame(reason)
}

// fail notes a failure of the run itself.
func (t *tally) fail(reason *job.Reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.blame(reason)
	if t.endedBy == nil {
		t.endedBy = reason
	}
}

// over says whether the run has to end.
func (t *tally) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.endedBy != nil
}

// did says whether any file reached an end.
func (t *tally) did() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts != job.Counts{}
}

func (t *tally) moved(direction job.Direction, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if direction == job.Download {
		t.bytes.Down += n
	} else {
		t.bytes.Up += n
	}
}

func (t *tally) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, text)
}

// result sums up. A run without files succeeded: whether files were due is the expectation's question.
func (t *tally) result() job.Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := job.Result{State: job.RunSucceeded, Counts: t.counts, Bytes: t.bytes, Reason: t.reason}
	for i, note := range t.notes {
		if i > 0 {
			r.Note += "; "
		}
		r.Note += note
	}
	switch {
	case t.endedBy != nil && t.counts.OK == 0 && t.counts.Held == 0, t.counts.Failed > 0 && t.counts.OK == 0 && t.counts.Held == 0:
		r.State = job.RunFailed
	case t.endedBy != nil, t.counts.Failed > 0, t.counts.Held > 0, t.trouble:
		r.State = job.RunPartial
	}
	return r
}
