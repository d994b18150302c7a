package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// groupMost is how many writes share one transaction at the most, so that none waits long for others.
const groupMost = 128

// gathering is how often the leader lets others run first: that costs nothing when nobody waits for a processor, and where many
// files move, three times as many writes share a transaction.
const gathering = 3

// group lets writes of many goroutines share transactions: while one is brought to the disk, the next ones gather. Each
// write stands or falls by itself, and is on disk when it is told to have been done.
//
// There is no goroutine of its own: the first of those who wait leads, does the work of all, and hands over to the first of
// those who came meanwhile.
type group struct {
	mu    sync.Mutex
	queue []*member
	led   bool
}

// member is one write that waits for its transaction.
type member struct {
	do    func(tx *gorm.DB) error
	step  bool // it takes at most one stamp, has written nothing if it is stale, and may be done again
	err   error
	panic any
	turn  chan bool // true: it leads now; false: it was done by another
}

// write does one write. Until it is begun, ctx takes it back; from then on it is done whole or not at all.
func (g *group) write(ctx context.Context, db *gorm.DB, do func(tx *gorm.DB) error, step bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m := &member{do: do, step: step, turn: make(chan bool, 1)}
	leads := g.join(m)
	if !leads {
		select {
		case leads = <-m.turn:
		case <-ctx.Done():
			if g.leave(m) {
				return context.Cause(ctx)
			}
			leads = <-m.turn
		}
	}
	if leads {
		g.lead(db.WithContext(context.WithoutCancel(ctx)))
	}
	if m.panic != nil {
		panic(m.panic)
	}
	return m.err
}

// join puts m in the queue and says whether it leads.
func (g *group) join(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, m)
	leads := !g.led
	g.led = true
	return leads
}

// leave takes m out of the queue; false: it is too late, somebody is doing it, or it is to lead.
func (g *group) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, m)
	if i < 0 || len(m.turn) > 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	return true
}

// lead does the writes at the head of the queue, that of who leads first among them, and hands over.
func (g *group) lead(db *gorm.DB) {
	for range gathering { // whoever is about to write comes along
		runtime.Gosched()
	}
	g.mu.Lock()
	n := min(len(g.queue), groupMost)
	batch := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	g.mu.Unlock()
	ended := false
	defer func() { g.handOver(batch, ended) }()
	together(db, batch)
	ended = true
}

var errCutShort = errors.New("the transaction did not come to its end")

// handOver tells all that they are done, and the next one that it leads. Behind a panic nothing was written.
func (g *group) handOver(batch []*member, ended bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range batch[1:] {
		if !ended && m.err == nil {
			m.err = errCutShort
		}
		m.turn <- false
	}
	if g.led = len(g.queue) > 0; g.led {
		g.queue[0].turn <- true
	}
}

// together does writes in one transaction. What one of them did is taken back if it fails; if the transaction fails, they
// all have.
func together(db *gorm.DB, batch []*member) {
	steps, others := sorted(batch)
	err := share(db, steps, others, len(batch) > 1)
	if errors.Is(err, errAgain) {
		err = share(db, steps, others, false)
	}
	for _, m := range batch {
		if m.err == nil {
			m.err = err
		}
	}
}

func sorted(batch []*member) (steps, others []*member) {
	for _, m := range batch {
		if m.step {
			steps = append(steps, m)
		} else {
			others = append(others, m)
		}
	}
	return steps, others
}

// transactionMost is how long a transaction may go on before it is taken back, so that one that never ends does not hold up all
// others for ever. It is of the writes of all: that one of them is not waited for any more ends nothing.
var transactionMost = 15 * time.Minute

var errTooLong = fmt.Errorf("%w: a transaction was taken back because it had not come to its end after %s", ErrDisk, transactionMost)

// share does all in one transaction, steps first: what they trust each other for is written before anything else is done, and what
// takes a stamp later takes a later one.
func share(db *gorm.DB, steps, others []*member, trust bool) error {
	ctx := db.Statement.Context
	if len(steps)+len(others) > 1 {
		ctx = withCommon(ctx, trust)
	}
	bound, end := context.WithTimeoutCause(ctx, transactionMost, errTooLong)
	defer end()
	err := db.WithContext(bound).Transaction(func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx) // statements are not cut short: the time is looked at between them
		if len(steps)+len(others) == 1 {
			return append(steps, others...)[0].run(tx)
		}
		if err := shareSteps(tx, steps, trust); err != nil {
			return err
		}
		for _, m := range others {
			if err := apart(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && bound.Err() != nil {
		return context.Cause(bound)
	}
	return err
}

func shareSteps(tx *gorm.DB, steps []*member, trust bool) error {
	each, c := apart, commonOf(tx)
	if trust {
		each = trusting
	}
	if err := c.setAside(tx, len(steps)); err != nil {
		return err
	}
	for _, m := range steps {
		if err := each(tx, m); err != nil {
			return err
		}
	}
	return c.settle(tx)
}

// errAgain says that a step failed that may have written something.
var errAgain = errors.New("the writes have to be done apart")

// trusting does one step of several, which nearly always is done or stale. What else it meets takes the whole transaction back, and
// all are done again, each apart.
func trusting(tx *gorm.DB, m *member) error {
	if err := m.run(tx); err == nil || errors.Is(err, job.ErrStale) {
		return nil
	}
	return errAgain
}

// apart does one write of several. Its error is for them all: the database has taken the whole transaction back.
func apart(tx *gorm.DB, m *member) error {
	if _, err := exec(tx, "SAVEPOINT apart"); err != nil {
		return err
	}
	if m.run(tx) != nil {
		if _, err := exec(tx, "ROLLBACK TO apart"); err != nil {
			return m.err
		}
	}
	_, err := exec(tx, "RELEASE apart")
	return err
}

// run does the write; a panic is kept for who asked for it.
func (m *member) run(tx *gorm.DB) (err error) {
	defer func() {
		if m.panic = recover(); m.panic != nil {
			err = fmt.Errorf("panic: %v", m.panic)
		}
		m.err = err
	}()
	return m.do(tx)
}
