package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
)

// owes is what the ledger is to be told of files under way together with the next step of their rows. What lies between two
// steps and touches nothing outside needs no transaction of its own; a process that dies there is one that died before.
type owes struct {
	mu sync.Mutex
	of map[int64]*owing
}

// owing is of one attempt.
type owing struct {
	claim    *job.File // the row as it was read, if it is not claimed yet
	from     job.Step  // where the row stands; empty: where the file says
	passed   []job.Step
	requests []job.Request

	began  time.Time
	moved  *int64
	counts bool // it has an outcome
	ends   bool // its next step is the last
	told   bool // the outcome is written
}

func (o *owes) begin(id int64, own owing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[int64]*owing{}
	}
	o.of[id] = &own
}

// end forgets the attempt, and gives the requests that no step took along.
func (o *owes) end(id int64) []job.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := o.of[id].requests
	delete(o.of, id)
	return left
}

// pass notes that a row under way comes by a step.
func (o *owes) pass(f job.File, to job.Step) {
	o.mu.Lock()
	defer o.mu.Unlock()
	own := o.of[f.ID]
	own.from = pick(own.from, f.Step)
	own.passed = append(own.passed, to)
}

// request notes a request; false: nobody will write it.
func (o *owes) request(q job.Request) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	own := o.of[q.File]
	if own != nil {
		own.requests = append(own.requests, q)
	}
	return own != nil
}

// last says that the next step of the file is the last of its attempt, wherever it leads.
func (o *owes) last(id int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if own := o.of[id]; own != nil {
		own.ends = own.counts
	}
}

// told says whether the outcome is written.
func (o *owes) told(id int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	own := o.of[id]
	return own != nil && own.told
}

// with gives the step at which the row stands, and what is to be written with the next one.
func (o *owes) with(f job.File, to job.Step, run int64) (from job.Step, beside job.Beside) {
	o.mu.Lock()
	defer o.mu.Unlock()
	own := o.of[f.ID]
	if own == nil {
		return f.Step, beside
	}
	beside.Claim, beside.Passed, beside.Requests = own.claim, own.passed, own.requests
	if n := len(own.passed); n > 0 && own.passed[n-1] == to {
		beside.Passed = own.passed[:n-1]
	}
	if own.ends || own.counts && arrived(to) {
		beside.Outcome = &job.Outcome{Run: run, Bytes: *own.moved, Duration: time.Since(own.began)}
	}
	return pick(own.from, f.Step), beside
}

// arrived says whether a file is where it was to go: from then on its run knows it, whatever becomes of the source.
func arrived(to job.Step) bool {
	return to == job.StepLanded || to == job.StepDelivered || to == job.StepDone
}

// paid says that it is written.
func (o *owes) paid(id int64, beside job.Beside) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if own := o.of[id]; own != nil {
		own.claim, own.from, own.passed, own.requests = nil, "", nil, nil
		own.told = own.told || beside.Outcome != nil
	}
}

// pass lets a row come by a step that touches nothing outside: it is written together with the next one.
func (r *frame) pass(f *job.File, to job.Step) error {
	return failpoint.Around(points[f.Type][to], func() error {
		r.owes.pass(*f, to)
		f.Step = to
		return nil
	})
}

// log notes a request. A ledger that does not take it ends the run; what the server acknowledged stays acknowledged.
func (r *frame) log(ctx context.Context, q job.Request) {
	if r.owes.request(q) {
		return
	}
	if err := r.ledger.Request(keep(ctx), q); err != nil {
		r.fail(asReason(ledgerReason(err)))
	}
}

// payUp ends an attempt. Requests are left of one whose row somebody else has by now, or whose ledger does not answer.
func (r *frame) payUp(ctx context.Context, id int64) {
	for _, q := range r.owes.end(id) {
		r.log(ctx, q)
	}
}
